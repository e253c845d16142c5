"""Stretches of time in which the newest are looked for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.stretches import stretches

END = datetime(2026, 11, 22, tzinfo=UTC)


@given(st.timedeltas(timedelta(0), timedelta(days=4000)), st.timedeltas(timedelta(seconds=1), timedelta(days=1)))
def test_they_cover_all_once(age: timedelta, first: timedelta) -> None:
    found = list(stretches(END, first, END - age))
    assert [since for since, _ in found[:-1]] == [until for _, until in found[1:]]
    if found:
        assert (found[0][1], found[-1][0]) == (END, END - age)
    assert all(since < until for since, until in found)
    assert len(found) <= 12


def test_nothing_lies_before_the_oldest() -> None:
    assert list(stretches(END, timedelta(seconds=1), END)) == []
