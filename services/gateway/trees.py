"""Trees of units over a city as DIGIT's egov-location keeps them: a TenantBoundary a hierarchy, its units nested."""

import re
from collections.abc import Iterator
from typing import TypeGuard

from pydantic import JsonValue

BOUNDARIES = "TenantBoundary"
# the city's own division tree, which no other may replace
RESERVED = "admin"


def is_tree(value: JsonValue) -> TypeGuard[dict[str, JsonValue]]:
    """Whether this is such a file."""
    return isinstance(value, dict) and BOUNDARIES in value


def items(value: dict[str, JsonValue]) -> Iterator[JsonValue]:
    """Its units in document order, each as an import of units takes it; None for what is no unit.

    A hierarchy that is called as the division tree itself bears its tenant's name as well: ADMIN of pb.amritsar
    becomes pb_amritsar_admin.
    """
    trees = value[BOUNDARIES]
    for tree in trees if isinstance(trees, list) else [None]:
        kind = tree.get("hierarchyType") if isinstance(tree, dict) else None
        if not isinstance(tree, dict) or not isinstance(kind, dict):
            yield None
            continue
        key = _key(kind.get("code"))
        own: dict[str, JsonValue] = {
            "hierarchy": _key(value.get("tenantId"), key) if key == RESERVED else key,
            "hierarchy_name": kind.get("name"),
        }
        yield from _units(tree.get("boundary"), own, None)


def _units(found: JsonValue, own: dict[str, JsonValue], parent: JsonValue) -> Iterator[JsonValue]:
    for unit in found if isinstance(found, list) else [found]:
        if not isinstance(unit, dict):
            yield None
            continue
        code, label = unit.get("code"), unit.get("label")
        level = label.lower() if isinstance(label, str) else label
        yield {**own, "code": code, "level": level, "name": unit.get("name"), "parent": parent}
        if children := unit.get("children"):
            yield from _units(children, own, code)


def _key(*words: JsonValue) -> str:
    return "_".join(re.sub(r"\W+", "_", str(word).lower(), flags=re.ASCII) for word in words)
