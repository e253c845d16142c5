"""Posting to the intake at a rate, several at once; and what became of each report afterwards."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

from services.cli.door import Options
from services.cli.payloads import Payload

IN_FLIGHT = 32
# a report that is still on its way after so many seconds counts as lost
SETTLED_WITHIN, PAUSE_S = 60.0, 0.5
ON_ITS_WAY = "received"

Timed = Iterable[tuple[float, Payload]]
Told = Callable[[], None]


class Promised(NamedTuple):
    """What an accepted report should become, and whose it is."""

    source: str
    becomes: str | None


@dataclass
class Totals:
    """What was posted, what the door said to it, and (after `settle`) what became of it."""

    sent: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    should: Counter[str] = field(default_factory=Counter)
    became: Counter[str] = field(default_factory=Counter)
    differs: list[dict[str, str]] = field(default_factory=list)
    accepted: dict[str, Promised] = field(default_factory=dict, repr=False)
    alarms: set[tuple[str, str]] = field(default_factory=set, repr=False)
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        """Posts that were refused, and reports that were promised and are nowhere."""
        return self.refused.total() + self.became[ON_ITS_WAY]


class Poster:
    """Posts under one key, at most IN_FLIGHT at once: when the door is slower than the rate, the posts wait."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._room = asyncio.Semaphore(IN_FLIGHT)

    async def post(self, timed: Timed, told: Told) -> Totals:
        """Everything, each at its time; `told` is called for each answer."""
        totals, began = Totals(), time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for after, payload in timed:
                await asyncio.sleep(max(0.0, began + after - time.monotonic()))
                await self._room.acquire()
                tasks.create_task(self._one(payload, totals, told))
        totals.seconds = time.monotonic() - began
        return totals

    async def settle(self, totals: Totals, told: Told) -> None:
        """Ask for each accepted report until it is no longer on its way; note those that became something else."""
        waiting, deadline = list(totals.accepted), time.monotonic() + SETTLED_WITHIN
        while waiting:
            states = await asyncio.gather(*map(self._state, waiting))
            late = time.monotonic() > deadline
            left = []
            for report, state in zip(waiting, states, strict=True):
                if state == ON_ITS_WAY and not late:
                    left.append(report)
                    continue
                told()
                totals.became[state] += 1
                source, should = totals.accepted[report]
                if should is not None and state != should:
                    totals.differs.append({"report": report, "source": source, "should": should, "became": state})
            waiting = left
            await asyncio.sleep(PAUSE_S if waiting else 0)

    async def _one(self, payload: Payload, totals: Totals, told: Told) -> None:
        try:
            answer = await self._http.post(
                payload.path, content=payload.body, headers={"Content-Type": payload.content_type}
            )
            code = "" if answer.status_code == 202 else _code(answer)
        except httpx.HTTPError as error:
            code = type(error).__name__
        finally:
            self._room.release()
        totals.sent += 1
        if payload.becomes:
            totals.should[payload.becomes] += 1
        if payload.alarm:
            totals.alarms.add(payload.alarm)
        if code:
            totals.refused[code] += 1
        else:
            totals.accepted[answer.json()["report"]] = Promised(payload.source, payload.becomes)
        told()

    async def _state(self, report: str) -> str:
        async with self._room:
            try:
                answer = await self._http.get(f"/v1/reports/{report}")
            except httpx.HTTPError:
                return ON_ITS_WAY
        return str(answer.json()["state"]) if answer.is_success else ON_ITS_WAY


@asynccontextmanager
async def poster(options: Options) -> AsyncIterator[Poster]:
    """A poster at the gateway of these options."""
    headers = {"X-API-Key": options.key} if options.key else {}
    limits = httpx.Limits(max_connections=IN_FLIGHT, keepalive_expiry=2.0)
    async with httpx.AsyncClient(
        base_url=options.gateway, headers=headers, timeout=30, limits=limits, trust_env=False
    ) as http:
        yield Poster(http)


def paced(payloads: Iterable[Payload], rate: float) -> Iterator[tuple[float, Payload]]:
    """One after the other, so many a second."""
    return ((number / rate, payload) for number, payload in enumerate(payloads))


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code)
