"""What happens to a case; never a person."""

from pydantic import AwareDatetime, Field

from contracts.base import Event
from contracts.cases.models import CaseSource, CaseState, Stage
from contracts.shared import Point


class CaseStep(Event):
    """What every event of a case says."""

    case_no: str
    state: CaseState
    category: str
    grid: str | None = None
    alert: str | None = None
    incident: str | None = None
    assignee: str | None = None
    owner_org: str | None = None
    version: int


class CaseReported(CaseStep, wire="cases.reported.v1"):
    """A case was opened."""

    source: CaseSource
    point: Point | None = Field(default=None, description="where a grid worker was who reported it; of nobody else")


class CaseFiled(CaseStep, wire="cases.filed.v1", public=True):
    """立案."""


class CaseDispatched(CaseStep, wire="cases.dispatched.v1", public=True):
    """派单."""


class CaseSigned(CaseStep, wire="cases.signed.v1", public=True):
    """签收."""


class CaseReturned(CaseStep, wire="cases.returned.v1", public=True):
    """退单."""


class CaseSuspended(CaseStep, wire="cases.suspended.v1", public=True):
    """挂账."""


class CaseResumed(CaseStep, wire="cases.resumed.v1", public=True):
    """恢复."""


class CaseResolved(CaseStep, wire="cases.resolved.v1", public=True):
    """办结."""


class CaseChecked(CaseStep, wire="cases.checked.v1", public=True):
    """核查通过."""


class CaseReworked(CaseStep, wire="cases.reworked.v1", public=True):
    """返工."""


class CaseClosed(CaseStep, wire="cases.closed.v1"):
    """结案, with what the one who asked said."""

    solved: bool | None = None


class CaseReopened(CaseStep, wire="cases.reopened.v1", public=True):
    """重开."""


class CaseRejected(CaseStep, wire="cases.rejected.v1", public=True):
    """不予受理."""


class CaseWithdrawn(CaseStep, wire="cases.withdrawn.v1", public=True):
    """撤诉."""


class CaseDueSoon(CaseStep, wire="cases.due_soon.v1", public=True):
    """80 % of a clock has run."""

    stage: Stage
    due_at: AwareDatetime


class CaseOverdue(CaseStep, wire="cases.overdue.v1", public=True):
    """A clock has run out."""

    stage: Stage
    due_at: AwareDatetime


class CaseMoved(CaseStep, wire="cases.moved.v1"):
    """The ground was redrawn: the case lies in another grid now."""

    from_grid: str
