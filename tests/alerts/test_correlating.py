"""Which alerts are one matter: rules alone, without a store."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.alerts import AlertType, Rule, RuleMatch
from services.alerts.correlating import Correlation, Known, Seen, Window, group, matches, windows_of
from services.alerts.shipped import SHIPPED

from .scene import NOON

T = AlertType
GRID = "230902001001001"
PLAIN = T.MOTION


def seen(second: float, channel: str = "cam/1", type_: AlertType = T.INTRUSION, **fields: Any) -> Seen:
    at = NOON + timedelta(seconds=second)
    stamp = f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}"
    told = {
        "severity": 3,
        "device": channel.split("/", maxsplit=1)[0],
        "grid": GRID,
        "within": frozenset({GRID}),
        **fields,
    }
    return Seen(f"{stamp}-{channel}-{type_.value}", at, type_, channel=channel, **told)


def rule(**fields: Any) -> Rule:
    return Rule.model_validate({"id": "r", "name": "r", "group_by": ["grid"], "window_s": 60, **fields})


class Desk:
    """Rounds over windows that are kept, as the store does it; incidents stand until they are ended."""

    def __init__(self, rules: Iterable[Rule] = SHIPPED, channels: dict[str, int] | None = None) -> None:
        self.rules = list(rules)
        self.channels = channels or {}
        self.windows: dict[str, Window] = {}
        self.incidents: dict[str, str | None] = {}
        self.rule_of: dict[str, str] = {}
        self.alerts: dict[str, set[str]] = {}

    def evaluated(self, batch: Sequence[Seen]) -> Correlation:
        touched = {id for one in batch for _, id, _ in windows_of(self.rules, one)}
        windows = {id: window for id, window in self.windows.items() if id in touched}
        found = Correlation(self.rules, Known(windows, self.incidents, channels=self.channels))
        found.run(batch)
        return found

    def round(self, batch: Sequence[Seen]) -> None:
        found = self.evaluated(batch)
        for id, alerts in found.taken.items():
            if id not in self.incidents:
                self.rule_of[id] = found.owner(id)
            self.incidents.setdefault(id, id)
            self.alerts.setdefault(id, set()).update(alerts)
        self.windows |= found.windows

    def each(self, *alerts: Seen) -> "Desk":
        for one in alerts:
            self.round([one])
        return self

    @property
    def ordinary(self) -> list[str]:
        """The alerts that are in incidents but those of governance."""
        return sorted(alert for id, found in self.alerts.items() if self.rule_of[id] != "repeats" for alert in found)

    @property
    def made(self) -> list[tuple[str, int]]:
        return [(self.rule_of[id], len(self.alerts[id])) for id in sorted(self.incidents)]


def test_a_single_alarm_is_an_incident_and_others_of_its_grid_and_family_join() -> None:
    found = Desk().each(seen(0), seen(200, "cam/2"), seen(499, "cam/3"))
    assert found.made == [("single", 3)]
    found.each(seen(800, "cam/2"), seen(810, type_=T.ILLEGAL_PARKING), seen(820, grid="230902001001002"))
    assert found.made == [("single", 3), ("single", 1), ("single", 1), ("single", 1)]


def test_motion_counts_with_a_target_and_on_three_channels_without() -> None:
    assert Desk().each(seen(0, type_=PLAIN)).made == []
    assert Desk().each(seen(0, type_=PLAIN, target="human")).made == [("single", 1)]
    plain = [seen(second, f"cam/{second}", PLAIN) for second in (0, 100, 200)]
    assert Desk().each(*plain).made == [("three_channels", 3)]
    assert Desk().each(*plain[:2], seen(400, "cam/3", PLAIN)).made == []
    assert Desk().each(*plain[:2], seen(200, "cam/0", PLAIN)).made == []


def test_what_moved_before_an_intrusion_at_the_same_channel_is_one_matter_with_it() -> None:
    found = Desk().each(seen(0, type_=PLAIN), seen(30), seen(50, type_=T.LINE_CROSSING))
    assert found.made == [("same_channel", 3)]


def test_what_is_in_an_incident_already_draws_the_others_into_it() -> None:
    found = Desk().each(seen(0), seen(10, "cam/2", PLAIN), seen(20, "cam/3", PLAIN))
    assert found.made == [("single", 3)]


def test_what_is_muted_or_unknown_takes_no_part() -> None:
    assert Desk().each(seen(0, muted=True), seen(1, type_=T.UNKNOWN, severity=1)).made == []


def test_an_ended_incident_takes_nothing_and_its_alerts_count_no_more() -> None:
    plain = [seen(second, f"cam/{second}", PLAIN) for second in range(3)]
    found = Desk().each(*plain)
    found.incidents = dict.fromkeys(found.incidents)
    assert found.each(seen(10, "cam/7", PLAIN)).made == [("three_channels", 3)]
    assert found.each(*(seen(20, f"cam/{at}", PLAIN) for at in (8, 9))).made == [("three_channels", 3)] * 2


def test_an_incident_that_was_merged_sends_what_follows_to_the_other() -> None:
    found = Desk().each(seen(0), seen(1, "far/1", grid="230902001001002"))
    one, other = sorted(found.incidents)
    found.incidents[one] = other
    found.each(seen(10, "cam/2"), seen(11, "far/2", grid="230902001001002"))
    assert (len(found.alerts[one]), len(found.alerts[other]), len(found.incidents)) == (1, 3, 2)


def test_a_third_of_a_recorder_lost_is_one_incident() -> None:
    lost = [seen(second, f"nvr/{second}", T.VIDEO_LOSS, device="nvr") for second in range(0, 100, 10)]
    found = Desk(channels={"nvr": 16}).each(*lost[:4])
    assert found.made == []
    assert found.each(*lost[4:6]).made == [("channels_lost", 6)]
    assert Desk(channels={"nvr": 1}).each(lost[0]).made == []


def test_a_plate_on_three_channels_is_a_candidate() -> None:
    plates = [seen(second * 600, f"cam/{second}", T.PLATE_RECOGNISED, subject="k") for second in range(3)]
    found = Desk().each(*plates)
    assert found.made == [("same_plate", 3)]
    assert Desk().each(*(replace(one, subject=None) for one in plates)).made == []


def test_five_in_a_day_at_one_place_are_a_matter_of_governance_besides() -> None:
    found = Desk().each(*(seen(hour * 3600) for hour in range(6)))
    assert sorted(found.made) == [("repeats", 6), *[("single", 1)] * 6]


def test_the_order_of_the_rules_decides() -> None:
    wide, narrow = rule(id="wide", order=2), rule(id="narrow", order=1, match=RuleMatch(types=[T.FALL]))
    assert Desk([wide, narrow]).each(seen(0, type_=T.FALL)).made == [("narrow", 1)]


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({}, True),
        ({"types": ["fall"]}, False),
        ({"targets": ["human"]}, False),
        ({"grids": [GRID]}, True),
        ({"grids": ["2309"]}, False),
        ({"devices": ["cam"]}, True),
        ({"scenes": ["river"]}, False),
        ({"severity_at_least": 2}, False),
        ({"severity_at_least": 3}, True),
    ],
)
def test_what_a_rule_looks_at(match: dict[str, Any], fits: bool) -> None:
    assert matches(rule(match=match), seen(0)) is fits
    assert not matches(rule(match=match, enabled=False), seen(0))


def test_without_a_grid_the_channel_stands_for_it() -> None:
    lost = seen(0, grid=None)
    assert group(rule(), lost) == {"grid": "channel:cam/1"}
    assert group(rule(group_by=["subject"]), lost) is None


alarms = st.lists(
    st.builds(
        lambda second, channel, type_: seen(second, f"cam/{channel}", type_, severity=1 + channel % 4),
        st.integers(0, 1200),
        st.integers(1, 5),
        st.sampled_from([PLAIN, T.INTRUSION, T.LINE_CROSSING, T.CROWD_DENSITY, T.FIRE_SMOKE]),
    ),
    max_size=30,
    unique_by=lambda one: one.id,
).map(lambda found: sorted(found, key=lambda one: one.id))


@settings(max_examples=50, deadline=None)
@given(alarms, st.lists(st.integers(1, 29), max_size=4))
def test_however_it_is_cut_into_rounds_it_comes_out_the_same(found: list[Seen], cuts: list[int]) -> None:
    whole, parts = Desk(), Desk()
    whole.round(found)
    for begin, end in pairwise(sorted({0, *cuts, len(found)})):
        parts.round(found[begin:end])
    assert parts.alerts == whole.alerts
    assert len(whole.ordinary) == len(set(whole.ordinary))


@settings(max_examples=50, deadline=None)
@given(alarms, st.integers(0, 2**16), st.integers(0, 30))
def test_done_again_with_some_windows_written_nobody_is_lost_or_doubled(
    found: list[Seen], chance: int, at: int
) -> None:
    """A round that died while it wrote its windows: no incident stands yet, and its alerts are still marked.

    Plain motion that others draw into an incident may find another one the second time, or none until the next alarm.
    """
    once, again = Desk(), Desk()
    for desk in (once, again):
        desk.round(found[:at])
    once.round(found[at:])
    died = again.evaluated(found[at:])
    takers = sorted(died.takers)
    written = [id for place, id in enumerate(takers) if chance >> place % 16 & 1]
    if written == takers:
        written += [id for place, id in enumerate(sorted(died.windows)) if chance >> place % 8 & 1]
    again.windows |= {id: died.windows[id] for id in written}
    again.round(found[at:])
    assert {one for one in once.ordinary if "motion" not in one} <= set(again.ordinary)
    assert len(again.ordinary) == len(set(again.ordinary))
