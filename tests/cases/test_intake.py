"""What becomes a case, and what a report must say."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.alerts import AlertType, IncidentOpened
from contracts.cases import CaseReported, CaseSource, Place, ReportCase, Reporter
from contracts.faults import Invalid
from contracts.grid import GridState
from contracts.shared import Extent, Point
from services.cases.categories import SHIPPED
from services.cases.intake import (
    Identity,
    Known,
    KnownGrid,
    from_command,
    from_incident,
    open_case,
)
from tests.cases.scene import GRID, PATH, RESIDENT, ROSTERS

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
TABLE = {category.code: category for category in SHIPPED}
KNOWN = {GRID: KnownGrid(GRID, PATH, GridState.ACTIVE)}
T = AlertType


def incident(type: AlertType = T.INTRUSION, **fields: object) -> IncidentOpened:
    given = {
        "id": "i1",
        "rule": "single",
        "type": type,
        "severity": 2,
        "alert": "a1",
        "alerts": ["a1", "a2"],
        "device": "nvr-1",
        "channel": "3",
        "first_at": NOW,
        "version": 1,
        **fields,
    }
    return IncidentOpened.model_validate(given)


def report(**fields: object) -> ReportCase:
    given = {
        "caller": RESIDENT,
        "category": "livelihood.water",
        "description": "停水",
        "place": {"grid": GRID},
        **fields,
    }
    return ReportCase.model_validate(given)


def faults(command: ReportCase) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        from_command(
            command, Known(TABLE.get(command.category), KNOWN.get(command.place.grid or "")), NOW, Identity("o")
        )
    return [(fault.pointer, fault.code) for fault in caught.value.errors]


@pytest.mark.parametrize("type", list(AlertType))
def test_every_type_has_a_category_that_may_be_used(type: AlertType) -> None:
    made = from_incident(incident(type), {}, TABLE, None)
    assert TABLE[made.category].leaf


def test_an_incident_becomes_a_case_of_its_worker() -> None:
    point = Point(longitude=131.0, latitude=45.8)
    made = from_incident(incident(T.FIRE_SMOKE, grid=GRID, point=point), KNOWN, TABLE, "ab" * 16)
    assert (made.origin, made.source) == ("incident:i1", CaseSource.VIDEO)
    assert (made.incident, made.alert) == ("i1", "a1")
    assert (made.category, made.urgency) == ("fire.smoke", "critical")
    assert made.place == Place(point=point, grid=GRID, path=PATH)
    outcome = open_case(made, "n", ROSTERS, NOW)
    assert (outcome.record.assignee, outcome.record.assigned_by) == ("W1", "grid_worker")
    assert outcome.entries[0].trace_id == "ab" * 16
    [event] = outcome.events
    assert isinstance(event, CaseReported)
    assert (event.incident, event.alert, event.point) == ("i1", "a1", None)
    assert outcome.record.clocks == ()


def test_what_comes_again_and_again_says_so() -> None:
    made = from_incident(incident(governance=True), {}, TABLE, None)
    assert made.description.startswith("未诉先办")


def test_an_incident_without_a_place_becomes_a_case_of_nobody() -> None:
    outcome = open_case(from_incident(incident(), {}, TABLE, None), "n", {}, NOW)
    assert (outcome.record.assignee, outcome.record.assigned_by) == (None, "none")


@pytest.mark.parametrize("source", [CaseSource.PATROL, CaseSource.RESIDENT])
def test_only_a_worker_says_where_he_was(source: CaseSource) -> None:
    point = Point(longitude=131.0, latitude=45.8)
    command = report(source=source, place={"grid": GRID, "point": point.model_dump()})
    made = from_command(command, Known(TABLE["livelihood.water"], KNOWN[GRID]), NOW, Identity("o"))
    [event] = open_case(made, "n", ROSTERS, NOW).events
    assert isinstance(event, CaseReported)
    assert event.point == (point if source is CaseSource.PATROL else None)


def test_a_report_by_hand_takes_its_path_from_the_grid() -> None:
    command = report(place={"grid": GRID, "path": ["99"]}, reporter={"name": "张三"}, media=["photo:1"])
    made = from_command(command, Known(TABLE["livelihood.water"], KNOWN[GRID]), NOW, Identity("o", "t"))
    assert (made.place.path, made.origin, made.trace_id) == (PATH, "o", "t")
    assert (made.actor, made.reported_by) == ("R1", ("app", "R1"))
    assert made.reporter == Reporter(name="张三")
    assert made.media == ("photo:1",)


@pytest.mark.parametrize("place", [{"address": "建设路 1 号"}, {"point": {"longitude": 131, "latitude": 45}}])
def test_an_address_or_a_point_alone_will_do(place: dict[str, object]) -> None:
    assert from_command(report(place=place), Known(TABLE["livelihood.water"], None), NOW, Identity("o"))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"category": "nothing"}, [("/category", "category_unknown")]),
        ({"category": "livelihood"}, [("/category", "category_not_leaf")]),
        ({"place": {}}, [("/place", "place_required")]),
        ({"place": {"address": "  "}}, [("/place", "place_required")]),
        ({"place": {"grid": "230902001001009"}}, [("/place/grid", "grid_unknown")]),
        ({"description": " \n"}, [("/description", "description_required")]),
        ({"occurred_at": NOW + timedelta(minutes=6)}, [("/occurred_at", "time_in_future")]),
        (
            {"category": "nothing", "place": {}, "description": ""},
            [
                ("/category", "category_unknown"),
                ("/place", "place_required"),
                ("/description", "description_required"),
            ],
        ),
    ],
)
def test_all_that_is_wrong_is_named_at_once(fields: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert faults(report(**fields)) == expected


def test_a_clock_may_be_five_minutes_fast() -> None:
    command = report(occurred_at=NOW + timedelta(minutes=5))
    assert from_command(command, Known(TABLE["livelihood.water"], KNOWN[GRID]), NOW, Identity("o"))


def test_a_point_outside_the_city_is_refused_with_the_extent() -> None:
    known = Known(TABLE["livelihood.water"], None, Extent(130.0, 45.0, 132.0, 47.0))
    inside = Place(point=Point(longitude=131.0, latitude=46.0))
    assert from_command(report(place=inside), known, NOW, Identity("o"))
    with pytest.raises(Invalid) as caught:
        from_command(report(place=Place(point=Point(longitude=116.4, latitude=39.9))), known, NOW, Identity("o"))
    assert caught.value.errors[0].code == "place_outside_city"
    assert "130.0000–132.0000" in caught.value.errors[0].zh


def test_a_retired_grid_takes_no_reports() -> None:
    retired = KnownGrid(GRID, PATH, GridState.RETIRED)
    with pytest.raises(Invalid) as caught:
        from_command(report(), Known(TABLE["livelihood.water"], retired), NOW, Identity("o"))
    assert caught.value.errors[0].code == "grid_retired"


def test_a_refusal_repeats_nothing_of_the_reporter() -> None:
    command = report(category="nothing", reporter={"name": "王五五", "phone": "13900001111"}, description="王五五 停水")
    with pytest.raises(Invalid) as caught:
        from_command(command, Known(None, KNOWN[GRID]), NOW, Identity("o"))
    assert "王五五" not in str(caught.value.to_wire())
    assert "13900001111" not in str(caught.value.to_wire())
