"""告警数字."""

from pydantic import AwareDatetime, Field

from contracts.alerts.devices import DeviceState
from contracts.alerts.incidents import IncidentState
from contracts.alerts.models import AlertState, AlertType, Verdict
from contracts.base import Query
from contracts.shared import Model


class Noisy(Model):
    """A channel that reports much. `falsely`: alerts that people judged false or tests."""

    device: str
    channel: str
    name: str | None = None
    alerts: int
    reports: int
    falsely: int = 0


class AlertFigures(Model):
    """告警数字: the alerts that are not closed, and those raised since midnight of the city.

    `open_by_grid` counts the located ones, `in_cases_by_grid` those of them that a case was opened from; `hours` are
    the 24 hours of the day. Counting costs the store much: it is done again after a while, see `counted_at`.
    """

    counted_at: AwareDatetime
    open: int
    unlocated: int
    open_by_grid: dict[str, int]
    in_cases_by_grid: dict[str, int]
    states: dict[AlertState, int]
    severities: dict[int, int]
    types: dict[AlertType, int]
    raised_today: int
    hours: list[int]
    muted_today: int = Field(default=0, description="silenced or inhibited")
    suppressed_today: int = Field(default=0, description="reports of floods that were counted and not kept")
    verdicts_today: dict[Verdict, int] = Field(default={}, description="of the alerts raised today")
    answered_after_s: float | None = Field(default=None, description="median until somebody took one, of today")
    noisiest: list[Noisy] = Field(default=[], description="at most ten of today")
    incidents: dict[IncidentState, int] = Field(default={}, description="those that have not ended")
    devices: dict[DeviceState, int] = {}


class GetAlertFigures(Query[AlertFigures]):
    """How many alerts wait, where, and what the day brought."""
