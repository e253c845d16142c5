"""Files of buildings, rooms and households: good rows in, bad ones named by line, and never a private value."""

from typing import Any

import pytest
from pymongo.database import Database

from services.chassis import context
from services.grid.housing import building, household
from services.grid.store import GridStore
from tests.grid.homes import CENTRE, CIVIL, HOUSE, ROOM, SIX, bring, building_code, everything, live, room_code, settle
from tests.grid.sources import OPERATOR, code, numbers, rows

ID_NUMBER, PHONE = "23090219600101001X", "13900001111"


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    store = GridStore(database)
    live(store)
    return store


def faults(report: Any) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.key, fault.code) for fault in report.rejected]


def at(place: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [*place, 120.5]}


def twice(store: GridStore, kind: str, given: list[Any], *, good: int, bad: int) -> Any:
    """A dry run writes nothing, a run does what it said, a second one nothing; the report of the first."""
    before = everything(store)
    dry = bring(store, kind, given, dry_run=True)
    assert everything(store) == before
    report = bring(store, kind, given)
    assert numbers(dry) == numbers(report) == (good, 0, 0, bad)
    assert dry.rejected == report.rejected
    after = everything(store)
    assert numbers(bring(store, kind, given)) == (0, 0, good, bad)
    assert {name: found for name, found in everything(store).items() if name != "imports"} == {
        name: found for name, found in after.items() if name != "imports"
    }
    return report


def test_buildings(registry: GridStore) -> None:
    given = rows(
        {
            "code": HOUSE,
            "compound": "道义花园",
            "longitude": str(CENTRE[1][0]),
            "latitude": CENTRE[1][1],
            "floors": "6",
        },
        {"id": building_code(SIX[0], 2), "geometry": at(CENTRE[4])},
        {"code": building_code(SIX[2]), "address": ""},
        {"code": building_code(SIX[2]), "floors": 3},
        {"code": building_code(code(99))},
        {"code": "123", "floors": 1},
        {"code": building_code(SIX[3]), "longitude": 123.4},
        {"code": building_code(SIX[3], 2), "longitude": 45.7, "latitude": 131.0},
        {"code": building_code(SIX[3], 3), "geometry": {"type": "Polygon", "coordinates": []}},
    )
    report = twice(registry, "buildings", given, good=3, bad=6)
    assert faults(report) == [
        (5, building_code(SIX[2]), "duplicate_code"),
        (6, building_code(code(99)), "grid_code_invalid"),
        (7, "123", "row_invalid"),
        (8, building_code(SIX[3]), "row_invalid"),
        (9, building_code(SIX[3], 2), "row_invalid"),
        (10, building_code(SIX[3], 3), "row_invalid"),
    ]
    placed = [building(registry, one.values.get("code") or one.values["id"]).grid for one in given[:3]]  # type: ignore[arg-type]
    assert placed == [SIX[1], SIX[4], SIX[2]]


def test_households_follow_a_building_that_a_file_moves(registry: GridStore) -> None:
    settle(registry, households=2)
    moved = rows({"code": HOUSE, "longitude": CENTRE[5][0], "latitude": CENTRE[5][1]})
    assert numbers(bring(registry, "buildings", moved, dry_run=True)) == (0, 1, 0, 0)
    assert household(registry, "H1", OPERATOR).grid == SIX[0]
    assert numbers(bring(registry, "buildings", moved)) == (0, 1, 0, 0)
    assert [household(registry, number, OPERATOR).grid for number in ("H1", "H2")] == [SIX[5]] * 2
    assert registry.dwellings.buildings.moved() == []


def test_rooms(registry: GridStore) -> None:
    settle(registry, households=0)
    given = rows(
        {"code": room_code(HOUSE, 2), "floor": "-1", "use": "storage"},
        {"code": room_code(building_code(SIX[1]))},
        {"code": HOUSE},
        {"code": room_code(HOUSE, 3), "use": "castle"},
    )
    report = twice(registry, "rooms", given, good=1, bad=3)
    assert [(line, fault) for line, _, fault in faults(report)] == [
        (3, "building_unknown"),
        (4, "row_invalid"),
        (5, "row_invalid"),
    ]
    assert numbers(bring(registry, "rooms", rows({"code": ROOM, "use": "shop"}))) == (0, 1, 0, 0)


