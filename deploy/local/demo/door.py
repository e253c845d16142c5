"""The city as anybody outside has it: its gateway, a key, and answers that must be what was expected."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx

T = TypeVar("T")
PATIENCE = 60.0


class Unexpected(Exception):
    """Something did not come out as it must; the text names it."""


def expect(what: str, found: object, wanted: object) -> None:
    """Raise Unexpected unless they are equal."""
    if found != wanted:
        raise Unexpected(f"{what}: 应为 {wanted!r}, 实为 {found!r} / expected {wanted!r}, found {found!r}")


async def until(what: str, probe: Callable[[], Awaitable[T]], done: Callable[[T], bool], within: float = PATIENCE) -> T:
    """Ask again and again until the answer will do. Raises Unexpected at the deadline."""
    deadline = time.monotonic() + within
    while True:
        found = await probe()
        if done(found):
            return found
        if time.monotonic() > deadline:
            raise Unexpected(f"{what}: {within:g} 秒内未达到 / not within {within:g} s")
        await asyncio.sleep(0.2)


class Door:
    """Requests to the gateway under the keys of `city.json`."""

    def __init__(self, gateway: str, keys: Mapping[str, Any]) -> None:
        self.gateway = gateway
        self.keys: dict[str, str] = {**keys, **keys.get("departments", {})}
        # shorter than the gateway keeps an idle connection, so that none is used while it is being closed
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=2.0)
        self._http = httpx.AsyncClient(base_url=gateway, timeout=130.0, limits=limits, trust_env=False)

    async def __aenter__(self) -> "Door":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(
        self,
        method: str,
        path: str,
        *,
        key: str = "operator",
        actor: str | None = None,
        headers: Mapping[str, str] | None = None,
        **told: Any,
    ) -> httpx.Response:
        """One request. `actor` is the person behind the key. Cameras send no Idempotency-Key, all other writers do."""
        sent = {"Authorization": f"Bearer {self.keys[key]}", "Accept-Language": "zh-CN", **(headers or {})}
        if actor:
            sent["X-Actor"] = quote(actor)
        if method != "GET" and key != "device":
            sent.setdefault("Idempotency-Key", uuid4().hex)
        return await self._http.request(method, path, headers=sent, **told)

    async def ask(self, method: str, path: str, *, status: int | tuple[int, ...] = 200, **told: Any) -> Any:
        """The JSON of an answer with the status that is wanted."""
        answer = await self.send(method, path, **told)
        if answer.status_code not in (status if isinstance(status, tuple) else (status,)):
            raise Unexpected(f"{method} {path}: {answer.status_code} {answer.text[:600]}")
        return answer.json()

    async def get(self, path: str, **told: Any) -> Any:
        """The JSON of what is there."""
        return await self.ask("GET", path, **told)

    async def post(self, path: str, body: Any = None, **told: Any) -> Any:
        """The JSON of what came of it."""
        return await self.ask("POST", path, json=body if body is not None else {}, **told)

    async def load(self, kind: str, body: bytes, content_type: str, **told: Any) -> Any:
        """Import a file; its report."""
        return await self.ask(
            "POST", f"/v1/imports/{kind}", content=body, headers={"Content-Type": content_type}, **told
        )

    async def pages(self, path: str, params: Mapping[str, Any] | None = None, **told: Any) -> list[Any]:
        """All items of a list, page by page."""
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(path, params={"limit": 200, **(params or {}), **cursor}, **told)
            found += page["items"]
            if not page["next"]:
                return found
            cursor = {"cursor": page["next"]}
