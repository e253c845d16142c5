"""Collection `media_views` 调阅日志: _id, place, alert, actor, client, purpose, items[], at, trace_id. No addresses."""

from typing import Any

from pymongo.database import Database

from contracts.alerts import ListMediaViews, LookAtMedia, MediaLook, MediaView
from contracts.faults import Conflict
from contracts.shared import Page
from services.alerts import pictures
from services.alerts.store.desk import Desk
from services.chassis import context
from services.chassis.diary import Diary


class MediaViews(Diary):
    """Who looked at the pictures of an alert, which, when and why."""

    def __init__(self, database: Database[dict[str, Any]], desk: Desk) -> None:
        super().__init__(database, "media_views", ["alert"])
        self._desk = desk

    def look(self, command: LookAtMedia) -> MediaLook:
        """Write the look down, then show what the entry says. Raises NotFound alert_unknown."""
        references = {pictures.told(found): found for found in self._desk.media(command.id)}
        at, caller = context.now(), command.caller
        entry = self.enter(
            at,
            {
                "alert": command.id,
                "actor": caller.who,
                "client": caller.client,
                "purpose": command.purpose,
                "items": list(references),
                "at": at,
                "trace_id": context.trace_id(),
            },
        )
        if (entry["alert"], entry["purpose"]) != (command.id, command.purpose):
            raise Conflict(
                "idempotency_mismatch", "该请求编号已用于另一次调阅", "this idempotency key was used for another look"
            )
        # a repeated command shows what its first time did, whatever has come since
        items = [pictures.shown(references[found]) for found in entry["items"] if found in references]
        return MediaLook(alert=command.id, items=items)

    def listed(self, query: ListMediaViews) -> Page[MediaView]:
        """The newest first."""
        found, following = self.page({"alert": query.alert}, query.cursor, query.limit)
        return Page(items=[MediaView.model_validate({**one, "id": one["_id"]}) for one in found], next=following)
