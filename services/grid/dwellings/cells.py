"""Squares of the map by which buildings are found in a box, a hundredth of a degree wide (some 0.8 by 1.1 km)."""

from math import floor

from contracts.shared import Extent, Point

MOST_CELLS = 100


def cell_of(point: Point) -> str:
    """The square that holds the point."""
    return _name(_step(point.longitude), _step(point.latitude))


def cells_of(box: Extent) -> list[str] | None:
    """The squares that a box touches, sorted; None when there are too many to look into one by one."""
    columns = range(_step(box.west), _step(box.east) + 1)
    rows = range(_step(box.south), _step(box.north) + 1)
    if len(columns) * len(rows) > MOST_CELLS:
        return None
    return sorted(_name(column, row) for column in columns for row in rows)


def _step(degrees: float) -> int:
    return floor(degrees * 100)


def _name(column: int, row: int) -> str:
    return f"{column}:{row}"
