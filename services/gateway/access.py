"""Who is at the door: clients, the hashes of their keys, and the caller that goes with every request."""

import base64
import binascii
import time
from collections import OrderedDict
from typing import NamedTuple
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.types import Scope as HttpScope

from contracts.faults import Forbidden, Invalid
from contracts.shared import Caller, Scope
from services.gateway.keyring import digest_of, seconds_left
from services.gateway.problems import Turned
from services.gateway.remembered import REMEMBERED, Find, Remembered

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="yiwang", Basic realm="yiwang", charset="UTF-8"'}

PRESENTED = frozenset({b"authorization", b"x-api-key", b"x-actor"})

Presented = tuple[tuple[bytes, bytes], ...]


class Known(NamedTuple):
    """Whom certain headers speak for, and until when (on the monotonic clock) that need not be looked up again."""

    until: float
    caller: Caller


class Access:
    """Knows clients by the keys that they present in a header."""

    def __init__(self, find: Find) -> None:
        self._clients = Remembered(find)
        self._callers: OrderedDict[Presented, Known] = OrderedDict()

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
        digest = digest_of(presented)
        client, until = await self._clients.holder(digest)
        if client is None:
            raise Turned(401, "key_unknown", "密钥无效", "the key is not known", CHALLENGE)
        left = seconds_left(client, digest)
        caller = Caller(
            client=client["_id"],
            name=client["name"],
            scopes=frozenset(Scope(scope) for scope in client["scopes"]),
            department=client.get("department"),
            territory=client.get("territory"),
            actor=actor_of(headers),
        )
        return Known(min(until, time.monotonic() + left), caller)


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
