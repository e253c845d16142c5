"""What a plan lays out: the ground of the grids that there will be, and the households that live on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape
from shapely.ops import split

from contracts.faults import Invalid
from contracts.grid import Grid, PlanChange, PlanKind, PlannedGrid
from contracts.shared import Point
from services.grid.geometry import Surveyed, area_m2, survey

MOST_POSITIONS = 40_000
"""Of all grids that a plan tells of: they travel in one message."""


@dataclass(frozen=True)
class Laid:
    """A grid as it is to be. `told`: the number of households that the plan was given, None: they are shared out."""

    code: str
    name: str
    ground: Surveyed
    told: int | None
    households: int | None = None
    population: int | None = None

    @property
    def planned(self) -> PlannedGrid:
        """As people read it."""
        return PlannedGrid.model_validate(
            {
                "code": self.code,
                "name": self.name,
                "geometry": self.ground.geometry,
                "households": self.households,
            }
        )


def lay_out(command: PlanChange, sources: Sequence[Grid]) -> list[Laid]:
    """The ground of the grids that there will be, without households. CPU-heavy."""
    shapes = {source.code: shape(ground_of(source)) for source in sources}
    names = {source.code: source.name for source in sources}
    if command.cut:
        grounds: list[object] = list(_cut(shapes[command.sources[0]], command.cut))
    else:
        grounds = [one.geometry.model_dump() if one.geometry else None for one in command.grids]
    laid = []
    for at, (one, ground) in enumerate(zip(command.grids, grounds, strict=True)):
        # a grid that is adjusted keeps what it has; a merged one takes all
        whole = ground or mapping(shapes.get(one.code) or shapely.union_all(list(shapes.values())))
        laid.append(Laid(one.code, one.name or names[one.code], _surveyed(at, whole), one.households))
    tellable([one.ground.geometry for one in laid])
    return laid


def tellable(grounds: Sequence[Mapping[str, Any]]) -> None:
    """Whether so much ground can be told in one message; Invalid geometry_too_large."""
    positions = sum(int(shapely.get_num_coordinates(shape(one))) for one in grounds)
    if positions > MOST_POSITIONS:
        raise Invalid.field(
            "/grids",
            "geometry_too_large",
            f"方案图形共有 {positions} 个顶点, 上限 {MOST_POSITIONS}",
            f"{positions} vertices in all; at most {MOST_POSITIONS}",
        )


def shared_out(kind: PlanKind, laid: Sequence[Laid], sources: Sequence[Grid]) -> list[Laid]:
    """With households and population: what was told wins, the rest is shared by ground so that the sum is kept."""
    if not laid:
        return []
    rows = weights(laid, sources)
    told = [one.told for one in laid]
    households = _sums(kind, rows, [source.households for source in sources], told)
    population = _sums(kind, rows, [source.population for source in sources], [None] * len(laid))
    return [
        replace(one, households=homes, population=people)
        for one, homes, people in zip(laid, households, population, strict=True)
    ]


def shares(total: int, sizes: Sequence[float]) -> list[int]:
    """A number in parts as large as the sizes say, by the largest remainder: their sum is the number."""
    whole = sum(sizes)
    exact = [total * size / whole for size in sizes] if whole else [total / len(sizes)] * len(sizes)
    parts = [floor(part) for part in exact]
    for at in sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))[: total - sum(parts)]:
        parts[at] += 1
    return parts


def weights(laid: Sequence[Laid], sources: Sequence[Grid]) -> list[list[float]]:
    """Square metres of each source that go to each of the grids; where none do, the sizes of these."""
    drawn = [shape(one.ground.geometry) for one in laid]
    found = []
    for source in sources:
        ground = shape(ground_of(source))
        row = [area_m2(shapely.intersection(ground, one)) for one in drawn]
        found.append(row if any(row) else [one.ground.area_m2 for one in laid])
    return found


def ground_of(grid: Grid) -> Mapping[str, Any]:
    """The GeoJSON of a grid that is or was live."""
    if grid.geometry is None:
        raise ValueError("a live grid has a geometry")
    return grid.geometry.model_dump()


def _sums(
    kind: PlanKind, rows: Sequence[Sequence[float]], numbers: Sequence[int | None], told: Sequence[int | None]
) -> list[int | None]:
    if all(number is None for number in numbers):
        return list(told)
    if kind is PlanKind.ADJUST:
        moved = [shares(number or 0, row) for number, row in zip(numbers, rows, strict=True)]
        columns = zip(*moved, strict=True)
        return [sum(column) if given is None else given for given, column in zip(told, columns, strict=True)]
    left = max(sum(number or 0 for number in numbers) - sum(given or 0 for given in told), 0)
    open_places = [at for at, given in enumerate(told) if given is None]
    found = list(told)
    if open_places:
        totals = [sum(row[at] for row in rows) for at in open_places]
        for at, count in zip(open_places, shares(left, totals), strict=True):
            found[at] = count
    return found


def _cut(source: Any, line: Sequence[Point]) -> list[object]:
    """The two parts of a source, the western first, of equals the southern."""
    places = [(point.longitude, point.latitude) for point in line]
    try:
        parts = list(split(source, shapely.LineString(places)).geoms) if len(set(places)) > 1 else []
    except (ShapelyError, ValueError):
        parts = []
    if len(parts) != 2:
        raise Invalid.field(
            "/cut",
            "cut_invalid",
            f"切割线须把网格分成两部分, 现为 {len(parts)} 部分",
            f"a cut divides the grid in two; this one leaves {len(parts)} parts",
        )
    middles = {id(part): shapely.centroid(part) for part in parts}
    ordered = sorted(parts, key=lambda part: (round(middles[id(part)].x, 6), round(middles[id(part)].y, 6)))
    return [mapping(part) for part in ordered]


def _surveyed(at: int, ground: object) -> Surveyed:
    try:
        return survey(ground)
    except Invalid as fault:
        errors = [error.model_copy(update={"pointer": f"/grids/{at}{error.pointer}"}) for error in fault.errors]
        raise Invalid(fault.code, fault.zh, fault.en, errors) from None
