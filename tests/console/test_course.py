"""An alert's course: every bar lies on the axis, and the later does not begin before the earlier."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.console.course import WIDTH, course

NOON = datetime(2026, 3, 14, 4, 0, tzinfo=UTC)


def after(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


def alert(*steps: tuple[str, float], ended: float | None = None, **fields: Any) -> dict[str, Any]:
    timeline = [{"action": action, "actor": "张三", "at": after(at)} for action, at in steps]
    ended_at = None if ended is None else after(ended)
    told = {"first_at": after(0), "received_at": after(2), "ended_at": ended_at, "state": "open", "timeline": timeline}
    return {**told, **fields}


def clock(**fields: Any) -> dict[str, Any]:
    told = {"stage": "sign", "started_at": after(60), "stopped_at": None, "due_at": after(3600), "overdue": False}
    return {"clocks": [{**told, **fields}]}


def test_what_it_waits_for_goes_on_until_now() -> None:
    found = course(alert(ended=90), None, None, NOON + timedelta(minutes=5), "zh")
    assert [(one.label, one.over) for one in found.stretches] == [("报警", True), ("等待确认", False)]
    assert found.stretches[1].lasted == "4 分"
    assert [label for _, label in found.ticks] == ["1 分"]


def test_each_step_is_as_long_as_it_was_waited_for() -> None:
    one = alert(("raise", 2), ("acknowledge", 32), ("judge", 92), ("close", 93), state="closed", ended=40)
    found = course(one, clock(overdue=True), None, NOON + timedelta(hours=2), "en")
    assert [(one.label, one.kind, one.lasted) for one in found.stretches] == [
        ("the alarm", "bus", "40 s"),
        ("acknowledge 张三", "work", "30 s"),
        ("judge 张三", "work", "1 min"),
        ("close 张三", "work", "1 s"),
        ("case · sign", "bad", "1 h 59 min"),
    ]
    due = found.stretches[-1].due
    assert due
    assert found.stretches[-1].x < due < WIDTH


def test_each_level_was_told_until_the_next_was_or_somebody_answered() -> None:
    notices = [
        {"level": "worker", "at": after(10), "due_at": after(310)},
        {"level": "chief", "at": after(310), "due_at": after(910)},
    ]
    incident = {"notices": notices, "answered_at": after(400), "closed_at": None}
    found = course(alert(), None, incident, NOON + timedelta(hours=1), "zh").stretches[2:]
    assert [(one.label, one.lasted, one.over) for one in found] == [
        ("通知 网格员", "5 分", True),
        ("通知 网格长", "1 分", True),
    ]


@given(
    st.lists(st.tuples(st.sampled_from(["acknowledge", "judge", "close"]), st.floats(-1e6, 1e6)), max_size=4),
    st.none() | st.floats(-1e6, 1e6),
    st.floats(-1e6, 1e7),
    st.floats(-1e6, 1e6),
)
def test_every_bar_lies_on_the_axis(
    steps: list[tuple[str, float]], ended: float | None, now: float, due: float
) -> None:
    told = alert(*steps, ended=ended)
    found = course(told, clock(due_at=after(due)), None, NOON + timedelta(seconds=now), "zh")
    for one in found.stretches:
        assert 0 <= one.x <= one.x + one.width <= WIDTH + 1e-6
        assert one.due is None or 0 <= one.due <= WIDTH + 1e-6