def test_the_rows_of_a_household_are_gathered(registry: GridStore) -> None:
    settle(registry, households=0)
    given = rows(
        {"household_no": "H1", "room": ROOM, "care": "living_alone、disabled", "size": 2, "person_name": "李小明"},
        {"household_no": "H2", "room": ROOM, "department": "公安局"},
        {"household_no": "H1", "person_name": "王五", "relation": "配偶", "id_number": ID_NUMBER.lower()},
        {"household_no": "H1", "size": "2", "person_name": "王六", "phone": "+86 139-0000-1111"},
        {"household_no": "H1", "person_name": "王六", "phone": PHONE},
    )
    for row in given:
        row.values.setdefault("department", CIVIL)
    twice(registry, "households", given, good=5, bad=0)
    told = household(registry, "H1", OPERATOR)
    assert [one.name for one in told.persons] == ["李**", "王*", "王*"]
    assert (told.size, told.care, told.sources["persons"].department) == (2, ["disabled", "living_alone"], CIVIL)
    kept = registry.dwellings.households.private("H1")
    assert kept is not None
    assert [(one.id_number, one.phone) for one in kept.persons] == [(None, None), (ID_NUMBER, None), (None, PHONE)]
    more = rows({"household_no": "H1", "department": CIVIL, "size": 3})
    assert numbers(bring(registry, "households", more)) == (0, 1, 0, 0)
    assert len(household(registry, "H1", OPERATOR).persons) == 3


def test_a_household_with_a_wrong_row_is_not_taken_and_no_value_is_told(registry: GridStore) -> None:
    settle(registry, households=0)
    canary = ["金丝雀甲", "9" * 17, "1390000金", "金丝雀乙", "金丝雀丙", "金丝雀丁*", "金丝雀戊"]
    given = rows(
        {"household_no": "A", "room": ROOM, "department": CIVIL, "person_name": canary[0]},
        {"household_no": "A", "person_name": "某", "id_number": canary[1]},
        {"household_no": "B", "room": ROOM, "department": CIVIL, "person_name": "某", "phone": canary[2]},
        {"household_no": "C", "room": ROOM, "department": CIVIL, "size": 2, "person_name": canary[3]},
        {"household_no": "C", "size": 3, "person_name": canary[4]},
        {"household_no": "D", "room": ROOM, "department": CIVIL, "person_name": canary[5]},
        {"household_no": "E", "room": ROOM, "department": CIVIL, "phone": PHONE},
        {"household_no": "F", "room": room_code(HOUSE, 9), "department": CIVIL, "person_name": canary[6]},
        {"household_no": "G", "room": ROOM},
        {"household_no": "H", "department": CIVIL},
        {"room": ROOM, "person_name": canary[6]},
    )
    report = twice(registry, "households", given, good=0, bad=11)
    assert faults(report) == [
        (2, "A", "household_incomplete"),
        (3, "A", "row_invalid"),
        (4, "B", "row_invalid"),
        (5, "C", "household_contradicted"),
        (6, "C", "household_contradicted"),
        (7, "D", "masked_value"),
        (8, "E", "missing"),
        (9, "F", "room_unknown"),
        (10, "G", "missing"),
        (11, "H", "missing"),
        (12, "", "row_invalid"),
    ]
    assert not any(value in report.model_dump_json() for value in [*canary, PHONE])
    assert "id_number" in report.rejected[1].message


def test_a_file_does_not_ask_again_for_what_another_department_has(registry: GridStore) -> None:
    settle(registry, households=0)
    until = "2099-01-01T00:00:00+08:00"
    first = rows({"household_no": "H1", "room": ROOM, "size": 1, "department": CIVIL, "do_not_recollect_until": until})
    twice(registry, "households", first, good=1, bad=0)
    second = rows({"household_no": "H1", "size": 2, "department": "公安局"})
    report = bring(registry, "households", second)
    assert faults(report) == [(2, "H1", "do_not_recollect")]
    assert CIVIL in report.rejected[0].message
    assert household(registry, "H1", OPERATOR).size == 1


def test_a_redelivered_file_answers_what_it_did(registry: GridStore) -> None:
    settle(registry, households=0)
    given = rows({"household_no": "H1", "room": ROOM, "department": CIVIL})
    with context.applying("gateway:import_dwellings:one", None):
        first = bring(registry, "households", given)
        assert bring(registry, "households", rows({})) == first
    assert first.created == 1
