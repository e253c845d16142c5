"""资源目录: one document a dataset, its schema as text (its keywords begin with $), its log's announced end."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import IndexModel
from pymongo.database import Database

from contracts.base import Event
from contracts.faults import NotFound
from contracts.shared import Caller, Page, Scope
from contracts.sharing import ActOnDataset, Dataset, DatasetState, RecordsPublished, SaveDataset
from services.chassis import cursors
from services.chassis.aggregates import Change, Changed, Document
from services.chassis.portions import by_key
from services.chassis.records import entry
from services.sharing.domain.datasets import ON_DIRECTORY, unknown
from services.sharing.store.typed import Typed

# what a view has no use for
_SHORT = {"schema": 0, "timeline": 0, "applied": 0, "outbox": 0}
_CONTENT = ("title", "sharing_type", "denial_basis", "fields", "key_field")


class Datasets(Typed[Dataset]):
    """`datasets`, by code."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "datasets", [IndexModel("provider"), IndexModel("state")])
        self._registered: dict[str, tuple[Dataset, str]] = {}

    def view(self, document: Document) -> Dataset:
        return Dataset.model_validate({**document, "code": document["_id"], "records": document["last"]})

    def unknown(self, id: str) -> NotFound:
        return unknown(id)

    def content(self, code: str) -> tuple[Dataset, str]:
        """A dataset with its JSON Schema as text. Raises NotFound.

        Its content never changes once the schema is registered, so that it is read once; state and end may be old.
        """
        found = self._registered.get(code)
        if found is None:
            document = self.get(code)
            if document is None:
                raise self.unknown(code)
            found = self.view(document), str(document["schema"])
            if found[0].schema_version:
                self._registered[code] = found
        return found

    def create(self, command: SaveDataset, provider: str) -> bool:
        """A new draft; False when the code is taken."""
        return self.insert(
            {
                "_id": command.code,
                "provider": provider,
                "schema_version": 0,
                "state": DatasetState.DRAFT.value,
                "last": 0,
                "timeline": [entry(command.caller.who, "save", None, DatasetState.DRAFT).model_dump()],
                **_content(command),
            }
        )

    def rewrite(self, dataset: Dataset, command: SaveDataset) -> None:
        """Other content of a draft."""
        step = entry(command.caller.who, "save", dataset.state, dataset.state).model_dump()
        self.update(dataset.code, dataset.version, Change(set=_content(command), push={"timeline": [step]}))

    def move(
        self,
        dataset: Dataset,
        target: DatasetState,
        schema_version: int,
        command: ActOnDataset,
        events: Sequence[Event],
    ) -> None:
        """One step of the machine."""
        step = entry(command.caller.who, command.action, dataset.state, target, command.note).model_dump()
        change = Change(set={"state": target.value, "schema_version": schema_version}, push={"timeline": [step]})
        self.update(dataset.code, dataset.version, change, events)

    def announce(self, standing: Mapping[str, Dataset], ends: Mapping[str, int]) -> None:
        """Move the announced ends of logs, by code; each event covers exactly what its step adds."""
        while True:
            behind = [dataset for code, dataset in standing.items() if dataset.records < ends.get(code, 0)]
            outcomes = self.update_many([_announcing(dataset, ends[dataset.code]) for dataset in behind])
            stale = [dataset.code for dataset, outcome in zip(behind, outcomes, strict=True) if outcome == "stale"]
            if not stale:
                return
            standing = self.among(stale)

    def page(self, caller: Caller, provider: str | None, cursor: str | None, limit: int) -> Page[Dataset]:
        """By code: what is on the directory, and one's own."""
        filters: Document = {"provider": provider} if provider else {}
        if not caller.may(Scope.DATASETS_APPROVE):
            on_directory = {"state": {"$in": sorted(ON_DIRECTORY)}}
            filters["$or"] = [on_directory, {"provider": caller.department}] if caller.department else [on_directory]
        if cursor:
            filters["_id"] = {"$gt": str(cursors.decode(cursor, 1)[0])}
        found = list(self.collection.find(filters).sort("_id", 1).limit(limit + 1))
        following = cursors.encode(found[limit - 1]["_id"]) if len(found) > limit else None
        return Page(items=[self.view(document) for document in found[:limit]], next=following)

    def among(self, codes: Iterable[str]) -> dict[str, Dataset]:
        """Those of these codes, by code."""
        return {found["_id"]: self.view(found) for found in by_key(self.collection, set(codes), _SHORT)}

    def ends(self) -> dict[str, int]:
        """The announced end of the log of each dataset that takes records."""
        found = self.collection.find({"state": DatasetState.PUBLISHED.value}, {"last": 1})
        return {document["_id"]: document["last"] for document in found}


def _announcing(dataset: Dataset, last: int) -> Changed:
    first = dataset.records + 1
    event = RecordsPublished(dataset=dataset.code, first=first, last=last, count=last - first + 1)
    return Changed(dataset.code, dataset.version, Change(set={"last": last}), [event])


def _content(command: SaveDataset) -> Document:
    return {**command.model_dump(mode="json", include=set(_CONTENT)), "schema": json.dumps(command.json_schema)}
