"""授权: one document a grant; it expires by the clock, not by a write."""

from collections.abc import Sequence
from typing import Any

from pymongo import IndexModel
from pymongo.database import Database

from contracts.sharing import Dataset, DatasetApplication, Grant, GrantGiven, GrantRevoked, RevokeGrant
from services.chassis import context
from services.chassis.aggregates import Change, Document
from services.chassis.records import entry
from services.sharing.store.applications import grant_id
from services.sharing.store.typed import Typed, order


class Grants(Typed[Grant]):
    """`grants`; `parties` are the department and the provider."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        indexes = [
            IndexModel([("parties", 1), ("order", 1)]),
            IndexModel([("order", 1)]),
            IndexModel([("dataset", 1), ("department", 1)]),
        ]
        super().__init__(database, "grants", indexes)

    def view(self, document: Document) -> Grant:
        expired = document["state"] == "active" and document["valid_until"] <= context.now()
        state = "expired" if expired else document["state"]
        return Grant.model_validate({**document, "id": document["_id"], "state": state})

    def give(self, application: DatasetApplication, dataset: Dataset) -> None:
        """The grant of an approved application; once, however often it is asked for."""
        id = grant_id(application.id)
        event = GrantGiven(
            grant=id,
            dataset=application.dataset,
            department=application.applicant,
            purpose=application.purpose,
            valid_until=application.valid_until,
            version=1,
        )
        self.insert(
            {
                "_id": id,
                "application": application.id,
                "dataset": application.dataset,
                "department": application.applicant,
                "provider": dataset.provider,
                "parties": [application.applicant, dataset.provider],
                "purpose": application.purpose.value,
                "fields": {name: mask.value for name, mask in application.fields.items()},
                "valid_until": application.valid_until,
                "state": "active",
                "order": order(context.now(), id),
                "timeline": [entry("system", "grant", None, "active").model_dump()],
            },
            [event],
        )

    def revoke(self, grant: Grant, command: RevokeGrant) -> None:
        """End it."""
        step = entry(command.caller.who, "revoke", grant.state, "revoked", command.reason).model_dump()
        event = GrantRevoked(
            grant=grant.id, dataset=grant.dataset, department=grant.department, version=grant.version + 1
        )
        change = Change(set={"state": "revoked", "revoked_at": context.now()}, push={"timeline": [step]})
        self.update(grant.id, grant.version, change, [event])

    def held(self, dataset: str, department: str) -> list[Grant]:
        """What a department holds on a dataset, newest first."""
        found = list(self.collection.find({"dataset": dataset, "department": department}))
        return [self.view(document) for document in sorted(found, key=lambda each: str(each["order"]), reverse=True)]

    def among(self, ids: Sequence[str]) -> dict[str, Grant]:
        """Those of these ids, by id."""
        return {found["_id"]: self.view(found) for found in self.collection.find({"_id": {"$in": list(ids)}})}
