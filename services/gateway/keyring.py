"""Holders of keys: the keys are shown once and stored as hashes; those who hold them are one document each."""

import hashlib
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import AwareDatetime, Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from contracts.faults import Conflict, Forbidden, NotFound, Refused
from contracts.shared import Model
from services.chassis import cursors

PREFIX_LENGTH = 10


class ClientKey(Model):
    """A key as it may be shown: its first characters and its life."""

    prefix: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None


class RotateKey(Model):
    """A further key; the ones before it end after the overlap."""

    overlap_hours: float = Field(default=24, ge=0, le=24 * 90)
    expires_at: AwareDatetime | None = None


class RevokeKeys(Model):
    """Ends one key (`prefix`), or the whole holder with all of them."""

    prefix: str | None = Field(default=None, min_length=PREFIX_LENGTH, max_length=PREFIX_LENGTH)


class Fresh(NamedTuple):
    """A new key in clear, for the only time."""

    key: str
    prefix: str
    expires_at: datetime | None


class Keyring:
    """One document per holder with all its keys, so that every change is one atomic write.

    `kind` names a holder in codes, `begin` is how each of its keys begins; `zh` and `en` are for people.
    """

    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], name: str, *, kind: str, begin: str, zh: str, en: str
    ) -> None:
        self.collection = database[name]
        self._kind, self._begin, self._zh, self._en = kind, begin, zh, en

    async def prepare(self) -> None:
        """Index for the look-up of a key."""
        await self.collection.create_indexes([IndexModel([("keys.sha256", ASCENDING)])])

    async def find(self, sha256: str) -> dict[str, Any] | None:
        """Who holds a key, ended ones included."""
        return await self.collection.find_one({"keys.sha256": sha256})

    async def add(self, name: str, told: Mapping[str, Any], expires_at: datetime | None) -> Fresh:
        """A new holder with its first key. Raises Conflict when the name is taken."""
        fresh, key = self._fresh(expires_at)
        try:
            await self.collection.insert_one({"_id": name, "state": "active", "version": 1, **told, "keys": [key]})
        except DuplicateKeyError:
            raise Conflict(
                f"{self._kind}_exists", f"该{self._zh}已存在", f"there is a {self._en} of this name"
            ) from None
        return fresh

    async def renew(self, name: str, order: RotateKey) -> tuple[dict[str, Any], Fresh]:
        """Add a key and let the living ones end after the overlap. Raises NotFound, Refused for a revoked holder."""
        known = await self._known(name)
        if known["state"] == "revoked":
            raise Refused(f"{self._kind}_revoked", f"该{self._zh}已被吊销", f"the {self._en} was revoked")
        end = datetime.now(UTC) + timedelta(hours=order.overlap_hours)
        fresh, key = self._fresh(order.expires_at)
        ending = [{**old, "expires_at": min(old.get("expires_at") or end, end)} for old in known["keys"]]
        await self._replace_keys(known, [*ending, key])
        return known, fresh

    async def end(self, name: str, order: RevokeKeys) -> dict[str, Any]:
        """End a key or the whole holder; the document as it is then. Raises NotFound."""
        known = await self._known(name)
        now = datetime.now(UTC)
        if order.prefix is None:
            await self.collection.update_one({"_id": name}, {"$set": {"state": "revoked"}})
            return {**known, "state": "revoked"}
        if order.prefix not in {key["prefix"] for key in known["keys"]}:
            raise NotFound("key_unknown", "没有该前缀的密钥", "no key of this prefix")
        keys = [
            {**key, "revoked_at": key.get("revoked_at") or now} if key["prefix"] == order.prefix else key
            for key in known["keys"]
        ]
        await self._replace_keys(known, keys)
        return {**known, "keys": keys}

    async def listed(self, cursor: str | None, limit: int) -> tuple[Sequence[dict[str, Any]], str | None]:
        """Documents by name, and the cursor of the next page."""
        after = str(cursors.decode(cursor, 1)[0]) if cursor else ""
        found = await self.collection.find({"_id": {"$gt": after}}).sort("_id", ASCENDING).limit(limit + 1).to_list()
        return cursors.cut(found, limit)

    async def _known(self, name: str) -> dict[str, Any]:
        known = await self.collection.find_one({"_id": name})
        if known is None:
            raise NotFound(f"{self._kind}_unknown", f"没有该{self._zh}", f"no {self._en} of this name")
        return known

    async def _replace_keys(self, known: Mapping[str, Any], keys: Iterable[dict[str, Any]]) -> None:
        result = await self.collection.update_one(
            {"_id": known["_id"], "version": known["version"]}, {"$set": {"keys": list(keys)}, "$inc": {"version": 1}}
        )
        if result.matched_count == 0:
            raise Conflict("version_stale", "密钥刚被他人更改, 请重试", "the keys have just been changed, try again")

    def _fresh(self, expires_at: datetime | None) -> tuple[Fresh, dict[str, Any]]:
        key = f"{self._begin}{secrets.token_urlsafe(32)}"
        fresh = Fresh(key, key[:PREFIX_LENGTH], expires_at)
        return fresh, kept(digest_of(key), fresh.prefix, expires_at)


def digest_of(key: str) -> str:
    """SHA-256, as it is kept: keys are 256 random bits, so there is nothing to guess and nothing to slow down."""
    return hashlib.sha256(key.encode()).hexdigest()


def kept(sha256: str, prefix: str, expires_at: datetime | None) -> dict[str, Any]:
    """A key in its holder's document."""
    return {"sha256": sha256, "prefix": prefix, "created_at": datetime.now(UTC), "expires_at": expires_at}


def seconds_left(holder: Mapping[str, Any], sha256: str) -> float:
    """How long a key still opens, infinity for one without end. Raises Forbidden for one that has ended."""
    key = next(key for key in holder["keys"] if key["sha256"] == sha256)
    if holder["state"] == "revoked" or key.get("revoked_at"):
        raise Forbidden("key_revoked", "密钥已被吊销", "the key was revoked")
    if not key.get("expires_at"):
        return math.inf
    left: float = (key["expires_at"] - datetime.now(UTC)).total_seconds()
    if left <= 0:
        raise Forbidden("key_expired", "密钥已过期", "the key has expired")
    return left
