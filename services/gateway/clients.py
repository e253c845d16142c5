"""接入方: the clients of the gateway and their keys, which are shown once and stored as hashes."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from contracts.faults import Conflict, NotFound, Refused
from contracts.shared import Model, Page, Scope
from services.chassis import cursors

PREFIX_LENGTH = 10
NAME = r"^[a-z0-9][a-z0-9_\-]{0,63}$"


class ClientKey(Model):
    """A key as it may be shown: its first characters and its life."""

    prefix: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None


class Holder(Model):
    """Whom a key speaks for, and what it opens."""

    client: str
    name: str
    scopes: list[Scope]
    department: str | None = None
    territory: str | None = None


class Client(Holder):
    """A system, a device or a desk that may knock."""

    state: Literal["active", "revoked"]
    keys: list[ClientKey]


class NewKey(Model):
    """A new key, in clear for the only time."""

    client: str
    key: str
    prefix: str
    expires_at: AwareDatetime | None = None


class CreateClient(Model):
    """A new client with its first key."""

    client: str = Field(pattern=NAME)
    name: str = Field(min_length=1, max_length=100)
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    department: str | None = Field(default=None, max_length=100)
    territory: str | None = Field(default=None, pattern=r"^\d{2,15}$")
    expires_at: AwareDatetime | None = None


class RotateKey(Model):
    """A further key; the ones before it end after the overlap."""

    overlap_hours: float = Field(default=24, ge=0, le=24 * 90)
    expires_at: AwareDatetime | None = None


class RevokeKeys(Model):
    """Ends one key (`prefix`), or the whole client with all of them."""

    prefix: str | None = Field(default=None, min_length=PREFIX_LENGTH, max_length=PREFIX_LENGTH)


class Bootstrap(BaseModel):
    """One client of the bootstrap file."""

    client: str
    name: str
    key_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    key_prefix: str
    scopes: list[Scope]
    department: str | None = None
    territory: str | None = None


class Clients:
    """One document per client with all its keys, so that every change is one atomic write."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self.collection = database["clients"]

    async def prepare(self) -> None:
        """Index for the look-up of a key."""
        await self.collection.create_indexes([IndexModel([("keys.sha256", ASCENDING)])])

    async def find(self, sha256: str) -> dict[str, Any] | None:
        """The client that holds a key, ended ones included."""
        return await self.collection.find_one({"keys.sha256": sha256})

    async def bootstrap(self, path: Path) -> int:
        """Take in the clients of a file. A key or client that was revoked since stays revoked."""
        listed = TypeAdapter(list[Bootstrap]).validate_json(path.read_bytes())
        for entry in listed:
            told = entry.model_dump(mode="json", exclude={"client", "key_sha256", "key_prefix"})
            born = {"state": "active", "keys": [], "version": 1}
            await self.collection.update_one({"_id": entry.client}, {"$set": told, "$setOnInsert": born}, upsert=True)
            key = _key(entry.key_sha256, entry.key_prefix, None)
            await self.collection.update_one(
                {"_id": entry.client, "keys.sha256": {"$ne": entry.key_sha256}},
                {"$push": {"keys": key}, "$inc": {"version": 1}},
            )
        return len(listed)

    async def create(self, order: CreateClient) -> NewKey:
        """Raises Conflict when the name is taken."""
        fresh, key = _fresh(order.client, order.expires_at)
        told = order.model_dump(mode="json", exclude={"client", "expires_at"})
        try:
            await self.collection.insert_one(
                {"_id": order.client, "state": "active", "version": 1, **told, "keys": [key]}
            )
        except DuplicateKeyError:
            raise Conflict("client_exists", "该接入方已存在", "there is a client of this name") from None
        return fresh

    async def rotate(self, client: str, order: RotateKey) -> NewKey:
        """Add a key and let the living ones end after the overlap. Raises NotFound, Refused for a revoked client."""
        known = await self._known(client)
        if known["state"] == "revoked":
            raise Refused("client_revoked", "该接入方已被吊销", "the client was revoked")
        end = datetime.now(UTC) + timedelta(hours=order.overlap_hours)
        fresh, key = _fresh(client, order.expires_at)
        ending = [{**old, "expires_at": min(old.get("expires_at") or end, end)} for old in known["keys"]]
        await self._replace_keys(known, [*ending, key])
        return fresh

    async def revoke(self, client: str, order: RevokeKeys, by: str) -> Client:
        """Raises NotFound, Refused for the caller's own client."""
        if client == by:
            raise Refused("own_client", "不能吊销自己的接入方", "a client cannot revoke itself")
        known = await self._known(client)
        now = datetime.now(UTC)
        if order.prefix is None:
            await self.collection.update_one({"_id": client}, {"$set": {"state": "revoked"}})
            return _shown({**known, "state": "revoked"})
        if order.prefix not in {key["prefix"] for key in known["keys"]}:
            raise NotFound("key_unknown", "没有该前缀的密钥", "no key of this prefix")
        keys = [
            {**key, "revoked_at": key.get("revoked_at") or now} if key["prefix"] == order.prefix else key
            for key in known["keys"]
        ]
        await self._replace_keys(known, keys)
        return _shown({**known, "keys": keys})

    async def page(self, cursor: str | None, limit: int) -> Page[Client]:
        """By name."""
        after = str(cursors.decode(cursor, 1)[0]) if cursor else ""
        found = self.collection.find({"_id": {"$gt": after}}).sort("_id", ASCENDING).limit(limit + 1)
        clients = [_shown(document) async for document in found]
        following = cursors.encode(clients[limit - 1].client) if len(clients) > limit else None
        return Page(items=clients[:limit], next=following)

    async def _known(self, client: str) -> dict[str, Any]:
        known = await self.collection.find_one({"_id": client})
        if known is None:
            raise NotFound("client_unknown", "没有该接入方", "no client of this name")
        return known

    async def _replace_keys(self, known: dict[str, Any], keys: Iterable[dict[str, Any]]) -> None:
        result = await self.collection.update_one(
            {"_id": known["_id"], "version": known["version"]}, {"$set": {"keys": list(keys)}, "$inc": {"version": 1}}
        )
        if result.matched_count == 0:
            raise Conflict("version_stale", "密钥刚被他人更改, 请重试", "the keys have just been changed, try again")


def _fresh(client: str, expires_at: datetime | None) -> tuple[NewKey, dict[str, Any]]:
    key = f"yw_{secrets.token_urlsafe(32)}"
    prefix = key[:PREFIX_LENGTH]
    shown = NewKey(client=client, key=key, prefix=prefix, expires_at=expires_at)
    return shown, _key(hashlib.sha256(key.encode()).hexdigest(), prefix, expires_at)


def _key(sha256: str, prefix: str, expires_at: datetime | None) -> dict[str, Any]:
    return {"sha256": sha256, "prefix": prefix, "created_at": datetime.now(UTC), "expires_at": expires_at}


def _shown(document: dict[str, Any]) -> Client:
    return Client(client=document["_id"], **{name: value for name, value in document.items() if name != "_id"})
