"""Documents of items: `_id` is the code; `content` is what is served, `earlier` what was served before."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import JsonValue
from pymongo import IndexModel

from contracts.base import Event
from contracts.catalogue import Item, ItemsImported, ItemState
from contracts.faults import Conflict
from contracts.shared import ImportReport, TimelineEntry
from services.catalogue.domain.items import SERVED, Content, allowed
from services.catalogue.domain.merging import Standing, Write
from services.catalogue.spelling import Spelling
from services.catalogue.store.listing import Listing
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, Document, New

INDEXES = [IndexModel([("updated_at", 1)], name="updated_at")]


class StoredItem(NamedTuple):
    """An item as it stands; `done`: the command at work has already been applied to it."""

    code: str
    state: ItemState
    version_no: int
    content: Content
    version: int
    timeline: list[TimelineEntry]
    done: bool

    def shown(self, to_staff: bool) -> Item:
        """What is answered; the names in the timeline are for those who handle items."""
        return Item(
            code=self.code,
            version_no=self.version_no,
            **self.content.model_dump(),
            state=self.state,
            allowed_actions=allowed(self.state) if to_staff else [],
            version=self.version,
            timeline=self.timeline if to_staff else [],
        )


class ItemStore:
    """Reads and writes of items and of the records of imports."""

    def __init__(self, items: Aggregates, imports: Aggregates, listing: Listing) -> None:
        self._items, self._imports, self._listing = items, imports, listing

    def get(self, code: str, version_no: int | None = None) -> StoredItem | None:
        """The item with its present content, or with that of an earlier version; None when there is none such."""
        found = self._items.collection.find_one({"_id": code}, None if version_no else {"earlier": 0})
        if found is None:
            return None
        number, content = found["version_no"], found["content"]
        if version_no not in (None, number):
            kept = [past["content"] for past in found.get("earlier", []) if past["version_no"] == version_no]
            if not kept:
                return None
            number, content = version_no, kept[0]
        return StoredItem(
            code=code,
            state=ItemState(found["state"]),
            version_no=number,
            content=_read_content(content),
            version=found["version"],
            timeline=[TimelineEntry.model_validate(entry) for entry in found["timeline"]],
            done=context.applied(found),
        )

    def add_draft(self, code: str, content: Content, spelling: Spelling, entry: TimelineEntry) -> None:
        """Write a new draft. Raises Conflict (version_stale) when the code was taken in the meantime."""
        added = self._items.insert(
            {
                "_id": code,
                "state": ItemState.DRAFT,
                "version_no": 1,
                "content": _write_content(content),
                **spelling._asdict(),
                "timeline": [entry.model_dump()],
            }
        )
        self._listing.outdated()
        if not added:
            raise Conflict("version_stale", "编码刚被他人使用", "the code was taken in the meantime")

    def save_draft(self, item: StoredItem, content: Content, spelling: Spelling, entry: TimelineEntry) -> None:
        """Other content of a draft. Raises Conflict (version_stale)."""
        fields = {"content": _write_content(content), **spelling._asdict()}
        self._items.update(item.code, item.version, Change(set=fields, push={"timeline": [entry.model_dump()]}))
        self._listing.outdated()

    def move(self, item: StoredItem, to: ItemState, entry: TimelineEntry, events: Sequence[Event]) -> None:
        """A step of the machine. Raises Conflict (version_stale)."""
        change = Change(set={"state": to}, push={"timeline": [entry.model_dump()]})
        self._items.update(item.code, item.version, change, events)
        self._listing.outdated()

    def standing(self, codes: Iterable[str], import_id: str) -> dict[str, Standing]:
        """What stands under the codes, in one read."""
        fields = {"state": 1, "content": 1, "version": 1, "version_no": 1, "import": 1}
        return {
            found["_id"]: Standing(
                content=_read_content(found["content"]),
                state=ItemState(found["state"]),
                version=found["version"],
                version_no=found["version_no"],
                done=found["import"]["effect"] if found.get("import", {}).get("id") == import_id else None,
            )
            for found in self._items.collection.find({"_id": {"$in": list(codes)}}, fields)
        }

    def write_import(
        self,
        import_id: str,
        writes: Sequence[Write],
        spelled: Mapping[str, Spelling],
        entries: Mapping[str, TimelineEntry],
    ) -> None:
        """All writes in two round trips; `spelled` by name, `entries` by code.

        Raises Conflict (version_stale) when somebody came between: merge again.
        """
        new, changed = [], []
        for write in writes:
            fields: Document = {
                "content": _write_content(write.content),
                "import": {"id": import_id, "effect": "changed" if write.before else "created", "line": write.line},
            }
            if not write.keeps_name:
                fields |= spelled[write.content.name]._asdict()
            timeline = [entries[write.code].model_dump()]
            if write.before:
                changed.append(_imported(write.code, write.before, fields, timeline, import_id))
            else:
                fields |= {"_id": write.code, "state": ItemState.PUBLISHED, "version_no": 1, "timeline": timeline}
                new.append(New(fields))
        fresh = self._items.insert_many(new)
        outcomes = self._items.update_many(changed)
        self._listing.outdated()
        if len(fresh) < len(new) or "stale" in outcomes:
            raise Conflict("version_stale", "导入期间事项被他人更新", "items changed during the import")

    def import_report(self, import_id: str) -> ImportReport | None:
        """What an import that ended has answered."""
        found = self._imports.get(import_id)
        return ImportReport.model_validate(found["report"]) if found else None

    def end_import(self, import_id: str, report: ImportReport, source: str, actor: str) -> None:
        """The record of an import, and its one event."""
        event = ItemsImported(created=report.created, changed=report.changed, rejected=len(report.rejected))
        record = {"_id": import_id, "report": report.model_dump(), "source": source, "actor": actor}
        self._imports.insert(record, [event])


def _imported(code: str, before: Standing, fields: Document, timeline: Sequence[object], import_id: str) -> Changed:
    """Applications pin a version: what was served is kept beside what takes its place."""
    push = {"timeline": timeline}
    if before.state in SERVED:
        fields["version_no"] = before.version_no + 1
        push["earlier"] = [{"version_no": before.version_no, "content": _write_content(before.content)}]
    return Changed(code, before.version, Change(set=fields, push=push), message_ids=(import_id,))


def _write_content(content: Content) -> dict[str, Any]:
    """A schema's keys begin with $, which the store takes for operators: it is kept as text."""
    fields = content.model_dump(mode="json", exclude_none=True)
    if content.form_schema is not None:
        fields["form_schema"] = json.dumps(content.form_schema, ensure_ascii=False)
    return fields


def _read_content(fields: Mapping[str, JsonValue]) -> Content:
    schema = fields.get("form_schema")
    return Content.model_validate({**fields, "form_schema": json.loads(schema)} if isinstance(schema, str) else fields)
