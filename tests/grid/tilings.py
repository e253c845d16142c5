"""Random tilings: squares given out at random, so that parcels come in parts, with holes, and share corners."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import shapely
from hypothesis import strategies as st
from shapely.geometry import mapping

SIDE = 5
CORNER = (123.0, 41.0)
STEP = 1 / 1024
NOBODY = "-"


class Tiling(NamedTuple):
    """Parcels by code, and who holds each square; whole where nobody holds none."""

    parcels: Mapping[str, dict[str, Any]]
    holders: Mapping[tuple[int, int], str]

    def around(self, x: int, y: int, parts: int) -> set[str]:
        """Who holds the squares that the place (x, y), counted in parts of a square, is in or at the edge of."""
        columns = {x // parts, (x - 1) // parts} if x % parts == 0 else {x // parts}
        rows = {y // parts, (y - 1) // parts} if y % parts == 0 else {y // parts}
        return {self.holders.get((column, row), NOBODY) for column in columns for row in rows} - {NOBODY}


def square(column: int, row: int) -> Any:
    west, south = CORNER[0] + column * STEP, CORNER[1] + row * STEP
    return shapely.box(west, south, west + STEP, south + STEP)


def tiling_of(holders: str) -> Tiling:
    """From the holder of each square, row by row from the south-west."""
    held = {(at % SIDE, at // SIDE): holder for at, holder in enumerate(holders)}
    parcels = {
        name: mapping(shapely.union_all([square(*at) for at, holder in held.items() if holder == name]))
        for name in sorted(set(holders) - {NOBODY})
    }
    return Tiling(parcels, held)


def tilings(*, whole: bool = False) -> st.SearchStrategy[Tiling]:
    """Five times five squares among at most six parcels."""
    names = "abcdef" if whole else f"abcdef{NOBODY}"
    return st.text(names, min_size=SIDE**2, max_size=SIDE**2).map(tiling_of)


# one in another one, in a third that comes in two parts
NESTED = tiling_of("aaaaa" + "abbba" + "ab-ba" + "abbba" + "aaaac")
