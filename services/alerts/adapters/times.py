"""Times as devices write them. Reading never fails: what cannot be read is said in a note."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from services.alerts.adapters.wire import note

_WRITTEN = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})[T ]?(\d{2}):?(\d{2}):?(\d{2})(?:[.,](\d{1,9})|(\d{3}))?"
    r"\s?(?:([Zz])|([+-]?)(\d{1,2}):?(\d{2})|([+-]\d{2}))?",
    re.ASCII,
)
_PLAIN = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)", re.ASCII)
_EPOCH = re.compile(r"(\d{10})(\d{3})?", re.ASCII)


class Moment(NamedTuple):
    """`at` aware, UTC; or `local` as written without an offset; or neither; and what was assumed."""

    at: datetime | None = None
    local: datetime | None = None
    notes: tuple[str, ...] = ()


def moment(written: str | None) -> Moment:
    """Read a time: ISO 8601, with a malformed offset, without one, as bare digits, or seconds/milliseconds of 1970."""
    if not written:
        return Moment(notes=(note("time_missing"),))
    try:
        return _read(written.strip()[:60])
    except (ValueError, OverflowError):
        return Moment(notes=(note("time_unreadable"),))


def _read(written: str) -> Moment:
    if _PLAIN.fullmatch(written):
        # what nearly all write, read by the library in a tenth of the time
        return Moment(at=datetime.fromisoformat(written).astimezone(UTC))
    if epoch := _EPOCH.fullmatch(written):
        return Moment(at=datetime.fromtimestamp(int(epoch[1]) + int(epoch[2] or 0) / 1000, UTC))
    found = _WRITTEN.fullmatch(written)
    if not found or not 1970 <= int(found[1]) <= 2199:
        raise ValueError
    year, month, day, hour, minute, second = (int(found[group]) for group in range(1, 7))
    fraction = (found[7] or found[8] or "")[:3].ljust(3, "0")
    local = datetime(year, month, day, hour, minute, second, int(fraction) * 1000)  # noqa: DTZ001
    if found[9]:
        return Moment(at=local.replace(tzinfo=UTC))
    if not (found[11] or found[13]):
        return Moment(local=local, notes=(note("zone_assumed"),))
    sign, hours, minutes = (found[13][0], found[13][1:], "0") if found[13] else found.group(10, 11, 12)
    if int(hours) > 14 or int(minutes) > 59:
        raise ValueError
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    at = local.replace(tzinfo=timezone(-offset if sign == "-" else offset)).astimezone(UTC)
    if not sign:
        return Moment(at=at, notes=(note("offset_sign_assumed"),))
    return Moment(at=at, notes=(note("offset_repaired"),) if len(hours) == 1 else ())
