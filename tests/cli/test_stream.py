"""The stream of `yiwang camera`: its seed is all of it, and the adapters read each payload as announced."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from services.alerts import adapters
from services.cli import payloads
from services.cli.camera import per_second
from services.cli.door import Trouble
from services.cli.stream import Mix, Player, cameras, stream

BEGAN = datetime(2026, 3, 14, 4, 0, tzinfo=UTC)
KINDS = {"alarm": "parsed", "heartbeat": "heartbeat", "state": "ignored"}
MIX = Mix(devices=40, rate=20, seconds=60, seed=7)


def became(payload: payloads.Payload) -> str:
    try:
        [report] = adapters.read(payload.adapter, payload.body, payload.content_type)
    except adapters.Unreadable:
        return "rejected"
    return KINDS[report.kind]


def test_the_seed_is_all_of_it() -> None:
    once, again = list(stream(MIX, BEGAN)), list(stream(MIX, BEGAN))
    assert once == again and len(once) == MIX.posts
    assert once != list(stream(Mix(devices=40, rate=20, seconds=60, seed=8), BEGAN))


def test_the_shares_are_those_asked_for_and_each_becomes_what_it_says() -> None:
    made = [payload for _, payload in stream(MIX, BEGAN)]
    assert [became(payload) for payload in made] == [payload.becomes for payload in made]
    shares = {word: count / len(made) for word, count in Counter(payload.becomes for payload in made).items()}
    assert shares["heartbeat"] == pytest.approx(MIX.heartbeats, abs=0.03)
    assert shares["rejected"] == pytest.approx(MIX.garbage, abs=0.01)
    assert {payload.adapter for payload in made} == set(MIX.vendors)
    assert len({(payload.source, payload.body) for payload in made}) == len(made)


def test_alarms_repeat_and_some_say_that_they_are_over() -> None:
    made = [payload for _, payload in stream(MIX, BEGAN) if payload.alarm]
    assert 4 * len({payload.alarm for payload in made}) < len(made)
    stops = [payload for payload in made if payload.stops]
    assert stops and {payload.adapter for payload in stops} == {"hikvision"}
    for payload in stops[:3]:
        [report] = adapters.read(payload.adapter, payload.body, payload.content_type)
        assert not report.active


@pytest.mark.parametrize("vendor", payloads.EVENTS)
def test_every_vendor_says_all_that_it_can_say(vendor: str) -> None:
    [one] = cameras(Mix(devices=1, rate=1, seconds=1, seed=1, vendors=[vendor]))
    assert isinstance(one, Player) and one.vendor == vendor
    for seen in payloads.EVENTS[vendor]:
        first, later = (payloads.alarm(one, seen, BEGAN + timedelta(seconds=after), after) for after in (1, 2))
        assert first.alarm == later.alarm == (one.device, seen) and first.body != later.body
        stop = payloads.alarm(one, seen, BEGAN, 3, stops=vendor != "gb28181")
        assert stop.stops is (vendor != "gb28181")
        if vendor in adapters.ADAPTERS:
            assert [became(payload) for payload in (first, later, stop)] == ["parsed"] * 3
    if vendor in adapters.ADAPTERS:
        alive = payloads.heartbeat(one, BEGAN, 1)
        assert became(alive) == alive.becomes


def test_rates_are_read_as_people_write_them() -> None:
    assert (per_second("1000/min"), per_second("20/s"), per_second("3")) == (1000 / 60, 20, 3)
    for wrong in ("", "0/s", "fast", "10/h", "-1/s"):
        with pytest.raises(Trouble, match="速率"):
            per_second(wrong)
