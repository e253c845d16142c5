"""What people may set: rules of correlation, silences, type mappings, and the times of folding."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.alerts.incidents import Level
from contracts.alerts.models import Adapter, Alert, AlertType
from contracts.base import Command, Query
from contracts.shared import Cursor, Done, Key, Limit, Model, Page

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_\-]{1,60}$")]


class RuleMatch(Model):
    """Which alerts a rule looks at; an empty list means any. `motion` counts only with a target where `seen` is set."""

    types: list[AlertType] = []
    targets: list[Literal["human", "vehicle"]] = []
    grids: list[str] = Field(default=[], max_length=200, description="grids or territories that hold the place")
    devices: list[str] = Field(default=[], max_length=200)
    scenes: list[str] = Field(default=[], max_length=50)
    severity_at_least: int = Field(default=4, ge=1, le=4, description="1 is highest: 2 means 1 and 2")
    seen: bool = Field(default=False, description="motion only where a person or a vehicle was seen")


class RuleBody(Model):
    """规则: alerts of one group within a window that reach the threshold are one incident.

    `distinct_by` counts different channels, devices or types instead of alerts. `share` demands this part of the
    device's channels, the threshold at least. A running incident of the same group takes further alerts while the
    window since its last one lasts.
    """

    name: str = Field(min_length=1, max_length=100)
    enabled: bool = True
    order: int = Field(default=100, ge=0, le=1000, description="the smallest that matches takes the alert")
    match: RuleMatch = RuleMatch()
    group_by: list[Literal["grid", "device", "channel", "type", "family", "subject"]] = Field(min_length=1)
    window_s: int = Field(ge=1, le=86_400 * 2)
    threshold: int = Field(default=1, ge=1, le=1000)
    share: float | None = Field(default=None, gt=0, le=1)
    distinct_by: Literal["alert", "channel", "device", "type"] = "alert"
    create: Literal["candidate", "open"] = "open"
    severity: int | None = Field(default=None, ge=1, le=4, description="None: the highest of its alerts")
    resolve_on: Literal["hand", "ended"] = Field(default="hand", description="ended: when all its alerts have ended")
    dispatch_to: Level = Level.WORKER
    mutes: bool = Field(default=False, description="its other alerts are muted by the first")
    governance: bool = Field(default=False, description="未诉先办; counts alerts that are in other incidents too")


class Rule(RuleBody):
    """A rule as it stands; `shipped` ones came with the product and may be changed like any other."""

    id: RuleId
    shipped: bool = False
    matched: int = Field(default=0, description="incidents since it stands; 0: it never matched")
    last_matched_at: AwareDatetime | None = None
    version: int = 1


class TrialIncident(Model):
    """An incident that would have been."""

    group: dict[str, str]
    alerts: list[str] = Field(description="the first 50")
    alert_count: int
    first_at: AwareDatetime
    last_at: AwareDatetime


class RuleTrial(Model):
    """试算: what a rule would have done; nothing was written."""

    rule: str
    hours: int
    alerts_read: int
    alerts_matched: int
    groups: int
    complete: bool = Field(description="False: there were more alerts than a trial reads; the newest were read")
    incidents: list[TrialIncident]


class SaveRule(RuleBody, Command[Rule]):
    """A new rule, or the whole of a known one."""

    id: RuleId


class ListRules(Query[Page[Rule]]):
    """In their order."""


class TryRule(RuleBody, Query[RuleTrial]):
    """What the rule would have done with the alerts of the last hours."""

    id: RuleId = "trial"
    hours: int = Field(default=24, ge=1, le=168)


class Matcher(Model):
    """One condition on an alert; `=~` and `!~` are regular expressions over the whole value.

    An alert without the field matches `!=` and `!~` only.
    """

    field: Literal["device", "channel", "type", "severity", "grid", "rule", "target", "source", "raw_type"]
    op: Literal["=", "!=", "=~", "!~"] = "="
    value: str = Field(max_length=200)


class SilenceState(StrEnum):
    """pending (waits for a second person) → active → ended; pending → ended."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


