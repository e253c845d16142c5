"""Scenes of what geographic programs read."""

from contracts import grid
from tests.faults.scenes.grid import CODES
from tests.faults.scenes.scene import CALLER, Scene
from tests.faults.stage import Stage


async def _page(_: Stage, __: int) -> grid.ListFeatures:
    return grid.ListFeatures(caller=CALLER, collection="grids", limit=5)


async def _one(_: Stage, __: int) -> grid.GetFeature:
    return grid.GetFeature(caller=CALLER, collection="grids", id=CODES[0])


async def _extents(_: Stage, __: int) -> grid.GetExtents:
    return grid.GetExtents(caller=CALLER)


SCENES: list[Scene] = [
    Scene(grid.ListFeatures, _page),
    Scene(grid.GetFeature, _one, answer={"id": CODES[0]}),
    Scene(grid.GetExtents, _extents),
]
