"""Plans on the real store: prepared, committed, cancelled; what stands against them, what crashes leave."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pymongo.database import Database

from contracts.cases import CaseClosed, CaseMoved, CaseReported, CaseSource, CaseState
from contracts.faults import Conflict, Fault, Invalid, NotFound, Refused
from contracts.grid import (
    ActivateGrids,
    ActOnGrid,
    Assign,
    CancelChange,
    CommitChange,
    GetGrid,
    GridAction,
    GridState,
    ListGridHistory,
    ListPlans,
    Plan,
    PlanChange,
    Role,
    SaveGrid,
)
from contracts.shared import Geometry, Point
from services.chassis import context
from services.chassis.messages import Received
from services.grid import recalling
from services.grid.answering import locate
from services.grid.changing import act, activate, save
from services.grid.planning import carrying, deciding
from services.grid.posting import assign
from services.grid.store import GridStore
from tests.grid.sources import (
    CORNER,
    FIRST,
    OPERATOR,
    STEP,
    cell,
    chiefs,
    code,
    daoyi_rows,
    grid_rows,
    load,
    middle,
    person,
    rows,
)

SIX = [code(number) for number in range(1, 7)]
WEST, SOUTH = CORNER
CUT = [
    {"longitude": WEST + STEP / 2, "latitude": SOUTH - STEP},
    {"longitude": WEST + STEP / 2, "latitude": SOUTH + 2 * STEP},
]
Registry = Database[dict[str, Any]]


@pytest.fixture
def registry(database: Registry) -> GridStore:
    """Six live grids with a chief and, the first two, a worker."""
    store = GridStore(database)
    load(store, "divisions", daoyi_rows())
    load(store, "grids", grid_rows())
    load(store, "staff", rows(person("S1"), person("W1", "worker"), person("W2", "worker")))
    load(store, "assignments", chiefs(SIX))
    workers = zip(("W1", "W2"), SIX, strict=False)
    load(
        store,
        "assignments",
        rows(*({"staff_no": who, "target": one, "role": "worker", "primary": True} for who, one in workers)),
    )
    activate(store, ActivateGrids(caller=OPERATOR, codes=SIX))
    return store


def to_be(*numbers: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"code": code(one), "name": f"第{one}网格", **fields} for one in numbers]


def asked(kind: str, sources: list[str], grids: list[dict[str, Any]] | None = None, **more: Any) -> PlanChange:
    said = {"caller": OPERATOR, "kind": kind, "sources": sources, "grids": grids or [], **more}
    return PlanChange.model_validate(said)


def splitting(**more: Any) -> PlanChange:
    return asked("split", SIX[:1], to_be(8, 9), cut=CUT, **more)


def commit(store: GridStore, plan: Plan, **more: Any) -> Plan:
    return deciding.commit(store, CommitChange(caller=OPERATOR, id=plan.id, **more))


def cancel(store: GridStore, plan: Plan) -> Plan:
    return deciding.cancel(store, CancelChange(caller=OPERATOR, id=plan.id))


def at(store: GridStore, column: float, row: float = 0) -> str | None:
    longitude, latitude = middle(column, row)  # type: ignore[arg-type]
    return locate(store, [Point(longitude=longitude, latitude=latitude)], "wgs84")[0].grid


def state(store: GridStore, one: str) -> str:
    return store.grids.states([one])[one]


def told(store: GridStore, collection: str, id: str) -> list[dict[str, Any]]:
    found = store.grids.collection.database[collection].find_one({"_id": id}) or {}
    return [json.loads(entry["body"]) for entry in found["outbox"]]


def refused(work: Callable[[], object], kind: type[Fault], fault: str) -> Fault:
    with pytest.raises(kind) as raised:
        work()
    assert raised.value.code == fault
    return raised.value


def whole(store: GridStore) -> dict[str, list[dict[str, Any]]]:
    database = store.grids.collection.database
    return {name: list(database[name].find().sort("_id", 1)) for name in database.list_collection_names()}


def opened(number: int, grid: str, state: CaseState = CaseState.REPORTED, version: int = 1) -> dict[str, Any]:
    return {"case_no": f"N{number}", "state": state, "category": "safety", "grid": grid, "version": version}


def reports(store: GridStore, *cases: dict[str, Any]) -> None:
    heard = [CaseReported.model_validate({**one, "source": CaseSource.PATROL}) for one in cases]
    store.open_cases.absorb([Received(one, one.case_no) for one in heard])


def test_a_split_from_its_dry_run_to_its_end(registry: GridStore) -> None:
    reports(registry, opened(1, SIX[0]), opened(2, SIX[0]), opened(3, SIX[1]))
    before = whole(registry)
    dry = deciding.prepare(registry, splitting(dry_run=True))
    assert whole(registry) == before
    seen = dry.assessment
    assert (dry.id, dry.version, seen.faults, seen.overlaps, seen.open_cases) == ("", 0, [], [], {SIX[0]: 2})
    assert (seen.households_before, seen.households_after) == (350, 350)
    assert [(one.source, one.to, one.households) for one in seen.moved] == [
        (SIX[0], code(8), 175),
        (SIX[0], code(9), 175),
    ]
    assert seen.area_after_m2 == pytest.approx(seen.area_before_m2, rel=1e-6)
    assert seen.gap_m2 < 1

    plan = deciding.prepare(registry, splitting(note="住户过多"))
    assert (plan.state, plan.allowed_actions, plan.version) == ("prepared", ["commit", "cancel"], 1)
    assert plan.assessment == seen
    assert (state(registry, SIX[0]), at(registry, 0)) == ("changing", SIX[0])

    done = commit(registry, plan)
    assert (done.state, done.allowed_actions, done.version) == ("committed", [], 2)
    assert [at(registry, -0.25), at(registry, 0.25)] == [code(8), code(9)]
    old = recalling.grid(registry, GetGrid(caller=OPERATOR, code=SIX[0]))
    assert (old.state, old.successors, old.plan) == ("retired", [code(8), code(9)], None)
    assert [entry.action for entry in old.timeline] == ["import", "activate", "split", "split"]
    new = recalling.grid(registry, GetGrid(caller=OPERATOR, code=code(8)))
    assert (new.state, new.predecessors, new.households, new.population) == ("active", SIX[:1], 175, 450)
    assert new.valid_from == old.valid_from == done.committed_at
    [event] = told(registry, "plans", plan.id)
    assert (event["type"], event["sequence"], event["data"]["main"]) == ("grid.split.v1", 2, code(8))
    assert [one["code"] for one in event["data"]["successors"]] == [code(8), code(9)]
    assert [one["type"] for one in told(registry, "grids", code(8))] == ["grid.published.v1"]
    assert [one["data"].get("state") for one in told(registry, "grids", SIX[0])] == [None, "changing", "retired"]
    roster = registry.rosters.postings([code(9)])[code(9)]
    assert [(one.staff_no, one.role, one.primary) for one in roster] == [("S1", "chief", True), ("W1", "worker", True)]
    assert [one["type"] for one in told(registry, "assignments", code(9))] == ["grid.staffed.v1"]


def test_at_no_moment_does_nobody_answer(registry: GridStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the writes of a commit the index stays as it was, and whoever wants to follow the ground waits."""
    plan, seen = deciding.prepare(registry, splitting()), []
    for name in ("insert_many", "update_many"):
        written = getattr(registry.grids, name)

        def watched(given: Any, written: Callable[[Any], Any] = written) -> Any:
            found = written(given)
            seen.append((registry.claiming.locked(), at(registry, 0.25)))
            return found

        monkeypatch.setattr(registry.grids, name, watched)
    commit(registry, plan)
    assert seen == [(True, SIX[0])] * 2
    assert at(registry, 0.25) == code(9)


