"""What may be asked and ordered about alerts and reports."""

from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.alerts.models import (
    Adapter,
    AdapterResult,
    Alert,
    AlertAction,
    AlertState,
    AlertType,
    MediaLook,
    MediaView,
    Report,
    Verdict,
)
from contracts.base import Command, Query
from contracts.shared import Cursor, Key, Limit, Page

Purpose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class GetReport(Query[Report]):
    """What became of one 202."""

    report: str = Field(max_length=100)


class TestAdapter(Query[AdapterResult]):
    """Parse only."""

    __test__ = False  # pytest would collect it

    adapter: Adapter
    content_type: str = Field(default="", max_length=300)
    body: bytes = Field(max_length=262_144)


class ListAlerts(Query[Page[Alert]]):
    """Newest first."""

    state: AlertState | None = None
    type: AlertType | None = None
    grid: str | None = Field(default=None, max_length=15)
    device: Key | None = None
    incident: str | None = Field(default=None, max_length=100)
    muted: bool | None = Field(default=None, description="silenced or inhibited ones only, or the others only")
    cursor: Cursor | None = None
    limit: Limit = 50


class GetAlert(Query[Alert]):
    """With its timeline."""

    id: str = Field(max_length=100)


class ActOnAlert(Command[Alert]):
    """One step of the machine; `verdict` goes with judge."""

    id: str = Field(max_length=100)
    action: AlertAction
    verdict: Verdict | None = None
    note: str | None = Field(default=None, max_length=1000)


class LookAtMedia(Command[MediaLook]):
    """The addresses of an alert's pictures and clips; who looks, when and why is written down first."""

    id: str = Field(max_length=100)
    purpose: Purpose


class ListMediaViews(Query[Page[MediaView]]):
    """Newest first."""

    alert: str | None = Field(default=None, max_length=100)
    cursor: Cursor | None = None
    limit: Limit = 50
