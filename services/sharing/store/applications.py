"""共享申请: one document an application."""

from typing import Any

from pymongo import IndexModel
from pymongo.database import Database

from contracts.sharing import ApplyForDataset, Dataset, DatasetApplication, DatasetApplied, DatasetDecided, Mask
from contracts.sharing import DecideDatasetApplication as Decide
from services.chassis import context
from services.chassis.aggregates import Change, Document
from services.chassis.records import entry
from services.sharing.domain.grants import AUTOMATIC, is_automatic
from services.sharing.store.typed import Typed, new_id, order


def grant_id(application: str) -> str:
    """The grant of an application, known before it stands, so that it is given once."""
    return f"G{application.removeprefix('A')}"


class Applications(Typed[DatasetApplication]):
    """`applications`; `parties` are applicant and provider."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(
            database, "applications", [IndexModel([("parties", 1), ("order", 1)]), IndexModel([("order", 1)])]
        )

    def view(self, document: Document) -> DatasetApplication:
        granted = grant_id(document["_id"]) if document["state"] == "approved" else None
        return DatasetApplication.model_validate({**document, "id": document["_id"], "grant": granted})

    def file(self, command: ApplyForDataset, dataset: Dataset, applicant: str, fields: dict[str, Mask]) -> str:
        """A new application, already approved where the dataset is shared unconditionally; its id."""
        id, automatic = new_id("A"), is_automatic(dataset)
        state = "approved" if automatic else "submitted"
        reason = AUTOMATIC if automatic else None
        purpose, version = command.purpose, 1
        applied = DatasetApplied(
            application=id, dataset=dataset.code, applicant=applicant, purpose=purpose, version=version
        )
        decided = DatasetDecided(application=id, dataset=dataset.code, decision="approve", version=version)
        self.insert(
            {
                "_id": id,
                "dataset": dataset.code,
                "applicant": applicant,
                "parties": [applicant, dataset.provider],
                "purpose": purpose.value,
                "legal_basis": command.legal_basis,
                "fields": _stored(fields),
                "valid_until": command.valid_until,
                "state": state,
                "reason": reason,
                "order": order(context.now(), id),
                "timeline": [entry(command.caller.who, "apply", None, state, reason).model_dump()],
            },
            [applied, decided] if automatic else [applied],
        )
        return id

    def decide(self, application: DatasetApplication, command: Decide, fields: dict[str, Mask]) -> None:
        """The answer, with the masks that were decided."""
        state = "approved" if command.decision == "approve" else "refused"
        version = application.version + 1
        event = DatasetDecided(
            application=application.id, dataset=application.dataset, decision=command.decision, version=version
        )
        step = entry(command.caller.who, command.decision, application.state, state, command.reason).model_dump()
        change = Change(
            set={"state": state, "reason": command.reason, "fields": _stored(fields)}, push={"timeline": [step]}
        )
        self.update(application.id, application.version, change, [event])


def _stored(fields: dict[str, Mask]) -> dict[str, str]:
    return {name: mask.value for name, mask in fields.items()}