def test_a_merger_with_all_the_ground(registry: GridStore) -> None:
    plan = deciding.prepare(registry, asked("merge", SIX[:2], to_be(9)))
    assert plan.assessment.households_after == 700
    commit(registry, plan)
    assert [at(registry, column) for column in (0, 0.5, 1)] == [code(9)] * 3
    roster = registry.rosters.postings([code(9)])[code(9)]
    assert [(one.staff_no, one.primary) for one in roster] == [("S1", True), ("W1", True), ("W2", False)]
    [event] = told(registry, "plans", plan.id)
    assert (event["type"], event["data"]["sources"], event["data"]["main"]) == ("grid.merged.v1", SIX[:2], code(9))


def test_borders_that_move_and_back(registry: GridStore) -> None:
    border = WEST + 1.25 * STEP
    shapes = [box(WEST, border), box(border, WEST + 2 * STEP)]
    drawn = [{"code": one, "geometry": shape} for one, shape in zip(SIX, shapes, strict=False)]
    plan = deciding.prepare(registry, asked("adjust", SIX[:2], drawn))
    assert at(registry, 0.6) == SIX[1]
    assert [(one.source, one.to, one.households) for one in plan.assessment.moved] == [(SIX[1], SIX[0], 88)]
    commit(registry, plan)
    assert (at(registry, 0.6), state(registry, SIX[0])) == (SIX[0], "active")
    grid = recalling.grid(registry, GetGrid(caller=OPERATOR, code=SIX[0]))
    assert (grid.geometry_version, grid.households, grid.plan, grid.successors) == (2, 438, None, [])
    [event] = told(registry, "plans", plan.id)
    assert (event["type"], event["data"].get("main")) == ("grid.redrawn.v1", None)
    then = recalling.grid(registry, GetGrid(caller=OPERATOR, code=SIX[0], at=plan.prepared_at))
    assert (then.state, then.geometry_version) == ("changing", 1)