class SilenceAction(StrEnum):
    """What may be done to a silence."""

    APPROVE = "approve"
    END = "end"


class Silence(Model):
    """静默: alerts that match all matchers are recorded and counted, and disturb nobody."""

    id: str
    matchers: list[Matcher]
    reason: str
    state: SilenceState
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    created_by: str
    approved_by: str | None = None
    ended_by: str | None = None
    muted: int = Field(default=0, description="alerts raised under it")
    allowed_actions: list[SilenceAction] = []
    version: int = 1


class CreateSilence(Command[Silence]):
    """At most 7 days. One that can hit severity 1 waits until a second person approves."""

    matchers: list[Matcher] = Field(min_length=1, max_length=10)
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]
    starts_at: AwareDatetime | None = Field(default=None, description="None: now")
    ends_at: AwareDatetime


class SilenceTrial(Model):
    """试算: what a silence would mute now; nothing was written."""

    waits: bool = Field(description="it can hit severity 1: a second person must approve it")
    open_read: int = Field(description="open alerts that were looked at, the newest first")
    complete: bool = Field(description="False: there are more open alerts than a trial reads")
    hits: int
    alerts: list[Alert] = Field(description="the first 20 of those that it hits")


class TrySilence(Query[SilenceTrial]):
    """Which open alerts these matchers hit."""

    matchers: list[Matcher] = Field(min_length=1, max_length=10)


class ActOnSilence(Command[Silence]):
    """Approve it as a second person, or end it early."""

    id: str = Field(max_length=100)
    action: SilenceAction


class ListSilences(Query[Page[Silence]]):
    """Newest first."""

    state: SilenceState | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class TypeMapping(Model):
    """类型映射: what a vendor's raw type means here. It goes before the adapter's own table."""

    adapter: Adapter
    raw_type: str
    type: AlertType
    severity: int | None = Field(default=None, ge=1, le=4, description="None: the usual one of the type")
    version: int = 1


class UnmappedType(Model):
    """A raw type that is in no table, how often it came and when last."""

    adapter: Adapter
    raw_type: str
    count: int
    last_at: AwareDatetime


class TypeMappings(Model):
    """The mappings, and what waits for one (most frequent first, at most 200)."""

    items: list[TypeMapping]
    unmapped: list[UnmappedType]


class SaveTypeMapping(Command[TypeMapping]):
    """From now on; alerts that stand keep their type."""

    adapter: Adapter
    raw_type: Key
    type: AlertType
    severity: int | None = Field(default=None, ge=1, le=4)


class DeleteTypeMapping(Command[Done]):
    """The adapter's own table counts again."""

    adapter: Adapter
    raw_type: Key


class ListTypeMappings(Query[TypeMappings]):
    """All of them."""


class AlertSettings(Model):
    """The times of folding and climbing. Lists say only what differs from the shipped values."""

    quiet_s: dict[AlertType, int] = Field(description="静默时间 by type; all types are told")
    flapping_raised: int = Field(description="more than so many raised of one fingerprint …")
    flapping_window_s: int = Field(description="… in so long are one flapping alert, and so long must be quiet")
    flood_reports: int = Field(description="of one source in one batch; beyond, the latest per fingerprint is kept")
    climb_minutes: dict[Level, float] = Field(description="how long each level but the last may wait")
    offline_after_s: int = Field(description="a silent device is offline after so long")
    version: int = 1


class GetAlertSettings(Query[AlertSettings]):
    """As they stand."""


class SaveAlertSettings(Command[AlertSettings]):
    """What is given is set, the rest stays."""

    quiet_s: dict[AlertType, Annotated[int, Field(ge=1, le=86_400)]] = {}
    flapping_raised: int | None = Field(default=None, ge=2, le=1000)
    flapping_window_s: int | None = Field(default=None, ge=10, le=86_400)
    flood_reports: int | None = Field(default=None, ge=10, le=10_000)
    climb_minutes: dict[Level, Annotated[float, Field(gt=0, le=1440)]] = {}
    offline_after_s: int | None = Field(default=None, ge=60, le=604_800)
