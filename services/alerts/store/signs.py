"""生命迹象 in the store: when each device was last heard, when the next sign is due, and how many posts a day.

They stand apart from the devices, so that a heartbeat every ten seconds does not make edits stale. What is heard is
written every few seconds, one write for each device; a crash loses what was not written, and the next sign makes it
good. The counts of a day are for a person who asks why nothing comes, and may count a batch twice.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pymongo import IndexModel, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from services.alerts.domain import DEFAULT_TIMEZONE
from services.alerts.living import LONGEST_UNWRITTEN, patience
from services.alerts.reading import Refusals, Sign
from services.chassis import context
from services.chassis.aggregates import Document
from services.chassis.portions import by_key
from services.chassis.resting import Rest

_OLDEST = datetime(2020, 1, 1, tzinfo=UTC)
_MOST_DUE = 500
_ZONE = ZoneInfo(DEFAULT_TIMEZONE)
# today and yesterday are kept; a week of older days is looked through for what is to go
_KEPT_DAYS, _SWEPT_DAYS = 2, 9


class Signs:
    """The signs of life of all devices, by device or, for posts that cannot be read, by source."""

    def __init__(self, signs: Collection[Document]) -> None:
        self._signs = signs
        self._signs.create_indexes([IndexModel("due_at", name="due", sparse=True)])
        self._heard: dict[str, Sign] = {}
        self._refused: Refusals = Counter()
        self.rest = Rest(LONGEST_UNWRITTEN)

    def heard(self, signs: Mapping[str, Sign], refused: Refusals) -> None:
        """Note who was heard, and which source's posts could not be read and why; written by the next `write`."""
        for device, sign in signs.items():
            before = self._heard.get(device)
            self._heard[device] = before.later(sign) if before else sign
        self._refused += refused

    @property
    def unwritten(self) -> set[str]:
        """The devices that were heard and are not written yet."""
        return set(self._heard)

    def write(self, expected_s: Mapping[str, int | None]) -> None:
        """Write what was heard since the last time; who is expected to give a sign is due again. `expected_s`: s."""
        heard, self._heard = self._heard, {}
        refused, self._refused = self._refused, Counter()
        present = context.now()
        try:
            writes = [_latest(device, sign, expected_s.get(device), present) for device, sign in heard.items()]
            writes += [_refusal(source, code, count, present) for (source, code), count in refused.items()]
            if writes:
                self._signs.bulk_write(writes, ordered=False)
        except PyMongoError:
            self.heard(heard, refused)
            raise

    def of(self, devices: Iterable[str]) -> dict[str, Document]:
        """What is known of each."""
        return {found["_id"]: found for found in by_key(self._signs, set(devices))}

    def due(self, before: datetime) -> list[str]:
        """Devices that are to be looked at, at most 500."""
        found = self._signs.find({"due_at": {"$gt": _OLDEST, "$lte": before}}, {"_id": 1}).limit(_MOST_DUE)
        return [document["_id"] for document in found]

    def expect(self, due: Mapping[str, datetime | None]) -> None:
        """Say when each device is to be looked at; None: no more."""
        if due:
            self._signs.bulk_write(
                [
                    UpdateOne({"_id": device}, {"$set": {"due_at": at}}, upsert=True)
                    if at
                    else UpdateOne({"_id": device}, {"$unset": {"due_at": ""}})
                    for device, at in due.items()
                ],
                ordered=False,
            )


def counted(signs: Mapping[str, Document], now: datetime) -> tuple[int, dict[str, int]]:
    """Of a device's signs: reports of today; reason → unreadable posts, of today and yesterday."""
    today, yesterday = (signs.get("days", {}).get(_day(now, back), {}) for back in range(_KEPT_DAYS))
    unreadable = Counter(today.get("unreadable", {})) + Counter(yesterday.get("unreadable", {}))
    return today.get("reports", 0), dict(unreadable)


def _latest(device: str, sign: Sign, expected_s: int | None, now: datetime) -> UpdateOne:
    latest: Document = {"last_report_at": sign.report_at}
    if sign.heartbeat_at:
        latest["last_heartbeat_at"] = sign.heartbeat_at
    if sign.alarm_at:
        latest["last_alarm_at"] = sign.alarm_at
    update: Document = {"$max": latest, "$inc": {f"days.{_day(now)}.reports": sign.reports}, "$unset": _gone(now)}
    found: Document = {}
    if sign.skew_s is not None:
        found["clock_skew_s"] = sign.skew_s
    if expected_s is not None:
        found["due_at"] = sign.report_at + patience(expected_s)
    if found:
        update["$set"] = found
    return UpdateOne({"_id": device}, update, upsert=True)


def _refusal(source: str, code: str, count: int, now: datetime) -> UpdateOne:
    update = {
        "$max": {"last_unreadable_at": now},
        "$inc": {f"days.{_day(now)}.unreadable.{code}": count},
        "$unset": _gone(now),
    }
    return UpdateOne({"_id": source}, update, upsert=True)


def _gone(now: datetime) -> Document:
    return {f"days.{_day(now, back)}": "" for back in range(_KEPT_DAYS, _SWEPT_DAYS)}


def _day(now: datetime, back: int = 0) -> str:
    return f"{now.astimezone(_ZONE) - timedelta(days=back):%Y-%m-%d}"
