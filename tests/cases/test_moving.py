"""Open cases follow the ground: once, by their place, whatever the order in which it is heard."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from pymongo.database import Database

from contracts.base import Envelope
from contracts.cases import Case, CaseState, GetCase, Place, ReportCase
from contracts.grid import GridMerged, GridRedrawn, GridRetired, GridSplit, GridState, GroundRedrawn, Successor
from contracts.shared import Geometry, Point
from services.cases.domain import OPEN
from services.cases.intake import Identity, Known, KnownGrid, from_command, from_incident
from services.cases.store import CaseStore
from services.chassis.messages import Received
from services.chassis.rerun import rerun_stale
from tests.cases.conftest import Desk, eventually
from tests.cases.scene import COMMUNITY, DESK, PATH, take
from tests.cases.test_intake import incident
from tests.cases.test_service import ADMIN

R = TypeVar("R", bound=GroundRedrawn)
Store = Database[dict[str, Any]]
OLD, WEST, EAST, WHOLE = (f"{COMMUNITY}{number:03d}" for number in (1, 8, 9, 10))
INTO_WEST, INTO_EAST, NOWHERE = (131.01, 45.01), (131.03, 45.01), (140.0, 30.0)


def ground(code: str, west: float, east: float) -> Successor:
    ring = [[west, 45.0], [east, 45.0], [east, 45.02], [west, 45.02], [west, 45.0]]
    shape = Geometry(type="Polygon", coordinates=[ring])
    return Successor(code=code, name=code, community=COMMUNITY, path=[*PATH[:-1], f"of {code}"], geometry=shape)


TWO = (ground(WEST, 131.0, 131.02), ground(EAST, 131.02, 131.04))


def told(kind: type[R], sources: Sequence[str], *successors: Successor, main: str | None = None) -> Received[R]:
    plan = f"{kind.wire} {'+'.join(sources)}"
    at = datetime.now(UTC)
    event = kind(plan=plan, sources=list(sources), successors=list(successors), main=main, at=at, version=2)
    return Received(event, f"m {plan}", plan, 2, traceparent=f"00-{'7c' * 16}-{'1' * 16}-01")


SPLIT = told(GridSplit, [OLD], *TWO, main=WEST)
MERGER = told(GridMerged, [WEST, EAST], ground(WHOLE, 131.0, 131.04), main=WHOLE)


def opened(store: CaseStore, name: str, grid: str = OLD, place: tuple[float, float] | None = None) -> str:
    """A case that an incident brought about."""
    point = Point(longitude=place[0], latitude=place[1]) if place else None
    heard = incident(id=name, grid=grid, path=PATH, point=point)
    store.open_many([from_incident(heard, {}, store.categories(), None)], [Received(heard, name, name, 1)])
    found = store.of_origin(f"incident:{name}")
    assert found is not None
    return found.record.case_no


def shown(store: CaseStore, case_no: str) -> Case:
    return store.get(case_no).shown_to(ADMIN)


def moves(store: CaseStore, case_no: str) -> list[tuple[str | None, str]]:
    """What was said of its moves: from where, to where."""
    document = store.get(case_no).document
    told = [Envelope.model_validate_json(entry["body"]).data for entry in document["outbox"]]
    return [(one["from_grid"], one["grid"]) for one in told if isinstance(one, dict) and "from_grid" in one]


def test_each_open_case_goes_where_its_place_is_and_once(database: Store) -> None:
    store = CaseStore(database)
    west, east = opened(store, "w", place=INTO_WEST), opened(store, "e", place=INTO_EAST)
    outside, nowhere = opened(store, "o", place=NOWHERE), opened(store, "n")
    ended, other = opened(store, "x", place=INTO_EAST), opened(store, "y", grid=f"{COMMUNITY}002")
    store.cases.collection.update_one({"_id": ended}, {"$set": {"state": CaseState.CLOSED}})
    before = shown(store, east)
    for _ in range(2):
        store.redrawn.hear([SPLIT])
    assert [shown(store, one).place.grid for one in (west, east, outside, nowhere)] == [WEST, EAST, WEST, WEST]
    assert [shown(store, one).place.grid for one in (ended, other)] == [OLD, f"{COMMUNITY}002"]
    assert [moves(store, one) for one in (west, east, ended, other)] == [[(OLD, WEST)], [(OLD, EAST)], [], []]
    moved = shown(store, east)
    [*_, entry] = moved.timeline
    assert (entry.action, entry.actor, entry.trace_id) == ("move", "grid", "7c" * 16)
    assert (entry.from_state, entry.to_state) == ("reported", "reported")
    assert entry.note == f"网格调整: {OLD} → {EAST}"
    same = {"place", "version", "timeline"}
    assert moved.model_dump(exclude=same) == before.model_dump(exclude=same)
    assert (moved.place.path[-1], moved.version) == (f"of {EAST}", 2)


def test_every_open_state_and_its_clocks(database: Store) -> None:
    """A case that waits somewhere goes on waiting there."""
    store = CaseStore(database)
    case_no = opened(store, "c", place=INTO_EAST)
    for state in OPEN:
        fields = {"state": state, "place.grid": OLD, "assignee": "W1", "watch_at": datetime(2030, 1, 1, tzinfo=UTC)}
        store.cases.collection.update_one({"_id": case_no}, {"$set": fields})
        store.redrawn.hear([Received(SPLIT.data, state)])
        document = store.get(case_no).document
        assert (document["place"]["grid"], document["state"]) == (EAST, state)
        assert (document["assignee"], document["watch_at"].year) == ("W1", 2030)


@pytest.mark.parametrize("order", [[SPLIT, MERGER], [MERGER, SPLIT]])
def test_whatever_is_heard_first(database: Store, order: list[Received[Any]]) -> None:
    store = CaseStore(database)
    waiting = opened(store, "w", place=INTO_EAST)
    for one in order:
        store.redrawn.hear([one])
    assert shown(store, waiting).place.grid == WHOLE
    # what comes later with a code of before finds its way through all that happened since
    assert shown(store, opened(store, "late", place=INTO_WEST)).place.grid == WHOLE
    assert moves(store, opened(store, "later")) == []


def test_borders_that_moved_take_only_what_lies_beyond(database: Store) -> None:
    store = CaseStore(database)
    kept, gone = opened(store, "k", WEST, INTO_WEST), opened(store, "g", WEST, INTO_EAST)
    nowhere = opened(store, "n", WEST)
    redrawn = told(GridRedrawn, [WEST, EAST], *TWO)
    for _ in range(2):
        store.redrawn.adjust(redrawn)
    assert [shown(store, one).place.grid for one in (kept, gone, nowhere)] == [WEST, EAST, WEST]
    assert [len(moves(store, one)) for one in (kept, gone, nowhere)] == [0, 1, 0]
    assert shown(store, opened(store, "new", WEST)).place.grid == WEST


def test_a_grid_that_nobody_follows_keeps_its_cases(database: Store) -> None:
    store = CaseStore(database)
    waiting = opened(store, "w", place=INTO_EAST)
    store.redrawn.hear([told(GridRetired, [OLD])])
    assert shown(store, waiting).place.grid == OLD
    assert shown(store, opened(store, "late")).place.grid == OLD
    store.redrawn.hear([told(GridRetired, [WEST], TWO[1], main=EAST)])
    assert shown(store, opened(store, "v", WEST, INTO_WEST)).place.grid == EAST


def test_a_case_that_is_opened_in_that_very_moment(database: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of its grid is heard after the look for it and before the write."""
    store = CaseStore(database)
    taken: Callable[[int], list[int]] = store._positions.take

    def meanwhile(count: int) -> list[int]:
        store.redrawn.hear([SPLIT])
        return taken(count)

    monkeypatch.setattr(store._positions, "take", meanwhile)
    report = ReportCase(
        caller=DESK,
        category="livelihood.water",
        description="停水",
        place=Place(grid=OLD, point=Point(longitude=INTO_EAST[0], latitude=INTO_EAST[1])),
    )
    known = Known(store.categories()[report.category], KnownGrid(OLD, PATH, GridState.ACTIVE))
    stood = store.open(from_command(report, known, datetime.now(UTC), Identity("once")))
    assert stood.record.place.grid == EAST
    assert moves(store, stood.record.case_no) == [(OLD, EAST)]
    assert shown(store, opened(store, "a", place=INTO_WEST)).place.grid == WEST


