"""What stands against a grid going live, for one or for hundreds at once."""

from collections.abc import Collection, Mapping
from typing import Any

from contracts.faults import Fault, Refused
from contracts.grid import Grid
from services.chassis.ground import Ground
from services.grid.domain import grid_outside_community, grid_overlap
from services.grid.geometry import TOLERATED_M2, overhang_m2, overlaps

Shapes = Mapping[str, Mapping[str, Any]]


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


def objections(candidates: Shapes, communities: Shapes, ground: Ground) -> dict[str, Fault]:
    """Candidates that reach out of their community or take ground of an active grid or of an earlier candidate.

    Of two candidates that overlap, the one with the smaller code is let in.
    """
    faults: dict[str, Fault] = {**outsiders(candidates, communities)}
    while opposed := _taken({code: shape for code, shape in candidates.items() if code not in faults}, ground):
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
            faults[code] = grid_outside_community(code, outside)
    return faults


def _taken(candidates: Shapes, ground: Ground) -> dict[str, Fault]:
    faults: dict[str, Fault] = {}
    for code, other, shared in overlaps(candidates, ground):
        if code not in faults and other not in faults:
            faults[code] = grid_overlap(code, other, shared)
    return faults
