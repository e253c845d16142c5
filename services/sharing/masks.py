"""脱敏: what a grant shows of a record. Pure; each mask is total on JSON values and never shows more than it says.

`null` stays `null` (that a value is missing is no value); anything a mask cannot read is shown as stars alone.
"""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from functools import cache

from pydantic import JsonValue

from contracts.sharing import Mask
from services.sharing.districts import district_end

STARS = "****"
_ID_CARD = re.compile(r"(?a:\d{15}|\d{17}[\dXx])")
_MOBILE_NOISE = re.compile(r"^\s*(\+|00)?86(?=\s*-?\s*1\d{2})|[\s\-()]")
_DATE = re.compile(r"((?:18|19|20|21)[0-9]{2})(?:[0-9]{4}|年.*|[-/.][0-9]{1,2}(?:[^0-9].*)?)?", re.DOTALL)

_STRENGTH = {Mask.SHOW: 0, Mask.HASH: 2, Mask.HIDE: 3}


def may_replace(default: Mask, given: Mask) -> bool:
    """Whether `given` shows no more than `default`: the same, or stronger (show < a part < hash < hide)."""
    return given is default or _STRENGTH.get(given, 1) > _STRENGTH.get(default, 1)


def derive(secret: bytes, use: str, department: str) -> bytes:
    """A key of one department for one use: what is hashed with it can be joined inside, never across."""
    return hmac.digest(secret, f"{use}\x00{department}".encode(), "sha256")


def keyed_hash(key: bytes, value: JsonValue) -> str:
    """HMAC-SHA256, hex. A number and its text give the same, so that records of several providers join."""
    text = _text(value)
    if text is None:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()


class Masker:
    """The masks of one grant, compiled: call it with the data of a record."""

    def __init__(self, fields: Mapping[str, Mask], key: bytes) -> None:
        self._key = key
        self._plan = [(name, _function(mask, key)) for name, mask in fields.items() if mask is not Mask.HIDE]
        self._shown = frozenset(name for name, mask in fields.items() if mask is Mask.SHOW)
        self.fields = [name for name, _ in self._plan]
        self.masked = [name for name in self.fields if name not in self._shown]
        self.hidden = [name for name, mask in fields.items() if mask is Mask.HIDE]

    def __call__(self, record: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """What may be seen of a record."""
        return {
            name: record[name] if function is None or record[name] is None else function(record[name])
            for name, function in self._plan
            if name in record
        }

    def record_key(self, key_field: str, key: str) -> str:
        """The key of a record: itself where the grant shows it in full, else a pseudonym."""
        return key if key_field in self._shown else keyed_hash(self._key, key)


@cache
def _function(mask: Mask, key: bytes) -> Callable[[JsonValue], JsonValue] | None:
    return (lambda value: keyed_hash(key, value)) if mask is Mask.HASH else _PARTS[mask]


def _text(value: JsonValue) -> str | None:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (bool, type(None), dict, list)):
        return None
    return str(value)


def _name(value: JsonValue) -> str:
    """First character and one star whatever the length; a single character is not shown."""
    text = _text(value)
    return f"{text[0]}*" if text and len(text) > 1 else "*"


def _id_card(value: JsonValue) -> str:
    """居民身份证号码: the first 6 (place of registration) and the last 4."""
    text = _text(value)
    return f"{text[:6]}{STARS}{text[-4:]}" if text and _ID_CARD.fullmatch(text) else STARS


def _mobile(value: JsonValue) -> str:
    """The first 3 and the last 4 of a number of 11 digits or more, without separators and +86."""
    text = _text(value)
    digits = _MOBILE_NOISE.sub("", text) if text else ""
    if len(digits) < 11 or len(digits) > 15 or not digits.isascii() or not digits.isdigit():
        return STARS
    return f"{digits[:3]}{STARS}{digits[-4:]}"


def _address(value: JsonValue) -> str:
    """To the district (县级)."""
    text = "".join((_text(value) or "").split())
    return text[: district_end(text)] + STARS


def _year(value: JsonValue) -> str:
    """The year of a date."""
    text = _text(value)
    found = _DATE.fullmatch(text) if text else None
    return found[1] if found else STARS


_PARTS: dict[Mask, Callable[[JsonValue], JsonValue] | None] = {
    Mask.SHOW: None,
    Mask.NAME: _name,
    Mask.ID_CARD: _id_card,
    Mask.MOBILE: _mobile,
    Mask.ADDRESS: _address,
    Mask.YEAR: _year,
}
