"""Every use of records goes through here: decision, field choice, mask, exchange log, answer. No log, no data."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pydantic import JsonValue

from contracts.faults import Forbidden, Invalid
from contracts.sharing import Dataset, Exchange, Grant, Mask, MaskedRecord, Records
from services.chassis import context, cursors
from services.sharing.chain import canonical
from services.sharing.domain import grants
from services.sharing.masks import Masker, derive
from services.sharing.store import SharingStore
from services.sharing.store.segments import LogRecord

Action = Literal["query", "pull", "deliver"]


@dataclass(frozen=True)
class Answer:
    """Masked records, and the entry of the exchange log that proves their use."""

    items: list[MaskedRecord]
    masker: Masker
    exchange: int

    def reply(self, following: int | None = None) -> Records:
        """The answer on the bus; `following` is the place to go on from."""
        return Records.model_construct(
            items=self.items,
            next=None if following is None else cursors.encode(following),
            masked_fields=self.masker.masked,
            hidden_fields=self.masker.hidden,
            exchange=str(self.exchange),
        )


def place(cursor: str) -> int:
    """The sequence in a cursor. Raises Invalid."""
    found = cursors.decode(cursor, 1)[0]
    if not isinstance(found, int) or found < 0:
        raise Invalid.field("/cursor", "cursor_invalid", "游标无效", "not a cursor of this list")
    return found


class Use:
    """One department at one dataset, for one purpose; `actor` is the name for the log."""

    def __init__(self, store: SharingStore, dataset: Dataset, department: str, actor: str, purpose: str) -> None:
        self._store, self._dataset = store, dataset
        self._department, self._actor, self._purpose = department, actor, purpose

    def covered(self, held: Sequence[Grant], *, by_key: bool = False) -> Grant:
        """The grant that covers it. Raises Forbidden, once the exchange log holds that and why."""
        try:
            grant = grants.covering(self._dataset, held, self._purpose)
            if by_key:
                grants.check_key(self._dataset, grant)
        except Forbidden as refusal:
            named = refusal.facts["grant"]
            self._log("refuse", grant=str(named) if named else "", reason=refusal.code)
            raise
        return grant

    def answer(self, action: Action, grant: Grant, records: Sequence[LogRecord]) -> Answer:
        """What the department may see of the records, once the exchange log holds that it did."""
        masker = _compiled(tuple(sorted(grant.fields.items())), derive(self._store.secret, "mask", self._department))
        code, key_field = self._dataset.code, self._dataset.key_field
        items = [
            MaskedRecord.model_construct(
                id=f"{code}:{record.sequence}",
                sequence=record.sequence,
                key=masker.record_key(key_field, record.key),
                published_at=record.at,
                data=masker(record.data),
            )
            for record in records
        ]
        exchange = self._log(
            action,
            grant=grant.id,
            count=len(items),
            fields=masker.fields,
            masked_fields=masker.masked,
            response_hash=self._response_hash(items),
        )
        return Answer(items, masker, exchange.sequence)

    def _response_hash(self, items: Sequence[MaskedRecord]) -> str:
        key = derive(self._store.secret, "answer", self._department)
        shown: list[JsonValue] = [[item.sequence, item.key, item.data] for item in items]
        return hmac.digest(key, canonical(shown), "sha256").hex()

    def _log(self, action: str, **told: object) -> Exchange:
        purpose = grants.stated(self._purpose)
        return self._store.exchanges.append(
            {
                "at": context.now(),
                "department": self._department,
                "actor": self._actor,
                "purpose": purpose.value if purpose else "unknown",
                "dataset": self._dataset.code,
                "provider": self._dataset.provider,
                "action": action,
                "count": 0,
                "fields": [],
                "masked_fields": [],
                "reason": None,
                "response_hash": "",
                "trace_id": context.trace_id(),
                **told,
            }
        )


@lru_cache(maxsize=4096)
def _compiled(fields: tuple[tuple[str, Mask], ...], key: bytes) -> Masker:
    return Masker(dict(fields), key)
