"""静默: which alerts a silence hits, who may put one into force, and what may be done to it. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

import re2

from contracts.alerts import CreateSilence, Matcher, SilenceAction, SilenceState
from contracts.faults import FieldFault, Forbidden, Invalid
from services.alerts.domain import check_legal

LONGEST = timedelta(days=7)
GRAVEST = "1"
STEPS: Mapping[tuple[SilenceState, SilenceAction], SilenceState] = MappingProxyType(
    {
        (SilenceState.PENDING, SilenceAction.APPROVE): SilenceState.ACTIVE,
        (SilenceState.PENDING, SilenceAction.END): SilenceState.ENDED,
        (SilenceState.ACTIVE, SilenceAction.END): SilenceState.ENDED,
    }
)
# bytes for one compiled expression: what a person writes needs a tenth, and two hundred silences have ten each
_MOST_MEMORY = 1 << 16
_EXPRESSIONS = ("=~", "!~")

FIELDS = ("device", "channel", "type", "severity", "grid", "rule", "target", "source", "raw_type")
Fields = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Muting:
    """A silence in force, as far as raising needs it."""

    id: str
    matchers: Sequence[Matcher]
    starts_at: datetime
    ends_at: datetime

    def hits(self, fields: Fields, at: datetime) -> bool:
        """Whether it mutes an alert with these fields that was received at that time."""
        return self.starts_at <= at < self.ends_at and hits(self.matchers, fields)


def hits(matchers: Sequence[Matcher], fields: Fields) -> bool:
    """Whether all of them match."""
    return all(matches(matcher, fields) for matcher in matchers)


def matches(matcher: Matcher, fields: Fields) -> bool:
    """Whether the condition holds; a field that the alert does not have meets `!=` and `!~` only."""
    value, refuses = fields.get(matcher.field), matcher.op.startswith("!")
    if value is None:
        return refuses
    same = _whole(matcher.value)(value) if matcher.op in _EXPRESSIONS else value == matcher.value
    return same is not refuses


def told(values: Mapping[str, object]) -> Fields:
    """What matchers may ask of an alert, as text."""
    return {name: None if values.get(name) is None else str(values[name]) for name in FIELDS}


def first(mutings: Iterable[Muting], fields: Fields, at: datetime) -> str | None:
    """The silence that mutes the alert; the one that was made first where several do."""
    return next((muting.id for muting in mutings if muting.hits(fields, at)), None)


def hits_gravest(matchers: Sequence[Matcher]) -> bool:
    """Whether it can hit severity 1: only what it says of the severity rules that out."""
    return all(matches(matcher, {"severity": GRAVEST}) for matcher in matchers if matcher.field == "severity")


def check(command: CreateSilence, now: datetime) -> tuple[datetime, datetime]:
    """From when to when it is to hold. Raises Invalid naming every field that is wrong."""
    starts_at = max(command.starts_at or now, now)
    faults = expression_faults(command.matchers)
    if command.ends_at <= starts_at:
        faults.append(
            FieldFault.at("/ends_at", "end_past", "结束时间须晚于开始时间与当前时间", "it ends before it begins")
        )
    elif command.ends_at - starts_at > LONGEST:
        faults.append(FieldFault.at("/ends_at", "silence_too_long", "静默最长 7 天", "a silence lasts 7 days at most"))
    if starts_at - now > LONGEST:
        faults.append(FieldFault.at("/starts_at", "start_too_far", "须在 7 天内开始", "it must begin within 7 days"))
    refuse(faults)
    return starts_at, command.ends_at


def expression_faults(matchers: Sequence[Matcher]) -> list[FieldFault]:
    """The expressions among them that cannot be used."""
    return [fault for at, matcher in enumerate(matchers) for fault in _faults(at, matcher)]


def refuse(faults: Sequence[FieldFault]) -> None:
    """Raises Invalid naming every field, if there is one."""
    if faults:
        raise Invalid.fields("silence_invalid", "静默有误", "the silence is not acceptable", faults)


def allowed_actions(state: SilenceState) -> list[SilenceAction]:
    """What may be done now."""
    return [action for at, action in STEPS if at is state]


def step(state: SilenceState, action: SilenceAction, actor: str, created_by: str) -> SilenceState:
    """The state after the action. Refused when it is not legal now, Forbidden when its maker approves it."""
    check_legal(state, action, allowed_actions(state))
    if action is SilenceAction.APPROVE and actor == created_by:
        raise Forbidden(
            "second_person_needed",
            "可命中 1 级告警的静默须由另一人批准",
            "a silence that can hit severity 1 must be approved by another person",
        )
    return STEPS[state, action]


def _faults(at: int, matcher: Matcher) -> list[FieldFault]:
    if matcher.op in _EXPRESSIONS:
        try:
            _whole(matcher.value)
        except re2.error:
            zh, en = "不是可用的正则表达式 (RE2 语法)", "no expression that can be used (RE2 syntax)"
            return [FieldFault.at(f"/matchers/{at}/value", "expression_invalid", zh, en)]
    return []


@lru_cache(4096)
def _whole(expression: str) -> Callable[[str], bool]:
    """Compiled; in linear time whatever it says. Raises re2.error."""
    options = re2.Options()
    options.max_mem, options.log_errors = _MOST_MEMORY, False
    compiled = re2.compile(expression, options)
    return lambda value: compiled.fullmatch(value) is not None