def box(west: float, east: float) -> dict[str, Any]:
    south, north = SOUTH, round(SOUTH + STEP, 9)
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def test_retiring_asks_who_follows(registry: GridStore) -> None:
    reports(registry, opened(1, SIX[0]), opened(2, SIX[0]))
    alone = asked("retire", SIX[:1])
    seen = deciding.prepare(registry, asked("retire", SIX[:1], dry_run=True)).assessment
    assert [one.code for one in seen.faults] == ["grid_in_use"]
    fault = refused(lambda: deciding.prepare(registry, alone), Conflict, "grid_in_use")
    assert fault.facts["open_cases"] == 2
    moved = CaseMoved.model_validate({**opened(1, SIX[1], version=2), "from_grid": SIX[0]})
    closed = CaseClosed.model_validate(opened(2, SIX[0], CaseState.CLOSED, 3))
    registry.open_cases.absorb([Received(moved, "m")])
    registry.open_cases.absorb([Received(closed, "c")])
    reports(registry, opened(2, SIX[0]))
    assert deciding.prepare(registry, alone).assessment.open_cases == {SIX[0]: 0}
    followed = deciding.prepare(registry, asked("retire", [SIX[1]], successors=[SIX[2], SIX[4]]))
    assert (followed.assessment.open_cases, followed.assessment.gap_m2) == (
        {SIX[1]: 1},
        followed.assessment.area_before_m2,
    )
    commit(registry, followed)
    [event] = told(registry, "plans", followed.id)
    assert (event["type"], event["data"]["main"]) == ("grid.retired.v1", SIX[2])
    assert recalling.grid(registry, GetGrid(caller=OPERATOR, code=SIX[1])).successors == [SIX[2], SIX[4]]
    assert at(registry, 1) is None


