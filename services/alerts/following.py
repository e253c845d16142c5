"""What follows what: an incident its case, alerts their incident, and incidents the end of their alerts.

An incident is written first and says that its alerts have still to follow; whoever comes next finishes that.
"""

from datetime import timedelta
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from contracts.alerts import ActOnIncident, Incident, IncidentResult, IncidentState
from contracts.alerts.families import family_of
from contracts.cases import CaseReported, CaseState, CaseStep
from contracts.shared import Point
from services.alerts import handling
from services.alerts.store import AlertStore
from services.alerts.store.documents import place
from services.chassis import context
from services.chassis.aggregates import Document
from services.chassis.messages import Received

EVIDENCE_WITHIN_M = 200.0
EVIDENCE_WITHIN = timedelta(minutes=10)
_EARTH_M = 6_371_000.0
_AT_ONCE = 100


class Echo(NamedTuple):
    """How far an incident follows a case that has come to a state."""

    until: IncidentState
    note: str
    result: IncidentResult | None = None


ECHOES = {
    CaseState.REPORTED: Echo(IncidentState.DISPATCHED, "已立工单 / case opened"),
    CaseState.HANDLING: Echo(IncidentState.HANDLING, "已签收 / signed"),
    CaseState.RESOLVED: Echo(IncidentState.RESOLVED, "已办结 / resolved"),
    CaseState.CLOSED: Echo(IncidentState.CLOSED, "已结案 / case closed", IncidentResult.HANDLED),
    CaseState.REJECTED: Echo(IncidentState.CLOSED, "工单不予受理 / case rejected", IncidentResult.FALSE),
    CaseState.WITHDRAWN: Echo(IncidentState.CLOSED, "工单已撤 / case withdrawn", IncidentResult.OVER),
}


def act(store: AlertStore, command: ActOnIncident) -> Incident:
    """One step of a person; its alerts follow."""
    document = store.incidents.act(command)
    _spread(store, document)
    return look(store, command.id)


def look(store: AlertStore, id: str) -> Incident:
    """One, with its timeline and its sessions."""
    found = store.incidents.get(id)
    return found.model_copy(update={"sessions": store.sessions.of_incident(id)})


def follow_case(store: AlertStore, case: CaseStep) -> None:
    """Let the incident of a case follow it, or the alert of one that was opened before there were incidents."""
    if case.incident:
        echo = ECHOES[case.state]
        _spread(store, store.incidents.follow_case(case.incident, case, echo.until, echo.note, result=echo.result))
    elif case.alert:
        if case.state is CaseState.REPORTED:
            store.desk.note_case(case.alert, case.case_no)
        elif case.state is CaseState.CLOSED:
            store.desk.close_by_case(case.alert, case.case_no)


def take_evidence(store: AlertStore, reported: Received[CaseReported]) -> None:
    """人防+技防: what a grid worker reports belongs to the nearest running incident of the same place and time."""
    case = reported.data
    if case.point is None:
        return
    at = reported.time or context.now()
    found = store.incidents.near(family_of(case.category), at - EVIDENCE_WITHIN, at + EVIDENCE_WITHIN)
    apart = [(metres(case.point, point), document) for document in found if (point := place(document["point"]))]
    distance, nearest = min(apart, key=lambda one: (one[0], one[1]["_id"]), default=(None, None))
    if nearest is None or distance is None or distance > EVIDENCE_WITHIN_M:
        return
    evidence = {"case_no": case.case_no, "distance_m": round(distance, 1), "reported_at": at}
    store.incidents.add_evidence(nearest, evidence, context.now())


def spread(store: AlertStore) -> None:
    """Finish what was begun: incidents whose alerts have still to follow them."""
    for document in store.incidents.spreading(_AT_ONCE):
        _spread(store, document)


def resolve_ended(store: AlertStore) -> None:
    """Resolve the incidents that end with their alerts."""
    now = context.now()
    found = store.incidents.to_look_at(now, _AT_ONCE)
    store.incidents.looked_at(found, store.alerts.all_ended(document["_id"] for document in found), now)


def metres(one: Point, other: Point) -> float:
    """Along the ground."""
    south, north = radians(one.latitude), radians(other.latitude)
    up, along = (north - south) / 2, radians(other.longitude - one.longitude) / 2
    return 2 * _EARTH_M * asin(sqrt(sin(up) ** 2 + cos(south) * cos(north) * sin(along) ** 2))


def _spread(store: AlertStore, document: Document) -> None:
    if "spreads" not in document:
        return
    into = store.incidents.absorb(document) if document["merged_into"] else document
    closed = document["state"] == IncidentState.CLOSED and document["result"]
    verdict = handling.VERDICTS[IncidentResult(document["result"])] if closed else None
    if document["governance"] or store.desk.follow(document, into, verdict):
        store.incidents.spread(document)
