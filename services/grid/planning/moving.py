"""Where the buildings of a plan's sources go, and what that moves between grids."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contracts.grid import HouseholdsMoved, PlanKind
from contracts.shared import Point
from services.chassis.ground import Ground
from services.grid.activation import Shapes


class Registered(NamedTuple):
    """A building in its grid, and how many households are registered in it."""

    building: str
    grid: str
    point: Point | None
    households: int


def main_of(kind: PlanKind, areas: Mapping[str, float]) -> str | None:
    """The grid that takes what has no place of its own; None: that stays where it is.

    `areas` are those of the grids that follow, by code and in their order: the largest one, of a retired grid the
    first.
    """
    if kind is PlanKind.ADJUST or not areas:
        return None
    return next(iter(areas)) if kind is PlanKind.RETIRE else max(areas, key=lambda code: areas[code])


def destinations(registered: Sequence[Registered], followers: Shapes, main: str | None) -> dict[str, str]:
    """The grid that each building will be in, where that is another one. CPU-heavy."""
    ground = Ground(followers.items())
    placed = [one for one in registered if one.point]
    hits = ground.locate_many([(one.point.longitude, one.point.latitude) for one in placed if one.point])
    held = {one.building: hit.code for one, hit in zip(placed, hits, strict=True) if hit}
    going = {one.building: held.get(one.building, main or one.grid) for one in registered}
    return {one.building: going[one.building] for one in registered if going[one.building] != one.grid}


def moved(
    homes: Mapping[tuple[str, str], int], registered: Sequence[Registered], going: Mapping[str, str]
) -> list[HouseholdsMoved]:
    """Households by the grids' own numbers (`homes`, from and to) and buildings by the register.

    Where grids have no numbers, what is registered counts.
    """
    buildings, counted = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in registered:
        if one.building in going:
            buildings[one.grid, going[one.building]] += 1
            counted[one.grid, going[one.building]] += one.households
    return [
        HouseholdsMoved(source=way[0], to=way[1], households=homes.get(way, counted[way]), buildings=buildings[way])
        for way in sorted(homes.keys() | buildings.keys())
    ]
