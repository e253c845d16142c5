"""Buildings, rooms, households and visits on the real store."""

from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from contracts.faults import Conflict, Fault, Forbidden, Invalid, NotFound
from contracts.grid import (
    CareTag,
    ListAccesses,
    ListBuildings,
    ListHouseholds,
    ListRooms,
    ListVisits,
    LookAtHousehold,
    Person,
    RecordVisit,
    SaveBuilding,
    SaveHousehold,
    SaveRoom,
)
from contracts.shared import Caller, Scope
from services.chassis import context, cursors
from services.grid.answering import figures
from services.grid.housing import (
    building,
    household,
    list_buildings,
    list_households,
    list_rooms,
    save_building,
    save_household,
    save_room,
)
from services.grid.store import GridStore, walks
from services.grid.visiting import look, record_visit
from tests.grid.homes import CENTRE, CIVIL, HOUSE, ROOM, SIX, building_code, live, point, room_code, settle
from tests.grid.sources import OPERATOR, code, middle

READER = Caller(client="reader", scopes=frozenset({Scope.GRID_READ}))
TRUSTED = Caller(client="trusted", actor="李督查", scopes=frozenset({Scope.GRID_READ, Scope.PII_READ}))
FAMILY = [Person(name="李小明", relation="户主", id_number="23090219600101001X", phone="13900001111")]


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    store = GridStore(database)
    live(store)
    return store


def refused(work: Any, *told: Any) -> tuple[type[Fault], str]:
    with pytest.raises(Fault) as fault:
        work(*told)
    return type(fault.value), fault.value.code


def built(store: GridStore, code: str, **facts: Any) -> Any:
    return save_building(store, SaveBuilding(caller=OPERATOR, code=code, **facts))


def said(store: GridStore, number: str, **fields: Any) -> Any:
    return save_household(store, SaveHousehold(caller=OPERATOR, household_no=number, **{"department": CIVIL, **fields}))


def events(store: GridStore) -> list[dict[str, Any]]:
    found = store.dwellings.households.collection.find({}, {"outbox": 1}).sort("_id", 1)
    return [entry for one in found for entry in one["outbox"]]


def test_a_building_is_in_the_grid_of_its_point(registry: GridStore) -> None:
    own = built(registry, HOUSE, compound="道义花园", floors=6)
    assert (own.grid, own.path[-1], own.version) == (SIX[0], SIX[0][:12], 1)
    moved = built(registry, HOUSE, point=point(CENTRE[1]))
    assert (moved.grid, moved.floors, moved.version) == (SIX[1], 6, 2)
    assert [entry.note for entry in moved.timeline] == ["compound, floors", "point, grid"]
    outside = built(registry, HOUSE, point=point(middle(9, 9)))
    assert outside.grid == SIX[1]
    assert built(registry, HOUSE, point=point(middle(9, 9))).version == outside.version
    assert built(registry, building_code(SIX[2]), point=point(middle(9, 9))).grid == SIX[2]
    assert built(registry, building_code(SIX[2], 2), point=point(CENTRE[5])).grid == SIX[5]


def test_a_building_belongs_to_a_grid_that_is_known_and_has_not_ended(registry: GridStore) -> None:
    assert refused(built, registry, building_code(code(99))) == (Invalid, "grid_code_invalid")
    registry.grids.collection.update_one({"_id": SIX[5]}, {"$set": {"state": "retired"}})
    assert refused(built, registry, building_code(SIX[5]))[1] == "grid_ended"
    registry.grids.collection.update_one({"_id": SIX[5]}, {"$set": {"state": "active"}})
    built(registry, building_code(SIX[5]))
    registry.grids.collection.update_one({"_id": SIX[5]}, {"$set": {"state": "retired"}})
    assert built(registry, building_code(SIX[5]), floors=7).grid == SIX[5]
    assert refused(building, registry, HOUSE) == (NotFound, "building_unknown")
    stale = SaveBuilding(caller=OPERATOR, code=building_code(SIX[5]), floors=8, expected_version=1)
    assert refused(save_building, registry, stale) == (Conflict, "version_stale")


