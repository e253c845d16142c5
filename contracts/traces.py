"""链路: what the trace store tells of traces. It speaks HTTP; none of this travels on the bus."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.shared import Cursor, Limit, Model

TraceId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class TraceSummary(Model):
    """One trace in a list. `subjects` are the business keys of what it is about: case, application, alert."""

    trace_id: TraceId
    started_at: AwareDatetime
    duration_ms: float
    service: str
    operation: str
    spans: int
    failed: int
    services: list[str]
    subjects: list[str] = []


class TraceQuery(Model):
    """Which traces: those that meet every condition told, newest first."""

    service: str | None = Field(default=None, max_length=100, description="took part in it")
    operation: str | None = Field(default=None, max_length=200, description="the name of one of its spans")
    min_ms: float | None = Field(default=None, ge=0, le=86_400_000, description="lasted so long at least")
    failed: bool = Field(default=False, description="something in it failed")
    attribute: str | None = Field(
        default=None, max_length=200, pattern=r"^[^=]+=.+$", description="key=value of a span"
    )
    subject: str | None = Field(default=None, max_length=200, description="a case, application or alert by its number")
    cursor: Cursor | None = None
    limit: Limit = 50


class ServiceLink(Model):
    """One arrow of the service map 服务图: how often one side called the other, how often that failed, how long."""

    caller: str
    callee: str
    via: Literal["request", "event", "db"]
    count: int
    failed: int
    mean_ms: float


class ServiceMap(Model):
    """Drawn from the newest traces, `traces` in all."""

    traces: int
    links: list[ServiceLink]