def test_somebody_takes_a_step_meanwhile(database: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stale is read again."""
    store = CaseStore(database)
    case_no = opened(store, "w", place=INTO_EAST)
    written = store.cases.update_many

    def overtaken(items: Sequence[Any]) -> Any:
        monkeypatch.setattr(store.cases, "update_many", written)
        standing = store.get(case_no)
        store.write(standing, take(standing.record, "file"))
        return written(items)

    monkeypatch.setattr(store.cases, "update_many", overtaken)
    rerun_stale(lambda: store.redrawn.hear([SPLIT]))
    case = shown(store, case_no)
    assert (case.state, case.place.grid, case.version) == ("filed", EAST, 3)


def test_on_the_bus_an_incident_of_before_comes_after(desk: Desk) -> None:
    """The split is heard, then an incident that was opened in the old grid; both cases lie in the new one."""
    first, late = (
        incident(id=name, grid=OLD, path=PATH, point=Point(longitude=INTO_EAST[0], latitude=INTO_EAST[1]))
        for name in ("before", "after")
    )
    desk.tell((first, first.id, 1))
    case_no = (eventually(lambda: desk.database.cases.find_one({"incident": "before"})) or {})["_id"]
    desk.tell((SPLIT.data, SPLIT.data.plan, 2), (SPLIT.data, SPLIT.data.plan, 2))
    eventually(lambda: desk.database.cases.find_one({"_id": case_no, "place.grid": EAST}))
    desk.tell((late, late.id, 1))
    eventually(lambda: desk.database.cases.find_one({"incident": "after", "place.grid": EAST}))
    found = desk.ask(lambda bus: bus.ask(GetCase(caller=ADMIN, case_no=case_no)))
    assert [entry.action for entry in found.timeline] == ["report", "move"]
    eventually(lambda: desk.database.event_log.count_documents({"type": "cases.moved.v1"}) == 1)