def test_households_follow_their_building(registry: GridStore) -> None:
    settle(registry, households=3, place=CENTRE[0])
    assert built(registry, HOUSE, point=point(CENTRE[4])).grid == SIX[4]
    listed = list_households(registry, ListHouseholds(caller=OPERATOR, grid=SIX[4])).items
    assert [(one.household_no, one.grid, one.version) for one in listed] == [(f"H{n}", SIX[4], 2) for n in (1, 2, 3)]
    assert list_households(registry, ListHouseholds(caller=OPERATOR, grid=SIX[0])).items == []
    assert list_rooms(registry, ListRooms(caller=OPERATOR, building=HOUSE)).items[0].grid == SIX[4]
    assert sum('"fields":["grid"]' in entry["body"] for entry in events(registry)) == 3


def test_what_a_dead_process_left_behind_is_followed_by_the_clock(registry: GridStore) -> None:
    settle(registry, households=2)
    buildings, households = registry.dwellings.buildings, registry.dwellings.households
    standing = buildings.standing([HOUSE])[HOUSE]
    (moved,) = buildings.update_many([buildings.changed(standing.building, {}, SIX[3], "x")])
    assert (moved, buildings.moved()) == ("written", [HOUSE])
    registry.dwellings.follow_moved()
    registry.dwellings.follow_moved()
    assert buildings.moved() == []
    found = households.of_buildings([HOUSE])
    assert {number: (home.grid, version) for number, (home, version) in found.items()} == {
        "H1": (SIX[3], 2),
        "H2": (SIX[3], 2),
    }


def test_buildings_are_moved_in_bulk_and_once(registry: GridStore) -> None:
    settle(registry, households=2, place=CENTRE[0])
    other = building_code(SIX[0], 2)
    built(registry, other)
    assert registry.dwellings.registered([SIX[0], SIX[1]]) == [
        (HOUSE, SIX[0], point(CENTRE[0]), 2),
        (other, SIX[0], None, 0),
    ]
    for _ in range(2):
        registry.dwellings.regrid({HOUSE: SIX[1], other: SIX[2], building_code(SIX[4]): SIX[0]}, "plan")
        registry.dwellings.follow_moved()
    assert registry.dwellings.registered([SIX[0]]) == []
    assert registry.dwellings.registered(SIX) == [(HOUSE, SIX[1], point(CENTRE[0]), 2), (other, SIX[2], None, 0)]
    now = building(registry, HOUSE)
    assert (now.grid, now.version, now.timeline[-1].actor, now.timeline[-1].note) == (SIX[1], 2, "plan", "grid")
    assert household(registry, "H1", OPERATOR).grid == SIX[1]


def test_lists_of_buildings_go_on_where_they_ended(registry: GridStore) -> None:
    for at, place in enumerate(CENTRE):
        for number in range(1, 4):
            beside = (place[0] + number / 10_000, place[1])
            compound = f"小区{number}" if at % 2 else None
            built(registry, building_code(SIX[at], number), point=point(beside), compound=compound)

    def walked(**asked: Any) -> list[str]:
        found, cursor = [], None
        while True:
            page = list_buildings(registry, ListBuildings(caller=READER, cursor=cursor, limit=2, **asked))
            found += [one.code for one in page.items]
            cursor = page.next
            if cursor is None:
                return found

    whole = [building_code(grid, number) for grid in SIX for number in range(1, 4)]
    assert walked() == whole
    assert walked(grid=SIX[1]) == whole[3:6]
    assert walked(compound="小区2") == [whole[4], whole[10], whole[16]]
    assert walked(grid=SIX[1], compound="小区2") == [whole[4]]
    west, south = CENTRE[0]
    assert sorted(walked(bbox=(west, south, west + 0.00025, south))) == whole[:2]
    assert walked(bbox=(west - 1, south - 1, west + 0.00025, south + 1)) == [*whole[:2], *whole[9:11]]
    assert walked(bbox=(0, 0, 1, 1)) == walked(bbox=(1, 1, 0, 0)) == []
    with pytest.raises(Invalid, match="cursor_invalid"):
        list_buildings(registry, ListBuildings(caller=READER, cursor="nonsense"))


def test_a_page_that_would_read_too_much_ends_early(registry: GridStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "MOST_READ", 1)
    for at in (1, 4):
        built(registry, building_code(SIX[at]), point=point(CENTRE[at]))
    asked = ListBuildings(caller=READER, bbox=(0, 0, 100, 50))
    first = list_buildings(registry, asked)
    second = list_buildings(registry, asked.model_copy(update={"cursor": first.next}))
    assert (first.items, second.items, second.next) == ([], [], None)