def test_what_stands_against_a_plan(registry: GridStore) -> None:
    wide = [{**one, "geometry": cell(0, 0, grown=STEP / 4)} for one in to_be(8)]
    beside = [*wide, *({**one, "geometry": cell(3, 0)} for one in to_be(9))]
    fault = refused(lambda: deciding.prepare(registry, asked("split", SIX[:1], beside)), Conflict, "grid_overlap")
    assert (fault.facts["other"], fault.facts["area_m2"]) == (SIX[1], pytest.approx(36_900, rel=0.01))
    twice = asked("split", SIX[:1], to_be(8, 9, geometry=cell(0, 0)))
    assert refused(lambda: deciding.prepare(registry, twice), Conflict, "grid_overlap").facts["other"] == code(8)
    seen = deciding.prepare(registry, twice.model_copy(update={"dry_run": True})).assessment
    assert [(one.code, one.other) for one in seen.overlaps] == [(code(9), code(8))]
    used = asked("split", SIX[:1], to_be(5, 9), cut=CUT)
    assert refused(lambda: deciding.prepare(registry, used), Conflict, "grid_exists").code == "grid_exists"
    strange = asked("split", SIX[:1], [*to_be(8), {"code": "110101001001001", "name": "异地"}], cut=CUT)
    assert refused(lambda: deciding.prepare(registry, strange), Invalid, "grid_code_invalid").errors[0].pointer == (
        "/grids/1/code"
    )
    load(registry, "boundaries", rows({"code": FIRST, "geometry": cell(0, 0, grown=2 * STEP)}))
    outside = asked("adjust", SIX[:1], [{"code": SIX[0], "geometry": box(WEST - STEP, WEST + STEP)}])
    refused(lambda: deciding.prepare(registry, outside), Refused, "grid_outside_community")
    unknown = asked("retire", [code(77)])
    refused(lambda: deciding.prepare(registry, unknown), NotFound, "grid_unknown")
    refused(lambda: deciding.one(registry, "nothing"), NotFound, "plan_unknown")
    act(registry, ActOnGrid(caller=OPERATOR, code=SIX[3], action=GridAction.SUSPEND))
    refused(lambda: deciding.prepare(registry, asked("retire", [SIX[3]])), Refused, "grid_not_active")
    refused(
        lambda: deciding.prepare(registry, asked("retire", SIX[:1], successors=[SIX[3]])), Refused, "grid_not_active"
    )


def test_a_grid_that_is_planned_is_left_alone(registry: GridStore) -> None:
    plan = deciding.prepare(registry, splitting())
    smaller = Geometry.model_validate(cell(0, 0, grown=-STEP / 4))
    works: list[Callable[[], object]] = [
        lambda: deciding.prepare(registry, asked("merge", SIX[:2], to_be(7))),
        lambda: deciding.prepare(registry, asked("retire", [SIX[1]], successors=SIX[:1])),
        lambda: act(registry, ActOnGrid(caller=OPERATOR, code=SIX[0], action=GridAction.SUSPEND)),
        lambda: save(registry, SaveGrid(caller=OPERATOR, code=SIX[0], geometry=smaller)),
    ]
    for work in works:
        assert refused(work, Conflict, "grid_planned").facts["plan"] == plan.id
    report = load(registry, "grids", rows({"code": SIX[0], "geometry": cell(0, 0, grown=-STEP / 4)}))
    assert [one.code for one in report.rejected] == ["grid_planned"]
    # its other facts go on, and count at the commit
    save(registry, SaveGrid(caller=OPERATOR, code=SIX[0], households=401))
    assert sorted(one.households or 0 for one in commit(registry, plan).grids) == [200, 201]


def test_cancelled_it_is_as_it_was(registry: GridStore) -> None:
    plan = deciding.prepare(registry, splitting())
    assert cancel(registry, plan).state == "cancelled"
    assert (state(registry, SIX[0]), at(registry, 0)) == ("active", SIX[0])
    assert recalling.grid(registry, GetGrid(caller=OPERATOR, code=SIX[0])).plan is None
    for work in (lambda: commit(registry, plan), lambda: cancel(registry, plan)):
        assert refused(work, Refused, "illegal_step").facts["allowed_actions"] == []
    again = deciding.prepare(registry, splitting())
    refused(lambda: commit(registry, again, expected_version=2), Conflict, "version_stale")
    # what was true at the first look may be so no more
    save(registry, SaveGrid(caller=OPERATOR, code=code(8), name="抢先", create=True))
    refused(lambda: commit(registry, again), Conflict, "grid_exists")
    assert deciding.one(registry, again.id).plan.state == "prepared"


