"""Why a case is late, said in a sentence."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.lateness import NEXT, Account, Standing, pressing
from services.console.wording import CASE_STATES

NOW = datetime(2026, 3, 13, 8, tzinfo=UTC)


def before(**past: float) -> str:
    return (NOW - timedelta(**past)).isoformat()


def clock(stage: str, due: str | None, **fields: object) -> dict[str, Any]:
    unknown = {"paused_at": None, "stopped_at": None, "fault": None, "due_soon": False, "overdue": False}
    return {"stage": stage, "hours": 2, "due_at": due, **unknown, **fields}


def step(action: str, to: str, at: str, came_from: str | None = None, note: str | None = None) -> dict[str, Any]:
    return {"action": action, "from_state": came_from, "to_state": to, "at": at, "note": note}


def told(state: str, *clocks: dict[str, Any], steps: Any = (), language: str = "zh", **fields: object) -> Standing:
    known = {"state": state, "clocks": clocks, "assignee": "W1", "suspended_until": None, "reported_at": before(days=2)}
    return Account({**known, **fields}, steps, NOW, language, "桃南社区").standing()


def test_a_late_case_names_the_stage_the_limit_the_holder_and_what_went_before() -> None:
    steps = [
        step("dispatch", "dispatched", before(hours=9), "filed"),
        step("return", "returned", before(hours=8), "dispatched", "不属本辖区"),
        step("dispatch", "dispatched", before(hours=5), "returned"),
        step("overdue", "dispatched", before(hours=3), "dispatched", "sign"),
    ]
    late = clock("sign", before(hours=3, minutes=12), overdue=True)
    found = told("dispatched", clock("dispatch", before(hours=6), stopped_at=before(hours=5)), late, steps=steps)
    assert (found.tone, found.headline) == ("late", "已超时 3 小时 12 分")
    assert found.reasons == [
        "签收阶段 (限 2 工作小时) 应于 2026-03-13 12:48 前完成",
        "现在 桃南社区 W1 手上, 已 5 小时未签收",
        "曾退单 1 次 (不属本辖区)",
    ]
    english = told("dispatched", late, steps=steps, language="en")
    assert english.headline == "Late by 3 h 12 min"
    assert english.reasons[1] == "it is with 桃南社区 W1, for 5 h not yet signed for"


def test_what_is_not_with_an_organisation_is_with_the_desk() -> None:
    found = told("filed", clock("dispatch", before(minutes=-90)), steps=[step("file", "filed", before(minutes=30))])
    assert (found.tone, found.headline) == ("calm", "等待派单, 还有 1 小时 30 分")
    assert found.reasons[1] == "现在 工单台 手上, 已 30 分未派单"
    assert told("filed", clock("dispatch", before(minutes=-9), due_soon=True)).tone == "soon"


def test_a_case_on_which_nothing_runs_says_so() -> None:
    assert told("reported").headline == "等待立案, 尚不计时"
    assert "工作日历缺失" in told("filed", clock("dispatch", None, fault="calendar_missing_2027")).headline
    held = clock("handling", before(days=-1), paused_at=before(hours=1))
    assert told("suspended", held, suspended_until=before(days=-2)).headline == "挂账中, 不计时, 至 2026-03-15 16:00"
    # what was late before it was suspended is late
    assert told("suspended", clock("handling", before(hours=2), paused_at=before(hours=1))).tone == "late"


def test_an_ended_case_tells_how_long_it_took_and_where_it_was_late() -> None:
    clocks = clock("sign", before(days=1), overdue=True, stopped_at=before(hours=9)), clock("handling", before(hours=1))
    found = told("closed", *clocks, steps=[step("call_back", "closed", before(hours=6), "awaiting_callback")])
    assert (found.headline, found.reasons) == ("已结案, 历时 1 天 18 小时", ["签收阶段曾超时"])


def test_the_clock_that_is_due_first_presses() -> None:
    handling, sign = clock("handling", before(hours=1)), clock("sign", before(hours=-1))
    assert pressing([sign, handling]) is handling
    assert pressing([clock("sign", None), clock("handling", None), sign]) is sign
    assert pressing([clock("sign", before(hours=1), stopped_at=before(hours=1))]) is None


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("state", CASE_STATES)
def test_every_state_has_its_sentence(state: str, language: str) -> None:
    found = told(state, clock("handling", before(hours=1)), language=language)
    assert found.headline
    assert (found.tone == "late") == (state in NEXT)