def test_a_room_belongs_to_a_known_building(registry: GridStore) -> None:
    assert refused(save_room, registry, SaveRoom(caller=OPERATOR, code=ROOM)) == (NotFound, "building_unknown")
    built(registry, HOUSE)
    assert save_room(registry, SaveRoom(caller=OPERATOR, code=ROOM, floor=3)).use == "dwelling"
    shop = save_room(registry, SaveRoom(caller=OPERATOR, code=ROOM, use="shop"))
    assert (shop.floor, shop.use, shop.grid, shop.version) == (3, "shop", SIX[0], 2)
    assert save_room(registry, SaveRoom(caller=OPERATOR, code=ROOM, use="shop")).version == 2
    assert refused(list_rooms, registry, ListRooms(caller=READER, building=HOUSE[:-1] + "9"))[1] == "building_unknown"


def test_a_household_has_masked_persons_and_a_source_for_each_field(registry: GridStore) -> None:
    settle(registry, households=0)
    assert refused(said, registry, "H1") == (Invalid, "missing")
    assert refused(lambda: said(registry, "H1", room=room_code(HOUSE, 9))) == (NotFound, "room_unknown")
    care = [CareTag.LIVING_ALONE, CareTag.DISABLED]
    told = said(registry, "H1", room=ROOM, size=1, care=care, persons=FAMILY)
    assert told.persons[0].model_dump() == {
        "name": "李**",
        "relation": "户*",
        "id_number": "230***********001X",
        "phone": "139****1111",
    }
    assert {name: source.department for name, source in told.sources.items()} == dict.fromkeys(
        ("room", "size", "care", "persons"), CIVIL
    )
    assert (told.grid, told.building, told.care) == (SIX[0], HOUSE, sorted(care))
    assert household(registry, "H1", READER).care == []
    assert said(registry, "H1", size=1, persons=FAMILY).version == 1
    changed = said(registry, "H1", persons=[*FAMILY, Person(name="王五")])
    assert (changed.version, changed.timeline[-1].note) == (2, "persons")
    stored = registry.dwellings.households.collection.find_one({"_id": "H1"}) or {}
    private = stored.pop("private")
    assert [one["name"] for one in private["persons"]] == ["李小明", "王五"]
    assert not any(value in repr(stored) for value in ("李小明", "王五", "23090219600101001X", "13900001111", "户主"))


def test_another_department_does_not_ask_again(registry: GridStore) -> None:
    settle(registry, households=0)
    soon = context.now() + timedelta(days=30)
    said(registry, "H1", room=ROOM, size=1, do_not_recollect_until=soon)
    assert refused(lambda: said(registry, "H1", size=2, department="公安局"))[1] == "do_not_recollect"
    health = Caller(client="h", department="卫健委", scopes=frozenset({Scope.GRID_WRITE}))
    claimed = SaveHousehold(caller=health, household_no="H1", care=[], department=CIVIL)
    assert refused(save_household, registry, claimed) == (Forbidden, "department_foreign")
    own = save_household(registry, SaveHousehold(caller=health, household_no="H1", care=[CareTag.VETERAN]))
    assert (own.sources["care"].department, own.sources["size"].department) == ("卫健委", CIVIL)


def test_households_are_listed_by_place_and_care(registry: GridStore) -> None:
    for at in (0, 3):
        settle(registry, building_code(SIX[at]), households=0)
    for number in range(8):
        care = [CareTag.EMPTY_NEST] if number % 2 else []
        said(registry, f"N{number}", room=room_code(building_code(SIX[0 if number < 4 else 3])), care=care)

    def walked(caller: Caller = OPERATOR, **asked: Any) -> list[str]:
        found, cursor = [], None
        while True:
            page = list_households(registry, ListHouseholds(caller=caller, cursor=cursor, limit=3, **asked))
            found += [one.household_no for one in page.items]
            cursor = page.next
            if cursor is None:
                return found

    assert walked() == walked(READER) == [f"N{number}" for number in range(8)]
    assert walked(grid=SIX[3]) == walked(building=building_code(SIX[3])) == ["N4", "N5", "N6", "N7"]
    assert walked(care=CareTag.EMPTY_NEST) == ["N1", "N3", "N5", "N7"]
    assert walked(care=CareTag.EMPTY_NEST, grid=SIX[0]) == ["N1", "N3"]
    assert walked(care=CareTag.EMPTY_NEST, building=building_code(SIX[3])) == ["N5", "N7"]
    assert walked(grid=SIX[0], building=building_code(SIX[3])) == []
    assert refused(lambda: walked(READER, care=CareTag.EMPTY_NEST)) == (Forbidden, "scope_missing")


