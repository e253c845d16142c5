"""Scenes of buildings, rooms, households and visits."""

from typing import Any

from contracts import grid
from contracts.shared import Caller, Point, Scope
from tests.faults.scenes import grid as ground
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage
from tests.grid.homes import CENTRE, CIVIL, HOUSE, ROOM, building_code, room_code
from tests.grid.sources import code, rows

TRUSTED = Caller(client="tester", scopes=frozenset({Scope.PII_READ}), actor="演练员")
STREETS = [building_code(code(number)) for number in range(1, 13)]


async def stand(stage: Stage) -> None:
    """Live ground, a building in each of twelve grids, and one household in a room of the first."""
    await ground.stand(stage)
    await stage.ask(_file("buildings", *({"code": one} for one in STREETS)))
    await stage.ask(grid.SaveRoom(caller=CALLER, code=ROOM))
    await stage.ask(_household("H1", room=ROOM, size=2))


def _file(kind: str, *told: dict[str, Any]) -> grid.ImportDwellings:
    return grid.ImportDwellings(caller=CALLER, kind=kind, rows=rows(*told))  # type: ignore[arg-type]


def _household(number: str, **told: Any) -> grid.SaveHousehold:
    return grid.SaveHousehold(caller=CALLER, household_no=number, department=CIVIL, **told)


async def _move(stage: Stage, number: int) -> grid.SaveBuilding:
    """To the second grid, and the household that lives there with it."""
    moving = building_code(code(1), number + 100)
    await stage.ask(grid.SaveBuilding(caller=CALLER, code=moving))
    await stage.ask(grid.SaveRoom(caller=CALLER, code=room_code(moving)))
    await stage.ask(_household(f"M{number}", room=room_code(moving)))
    longitude, latitude = CENTRE[1]
    return grid.SaveBuilding(caller=CALLER, code=moving, point=Point(longitude=longitude, latitude=latitude))


async def _room(_: Stage, number: int) -> grid.SaveRoom:
    return grid.SaveRoom(caller=CALLER, code=room_code(HOUSE, number + 100), floor=1)


async def _save(stage: Stage, number: int) -> grid.SaveHousehold:
    await stage.ask(_household(f"S{number}", room=ROOM))
    persons = [grid.Person(name="合成", phone="10000000000")]
    return _household(f"S{number}", persons=persons, expected_version=1)


async def _look(_: Stage, __: int) -> grid.LookAtHousehold:
    return grid.LookAtHousehold(caller=TRUSTED, household_no="H1", purpose="核实低保申请")


async def _visit(_: Stage, __: int) -> grid.RecordVisit:
    return grid.RecordVisit(caller=CALLER, household_no="H1", staff_no="W1", purpose="月访", note="合成")


async def _import(_: Stage, number: int) -> grid.ImportDwellings:
    told = {"room": ROOM, "department": CIVIL, "person_name": "合成"}
    return _file("households", {"household_no": f"I{number}", **told}, {"household_no": f"J{number}", **told})


def _query(query: type[Any], **told: Any) -> Scene:
    async def order(_: Stage, __: int) -> Any:
        return query(caller=CALLER, **told)

    return Scene(query, order, stand=stand)


SCENES = [
    Scene(
        grid.SaveBuilding,
        _move,
        {"buildings": 1, "households": 1, "grid.household_changed.v1": 1},
        answer={"grid": code(2), "version": 2},
        more=("before_write:2", "after_write:2"),
        stand=stand,
    ),
    Scene(grid.SaveRoom, _room, {"rooms": 1}, never=PUBLISHING, stand=stand),
    Scene(
        grid.SaveHousehold,
        _save,
        {"households": 1, "grid.household_changed.v1": 1},
        answer={
            "version": 2,
            "persons": [{"name": "合*", "relation": None, "id_number": None, "phone": "100****0000"}],
        },
        stand=stand,
    ),
    Scene(grid.LookAtHousehold, _look, {"accesses": 1}, answer={"persons": []}, never=PUBLISHING, stand=stand),
    Scene(grid.RecordVisit, _visit, {"visits": 1}, answer={"grid": code(1)}, never=PUBLISHING, stand=stand),
    Scene(
        grid.ImportDwellings,
        _import,
        {"households": 2, "grid.household_changed.v1": 2, "imports": 1, "grid.imported.v1": 1},
        answer={"read": 2, "rejected": []},
        more=("before_write:2", "after_write:2"),
        stand=stand,
    ),
    _query(grid.GetBuilding, code=STREETS[0]),
    _query(grid.ListBuildings),
    _query(grid.ListRooms, building=HOUSE),
    _query(grid.GetHousehold, household_no="H1"),
    _query(grid.ListHouseholds),
    _query(grid.ListAccesses),
    _query(grid.ListVisits),
]