def test_a_command_that_comes_again_answers_as_the_first_time(registry: GridStore) -> None:
    with context.applying("gateway:plan_change:k1", None):
        first, again = deciding.prepare(registry, splitting()), deciding.prepare(registry, splitting())
    assert first == again
    with context.applying("gateway:commit_change:k2", None):
        done, repeated = commit(registry, first, expected_version=1), commit(registry, first, expected_version=1)
    assert done == repeated
    assert len(told(registry, "plans", first.id)) == 1
    assert registry.plans.collection.count_documents({}) == 1


def test_plans_by_state_and_grid(registry: GridStore) -> None:
    made = [deciding.prepare(registry, asked("retire", [one])) for one in SIX[:4]]
    cancel(registry, made[1])
    listed = registry.plans.page(ListPlans(caller=OPERATOR, limit=3))
    rest = registry.plans.page(ListPlans(caller=OPERATOR, limit=3, cursor=listed.next))
    assert [one.id for one in (*listed.items, *rest.items)] == [one.id for one in made[::-1]]
    cancelled = registry.plans.page(ListPlans.model_validate({"caller": OPERATOR, "state": "cancelled"}))
    assert [one.id for one in cancelled.items] == [made[1].id]
    of_one = registry.plans.page(ListPlans(caller=OPERATOR, grid=SIX[3]))
    assert [one.id for one in of_one.items] == [made[3].id]


def test_what_a_crash_left_is_finished_before_anybody_takes_the_ground(
    registry: GridStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = deciding.prepare(registry, splitting())
    with monkeypatch.context() as broken:
        broken.setattr(registry.grids, "insert_many", _crash)
        with pytest.raises(ConnectionAbortedError):
            commit(registry, plan)
    other = GridStore(registry.grids.collection.database)
    assert (state(other, SIX[0]), code(8) in other.grids.states([code(8)])) == ("changing", False)
    new = SaveGrid(caller=OPERATOR, code=code(20), name="占地", create=True, geometry=Geometry(**cell(0, 0)))
    save(other, new)
    assert (state(other, SIX[0]), state(other, code(8))) == ("retired", "active")
    assign(other, Assign(caller=OPERATOR, staff_no="S1", target=code(20), role=Role.CHIEF))
    done = activate(other, ActivateGrids(caller=OPERATOR, codes=[code(20)]))
    assert [one.fault for one in done.rejected] == ["grid_overlap"]
    assert at(registry, 0.25) in (SIX[0], code(9))
    carrying.follow(registry)
    assert at(registry, 0.25) == code(9)
    assert registry.plans.collection.count_documents({"unfinished": True}) == 0
    assert len(told(other, "grids", SIX[0])) == 3
    assert [one.state for one in recalling.history(other, ListGridHistory(caller=OPERATOR, code=SIX[0])).items] == [
        "retired",
        "changing",
        "active",
    ]


def test_each_half_of_a_crash_is_finished_alike(registry: GridStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off at the rosters, the new grids, the old ones, or before anything followed."""
    for turn, (place, name) in enumerate(
        [("rosters", "insert_many"), ("grids", "insert_many"), ("grids", "update_many"), ("plans", "finished")]
    ):
        source, first, second = SIX[turn], 10 + 2 * turn, 11 + 2 * turn
        geometry = registry.grids.held([source])[source].grid.geometry
        assert geometry is not None
        lowest = min(x for x, _ in geometry.coordinates[0])  # type: ignore[misc,union-attr]
        cut = [{**one, "longitude": lowest + STEP / 2} for one in CUT]
        plan = deciding.prepare(registry, asked("split", [source], to_be(first, second), cut=cut))
        with monkeypatch.context() as broken:
            broken.setattr(getattr(registry, place), name, _crash)
            with pytest.raises(ConnectionAbortedError):
                commit(registry, plan)
        carrying.follow(registry)
        carrying.follow(registry)
        assert state(registry, source) == GridState.RETIRED
        assert [state(registry, code(one)) for one in (first, second)] == ["active", "active"]
        assert [len(told(registry, "grids", one)) for one in (source, code(first))] == [3, 1]
        assert len(told(registry, "assignments", code(second))) == 1


def _crash(*_: object, **__: object) -> None:
    raise ConnectionAbortedError
