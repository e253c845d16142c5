"""Many sightings are one alert, whatever their order."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.alerts import AlertType
from services.alerts import folding
from services.alerts.folding import Progress, Sighting, Standing

from .scene import NOON


def sighting(second: int = 0, **fields: Any) -> Sighting:
    at = NOON + timedelta(seconds=second)
    base = Sighting(
        report=f"r{second}",
        source="cam-1",
        device="cam-1",
        channel="1",
        type=AlertType.MOTION,
        raw_type="VMD",
        severity=4,
        rule=None,
        target=None,
        active=True,
        at=at,
        received_at=at,
    )
    return replace(base, **fields)


STANDING = Standing("a", 3, 7, NOON, NOON)


def test_the_fingerprint_is_device_channel_type_rule_target() -> None:
    first = sighting()
    assert first.fingerprint == sighting(9, severity=1, raw_type="VMDHumanVehicle", active=False).fingerprint
    others = [
        sighting(device="cam-2"),
        sighting(channel="2"),
        sighting(type=AlertType.PIR),
        sighting(rule="1"),
        sighting(target="human"),
        sighting(subject="0" * 32),
        sighting(device="cam-1\x1f1", channel=""),
    ]
    assert len({other.fingerprint for other in [first, *others]}) == 8
    unknown = sighting(type=AlertType.UNKNOWN)
    assert unknown.fingerprint != replace(unknown, raw_type="smellDetection").fingerprint


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=1, max_size=30), st.randoms())
def test_the_order_of_arrival_does_not_matter(seen: list[tuple[int, bool]], chance: Any) -> None:
    sightings = [sighting(second, report=f"{place:03d}", active=active) for place, (second, active) in enumerate(seen)]
    shuffled = sightings[:]
    chance.shuffle(shuffled)
    assert folding.tally(sightings) == folding.tally(shuffled)


def test_a_tally_counts_and_spans() -> None:
    found = folding.tally(
        [
            sighting(5, time_quality=("zone_assumed",), media=("b",), severity=2),
            sighting(1, time_quality=("clock_skew", "zone_assumed"), media=("a", "b")),
            sighting(3, active=False),
        ]
    )
    assert (found.count, found.severity, found.head.report) == (2, 2, "r1")
    assert (found.first_at, found.last_at) == (NOON + timedelta(seconds=1), NOON + timedelta(seconds=5))
    assert found.stopped_at == NOON + timedelta(seconds=3)
    assert (found.time_quality, found.media) == (("clock_skew", "zone_assumed"), ("a", "b"))


def test_a_stop_ends_unless_it_is_older_than_the_last_sighting() -> None:
    stop = folding.tally([sighting(1, active=False)])
    assert folding.fold(STANDING, stop, NOON).ended_at == NOON + timedelta(seconds=1)
    old = folding.tally([sighting(-1, active=False)])
    assert folding.fold(STANDING, old, NOON) == folding.Fold(ended_at=None, stop_ignored=True, announced=False)
    overtaken = folding.tally([sighting(1, active=False), sighting(2)])
    assert folding.fold(STANDING, overtaken, NOON).stop_ignored
    same = folding.tally([sighting(2, active=False), sighting(2)])
    assert folding.fold(STANDING, same, NOON).ended_at == NOON + timedelta(seconds=2)


def test_updates_are_told_thirty_seconds_apart() -> None:
    more = folding.tally([sighting(29)])
    assert not folding.fold(STANDING, more, NOON + timedelta(seconds=29)).announced
    assert folding.fold(STANDING, more, NOON + timedelta(seconds=30)).announced
    stop = folding.tally([sighting(40, active=False)])
    assert not folding.fold(STANDING, stop, NOON + timedelta(seconds=40)).announced


def test_behind_a_backlog_silence_is_not_known_to_be_silence() -> None:
    progress = Progress(NOON)
    assert progress.read_up_to(NOON + timedelta(seconds=1)) < NOON
    assert progress.read_up_to(NOON + timedelta(seconds=20)) == NOON + timedelta(seconds=20)
    progress.mark(NOON + timedelta(seconds=20), NOON - timedelta(seconds=300))
    assert progress.read_up_to(NOON + timedelta(seconds=21)) == NOON - timedelta(seconds=300)
    progress.mark(NOON + timedelta(seconds=22), NOON + timedelta(seconds=21))
    assert progress.read_up_to(NOON + timedelta(seconds=23)) == NOON + timedelta(seconds=23)
