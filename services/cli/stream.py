"""A stream of many cameras from one seed: alarms that repeat and stop, signs of life, and what nobody can read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, islice
from random import Random

from services.cli import payloads
from services.cli.payloads import EVENTS, Payload

# code of a district, industry and type of a camera as in a national code 国标编码
PLACE_AND_KIND = "23090301001320"


@dataclass(frozen=True)
class Player:
    """A made-up camera."""

    device: str
    channel: str
    vendor: str
    name: str


@dataclass(frozen=True)
class Mix:
    """What is streamed: `rate` posts a second of so many devices. Shares of all posts; the rest are alarms.

    `repeats`: the share of alarms that go on with one that runs.
    """

    devices: int
    rate: float
    seconds: float
    seed: int
    vendors: Sequence[str] = ("hikvision", "gb28181")
    heartbeats: float = 0.1
    garbage: float = 0.01
    stops: float = 0.05
    repeats: float = 0.8

    @property
    def posts(self) -> int:
        """How many there will be."""
        return int(self.rate * self.seconds)


def cameras(mix: Mix) -> list[Player]:
    """The devices, their vendors in turn."""
    return [
        Player(f"{PLACE_AND_KIND}{number:06d}", f"{PLACE_AND_KIND}{number:06d}", vendor, f"点位{number}(合成)")
        if vendor == "gb28181"
        else Player(f"play-{number:05d}", "1", vendor, f"点位{number}(合成)")
        for number, vendor in enumerate(islice(cycle(mix.vendors), mix.devices), 1)
    ]


def stream(mix: Mix, began: datetime) -> Iterator[tuple[float, Payload]]:
    """When (s after `began`) and what. The same mix and beginning give the same stream."""
    return iter(_Stream(mix, began))


class _Stream:
    def __init__(self, mix: Mix, began: datetime) -> None:
        self._mix, self._began = mix, began
        self._random, self._players = Random(mix.seed), cameras(mix)  # noqa: S311
        self._running: list[tuple[Player, str]] = []

    def __iter__(self) -> Iterator[tuple[float, Payload]]:
        mix, alive, broken = self._mix, cycle(self._players), cycle(self._players)
        for number in range(mix.posts):
            after, drawn = number / mix.rate, self._random.random()
            at = self._began + timedelta(seconds=after)
            if drawn < mix.garbage:
                payload = self._random.choice(payloads.garbage(next(broken), at, number))
            elif drawn < mix.garbage + mix.heartbeats:
                payload = payloads.heartbeat(next(alive), at, number)
            elif drawn < mix.garbage + mix.heartbeats + mix.stops and self._running:
                payload = self._stop(at, number)
            else:
                payload = payloads.alarm(*self._seen(), at, number)
            yield after, payload

    def _seen(self) -> tuple[Player, str]:
        """An alarm that goes on, or one that begins."""
        if self._running and self._random.random() < self._mix.repeats:
            return self._random.choice(self._running)
        player = self._random.choice(self._players)
        begun = player, self._random.choice(EVENTS[player.vendor])
        if begun not in self._running:
            self._running.append(begun)
        return begun

    def _stop(self, at: datetime, number: int) -> Payload:
        """The end of an alarm; of a national one, whose end is never said, one more repeat."""
        player, seen = self._running.pop(self._random.randrange(len(self._running)))
        return payloads.alarm(player, seen, at, number, stops=player.vendor != "gb28181")
