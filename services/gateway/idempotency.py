"""Idempotency-Key: the same order twice is carried out once and answered alike."""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from bson import Binary
from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError
from starlette.requests import Request
from starlette.responses import Response

from contracts.faults import Conflict
from services.gateway.problems import Turned

KEPT = timedelta(hours=48)
# a claim is renewed while its order runs: one older than this was left by a process that died
ABANDONED_AFTER, RENEWED_EVERY_S = timedelta(seconds=15), 4.0
KEPT_HEADERS = ("etag", "location", "link", "content-language")
SYNTAX = re.compile(r"^[\x21-\x7e]{1,200}$")

Run = Callable[[], Awaitable[Response]]


class Idempotency:
    """What was answered to each key of each client."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.collection = database["idempotency"]
        self._process = uuid4().hex
        # what this very process runs now, by key: fingerprints
        self._running: dict[str, str] = {}
        self._renewing: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Index that ends the keeping."""
        seconds = int(KEPT.total_seconds())
        await self.collection.create_indexes([IndexModel([("started_at", 1)], expireAfterSeconds=seconds)])

    async def once(
        self, client: str, key: str, fingerprint: str, run: Run, *, secret: bool = False, private: bool = False
    ) -> Response:
        """The first answer to this key, from `run` if this is the first time.

        Raises Conflict "idempotency_mismatch" for another body, "idempotency_running" while the first still runs.
        The answer of a `secret` order (a new key) is not kept: a retry is told that it was shown once.
        An answer of 5xx is forgotten, so that the retry runs; so is a `private` one (personal values), and one that
        the database did not keep: the owning service recognises the key and answers alike.
        """
        name = f"{client}:{key}"
        if name in self._running:
            raise _running() if self._running[name] == fingerprint else _mismatch()
        self._running[name] = fingerprint
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew())
        try:
            return await self._once(name, fingerprint, run, secret=secret, private=private)
        finally:
            del self._running[name]

    async def _renew(self) -> None:
        while self._running:
            await asyncio.sleep(RENEWED_EVERY_S)
            claims = {"_id": {"$in": list(self._running)}, "state": "running", "process": self._process}
            # while the database is away nobody else can take them over either
            with contextlib.suppress(PyMongoError):
                await self.collection.update_many(claims, {"$set": {"started_at": datetime.now(UTC)}})
        self._renewing = None

    async def _once(self, name: str, fingerprint: str, run: Run, *, secret: bool, private: bool) -> Response:
        started, claim = datetime.now(UTC), {"state": "running", "process": self._process}
        record = {"_id": name, "fingerprint": fingerprint, "started_at": started, **claim}
        try:
            await self.collection.insert_one(record)
        except DuplicateKeyError:
            kept = await self._first_answer(name, fingerprint, started)
            if kept is not None:
                return kept
        try:
            response = await run()
        except BaseException:
            await self.collection.delete_one({"_id": name})
            raise
        if private or response.status_code >= 500:
            await self.collection.delete_one({"_id": name})
        else:
            await self.collection.update_one({"_id": name}, {"$set": _kept(response, secret=secret)})
        return response

    async def _first_answer(self, name: str, fingerprint: str, now: datetime) -> Response | None:
        """The answer that stands; None when it is ours to give after all."""
        kept = await self.collection.find_one({"_id": name})
        if kept is None:
            raise _running()
        if kept["fingerprint"] != fingerprint:
            raise _mismatch()
        if kept["state"] == "running":
            # our own that no longer runs: the database was away when it ended
            abandoned = kept.get("process") == self._process or kept["started_at"] <= now - ABANDONED_AFTER
            if not abandoned:
                raise _running()
            taken = await self.collection.update_one(
                {"_id": name, "state": "running", "started_at": kept["started_at"]},
                {"$set": {"started_at": now, "process": self._process}},
            )
            if taken.modified_count == 0:
                raise _running()
            return None
        if kept["state"] == "secret":
            raise Conflict(
                "shown_once",
                "请求已执行, 密钥只显示一次; 如已遗失请轮换",
                "already done; a key is shown once, rotate it if it is lost",
            )
        headers = {**kept["headers"], "Idempotency-Replayed": "true"}
        return Response(bytes(kept["body"]), kept["status"], headers, kept["media_type"])


def checked(key: str | None) -> str | None:
    """The caller's key. Raises Turned (400) for one that is empty, too long or not visible ASCII."""
    if key is not None and not SYNTAX.match(key):
        raise Turned(
            400,
            "idempotency_key_invalid",
            "Idempotency-Key 须为 1–200 个可见 ASCII 字符",
            "Idempotency-Key must be 1 to 200 visible ASCII characters",
        )
    return key


def fingerprint_of(request: Request, actor: str | None, body: bytes) -> str:
    """What makes two requests the same order."""
    url = request.url
    told = "\n".join([request.method, url.path, url.query, actor or "", request.headers.get("if-match", "")])
    return hashlib.sha256(told.encode() + b"\n" + body).hexdigest()


def _kept(response: Response, *, secret: bool) -> dict[str, Any]:
    if secret and response.status_code < 300:
        return {"state": "secret"}
    return {
        "state": "answered",
        "status": response.status_code,
        "headers": {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
        "media_type": response.media_type,
        "body": Binary(bytes(response.body)),
    }


def _mismatch() -> Conflict:
    return Conflict(
        "idempotency_mismatch",
        "该 Idempotency-Key 已用于另一请求",
        "this Idempotency-Key was used for another request",
    )


def _running() -> Conflict:
    return Conflict("idempotency_running", "同一请求仍在处理中", "the same request is still running")
