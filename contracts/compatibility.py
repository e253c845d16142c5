"""Whether a newer JSON Schema may stand under the same version as an older one, for readers and writers of both.

The rule is the house's own: optional additions only. Anything else is a new version beside the old one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from pydantic import JsonValue

Schema = dict[str, JsonValue]
_SILENT = frozenset({"title", "description", "default", "examples", "$defs", "$id", "$schema", "format"})
_STRUCTURE = frozenset({"properties", "required", "items", "prefixItems", "anyOf"})
_UPPER = frozenset({"maxLength", "maximum", "maxItems", "exclusiveMaximum"})
_LOWER = frozenset({"minLength", "minimum", "minItems", "exclusiveMinimum"})


def breaks(old: Schema, new: Schema) -> list[str]:
    """Every finding as `<place>: <what>`, empty when the new schema is compatible."""
    return list(_Comparison(old, new).compare(old, new))


@dataclass(frozen=True)
class _Comparison:
    old_root: Schema
    new_root: Schema
    at: str = ""
    seen: frozenset[str] = frozenset()

    def compare(self, old: Schema, new: Schema) -> Iterator[str]:
        name = old.get("$ref")
        if isinstance(name, str):
            if name in self.seen:
                return
            yield from replace(self, seen=self.seen | {name}).compare(
                _resolve(old, self.old_root), _resolve(new, self.new_root)
            )
            return
        new = _resolve(new, self.new_root)
        for key in sorted((set(old) | set(new)) - _SILENT - _STRUCTURE):
            yield from self._keyword(key, old.get(key), new.get(key))
        yield from self._properties(old, new)
        for key in ("items", "additionalProperties"):
            first, second = old.get(key), new.get(key)
            if isinstance(first, dict) and isinstance(second, dict):
                yield from self._below("*").compare(first, second)
        for key in ("anyOf", "prefixItems"):
            yield from self._parts(key, old.get(key), new.get(key))

    def _properties(self, old: Schema, new: Schema) -> Iterator[str]:
        before, after = _named(old), _named(new)
        must_before = set(cast("list[str]", old.get("required") or []))
        must_after = set(cast("list[str]", new.get("required") or []))
        for name in sorted(set(before) - set(after)):
            yield f"{self.at}/{name}: removed"
        for name in sorted(must_after - must_before):
            yield f"{self.at}/{name}: required, was not"
        for name in sorted((must_before - must_after) & set(after)):
            yield f"{self.at}/{name}: no longer always there"
        for name in sorted(set(before) & set(after)):
            yield from self._below(name).compare(before[name], after[name])

    def _parts(self, key: str, old: JsonValue, new: JsonValue) -> Iterator[str]:
        if old == new:
            return
        if not isinstance(old, list) or not isinstance(new, list) or len(old) != len(new):
            yield f"{self.at or '/'}: {key} changed"
            return
        for first, second in zip(old, new, strict=True):
            yield from self.compare(cast("Schema", first), cast("Schema", second))

    def _keyword(self, key: str, old: JsonValue, new: JsonValue) -> Iterator[str]:
        if old == new or (key == "additionalProperties" and isinstance(old, dict) and isinstance(new, dict)):
            return
        if key == "x-public" and new:
            # one more promise
            return
        if key not in _UPPER | _LOWER:
            yield f"{self.at or '/'}: {key} changed"
        elif isinstance(new, (int, float)) and (
            not isinstance(old, (int, float)) or (new < old if key in _UPPER else new > old)
        ):
            yield f"{self.at or '/'}: {key} is narrower"

    def _below(self, name: str) -> "_Comparison":
        return replace(self, at=f"{self.at}/{name}")


def _named(schema: Schema) -> dict[str, Schema]:
    return cast("dict[str, Schema]", schema.get("properties") or {})


def _resolve(schema: Schema, root: Schema) -> Schema:
    name = schema.get("$ref")
    if not isinstance(name, str):
        return schema
    found = cast("dict[str, Schema]", root["$defs"])[name.rpartition("/")[2]]
    return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
