"""Documents of applications: `_id` is the number; what is private lies in `private` and leaves it masked."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import JsonValue
from pymongo import DESCENDING, IndexModel

from contracts.base import Event
from contracts.catalogue import Applicant, Application, ApplicationState, Channel
from contracts.faults import Invalid
from contracts.shared import TimelineEntry
from services.catalogue.domain.applications import Matter, Pinned, Step, allowed, urgency
from services.catalogue.domain.privacy import masked, masked_form
from services.catalogue.identifiers import application_number, is_application_number
from services.catalogue.store.items import ItemStore
from services.catalogue.store.numbers import Numbers
from services.chassis import context, cursors, records
from services.chassis.aggregates import Aggregates, Change, Changed

INDEXES = [
    IndexModel([("origin", 1)], name="origin", unique=True, sparse=True),
    IndexModel([("clock_fault", 1)], name="clock_fault", sparse=True),
    IndexModel([("created_at", DESCENDING)], name="created"),
    IndexModel([("state", 1), ("created_at", DESCENDING)], name="state_created"),
    IndexModel([("item_code", 1), ("created_at", DESCENDING)], name="item_created"),
    IndexModel([("client", 1), ("created_at", DESCENDING)], name="client_created"),
]
# the embedded store reads the whole range before it sorts: the newest hour first, then ever wider
_SPANS = [*(timedelta(hours=1) * 6**step for step in range(7)), timedelta(days=36_500)]
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(hours=1)  # another copy's clock may be ahead
_LISTED = {"applied": 0, "outbox": 0, "timeline": 0}
_MENDED_AT_ONCE = 500
_SHOWN = frozenset(Application.model_fields)

Clock = Callable[[datetime, int | None], Mapping[str, datetime | str]]


class Draft(NamedTuple):
    """What a draft holds."""

    pinned: Pinned
    applicant: Applicant | None
    channel: Channel
    form: Mapping[str, JsonValue]
    materials: Sequence[str]


class StoredApplication(NamedTuple):
    """An application as it stands; `done`: the command at work has already been applied to it."""

    app_no: str
    fields: dict[str, Any]
    applicant: Applicant | None
    form: dict[str, JsonValue]
    done: bool

    @property
    def client(self) -> str:
        """The client that opened it."""
        return str(self.fields["client"])

    @property
    def state(self) -> ApplicationState:
        return ApplicationState(self.fields["state"])

    @property
    def version(self) -> int:
        return int(self.fields["version"])

    @property
    def timeline(self) -> list[TimelineEntry]:
        return [TimelineEntry.model_validate(entry) for entry in self.fields["timeline"]]

    def shown(self, *, in_full: bool) -> Application:
        """What is answered; particulars in full only to those who may see them."""
        applicant, form = self.applicant, self.form
        if not in_full:
            form = masked_form(form, applicant)
            applicant = masked(applicant) if applicant else None
        known = {name: value for name, value in self.fields.items() if name in _SHOWN}
        return Application.model_validate(
            {
                **known,
                "app_no": self.app_no,
                "applicant": applicant,
                "form": form,
                "urgency": urgency(self.state, self.fields.get("due_at"), context.now()),
                "allowed_actions": allowed(self.state, self.fields["instant"]),
            }
        )


class ApplicationStore:
    """Reads and writes of applications."""

    def __init__(self, documents: Aggregates, numbers: Numbers, items: ItemStore) -> None:
        self._documents, self._numbers, self._items = documents, numbers, items

    def get(self, app_no: str) -> StoredApplication | None:
        """The application; a mistyped number is known by its check digit."""
        found = self._documents.get(app_no) if is_application_number(app_no) else None
        return _read(found) if found else None

    def matter(self, application: StoredApplication) -> Matter:
        """The application beside the version of the item that it is pinned to."""
        fields = application.fields
        item = self._items.get(fields["item_code"], fields["item_version_no"])
        if item is None:
            raise AssertionError("a version that was served is kept for ever")
        return Matter(
            app_no=application.app_no,
            state=application.state,
            pinned=Pinned(item.code, item.version_no, item.content),
            has_applicant=application.applicant is not None,
            channel=fields["channel"],
            form=application.form,
        )

    def add(self, draft: Draft, client: str, entry: TimelineEntry) -> str:
        """Write a new draft under a new number, once for each command; the number under which it stands."""
        origin = context.message_id()
        number = application_number(entry.at, draft.pinned.content.area_code, self._numbers.take())
        document = {"_id": number, **_drafted(draft), "state": ApplicationState.DRAFT, "client": client}
        document |= {"timeline": [entry.model_dump()], "trace_id": entry.trace_id}
        if origin:
            document["origin"] = origin
        if not self._documents.insert(document):
            found = self._documents.collection.find_one({"origin": origin}, {"_id": 1})
            return str(found["_id"]) if found else number
        return number

    def save(self, application: StoredApplication, draft: Draft, entry: TimelineEntry) -> None:
        """Other content of a draft. Raises Conflict (version_stale)."""
        change = Change(set={**_drafted(draft), "trace_id": entry.trace_id}, push={"timeline": [entry.model_dump()]})
        self._documents.update(application.app_no, application.version, change)

    def move(self, application: StoredApplication, step: Step, entry: TimelineEntry, events: Sequence[Event]) -> None:
        """A step of the machine. Raises Conflict (version_stale)."""
        fields = {"state": step.to, "trace_id": entry.trace_id, **step.changes}
        if "form" in fields:
            fields["private.form"] = json.dumps(fields.pop("form"))
        change = Change(set=fields, push={"timeline": [entry.model_dump()]})
        self._documents.update(application.app_no, application.version, change, events)

    def page(
        self, state: ApplicationState | None, item_code: str | None, client: str | None, cursor: str | None, limit: int
    ) -> tuple[list[StoredApplication], str | None]:
        """Newest first, and the cursor of what follows."""
        asked = {"state": state, "item_code": item_code, "client": client}
        criteria: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        found: list[dict[str, Any]] = []
        upper = context.now() + _AHEAD
        if cursor:
            at, last = cursors.decode(cursor, 2)
            upper = _moment(at)
            found = self._newest({**criteria, "created_at": upper, "_id": {"$lt": str(last)}}, limit + 1)
        for span in _SPANS:
            if len(found) > limit:
                break
            lower = max(upper - span, _BEGINNING)
            found += self._newest({**criteria, "created_at": {"$gte": lower, "$lt": upper}}, limit + 1 - len(found))
            upper = lower
        page = [_read(document) for document in found[:limit]]
        more = len(found) > limit
        return page, cursors.encode(page[-1].fields["created_at"].isoformat(), page[-1].app_no) if more else None

    def _newest(self, criteria: dict[str, Any], limit: int) -> list[dict[str, Any]]:
        order = [("created_at", DESCENDING), ("_id", DESCENDING)]
        return list(self._documents.collection.find(criteria, _LISTED).sort(order).limit(limit))

    def mend_clocks(self, faults: Sequence[str], clock: Clock) -> int:
        """Set the clocks that lacked a calendar which has been published since; how many."""
        fields = {"version": 1, "state": 1, "accepted_at": 1, "limit_days": 1}
        found = self._documents.collection.find({"clock_fault": {"$in": list(faults)}}, fields).limit(_MENDED_AT_ONCE)
        changes = [_mended(document, clock(document["accepted_at"], document["limit_days"])) for document in found]
        return self._documents.update_many(changes).count("written")

    def counts(self) -> dict[str, int]:
        """How many there are in each state."""
        groups = self._documents.collection.aggregate([{"$group": {"_id": "$state", "count": {"$sum": 1}}}])
        return {group["_id"]: group["count"] for group in groups}


def _mended(document: dict[str, Any], clock: Mapping[str, datetime | str]) -> Changed:
    entry = records.entry("catalogue", "set_clock", document["state"], document["state"])
    unset = () if "clock_fault" in clock else ("clock_fault",)
    change = Change(set=clock, unset=unset, push={"timeline": [entry.model_dump()]})
    return Changed(document["_id"], document["version"], change)


def _drafted(draft: Draft) -> dict[str, Any]:
    """A form's keys are the item's own: it is kept as text, so that no key is taken for an operator."""
    item = draft.pinned
    return {
        "item_code": item.code,
        "item_version_no": item.version_no,
        "item_name": item.content.name,
        "instant": item.instant,
        "limit_days": item.content.limit_days,
        "channel": draft.channel,
        "materials": list(draft.materials),
        "private": {
            "applicant": draft.applicant.model_dump(exclude_none=True) if draft.applicant else None,
            "form": json.dumps(draft.form, ensure_ascii=False),
        },
    }


def _read(document: dict[str, Any]) -> StoredApplication:
    private = document.pop("private")
    applied = document.pop("applied", [])
    return StoredApplication(
        app_no=document.pop("_id"),
        fields=document,
        applicant=Applicant.model_validate(private["applicant"]) if private["applicant"] else None,
        form=json.loads(private["form"]),
        done=context.message_id() in applied,
    )


def _moment(text: object) -> datetime:
    """A cursor's moment. Raises Invalid (cursor_invalid)."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Invalid.field("/cursor", "cursor_invalid", "游标无效, 请从第一页重新开始", "not a cursor of this list")
    return moment
