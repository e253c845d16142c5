"""Who is at the door: clients, the hashes of their keys, and the caller that goes with every request."""

import asyncio
import base64
import binascii
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

from pymongo.errors import PyMongoError
from starlette.datastructures import Headers
from starlette.types import Scope as HttpScope

from contracts.faults import Forbidden, Invalid
from contracts.shared import Caller, Scope
from services.gateway.problems import Turned, store_away

FRESH, STALE = 2.0, 300.0
# how long the database may think about a key, and how long it is left alone when it did not answer
PATIENCE, AWAY = 1.0, 5.0
REMEMBERED = 10_000
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="yiwang", Basic realm="yiwang", charset="UTF-8"'}

PRESENTED = frozenset({b"authorization", b"x-api-key", b"x-actor"})

Presented = tuple[tuple[bytes, bytes], ...]
Find = Callable[[str], Awaitable[dict[str, Any] | None]]


class Seen(NamedTuple):
    """What the database said of a key, and when."""

    at: float
    client: dict[str, Any] | None


class Known(NamedTuple):
    """Whom certain headers speak for, and until when (on the monotonic clock) that need not be looked up again."""

    until: float
    caller: Caller


class Access:
    """Looks a key up by its SHA-256 (keys are 256 random bits: nothing to guess, so nothing to slow down).

    A change of a client shows within two seconds. While the database is away, a key that was seen in the last five
    minutes still opens: the door must not close on cameras because a disk is slow.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._callers: OrderedDict[Presented, Known] = OrderedDict()
        self._finding: dict[str, tuple[float, asyncio.Future[dict[str, Any] | None]]] = {}
        self._away_until = 0.0

    async def caller(self, request: HttpScope, scope: Scope | None) -> Caller:
        """The caller. Raises Turned 401 without a valid key, Forbidden for an ended key or a missing scope."""
        presented = tuple(header for header in request["headers"] if header[0] in PRESENTED)
        known = self._callers.get(presented)
        if known is None or known.until < time.monotonic():
            known = await self._look_up(Headers(raw=list(presented)))
            self._callers[presented] = known
            if len(self._callers) > REMEMBERED:
                self._callers.popitem(last=False)
        caller = known.caller
        request.setdefault("state", {})["caller"] = caller
        if scope is not None and not caller.may(scope):
            raise Forbidden("scope_missing", f"需要权限 {scope}", f"the scope {scope} is needed", scope=scope.value)
        return caller

    async def _look_up(self, headers: Headers) -> Known:
        presented = presented_key(headers)
        if presented is None:
            raise Turned(401, "key_missing", "请在请求头中提供密钥", "present a key in a header", CHALLENGE)
        digest = hashlib.sha256(presented.encode()).hexdigest()
        client, until = await self._client(digest)
        if client is None:
            raise Turned(401, "key_unknown", "密钥无效", "the key is not known", CHALLENGE)
        left = _seconds_left(client, digest)
        caller = Caller(
            client=client["_id"],
            name=client["name"],
            scopes=frozenset(Scope(scope) for scope in client["scopes"]),
            department=client.get("department"),
            territory=client.get("territory"),
            actor=actor_of(headers),
        )
        return Known(min(until, time.monotonic() + left), caller)

    async def _client(self, digest: str) -> tuple[dict[str, Any] | None, float]:
        """What the database said of a key, and until when that may be believed."""
        seen, now = self._seen.get(digest), time.monotonic()
        last = seen.at + STALE if seen else 0.0
        if seen and now < min(last, max(seen.at + FRESH, self._away_until)):
            return seen.client, min(last, max(seen.at + FRESH, self._away_until))
        # a key that many use at once is looked up once
        began, finding = self._finding.get(digest) or (now, self._begin(digest, now))
        try:
            async with asyncio.timeout(PATIENCE):
                client = await asyncio.shield(finding)
        except (PyMongoError, TimeoutError):
            self._finding.pop(digest, None)
            self._away_until = time.monotonic() + AWAY
            if seen and now < last:
                return seen.client, min(last, self._away_until)
            raise store_away() from None
        self._seen[digest] = Seen(began, client)
        self._seen.move_to_end(digest)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return client, began + FRESH

    def _begin(self, digest: str, now: float) -> asyncio.Future[dict[str, Any] | None]:
        finding = asyncio.ensure_future(self._find(digest))
        self._finding[digest] = now, finding

        def found(_: object) -> None:
            if self._finding.get(digest) == (now, finding):
                del self._finding[digest]
            # nobody may be waiting for it any more
            if not finding.cancelled():
                finding.exception()

        finding.add_done_callback(found)
        return finding


def _seconds_left(client: dict[str, Any], digest: str) -> float:
    """How long the key still opens. Raises Forbidden for one that has ended."""
    key = next(key for key in client["keys"] if key["sha256"] == digest)
    if client["state"] == "revoked" or key.get("revoked_at"):
        raise Forbidden("key_revoked", "密钥已被吊销", "the key was revoked")
    if not key.get("expires_at"):
        return STALE
    left: float = (key["expires_at"] - datetime.now(UTC)).total_seconds()
    if left <= 0:
        raise Forbidden("key_expired", "密钥已过期", "the key has expired")
    return left


def presented_key(headers: Headers) -> str | None:
    """From `Authorization: Bearer`, `X-API-Key`, or the password of `Authorization: Basic`."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip() or None
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return headers.get("x-api-key") or None


def actor_of(headers: Headers) -> str | None:
    """The person behind the client, from X-Actor: UTF-8, as it is or percent-encoded."""
    header = headers.get("x-actor")
    if not header:
        return None
    try:
        actor = unquote(header.encode("latin-1").decode(), errors="strict").strip()
    except UnicodeDecodeError:
        actor = ""
    if not 0 < len(actor) <= 100 or not actor.isprintable():
        raise Invalid(
            "actor_invalid", "X-Actor 须为 1–100 个可见字符 (UTF-8)", "X-Actor: 1 to 100 printable characters"
        )
    return actor
