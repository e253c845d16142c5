"""多网合一: other trees over the same ground, their units, and which of them lie over a grid."""

from collections.abc import Sequence
from typing import Any

from contracts.faults import Invalid
from contracts.grid import Hierarchy, ListUnits, ListUnitsOver, SaveHierarchy, Unit, UnitOver
from contracts.shared import Page
from services.chassis.cpu import heavy
from services.chassis.ground import Ground
from services.grid.changing import held
from services.grid.domain import stale
from services.grid.geometry import overlaps
from services.grid.levels import (
    ADMIN,
    MOST_HIERARCHIES,
    check_levels,
    hierarchies_too_many,
    hierarchy_built_in,
    hierarchy_unknown,
)
from services.grid.store import GridStore


def save(store: GridStore, command: SaveHierarchy) -> Hierarchy:
    """A new hierarchy, or other names and further levels of a known one."""
    if command.key == ADMIN.key:
        raise hierarchy_built_in()
    check_levels(command.levels)
    levels = sorted(command.levels, key=lambda level: level.order)
    wanted = Hierarchy(key=command.key, name=command.name, levels=levels)
    standing = store.hierarchies.one(command.key)
    if standing and store.hierarchies.done(command.key):
        return standing
    if standing is None:
        if len(store.hierarchies.all()) >= MOST_HIERARCHIES:
            raise hierarchies_too_many()
        if not store.hierarchies.insert(store.hierarchies.new(wanted).document):
            raise stale()
        return wanted
    command.check_version(standing.version)
    check_levels(levels, standing.levels)
    wanted = wanted.model_copy(update={"version": standing.version})
    if wanted == standing:
        return standing
    write = store.hierarchies.changed(standing.version, wanted)
    store.hierarchies.update(write.id, write.version, write.change)
    return wanted.model_copy(update={"version": standing.version + 1})


def units(store: GridStore, query: ListUnits) -> Page[Unit]:
    """Of one hierarchy, by code."""
    if query.hierarchy == ADMIN.key:
        raise Invalid.field(
            "/hierarchy",
            "hierarchy_built_in",
            "行政区划请查 /v1/territories",
            "the division tree has requests of its own",
        )
    if store.hierarchies.one(query.hierarchy) is None:
        raise hierarchy_unknown(query.hierarchy)
    return store.units.page(query)


def units_over(store: GridStore, query: ListUnitsOver) -> Page[UnitOver]:
    """By hierarchy and code; what is shared must be more than a drawing's inaccuracy."""
    grid = held(store, query.grid).grid
    if grid.geometry is None or not grid.area_m2:
        return Page(items=[])
    layers = list(store.overlays.snapshot.layers.values())
    shared = heavy(_shared, grid.code, grid.geometry.model_dump(), layers)
    return Page(
        items=[
            UnitOver(
                hierarchy=unit.hierarchy,
                code=unit.code,
                level=unit.level,
                name=unit.name,
                share=round(min(shared[f"{unit.hierarchy}/{unit.code}"] / grid.area_m2, 1.0), 4),
            )
            for unit in store.units.named(shared)
        ]
    )


def _shared(code: str, geometry: dict[str, Any], layers: Sequence[Ground]) -> dict[str, float]:
    return {other: m2 for layer in layers for _, other, m2 in overlaps({code: geometry}, layer)}
