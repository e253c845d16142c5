"""JSON from devices and platforms: one object or a list of them, cleaned by the house's rules for JSON from outside."""

from pydantic import JsonValue

from contracts.faults import Invalid
from services.alerts.adapters.jsons import check_elements
from services.alerts.adapters.wire import Unreadable, clean, decode
from services.chassis import safe_json

Object = dict[str, JsonValue]

# a number of some thousand digits costs much to write down
_HUGE = 10**18


def loads(body: bytes, content_type: str) -> tuple[JsonValue, list[str]]:
    """The value and notes. Raises Unreadable with line and column, or with the place of what no text may hold."""
    text, notes = decode(body, content_type)
    check_elements(text)
    try:
        return safe_json.loads(text, keys_checked=False), notes
    except Invalid as fault:
        said = fault.errors[0] if fault.errors else fault
        raise Unreadable(said.code, said.zh, said.en) from None


def below(value: JsonValue, name: str) -> Object:
    """The object under a name; empty where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def texts(value: JsonValue, most: int = 50) -> list[str]:
    """The distinct short texts of a list, in its order; empty where it is none."""
    listed = value[:most] if isinstance(value, list) else []
    return list(dict.fromkeys(found for item in listed if (found := text(item))))


def text(value: JsonValue, limit: int = 100) -> str | None:
    """A text, or a whole number of a sane size, as a short clean text."""
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _HUGE:
        return str(value)
    return None
