"""On the real document store: numbers, batches, races, windows, looks, local copies."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from contracts.alerts import AlertType, IncidentOpened
from contracts.cases import Case, CaseState, ListCases, Place, Reporter
from contracts.faults import Conflict, Invalid
from contracts.grid import GridAdjusted, GridPublished, GridStaffed, GridState, Posting, Role
from contracts.shared import Caller, Geometry, Point, Scope
from services.cases.categories import SHIPPED
from services.cases.intake import Identity, Known, from_command, from_incident
from services.cases.machine import act, look
from services.cases.store import CaseStore
from services.cases.store.documents import StoredCase
from services.chassis.messages import Received
from tests.cases.scene import COMMUNITY, DESK, GRID, PATH, STREET, command
from tests.cases.test_intake import incident, report

SQUARE = Geometry(type="Polygon", coordinates=[[[131, 45], [131.1, 45], [131.1, 45.1], [131, 45]]])
READER = Caller(client="r", scopes=frozenset({Scope.CASES_READ}))
Store = Database[dict[str, Any]]


def heard(*ids: str, **fields: object) -> list[Received[IncidentOpened]]:
    return [Received(incident(id=one, alert=one, grid=GRID, path=PATH, **fields), f"m{one}", one, 1) for one in ids]


def open_for(store: CaseStore, heard: list[Received[IncidentOpened]]) -> None:
    table = store.categories()
    store.open_many([from_incident(one.data, {}, table, None) for one in heard], heard)


def published(version: int = 1) -> Received[GridPublished]:
    return Received(
        GridPublished(
            code=GRID, name="一", community=COMMUNITY, path=PATH, geometry=SQUARE, geometry_version=1, version=version
        ),
        f"p{version}",
    )


def staffed(version: int, *staff: str) -> Received[GridStaffed]:
    postings = [Posting(staff_no=one, role=Role.WORKER) for one in staff]
    return Received(GridStaffed(target=GRID, postings=postings, version=version), f"s{version}")


def test_an_incident_makes_one_case_however_often_it_comes(database: Store) -> None:
    store = CaseStore(database)
    open_for(store, heard("1", "2", "2"))
    open_for(store, heard("2", "3"))
    items = store.page(ListCases(caller=READER)).items
    assert [item.incident for item in items] == ["3", "2", "1"]
    assert len({item.case_no for item in items}) == 3


def test_two_batches_racing_make_one_case_each(database: Store, store: str) -> None:
    ids = [str(number) for number in range(60)]
    with MongoClient[dict[str, Any]](store, tz_aware=True) as other, ThreadPoolExecutor(4) as pool:
        stores = [CaseStore(database), CaseStore(other[database.name])] * 2
        list(pool.map(lambda one: open_for(one, heard(*ids)), stores))
    cases = database["cases"]
    assert cases.count_documents({}) == 60
    assert sorted(cases.distinct("incident")) == sorted(ids)


def test_positions_are_never_given_twice(database: Store, store: str) -> None:
    with MongoClient[dict[str, Any]](store, tz_aware=True) as other, ThreadPoolExecutor(4) as pool:
        stores = [CaseStore(database), CaseStore(other[database.name]), CaseStore(database), CaseStore(database)]
        taken = pool.map(lambda one: [place for _ in range(15) for place in one._positions.take(7)], stores)
        places = [place for part in taken for place in part]
    assert len(set(places)) == len(places) == 4 * 15 * 7


@pytest.fixture
def grids(database: Store) -> CaseStore:
    store = CaseStore(database)
    store.absorb_grids([published()])
    return store


def test_copies_keep_the_newest(grids: CaseStore) -> None:
    grids.rosters.absorb([staffed(2, "W2"), staffed(1, "W1")])
    grids.rosters.absorb([staffed(1, "W1")])
    assert [posting.staff_no for posting in grids.rosters.of([GRID])[GRID]] == ["W2"]
    retired = GridAdjusted(
        code=GRID,
        name="一",
        community=COMMUNITY,
        path=PATH,
        geometry=SQUARE,
        geometry_version=1,
        state=GridState.RETIRED,
        version=3,
    )
    grids.absorb_grids([Received(retired, "x")])
    grids.absorb_grids([published(2)])
    assert grids.grids([GRID, None])[GRID].state is GridState.RETIRED
    assert grids.way_to(f"{STREET}000") == PATH[:4]
    assert grids.way_to("999999") == []


def test_a_point_is_given_the_grid_that_holds_it(grids: CaseStore) -> None:
    inside = Place(point=Point(longitude=131.05, latitude=45.02))
    assert grids.located(inside).grid is None
    grids.follow_ground()
    assert grids.located(inside).grid == GRID
    assert grids.extent is not None
    assert grids.located(Place(address="某处")) == Place(address="某处")


def opened(store: CaseStore, origin: str = "o1", **fields: object) -> StoredCase:
    asked = report(**fields)
    grid = store.grids([GRID])[GRID]
    category = store.categories()[asked.category]
    return store.open(from_command(asked, Known(category, grid), datetime.now(UTC), Identity(origin)))


def step(store: CaseStore, standing: StoredCase, action: str, **fields: object) -> StoredCase:
    asked = command(action, DESK, **fields)
    return store.write(standing, act(standing.record, asked, store.setting(standing.record, asked)))


def test_a_repeated_report_is_the_same_case(grids: CaseStore) -> None:
    first, again = opened(grids), opened(grids)
    assert first.record.case_no == again.record.case_no
    assert grids.cases.collection.count_documents({}) == 1


def test_what_was_written_is_what_is_read(grids: CaseStore) -> None:
    grids.rosters.absorb([staffed(1, "W1")])
    case = opened(grids, reporter={"name": "张三", "phone": "13812345678"})
    for action in ("verify", "file", "dispatch", "sign"):
        case = step(grids, case, action)
    again = grids.get(case.record.case_no)
    assert again.record == case.record
    assert again.timeline == case.timeline
    assert (again.record.assignee, again.record.state) == ("W1", CaseState.HANDLING)
    assert len(again.timeline) == 5 + sum(bool(clock.fault) for clock in again.record.clocks)
    assert [entry["type"] for entry in again.document["outbox"]] == [
        f"cases.{name}.v1" for name in ("reported", "filed", "dispatched", "signed")
    ]


def test_the_reporter_is_masked_for_all_but_those_who_may_read_persons(grids: CaseStore) -> None:
    opened(grids, reporter={"name": "张三", "phone": "13812345678"})
    [masked] = grids.page(ListCases(caller=Caller(client="a", scopes=frozenset({Scope.ADMIN})))).items
    [plain] = grids.page(ListCases(caller=Caller(client="a", scopes=frozenset({Scope.PII_READ})))).items
    assert masked.reporter == Reporter(name="张*", phone="138****5678")
    assert plain.reporter == Reporter(name="张三", phone="13812345678")


def test_of_two_hands_at_one_case_one_must_look_again(grids: CaseStore) -> None:
    case = opened(grids)
    step(grids, case, "file")
    with pytest.raises(Conflict):
        step(grids, case, "verify")


def test_looks_are_taken_once_whoever_looks(grids: CaseStore) -> None:
    cases = [step(grids, opened(grids, str(number)), "file") for number in range(5)]
    opened(grids, "never filed")
    assert grids.due(datetime.now(UTC)) == []
    later = datetime.now(UTC) + timedelta(days=30)
    due = grids.due(later)
    assert {one.case_no for one in due} == {one.record.case_no for one in cases}
    for _ in range(2):
        grids.write_looks([look(one, later) for one in due], later)
    while due := grids.due(later):
        grids.write_looks([look(one, later) for one in due], later)
    for case in cases:
        found = grids.get(case.record.case_no)
        if found.record.clocks[0].fault is None:
            told = [entry["type"] for entry in found.document["outbox"]]
            assert told[2:] == ["cases.due_soon.v1", "cases.overdue.v1"]
        assert (found.document["watch_at"] > later) if "watch_at" in found.document else True


def test_lists_are_newest_first_and_whole_over_pages(database: Store) -> None:
    store = CaseStore(database)
    ids = [f"{number:04}" for number in range(700)]
    for start in range(0, 700, 100):
        part = [
            Received(incident(id=one, alert=one, grid=GRID if int(one) % 300 == 7 else None, path=PATH), one, one, 1)
            for one in ids[start : start + 100]
        ]
        open_for(store, part)
    seen: list[str | None] = []
    cursor: str | None = None
    while True:
        page = store.page(ListCases(caller=READER, cursor=cursor, limit=200))
        seen += [item.alert for item in page.items]
        if not (cursor := page.next):
            break
    assert seen == ids[::-1]
    sparse = store.page(ListCases(caller=READER, grid=GRID, limit=2))
    assert [item.alert for item in sparse.items] == ["0607", "0307"]
    rest = store.page(ListCases(caller=READER, grid=GRID, limit=2, cursor=sparse.next))
    assert [item.alert for item in rest.items] == ["0007"]
    assert rest.next is None
    assert store.page(ListCases(caller=READER, state=CaseState.CLOSED)).items == []
    [one] = store.page(ListCases(caller=READER, alert="0042")).items
    assert one.timeline == []
    with pytest.raises(Invalid):
        store.page(ListCases(caller=READER, cursor="nonsense"))


def test_conditions_together_leave_what_meets_each_of_them(database: Store) -> None:
    store = CaseStore(database)
    kinds = (AlertType.INTRUSION, AlertType.FIRE_SMOKE)
    # more than a window of them
    for start in range(0, 300, 100):
        part = [
            Received(
                incident(kinds[one % 2], id=f"{one:04}", grid=GRID if one % 3 else None, path=PATH), str(one), "a", 1
            )
            for one in range(start, start + 100)
        ]
        open_for(store, part)
    everything = pages(store)
    for number, one in enumerate(everything):
        if number % 5 == 0:
            database["cases"].update_one({"_id": one.case_no}, {"$set": {"state": CaseState.CLOSED, "assignee": "W9"}})
    everything = pages(store)
    choices: dict[str, tuple[str | None, ...]] = {
        "grid": (None, GRID),
        "assignee": (None, "W9"),
        "category": (None, everything[0].category, everything[1].category),
        "state": (None, CaseState.REPORTED, CaseState.CLOSED),
    }
    for chosen in product(*choices.values()):
        told = {name: value for name, value in zip(choices, chosen, strict=True) if value is not None}
        wanted = [
            one.case_no
            for one in everything
            if all(value == (one.place.grid if name == "grid" else getattr(one, name)) for name, value in told.items())
        ]
        assert [one.case_no for one in pages(store, limit=23, **told)] == wanted, told


def pages(store: CaseStore, limit: int = 200, **told: object) -> list[Case]:
    """All cases that meet what is told, page by page."""
    found, cursor = list[Case](), None
    while True:
        page = store.page(ListCases.model_validate({"caller": READER, "limit": limit, "cursor": cursor, **told}))
        found += page.items
        cursor = page.next
        if not cursor:
            return found


def test_what_ships_is_seeded_once_and_what_was_changed_stays(database: Store) -> None:
    store = CaseStore(database)
    changed = store.categories()["fire.smoke"].model_copy(update={"name": "火情"})
    store.write_categories({changed.code: changed})
    again = CaseStore(database).categories()
    assert again["fire.smoke"].name == "火情"
    assert len(again) == len(SHIPPED)
    assert list(again) == sorted(again)
