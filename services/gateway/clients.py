"""接入方: the clients of the gateway and their keys."""

from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter
from pymongo.asynchronous.database import AsyncDatabase

from contracts.faults import Refused
from contracts.shared import Model, Page, Scope
from services.gateway.keyring import ClientKey, Fresh, Keyring, RevokeKeys, RotateKey, kept

NAME = r"^[a-z0-9][a-z0-9_\-]{0,63}$"


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


class Bootstrap(BaseModel):
    """One client of the bootstrap file."""

    client: str
    name: str
    key_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    key_prefix: str
    scopes: list[Scope]
    department: str | None = None
    territory: str | None = None


class Clients(Keyring):
    """Who may knock."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        super().__init__(database, "clients", kind="client", begin="yw_", zh="接入方", en="client")

    async def bootstrap(self, path: Path) -> int:
        """Take in the clients of a file. A key or client that was revoked since stays revoked."""
        listed = TypeAdapter(list[Bootstrap]).validate_json(path.read_bytes())
        for entry in listed:
            told = entry.model_dump(mode="json", exclude={"client", "key_sha256", "key_prefix"})
            born = {"state": "active", "keys": [], "version": 1}
            await self.collection.update_one({"_id": entry.client}, {"$set": told, "$setOnInsert": born}, upsert=True)
            key = kept(entry.key_sha256, entry.key_prefix, None)
            await self.collection.update_one(
                {"_id": entry.client, "keys.sha256": {"$ne": entry.key_sha256}},
                {"$push": {"keys": key}, "$inc": {"version": 1}},
            )
        return len(listed)

    async def create(self, order: CreateClient) -> NewKey:
        """Raises Conflict when the name is taken."""
        told = order.model_dump(mode="json", exclude={"client", "expires_at"})
        return _shown_once(order.client, await self.add(order.client, told, order.expires_at))

    async def rotate(self, client: str, order: RotateKey) -> NewKey:
        """Raises NotFound, Refused for a revoked client."""
        _, fresh = await self.renew(client, order)
        return _shown_once(client, fresh)

    async def revoke(self, client: str, order: RevokeKeys, by: str) -> Client:
        """Raises NotFound, Refused for the caller's own client."""
        if client == by:
            raise Refused("own_client", "不能吊销自己的接入方", "a client cannot revoke itself")
        return _shown(await self.end(client, order))

    async def page(self, cursor: str | None, limit: int) -> Page[Client]:
        """By name."""
        found, following = await self.listed(cursor, limit)
        return Page(items=[_shown(document) for document in found], next=following)


def _shown_once(client: str, fresh: Fresh) -> NewKey:
    return NewKey(client=client, key=fresh.key, prefix=fresh.prefix, expires_at=fresh.expires_at)


def _shown(document: dict[str, Any]) -> Client:
    return Client(client=document["_id"], **{name: value for name, value in document.items() if name != "_id"})
