"""Why a case is late, or what it waits for and until when, in a sentence that needs no record beside it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.console.rendering import CITY_TIME
from services.console.wording import CASE_STATES, STAGES, Words, said, span, word

# what has to happen next to a case that has not ended
NEXT: Words = {
    "reported": ("立案", "filed"),
    "verified": ("立案", "filed"),
    "filed": ("派单", "dispatched"),
    "returned": ("重新派单", "dispatched again"),
    "dispatched": ("签收", "signed for"),
    "handling": ("办结", "resolved"),
    "suspended": ("恢复", "resumed"),
    "resolved": ("核查", "checked"),
    "awaiting_callback": ("回访", "called back about"),
}
WITH_OWNER = frozenset({"dispatched", "handling", "suspended"})
SETBACKS: Words = {
    "return": ("退单", "returned"),
    "transfer": ("转办", "passed on"),
    "extend": ("延期", "extended"),
    "suspend": ("挂账", "suspended"),
    "fail": ("返工", "failed its check"),
    "reopen": ("重开", "reopened"),
}

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """How a case stands: late, soon or calm; what to know first, and what explains it."""

    tone: str
    headline: str
    reasons: list[str]


def pressing(clocks: Sequence[Told]) -> Told | None:
    """The clock that is due first of those not stopped."""
    left = [clock for clock in clocks if clock["stopped_at"] is None]
    return min(left, key=lambda clock: (clock["due_at"] is None, clock["due_at"] or ""), default=None)


@dataclass(frozen=True)
class Account:
    """A case as the gateway tells it, with its record; `owner` is the name of its organisation."""

    case: Told
    steps: Sequence[Told]
    now: datetime
    language: str
    owner: str

    def standing(self) -> Standing:
        """How it stands at `now`."""
        clock = pressing(self.case["clocks"])
        if self.case["state"] not in NEXT:
            return Standing("calm", self._ending(), [*self._late_stages(), *self._setbacks()])
        reasons = [self._whereabouts(), *self._setbacks()]
        if clock is None:
            return Standing("calm", f"{self._waiting()}, {self._t('尚不计时', 'no clock runs')}", reasons)
        if clock["due_at"] is None:
            return Standing(
                "soon", self._t("工作日历缺失, 限时未定", "A calendar year is missing: no due time"), reasons
            )
        due = datetime.fromisoformat(clock["due_at"])
        if clock["paused_at"] and due > datetime.fromisoformat(clock["paused_at"]):
            return Standing("calm", self._suspension(), reasons)
        if due <= self.now:
            late = self._t("已超时", "Late by"), span(self.language, self.now - due)
            return Standing("late", " ".join(late), [self._limit(clock, due), *reasons])
        left = span(self.language, due - self.now)
        headline = f"{self._waiting()}, {self._t(f'还有 {left}', f'{left} left')}"
        return Standing("soon" if clock["due_soon"] else "calm", headline, [self._limit(clock, due), *reasons])

    def _waiting(self) -> str:
        return self._t("等待", "Waits to be ") + said(NEXT, self.language, self.case["state"])

    def _limit(self, clock: Told, due: datetime) -> str:
        stage, at = said(STAGES, self.language, clock["stage"]), _minute(due)
        hours = clock["hours"] or "–"
        return self._t(
            f"{stage}阶段 (限 {hours} 工作小时) 应于 {at} 前完成",
            f"the stage {stage} ({hours} working hours) is due by {at}",
        )

    def _whereabouts(self) -> str:
        if self.case["state"] in WITH_OWNER:
            person = self.case["assignee"] or self._t("未指定承办人", "nobody named")
            holder = f"{self.owner} {person}"
        else:
            holder = self._t("工单台", "the case desk")
        since = span(self.language, self.now - self._reached())
        coming = said(NEXT, self.language, self.case["state"])
        return self._t(
            f"现在 {holder} 手上, 已 {since}未{coming}", f"it is with {holder}, for {since} not yet {coming}"
        )

    def _suspension(self) -> str:
        until = self.case["suspended_until"]
        headline = self._t("挂账中, 不计时", "Suspended, its clock stands still")
        if until is None:
            return headline
        at = _minute(datetime.fromisoformat(until))
        return f"{headline}, {self._t(f'至 {at}', f'until {at}')}"

    def _ending(self) -> str:
        lasted = span(self.language, self._reached() - datetime.fromisoformat(self.case["reported_at"]))
        state = said(CASE_STATES, self.language, self.case["state"])
        return f"{state}, {self._t(f'历时 {lasted}', f'after {lasted}')}"

    def _late_stages(self) -> list[str]:
        late = (said(STAGES, self.language, clock["stage"]) for clock in self.case["clocks"] if clock["overdue"])
        stages = self._t("、", ", ").join(dict.fromkeys(late))
        return [self._t(f"{stages}阶段曾超时", f"was late in {stages}")] if stages else []

    def _setbacks(self) -> list[str]:
        found = []
        for action in SETBACKS:
            notes = [step["note"] for step in self.steps if step["action"] == action]
            if notes:
                name, last = said(SETBACKS, self.language, action), f" ({notes[-1]})" if notes[-1] else ""
                found.append(self._t(f"曾{name} {len(notes)} 次{last}", f"{name} {len(notes)} times{last}"))
        return found

    def _reached(self) -> datetime:
        """When it came into its present state."""
        here = self.case["state"]
        came = (step["at"] for step in reversed(self.steps) if step["to_state"] == here != step["from_state"])
        return datetime.fromisoformat(next(came, self.case["reported_at"]))

    def _t(self, zh: str, en: str) -> str:
        return word(self.language, zh, en)


def _minute(at: datetime) -> str:
    return f"{at.astimezone(CITY_TIME):%Y-%m-%d %H:%M}"
