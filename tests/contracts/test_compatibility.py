"""The gate for schemas: optional additions pass, everything else is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import alerts, cases, catalogue, grid, sharing  # noqa: F401 (they register their events)
from contracts.base import EVENTS
from contracts.compatibility import Schema, breaks

OLD: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "maxLength": 10},
        "state": {"$ref": "#/$defs/State"},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
    },
    "required": ["id"],
    "$defs": {
        "State": {"type": "string", "enum": ["open", "closed"]},
        "Part": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
    },
}


def changed(path: list[str], value: object) -> Schema:
    import copy

    new = copy.deepcopy(OLD)
    place: dict[str, object] = new
    for part in path[:-1]:
        place = place[part]  # type: ignore[assignment]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return new


@pytest.mark.parametrize(
    ("path", "value", "finding"),
    [
        (["properties", "id"], None, "/id: removed"),
        (["properties", "id", "type"], "integer", "/id: type changed"),
        (["properties", "id", "maxLength"], 5, "/id: maxLength is narrower"),
        (["required"], ["id", "state"], "/state: required, was not"),
        (["required"], [], "/id: no longer always there"),
        (["$defs", "State", "enum"], ["open"], "/state: enum changed"),
        (["$defs", "State", "enum"], ["open", "closed", "lost"], "/state: enum changed"),
        (["$defs", "Part", "properties", "n", "type"], "string", "/parts/*/n: type changed"),
    ],
)
def test_a_change_of_meaning_is_named(path: list[str], value: object, finding: str) -> None:
    assert finding in breaks(OLD, changed(path, value))


def test_an_event_may_be_promised_to_outsiders_and_never_again_withheld() -> None:
    assert not breaks({**OLD, "x-public": False}, {**OLD, "x-public": True})
    assert breaks({**OLD, "x-public": True}, {**OLD, "x-public": False}) == ["/: x-public changed"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["properties", "note"], {"type": "string"}),
        (["$defs", "Part", "properties", "m"], {"type": "integer"}),
        (["properties", "id", "maxLength"], 20),
        (["properties", "id", "description"], "said better"),
    ],
)
def test_an_optional_addition_passes(path: list[str], value: object) -> None:
    assert breaks(OLD, changed(path, value)) == []


@given(st.sampled_from(sorted(EVENTS)))
def test_every_schema_is_compatible_with_itself(wire: str) -> None:
    schema = EVENTS[wire].model_json_schema()
    assert breaks(schema, schema) == []
