"""A client that keeps its keys, tries again until it is answered, and remembers what it was promised."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx
from pydantic import BaseModel

from contracts.base import Command, Request
from contracts.faults import Unavailable
from services.chassis.asking import Bus
from services.cli.payloads import Payload
from tests.faults.town import Town

R = TypeVar("R", bound=BaseModel)
# the door answers so while it, the bus or a service is away, or while a process that died held the order
TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
RUNNING = "idempotency_running"


@dataclass(frozen=True)
class Promise:
    """An order that was acknowledged: `kind` is its template path or method, `subject` what it is about."""

    kind: str
    subject: str
    key: str
    answer: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass
class Ledger:
    """What was promised, what was refused, and what stayed in doubt (never answered: done once or not at all)."""

    promised: list[Promise] = field(default_factory=list)
    refused: list[tuple[str, int]] = field(default_factory=list)
    doubtful: list[Promise] = field(default_factory=list)
    # (client, method, template, status) of every answer to a request that would change something
    answers: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)
    # camera reports that are alarms, by the (device, event) that they are counted under
    alarms: dict[str, tuple[str, str]] = field(default_factory=dict)
    doubtful_alarms: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of(self, kind: str) -> list[Promise]:
        """The promises of one kind."""
        return [promise for promise in self.promised if promise.kind == kind]

    @property
    def reports(self) -> set[str]:
        """Ids of all camera reports that got their 202."""
        return {promise.subject for promise in self.of("report")}


class Client:
    """`async with Client(town) as client:` orders through the gateway, requests straight on the bus.

    `patience` is how long an order is tried before it is left in doubt.
    """

    def __init__(self, town: Town, ledger: Ledger | None = None, patience: float = 60.0) -> None:
        self.town, self.patience = town, patience
        self.ledger = ledger if ledger is not None else Ledger()
        self._bus = Bus(town.amqp, "tester")

    async def __aenter__(self) -> Self:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=2.0)
        self._http = httpx.AsyncClient(timeout=30.0, limits=limits, trust_env=False)
        await self._bus.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._bus.stop()
        await self._http.aclose()

    async def report(self, payload: Payload, key: str = "") -> str | None:
        """Post what a camera says until its 202; the report's id, None when it stayed in doubt."""
        key = key or uuid4().hex
        headers = {"Content-Type": payload.content_type, "Idempotency-Key": key}
        told = await self._try("device", "POST", payload.path, headers, content=payload.body, template="report")
        if told is None or told.status_code != 202:
            if told is None and payload.alarm:
                self.ledger.doubtful_alarms[payload.alarm] += 1
            return None
        report = str(told.json()["report"])
        self.ledger.promised.append(Promise("report", report, key))
        if payload.alarm:
            self.ledger.alarms[report] = payload.alarm
        return report

    async def order(
        self,
        template: str,
        body: Any,
        *,
        who: str = "operator",
        actor: str | None = None,
        method: str = "POST",
        subject: str = "",
        key: str = "",
        headers: dict[str, str] | None = None,
        **fields: str,
    ) -> dict[str, Any] | None:
        """Change something: `template` is the route's path, its braces filled from `fields`.

        The answer when it was done, None when it was refused or stayed in doubt. `subject` names it in the ledger
        (default: the filled path).
        """
        key = key or uuid4().hex
        path = template.format(**fields)
        told = {"Idempotency-Key": key, **({"X-Actor": actor} if actor else {}), **(headers or {})}
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await self._try(who, method, path, told, template=template, **content)
        promise = Promise(template, subject or path, key)
        if answer is None:
            self.ledger.doubtful.append(promise)
            return None
        if answer.status_code >= 300:
            self.ledger.refused.append((template, answer.status_code))
            return None
        read: dict[str, Any] = answer.json()
        self.ledger.promised.append(Promise(template, subject or path, key, read))
        return read

    async def get(self, path: str, *, who: str = "operator", **params: Any) -> Any:
        """What is there, tried until it is answered; None for a 404."""
        answer = await self._try(who, "GET", path, {}, params=params)
        assert answer is not None, f"GET {path} was not answered within {self.patience:g} s"
        return None if answer.status_code == 404 else answer.json()

    async def ask(self, request: Request[R], *, service: str | None = None, timeout: float = 5.0) -> R:
        """A request straight on the bus, tried again under its own key while nobody answers. Raises its fault."""
        if isinstance(request, Command) and request.idempotency_key is None:
            request = request.model_copy(update={"idempotency_key": uuid4().hex})
        until = time.monotonic() + self.patience
        while True:
            try:
                reply = await self._bus.ask(request, timeout, service)
            except Unavailable:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.1)
                continue
            if isinstance(request, Command):
                key = str(request.idempotency_key)
                self.ledger.promised.append(Promise(request.method, key, key, reply.model_dump(mode="json")))
            return reply

    async def _try(
        self, who: str, method: str, path: str, headers: dict[str, str], *, template: str = "", **told: Any
    ) -> httpx.Response | None:
        """Again and again, same key, until an answer that is one; None when patience ends."""
        sent = {"Authorization": f"Bearer {self.town.keys[who]}", **headers}
        until, pause = time.monotonic() + self.patience, 0.05
        while time.monotonic() < until:
            try:
                answer = await self._http.request(method, self.town.door + path, headers=sent, **told)
            except httpx.HTTPError:
                answer = None
            if answer is not None:
                if template and template != "report":
                    self.ledger.answers[who, method, template, answer.status_code] += 1
                still = answer.status_code in TRY_AGAIN or (answer.status_code == 409 and RUNNING in answer.text)
                if not still:
                    return answer
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        return None
