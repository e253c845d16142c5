"""Schemas are 2020-12, self-contained and bounded; what they find is told without the value."""

import json
import time
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from contracts.faults import Invalid
from services.sharing import schemas

BUNDLED = {"$ref": "https://city.example/name", "$defs": {"n": {"$id": "https://city.example/name", "type": "string"}}}
DOUBLING = {
    "$ref": "#/$defs/s0",
    "$defs": {f"s{n}": {"allOf": [{"$ref": f"#/$defs/s{n + 1}"}] * 2} for n in range(30)} | {"s30": {"type": "null"}},
}
# In the manner of the JSON Schema test suite: schema, instance, keyword that fails (None: valid), place.
CASES: list[tuple[schemas.Schema, Any, str | None, str]] = [
    (True, {"any": 1}, None, ""),
    (False, 1, "falseSchema", ""),
    ({"type": "integer"}, 1.0, None, ""),
    ({"type": "integer"}, 1.5, "type", ""),
    ({"type": "integer"}, True, "type", ""),
    ({"type": ["string", "null"]}, None, None, ""),
    ({"enum": [[], {"a": False}]}, {"a": 0}, "enum", ""),
    ({"const": {"a": 1, "b": 2}}, {"b": 2, "a": 1}, None, ""),
    ({"minLength": 2}, "\U0001f600", "minLength", ""),
    ({"maxLength": 2}, "网格员", "maxLength", ""),
    ({"pattern": "^\\d{6}$"}, "23090", "pattern", ""),
    ({"minimum": 1}, 1e308, None, ""),
    ({"exclusiveMaximum": 3}, 3, "exclusiveMaximum", ""),
    ({"multipleOf": 0.01}, 0.075, "multipleOf", ""),
    ({"required": ["a/b"]}, {}, "required", ""),
    ({"properties": {"a/b": {"type": "string"}}}, {"a/b": 1}, "type", "/a~1b"),
    ({"properties": {"m~n": {"items": {"type": "string"}}}}, {"m~n": ["x", 1]}, "type", "/m~0n/1"),
    ({"prefixItems": [{"type": "string"}], "items": False}, ["x", 1], "falseSchema", "/1"),
    ({"contains": {"minimum": 5}}, [1, 2], "contains", ""),
    ({"uniqueItems": True}, [1, 1], "uniqueItems", ""),
    ({"properties": {"b": True}, "additionalProperties": False}, {"a": 1}, "additionalProperties", ""),
    ({"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False}, {"b": 1}, "unevaluatedProperties", ""),
    ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "required", ""),
    ({"if": {"const": 1}, "then": False}, 2, None, ""),
    ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, 3, "oneOf", ""),
    ({"not": {"type": "string"}}, "x", "not", ""),
    ({"format": "date"}, "not a date", None, ""),
    ({"$ref": "#/$defs/grid", "$defs": {"grid": {"pattern": "^\\d{15}$"}}}, "1", "pattern", ""),
    (BUNDLED, 1, "type", ""),
    ({"$defs": {"n": {"$anchor": "n", "type": "string"}}, "$ref": "#n"}, "x", None, ""),
]


@pytest.mark.parametrize(("schema", "record", "keyword", "pointer"), CASES)
def test_keywords_of_2020_12(schema: schemas.Schema, record: Any, keyword: str | None, pointer: str) -> None:
    tested = schemas.test(schema, record)
    assert tested.valid is (keyword is None)
    assert [(error.code, error.pointer) for error in tested.errors] == ([(keyword, pointer)] if keyword else [])


@pytest.mark.parametrize(
    ("schema", "code", "pointer"),
    [
        ({"allOf": [{"$ref": "https://smart-data-models.github.io/x.json"}]}, "remote_ref", "/allOf/0/$ref"),
        ({"properties": {"a": {"$ref": "file:///etc/hostname"}}}, "remote_ref", "/properties/a/$ref"),
        ({"$ref": "other.json#/a"}, "remote_ref", "/$ref"),
        ({"$ref": "#/$defs/none"}, "ref_unknown", ""),
        ({"$ref": "#"}, "schema_recursive", ""),
        ({"properties": {"child": {"$ref": "#"}}}, "schema_recursive", ""),
        ({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}, "schema_recursive", ""),
        (DOUBLING, "schema_too_costly", ""),
        ({"description": "x" * 300_000}, "schema_too_large", ""),
        ({"type": "strin"}, "schema_invalid", "/type"),
        ({"properties": {"a": {"pattern": "("}}}, "schema_invalid", "/properties/a/pattern"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "dialect_unknown", "/$schema"),
        ({"properties": {"a": {"$schema": "https://city.example/own"}}}, "dialect_unknown", "/properties/a/$schema"),
    ],
)
def test_what_is_not_registered(schema: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        schemas.registered(schema)
    assert (refused.value.code, refused.value.errors[0].pointer) == (code, "/json_schema" + pointer)


def test_a_refused_schema_and_a_bad_record_are_never_quoted() -> None:
    with pytest.raises(Invalid) as refused:
        schemas.registered({"enum": "13900007719"})
    assert "13900007719" not in json.dumps(refused.value.to_wire())
    rules: dict[str, Any] = {"enum": ["a"], "pattern": "b", "maxLength": 1, "const": "c", "not": {"type": "string"}}
    told = schemas.test({"properties": {"mobile": rules}}, {"mobile": "13900007719"})
    assert len(told.errors) == 5
    assert "13900007719" not in told.model_dump_json()


def test_the_shared_library_agrees_that_our_cases_are_schemas() -> None:
    assert all(Draft202012Validator(schema) for schema, *_ in CASES)


def test_a_hostile_pattern_ends() -> None:
    checker = schemas.registered({"properties": {"a": {"pattern": "^(?=a)(a|aa|a+)+(?<=b)$"}}})
    began = time.perf_counter()
    assert not checker.fits({"a": "a" * 5000})
    assert time.perf_counter() - began < 1


def test_a_compiled_schema_is_kept() -> None:
    assert schemas.compiled('{"type": "object"}') is schemas.compiled('{"type": "object"}')
