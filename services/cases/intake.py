"""上报: what may become a case. Incidents of the video network, and reports made by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.alerts import AlertType, IncidentOpened
from contracts.alerts.families import CATEGORIES
from contracts.cases import CaseReported, CaseSource, CaseState, Category, Place, ReportCase, Reporter, Urgency
from contracts.faults import FieldFault, Invalid
from contracts.grid import GridState
from contracts.shared import Extent, TimelineEntry
from services.cases.domain import CaseRecord, announce
from services.cases.machine import Outcome
from services.cases.responsible import responsible, rosters_needed
from services.chassis.rosters import Rosters
from services.chassis.territories import way_down

T = AlertType
MAX_CLOCK_SKEW = timedelta(minutes=5)
ALERTS = "alerts"
GONE = frozenset({GridState.RETIRED, GridState.CANCELLED})

# where it is more than normal
URGENCIES: Mapping[AlertType, Urgency] = {
    T.INTRUSION: "urgent",
    T.LEFT_OBJECT: "urgent",
    T.CROWD_DENSITY: "urgent",
    T.FALL: "urgent",
    T.E_BIKE_IN_LIFT: "urgent",
    T.DEVICE_TAMPER: "urgent",
    T.FIRE_SMOKE: "critical",
    T.MANUAL_ALARM: "critical",
}


@dataclass(frozen=True)
class KnownGrid:
    """What this service knows of a grid."""

    code: str
    path: list[str]
    state: GridState


class Known(NamedTuple):
    """What this service knows of the category and the place that a report names."""

    category: Category | None
    grid: KnownGrid | None
    extent: Extent | None = None


class Identity(NamedTuple):
    """By what a report is known when it comes again, and the trace in which it came."""

    origin: str
    trace_id: str | None = None


@dataclass(frozen=True)
class Report:
    """A matter before it is a case."""

    origin: str
    source: CaseSource
    category: str
    urgency: Urgency
    description: str
    place: Place
    actor: str
    reported_by: tuple[str, str]
    alert: str | None = None
    incident: str | None = None
    occurred_at: datetime | None = None
    reporter: Reporter | None = None
    media: tuple[str, ...] = ()
    site_check_required: bool = False
    evidence_required: bool = False
    trace_id: str | None = None


def incident_origin(incident: str) -> str:
    """What makes the case of an incident the same however often the incident is heard."""
    return f"incident:{incident}"


def from_incident(
    incident: IncidentOpened, grids: Mapping[str, KnownGrid], table: Mapping[str, Category], trace_id: str | None
) -> Report:
    """The report that an incident is. Where it knows only its grid, `grids` may know the path."""
    code = CATEGORIES[incident.type]
    category, grid = table[code], grids.get(incident.grid or "")
    kind = "未诉先办, 同一地点反复告警" if incident.governance else "视频告警"
    return Report(
        origin=incident_origin(incident.id),
        source=CaseSource.VIDEO,
        category=code,
        urgency=URGENCIES.get(incident.type, "normal"),
        description=(
            f"{kind}: {category.name} ({incident.type}), {len(incident.alerts)} 条告警, "
            f"设备 {incident.device}, 通道 {incident.channel}"
        ),
        place=Place(point=incident.point, grid=incident.grid, path=incident.path or (grid.path if grid else [])),
        actor=ALERTS,
        reported_by=(ALERTS, ALERTS),
        alert=incident.alert,
        incident=incident.id,
        occurred_at=incident.first_at,
        site_check_required=category.site_check_required,
        evidence_required=category.evidence_required,
        trace_id=trace_id,
    )


def from_command(command: ReportCase, known: Known, now: datetime, identity: Identity) -> Report:
    """The report that a person makes. Raises Invalid naming every field at once."""
    category, grid = known.category, known.grid
    faults = [*_category_faults(category), *_place_faults(command.place, known), *_text_and_time_faults(command, now)]
    if faults or category is None:
        raise Invalid.fields("report_invalid", "上报内容有误", "the report is not acceptable", faults)
    path = grid.path if grid else []
    return Report(
        origin=identity.origin,
        source=command.source,
        category=category.code,
        urgency=command.urgency,
        description=command.description.strip(),
        place=command.place.model_copy(update={"path": path}),
        actor=command.caller.who,
        reported_by=(command.caller.client, command.caller.who),
        occurred_at=command.occurred_at,
        reporter=command.reporter,
        media=tuple(command.media),
        site_check_required=category.site_check_required,
        evidence_required=category.evidence_required,
        trace_id=identity.trace_id,
    )


def open_case(report: Report, case_no: str, rosters: Rosters, now: datetime) -> Outcome:
    """The case that a report becomes, with the one who answers for its place."""
    way = way_down(report.place.path, report.place.grid)
    person, rule = responsible(rosters_needed(report.place.grid, way), rosters, now)
    record = CaseRecord(
        case_no=case_no,
        state=CaseState.REPORTED,
        version=1,
        category=report.category,
        place=report.place,
        alert=report.alert,
        incident=report.incident,
        reported_by=report.reported_by,
        site_check_required=report.site_check_required,
        evidence_required=report.evidence_required,
        assignee=person,
        assigned_by=rule,
    )
    entry = TimelineEntry(
        at=now,
        actor=report.actor,
        action="report",
        to_state=CaseState.REPORTED,
        note=f"{person or '-'} ({rule})",
        trace_id=report.trace_id,
    )
    point = report.place.point if report.source is CaseSource.PATROL else None
    return Outcome(record, [entry], [announce(CaseReported, record, source=report.source, point=point)])


def _category_faults(category: Category | None) -> list[FieldFault]:
    if category is None:
        return [FieldFault.at("/category", "category_unknown", "没有此事件分类", "no such category")]
    if not category.leaf:
        return [
            FieldFault.at(
                "/category", "category_not_leaf", "须选到最末级分类", "only the lowest categories may be used"
            )
        ]
    return []


def _place_faults(place: Place, known: Known) -> list[FieldFault]:
    grid, extent = known.grid, known.extent
    if place.grid is None and place.point is None and not (place.address or "").strip():
        return [
            FieldFault.at("/place", "place_required", "须有网格、坐标或地址", "a grid, a point or an address is needed")
        ]
    if place.grid is not None and grid is None:
        return [FieldFault.at("/place/grid", "grid_unknown", "没有此网格", "no such grid")]
    if grid is not None and grid.state in GONE:
        return [FieldFault.at("/place/grid", "grid_retired", "此网格已撤销", "this grid is no longer in use")]
    if grid is None and place.point is not None and extent is not None and not extent.holds(place.point):
        box = f"{extent.west:.4f}–{extent.east:.4f}, {extent.south:.4f}–{extent.north:.4f}"
        return [
            FieldFault.at(
                "/place/point", "place_outside_city", f"位置不在本市范围 ({box})", f"outside the city ({box})"
            )
        ]
    return []


def _text_and_time_faults(command: ReportCase, now: datetime) -> list[FieldFault]:
    faults = []
    if not command.description.strip():
        faults.append(FieldFault.at("/description", "description_required", "须填写事件描述", "say what it is about"))
    if command.occurred_at is not None and command.occurred_at > now + MAX_CLOCK_SKEW:
        faults.append(FieldFault.at("/occurred_at", "time_in_future", "发生时间在将来", "it lies in the future"))
    return faults
