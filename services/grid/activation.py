"""What stands against a grid going live, for one or for hundreds at once."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import JsonValue

from contracts.faults import Fault, Refused
from contracts.grid import Grid
from services.chassis.ground import Ground, Outline
from services.grid.domain import grid_overlap
from services.grid.geometry import TOLERATED_M2, overhang_m2, overlaps
from services.grid.index import LARGE, Snapshot

Shapes = Mapping[str, Mapping[str, Any]]


class Claims(NamedTuple):
    """Ground that grids are to have, by code; which of them are large 大网格, and which large one each fills."""

    shapes: Shapes
    large: Collection[str] = ()
    overlays: Mapping[str, str] = {}

    def without(self, codes: Collection[str]) -> "Claims":
        """The other claims."""
        return self._replace(shapes={code: shape for code, shape in self.shapes.items() if code not in codes})

    def of(self, *, large: bool) -> Shapes:
        """What large ones, or what small ones are to have."""
        return {code: shape for code, shape in self.shapes.items() if (code in self.large) is large}


def claims_of(grids: Collection[Grid]) -> Claims:
    """The ground that grids are drawn with."""
    return Claims(
        {grid.code: grid.geometry.model_dump() for grid in grids if grid.geometry},
        {grid.code for grid in grids if grid.large},
        {grid.code: grid.overlay_of for grid in grids if grid.overlay_of},
    )


def shortcomings(grids: Collection[Grid], with_chief: Collection[str]) -> dict[str, Fault]:
    """Grids that lack a geometry or a chief 网格长."""
    faults: dict[str, Fault] = {}
    for grid in grids:
        if grid.geometry is None:
            faults[grid.code] = Refused(
                "grid_without_geometry", f"网格 {grid.code} 没有图形", f"grid {grid.code} has no geometry"
            )
        elif grid.code not in with_chief:
            faults[grid.code] = Refused(
                "grid_without_chief", f"网格 {grid.code} 没有网格长", f"grid {grid.code} has no chief"
            )
    return faults


def objections(claims: Claims, communities: Shapes, ground: Snapshot) -> dict[str, Fault]:
    """Claims that reach out of their community, take ground of an active grid or of an earlier claim of the same size,
    or part a small grid from the large one that it fills.

    Of two claims that overlap, the one with the smaller code is let in.
    """
    faults: dict[str, Fault] = {**outsiders(claims.shapes, communities)}
    while opposed := _opposed(claims.without(faults), ground):
        # a refused one keeps its old ground, which its fellows must now respect
        faults |= opposed
    return faults


def outsiders(candidates: Shapes, communities: Shapes) -> dict[str, Refused]:
    """Candidates that reach out of their community, where that has a geometry."""
    faults: dict[str, Refused] = {}
    for code, shape in candidates.items():
        community = communities.get(code[:12])
        outside = overhang_m2(shape, community) if community else 0.0
        if outside > TOLERATED_M2:
            faults[code] = _outside(code, code[:12], "community", outside)
    return faults


def parted(claims: Claims, ground: Snapshot) -> dict[str, Refused]:
    """Small grids that reach out of the large one that they fill, by the code of whichever of the two is claimed."""
    small, large = claims.of(large=False), claims.of(large=True)
    faults: dict[str, Refused] = {}
    for code, over, inner, outer in _fillings(small, large, claims.overlays, ground):
        outside = overhang_m2(inner, outer)
        if outside > TOLERATED_M2:
            faults.setdefault(code if code in small else over, _outside(code, over, "large", outside))
    return faults


def _opposed(claims: Claims, ground: Snapshot) -> dict[str, Fault]:
    taken = _taken(claims.of(large=False), ground.grids) | _taken(claims.of(large=True), ground.layer(LARGE))
    return {**parted(claims, ground), **taken}


def _taken(candidates: Shapes, ground: Ground) -> dict[str, Fault]:
    faults: dict[str, Fault] = {}
    for code, other, shared in overlaps(candidates, ground):
        if code not in faults and other not in faults:
            faults[code] = grid_overlap(code, other, shared)
    return faults


def _fillings(
    small: Shapes, large: Shapes, overlays: Mapping[str, str], ground: Snapshot
) -> Iterator[tuple[str, str, Outline, Outline]]:
    """Each small grid with the large one that it fills, where one of them is claimed and both are live then."""
    named = {code: over for code, over in ground.overlays.items() if over in large} | {
        code: over for code, over in overlays.items() if code in small
    }
    for code, over in named.items():
        inner = small.get(code) or ground.grids.get(code)
        outer = large.get(over) or ground.layer(LARGE).get(over)
        if inner and outer:
            yield code, over, inner, outer


def _outside(code: str, of: str, kind: Literal["community", "large"], area_m2: float) -> Refused:
    zh, en = {"community": ("社区", "community"), "large": ("大网格", "large grid")}[kind]
    facts: dict[str, JsonValue] = {kind: of, "area_m2": round(area_m2, 1)}
    return Refused(
        f"grid_outside_{kind}",
        f"网格 {code} 有 {area_m2:.0f} 平方米在{zh} {of} 之外",
        f"{area_m2:.0f} m² of grid {code} lie outside of {en} {of}",
        (),
        **facts,
    )
