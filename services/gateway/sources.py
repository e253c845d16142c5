"""接入源: devices that can only be given a URL. In it, instead of a source, stands a token: a key to one source."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from pydantic import AwareDatetime, Field
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from starlette.types import Scope as HttpScope

from contracts.alerts import Adapter, SourceName
from contracts.faults import Forbidden
from contracts.shared import Caller, Model, Page, Scope
from services.gateway.access import CHALLENGE
from services.gateway.keyring import ClientKey, Fresh, Keyring, RevokeKeys, RotateKey, digest_of, seconds_left
from services.gateway.problems import Turned
from services.gateway.remembered import Find, Remembered

# no source of anybody's begins like a token, and no key of a client either
TOKEN = "yws_"  # noqa: S105
WRITTEN_EVERY_S = 2.0
log = logging.getLogger(__name__)


class Source(Model):
    """What may report by a URL of its own. `reports` were accepted by it, counted every two seconds."""

    source: str
    adapter: str | None = Field(default=None, description="the only one that its URL opens; None: any")
    note: str | None = None
    state: Literal["active", "revoked"]
    keys: list[ClientKey] = Field(description="its tokens, by their first characters")
    created_at: AwareDatetime
    last_used_at: AwareDatetime | None = None
    reports: int = 0


class NewToken(Model):
    """A new token, in clear for the only time."""

    source: str
    token: str
    prefix: str
    url: str = Field(description="to be typed into the device; `{adapter}` stands for any where none was chosen")
    expires_at: AwareDatetime | None = None


class CreateSource(Model):
    """A source with its first token."""

    source: SourceName
    adapter: Adapter | None = None
    note: str | None = Field(default=None, max_length=200)
    expires_at: AwareDatetime | None = None


class Uses(NamedTuple):
    """Reports of a source that are not yet counted in its document."""

    reports: int
    last_at: datetime


class Sources(Keyring):
    """Who may report by a URL, and how often it was used."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        super().__init__(database, "sources", kind="source", begin=TOKEN, zh="接入源", en="source")
        # no longer than the list of sources: only a valid token is counted
        self._uses: dict[str, Uses] = {}

    async def create(self, order: CreateSource, base: str) -> NewToken:
        """Raises Conflict when the name is taken."""
        told = {"adapter": order.adapter, "note": order.note, "created_at": datetime.now(UTC)}
        return _shown_once(order.source, order.adapter, base, await self.add(order.source, told, order.expires_at))

    async def rotate(self, source: str, order: RotateKey, base: str) -> NewToken:
        """Raises NotFound, Refused for a revoked source."""
        known, fresh = await self.renew(source, order)
        return _shown_once(source, known["adapter"], base, fresh)

    async def revoke(self, source: str, order: RevokeKeys) -> Source:
        """Raises NotFound."""
        return _shown(await self.end(source, order))

    async def page(self, cursor: str | None, limit: int) -> Page[Source]:
        """By name."""
        found, following = await self.listed(cursor, limit)
        return Page(items=[_shown(document) for document in found], next=following)

    def used(self, source: str, at: datetime) -> None:
        """A report was accepted by its token."""
        before = self._uses.get(source)
        self._uses[source] = Uses(before.reports + 1 if before else 1, at)

    async def write_uses(self) -> None:
        """Write down what was counted, every two seconds for ever; what a crash takes along was never promised."""
        while True:
            await asyncio.sleep(WRITTEN_EVERY_S)
            await self.write_used()

    async def write_used(self) -> None:
        """Write down what was counted so far; what the database does not take is counted again later."""
        taken, self._uses = self._uses, {}
        if not taken:
            return
        counted = [
            UpdateOne({"_id": source}, {"$inc": {"reports": uses.reports}, "$max": {"last_used_at": uses.last_at}})
            for source, uses in taken.items()
        ]
        try:
            await self.collection.bulk_write(counted, ordered=False)
        except PyMongoError as error:
            log.warning("uses of sources not counted", extra={"error_type": type(error).__name__})
            for source, uses in taken.items():
                since = self._uses.get(source, Uses(0, uses.last_at))
                self._uses[source] = Uses(uses.reports + since.reports, since.last_at)


class Tokens:
    """Knows sources by the tokens in their URLs."""

    def __init__(self, find: Find) -> None:
        self._sources = Remembered(find)

    async def source(self, request: HttpScope, token: str, adapter: str) -> str:
        """The source that reports; the request's caller is named after it, never after the token.

        Raises Turned 401 for an unknown token, Forbidden for an ended one and for another adapter than its own.
        """
        digest = digest_of(token)
        found, _ = await self._sources.holder(digest)
        if found is None:
            raise Turned(401, "token_unknown", "地址中的令牌无效", "the token in the address is not known", CHALLENGE)
        source: str = found["_id"]
        reporting = Caller(client=f"source:{source}", name=source, scopes=frozenset({Scope.ALERTS_REPORT}))
        request.setdefault("state", {})["caller"] = reporting
        seconds_left(found, digest)
        if found["adapter"] not in (None, adapter):
            raise Forbidden(
                "adapter_not_granted", "该地址只限另一种接入格式", "the address is for another adapter only"
            )
        return source


def _shown_once(source: str, adapter: str | None, base: str, fresh: Fresh) -> NewToken:
    url = f"{base}/v1/intake/{adapter or '{adapter}'}/{fresh.key}"
    return NewToken(source=source, token=fresh.key, prefix=fresh.prefix, url=url, expires_at=fresh.expires_at)


def _shown(document: dict[str, Any]) -> Source:
    return Source(source=document["_id"], **{name: value for name, value in document.items() if name != "_id"})
