"""A made-up block with buildings, rooms and households in its grids."""

from typing import Any

from contracts.grid import ActivateGrids, ImportDwellings, SaveBuilding, SaveHousehold, SaveRoom
from contracts.shared import ImportReport, Point, Row
from services.grid.changing import activate
from services.grid.housing import save_building, save_household, save_room
from services.grid.importing import carry_out
from services.grid.store import GridStore
from tests.grid.sources import OPERATOR, chiefs, code, daoyi_rows, grid_rows, load, middle, person, rows

SIX = [code(number) for number in range(1, 7)]
CENTRE = [middle(column, row) for row in range(2) for column in range(3)]
CIVIL = "民政局"


def building_code(grid: str, number: int = 1) -> str:
    return f"{grid}{number:05d}"


def room_code(building: str, number: int = 1) -> str:
    return f"{building}-1-{number}"


def point(place: tuple[float, float]) -> Point:
    return Point(longitude=place[0], latitude=place[1])


HOUSE = building_code(SIX[0])
ROOM = room_code(HOUSE)


def live(store: GridStore) -> None:
    """Six active grids, each with a chief; the first three side by side in the south."""
    load(store, "divisions", daoyi_rows())
    load(store, "grids", grid_rows())
    load(store, "staff", rows(person("S1"), person("W1", "worker")))
    load(store, "assignments", chiefs(SIX))
    assert activate(store, ActivateGrids(caller=OPERATOR, codes=SIX)).activated == len(SIX)


def settle(
    store: GridStore, building: str = HOUSE, households: int = 1, place: tuple[float, float] | None = None
) -> None:
    """A building, a room and households H1, H2 … in it."""
    stands = point(place) if place else None
    save_building(store, SaveBuilding(caller=OPERATOR, code=building, compound="道义花园", point=stands))
    save_room(store, SaveRoom(caller=OPERATOR, code=room_code(building), floor=3))
    for number in range(1, households + 1):
        told = {"household_no": f"H{number}", "room": room_code(building), "department": CIVIL}
        save_household(store, SaveHousehold(caller=OPERATOR, **told))


def bring(store: GridStore, kind: str, given: list[Row], *, dry_run: bool = False) -> ImportReport:
    command = ImportDwellings(caller=OPERATOR, kind=kind, rows=given, dry_run=dry_run)  # type: ignore[arg-type]
    return carry_out(store, command)


def everything(store: GridStore) -> dict[str, list[Any]]:
    """Every document of the database."""
    database = store.grids.collection.database
    return {
        name: sorted(database[name].find(), key=lambda one: str(one["_id"]))
        for name in database.list_collection_names()
    }
