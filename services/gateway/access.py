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
from starlette.requests import Request

from contracts.faults import Forbidden, Invalid
from contracts.shared import Caller, Scope
from services.gateway.problems import Turned, store_away

FRESH, STALE = 2.0, 300.0
# how long the database may think about a key, and how long it is left alone when it did not answer
PATIENCE, AWAY = 1.0, 5.0
REMEMBERED = 10_000
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="yiwang", Basic realm="yiwang", charset="UTF-8"'}

Find = Callable[[str], Awaitable[dict[str, Any] | None]]


class Seen(NamedTuple):
    """What the database said of a key, and when."""

    at: float
    client: dict[str, Any] | None


class Access:
    """Looks a key up by its SHA-256 (keys are 256 random bits: nothing to guess, so nothing to slow down).

    A change of a client shows within two seconds. While the database is away, a key that was seen in the last five
    minutes still opens: the door must not close on cameras because a disk is slow.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._away_until = 0.0

    async def caller(self, request: Request, scope: Scope | None) -> Caller:
        """The caller. Raises Turned 401 without a valid key, Forbidden for an ended key or a missing scope."""
        presented = presented_key(request)
        if presented is None:
            raise Turned(401, "key_missing", "请在请求头中提供密钥", "present a key in a header", CHALLENGE)
        digest = hashlib.sha256(presented.encode()).hexdigest()
        client = await self._client(digest)
        if client is None:
            raise Turned(401, "key_unknown", "密钥无效", "the key is not known", CHALLENGE)
        _check_alive(client, digest)
        caller = Caller(
            client=client["_id"],
            name=client["name"],
            scopes=frozenset(Scope(scope) for scope in client["scopes"]),
            department=client.get("department"),
            territory=client.get("territory"),
            actor=actor_of(request),
        )
        request.state.caller = caller
        if scope is not None and not caller.may(scope):
            raise Forbidden("scope_missing", f"需要权限 {scope}", f"the scope {scope} is needed", scope=scope.value)
        return caller

    async def _client(self, digest: str) -> dict[str, Any] | None:
        seen, now = self._seen.get(digest), time.monotonic()
        known = seen is not None and now - seen.at < STALE
        if seen and known and now < max(seen.at + FRESH, self._away_until):
            return seen.client
        try:
            async with asyncio.timeout(PATIENCE):
                client = await self._find(digest)
        except (PyMongoError, TimeoutError):
            self._away_until = time.monotonic() + AWAY
            if seen and known:
                return seen.client
            raise store_away() from None
        self._seen[digest] = Seen(now, client)
        self._seen.move_to_end(digest)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return client


def _check_alive(client: dict[str, Any], digest: str) -> None:
    key = next(key for key in client["keys"] if key["sha256"] == digest)
    if client["state"] == "revoked" or key.get("revoked_at"):
        raise Forbidden("key_revoked", "密钥已被吊销", "the key was revoked")
    if key.get("expires_at") and key["expires_at"] <= datetime.now(UTC):
        raise Forbidden("key_expired", "密钥已过期", "the key has expired")


def presented_key(request: Request) -> str | None:
    """From `Authorization: Bearer`, `X-API-Key`, or the password of `Authorization: Basic`."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip() or None
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return request.headers.get("x-api-key") or None


def actor_of(request: Request) -> str | None:
    """The person behind the client, from X-Actor: UTF-8, as it is or percent-encoded."""
    header = request.headers.get("x-actor")
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
