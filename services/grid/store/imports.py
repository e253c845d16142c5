"""Collection `imports`: _id the command's id, kind, actor, report."""

from typing import Any
from uuid import uuid4

from pymongo.database import Database

from contracts.grid import GroundImported
from contracts.shared import ImportReport
from services.chassis import context
from services.chassis.aggregates import Aggregates


class Imports(Aggregates):
    """What each import did."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "imports")

    def done(self) -> ImportReport | None:
        """The report of the present command when it has already been carried out."""
        found = self.get(context.message_id()) if context.message_id() else None
        return ImportReport.model_validate(found["report"]) if found else None

    def keep(self, report: ImportReport, actor: str) -> None:
        """Record the import and tell of it."""
        told = GroundImported(
            kind=report.kind, created=report.created, changed=report.changed, rejected=len(report.rejected)
        )
        document = {"_id": context.message_id() or uuid4().hex, "kind": report.kind, "actor": actor}
        self.insert({**document, "report": report.model_dump(mode="json")}, [told])