def test_a_look_is_written_down_once_and_shows_what_was_asked_for(registry: GridStore) -> None:
    settle(registry, households=2)
    said(registry, "H1", persons=FAMILY, care=[CareTag.DISABLED])
    asked = LookAtHousehold(caller=TRUSTED, household_no="H1", purpose="核实低保申请")
    with context.applying("trusted:look:1", None):
        first, again = look(registry, asked), look(registry, asked)
        other = asked.model_copy(update={"fields": ["care"]})
        assert refused(look, registry, other) == (Conflict, "idempotency_mismatch")
        assert refused(look, registry, asked.model_copy(update={"household_no": "H2"}))[1] == "idempotency_mismatch"
    assert first == again
    assert (first.persons, first.care) == (FAMILY, None)
    assert look(registry, other).care == [CareTag.DISABLED]
    assert refused(look, registry, asked.model_copy(update={"household_no": "H9"})) == (NotFound, "household_unknown")
    look(registry, asked.model_copy(update={"household_no": "H2"}))
    every = registry.dwellings.accesses.listed(ListAccesses(caller=OPERATOR)).items
    assert [(one.household_no, one.fields) for one in every] == [
        ("H2", ["persons"]),
        ("H1", ["care"]),
        ("H1", ["persons"]),
    ]
    assert (every[2].id, every[2].who, every[2].client, every[2].purpose) == (
        first.access,
        "李督查",
        "trusted",
        "核实低保申请",
    )
    page = registry.dwellings.accesses.listed(ListAccesses(caller=OPERATOR, household_no="H1", limit=1))
    rest = registry.dwellings.accesses.listed(ListAccesses(caller=OPERATOR, household_no="H1", cursor=page.next))
    assert [*page.items, *rest.items] == every[1:]


def test_a_visit_is_by_known_staff_and_not_in_the_future(registry: GridStore) -> None:
    settle(registry)
    now = context.now()

    def visit(**told: Any) -> Any:
        return record_visit(
            registry,
            RecordVisit(caller=OPERATOR, **{"household_no": "H1", "staff_no": "W1", "purpose": "月访", **told}),
        )

    assert refused(lambda: visit(household_no="H9")) == (NotFound, "household_unknown")
    assert refused(lambda: visit(staff_no="W9")) == (NotFound, "staff_unknown")
    assert refused(lambda: visit(visited_at=now + timedelta(hours=1))) == (Invalid, "visited_at_invalid")
    assert refused(lambda: visit(visited_at=now.replace(year=1000))) == (Invalid, "visited_at_invalid")
    with context.applying("visit:1", None):
        first = visit(note="她说腿疼", visited_at=now - timedelta(days=400))
        registry.staff.collection.update_one({"_id": "W1"}, {"$set": {"state": "left"}})
        assert visit(note="她说腿疼") == first
    registry.staff.collection.update_one({"_id": "W1"}, {"$set": {"state": "active"}})
    second = visit()
    assert (first.note, first.grid, second.visited_at >= now) == (None, SIX[0], True)

    def listed(*, private: bool, **asked: Any) -> list[tuple[str, str | None]]:
        found = registry.dwellings.visits.listed(ListVisits(caller=READER, **asked), private=private)
        return [(one.id, one.note) for one in found.items]

    assert listed(private=False) == listed(private=False, household_no="H1") == [(second.id, None), (first.id, None)]
    assert listed(private=True, grid=SIX[0]) == [(second.id, None), (first.id, "她说腿疼")]
    assert listed(private=True, grid=SIX[1]) == []
    for place in ("x", "99991231T235959.999999-x", "20260101T000000.000000-\ud800"):
        cursor = cursors.encode(place)
        with pytest.raises(Invalid, match="cursor_invalid"):
            listed(private=False, cursor=cursor)


def test_the_figures_count_what_is_registered(registry: GridStore) -> None:
    settle(registry, households=2)
    found = figures(registry)
    assert (found.buildings, found.registered_households) == (1, 2)
