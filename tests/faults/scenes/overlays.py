"""Scenes of old codes and of other hierarchies over the same ground."""

from contracts import grid
from contracts.grid import HierarchyLevel
from tests.faults.scenes.grid import CODES, drafts, version
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage
from tests.grid.sources import DAOYI, cell, rows

LEVELS = [
    HierarchyLevel(key="station", name_zh="派出所", order=1),
    HierarchyLevel(key="beat", name_zh="警务区", order=2),
]
IMPORTED = {"imports": 1, "grid.imported.v1": 1}
# an import that was cut short counts as unchanged what its first attempt wrote
ANSWER = {"read": 2, "rejected": []}
TWICE = ("before_write:2", "after_write:2")


async def stand(stage: Stage) -> None:
    """A street with its grids, and a hierarchy over it with one unit."""
    await drafts(stage)
    await stage.ask(grid.SaveHierarchy(caller=CALLER, key="police", name="公安", levels=LEVELS))
    station = {"hierarchy": "police", "code": "P01", "level": "station", "name": "派出所", "geometry": cell(0, 0)}
    report = await stage.ask(grid.ImportUnits(caller=CALLER, rows=rows(station)))
    assert not report.rejected, report


async def _aliases(_: Stage, number: int) -> grid.ImportAliases:
    old = ({"code": DAOYI, "alias": f"88{at:02d}{number:05d}"} for at in (1, 2))
    return grid.ImportAliases(caller=CALLER, rows=rows(*old))


async def _units(_: Stage, number: int) -> grid.ImportUnits:
    beat = {"hierarchy": "police", "level": "beat", "name": "警务区", "parent": "P01"}
    return grid.ImportUnits(caller=CALLER, rows=rows(*({**beat, "code": f"{at}{number}"} for at in "AB")))


async def _save(stage: Stage, number: int) -> grid.SaveHierarchy:
    told = {"key": f"h{number}", "name": "公安", "levels": LEVELS}
    await stage.ask(grid.SaveHierarchy(caller=CALLER, **told))
    expected = version(stage, "hierarchies", f"h{number}")
    return grid.SaveHierarchy(caller=CALLER, **{**told, "name": f"公安{number}"}, expected_version=expected)


async def _hierarchies(_: Stage, __: int) -> grid.ListHierarchies:
    return grid.ListHierarchies(caller=CALLER)


async def _listed(_: Stage, __: int) -> grid.ListUnits:
    return grid.ListUnits(caller=CALLER, hierarchy="police")


async def _over(_: Stage, __: int) -> grid.ListUnitsOver:
    return grid.ListUnitsOver(caller=CALLER, grid=CODES[0])


SCENES = [
    Scene(grid.ImportAliases, _aliases, {"territories": 1, **IMPORTED}, ANSWER, more=TWICE, stand=stand),
    Scene(grid.ImportUnits, _units, {"units": 2, **IMPORTED}, ANSWER, more=TWICE, stand=stand),
    Scene(grid.SaveHierarchy, _save, {"hierarchies": 1}, never=PUBLISHING, stand=stand),
    Scene(grid.ListHierarchies, _hierarchies, stand=stand),
    Scene(grid.ListUnits, _listed, stand=stand),
    Scene(grid.ListUnitsOver, _over, stand=stand),
]
