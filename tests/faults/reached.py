"""Where an event can be seen to have arrived: one rule for every (service, event) of the registry."""

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.database import Database

from contracts.alerts import IncidentOpened, IncidentState, ReportReceived
from contracts.cases import (
    CaseClosed,
    CaseMoved,
    CaseRejected,
    CaseReopened,
    CaseReported,
    CaseResolved,
    CaseSigned,
    CaseState,
    CaseWithdrawn,
)
from contracts.grid import (
    GridAdjusted,
    GridMerged,
    GridPublished,
    GridRedrawn,
    GridRetired,
    GridSplit,
    GridStaffed,
)
from contracts.sharing import DatasetDecided, RecordsPublished
from services.alerts.following import ECHOES
from services.alerts.handling import way
from services.cases.domain import OPEN
from services.cases.intake import incident_origin
from services.chassis.ground import Ground
from services.sharing.store.applications import grant_id

Store = Database[dict[str, Any]]
# the envelope of the event as its owner's log keeps it
Told = Mapping[str, Any]
Rule = Callable[[Store, Told], bool]


def _stored(store: Store, told: Told) -> bool:
    return store["raw_reports"].count_documents({"_id": told["data"]["report"]}) == 1


def _grid_copied(store: Store, told: Told) -> bool:
    return _copied(store, "grid_copies", told["data"]["code"], told["sequence"])


def _roster_copied(store: Store, told: Told) -> bool:
    return _copied(store, "roster_copies", told["data"]["target"], told["sequence"])


def _copied(store: Store, collection: str, id: str, sequence: int) -> bool:
    found = store[collection].find_one({"_id": id}, {"sequence": 1})
    return found is not None and found["sequence"] >= sequence


def _case_opened(store: Store, told: Told) -> bool:
    return store["cases"].count_documents({"origin": incident_origin(told["data"]["id"])}) == 1


def _case_followed(store: Store, told: Told) -> bool:
    """Its incident is as far as the case was then, and all its alerts know of the case."""
    incident = told["data"].get("incident")
    found = store["incidents"].find_one({"_id": incident}) if incident else None
    if found is None:
        return incident is None
    behind = way(IncidentState(found["state"]), ECHOES[CaseState(told["data"]["state"])].until)
    without = store["alerts"].count_documents({"incident": incident, "case_no": None})
    return not behind and not without and "spreads" not in found


def _case_counted(store: Store, told: Told) -> bool:
    return _copied(store, "open_cases", told["data"]["case_no"], told["sequence"])


def _followed(store: Store, told: Told) -> bool:
    """No open case waits in a grid that has ended."""
    sources = told["data"]["sources"]
    known = store["redrawn"].count_documents({"_id": {"$in": sources}})
    return known == len(sources) and (not told["data"]["successors"] or not _waiting(store, sources))


def _waiting(store: Store, grids: list[str]) -> list[Mapping[str, Any]]:
    """Their open cases."""
    return list(store["cases"].find({"place.grid": {"$in": grids}, "state": {"$in": list(OPEN)}}))


def _borders_followed(store: Store, told: Told) -> bool:
    """Each open case of these grids that has a place lies in the one that holds it."""
    parcels = {one["code"]: one["geometry"] for one in told["data"]["successors"]}
    ground = Ground(parcels.items())
    for case in _waiting(store, told["data"]["sources"]):
        point = case["place"].get("point")
        hit = ground.locate(point["longitude"], point["latitude"]) if point else None
        if hit and hit.code != case["place"]["grid"]:
            return False
    return True


def _delivered(store: Store, told: Told) -> bool:
    """No queue that is served waits for these records any more."""
    waiting = {"dataset": told["data"]["dataset"], "serving": True, "cursor": {"$lt": told["data"]["last"]}}
    return store["subscriptions"].count_documents(waiting) == 0


def _granted(store: Store, told: Told) -> bool:
    wanted = 1 if told["data"]["decision"] == "approve" else 0
    return store["grants"].count_documents({"_id": grant_id(told["data"]["application"])}) == wanted


REACHED: Mapping[tuple[str, str], Rule] = {
    ("alerts", ReportReceived.wire): _stored,
    ("alerts", GridPublished.wire): _grid_copied,
    ("alerts", GridAdjusted.wire): _grid_copied,
    ("alerts", GridStaffed.wire): _roster_copied,
    **{
        ("alerts", event.wire): _case_followed
        for event in (CaseReported, CaseSigned, CaseResolved, CaseClosed, CaseRejected, CaseWithdrawn)
    },
    ("cases", IncidentOpened.wire): _case_opened,
    ("cases", GridPublished.wire): _grid_copied,
    ("cases", GridAdjusted.wire): _grid_copied,
    ("cases", GridStaffed.wire): _roster_copied,
    ("cases", GridSplit.wire): _followed,
    ("cases", GridMerged.wire): _followed,
    ("cases", GridRetired.wire): _followed,
    ("cases", GridRedrawn.wire): _borders_followed,
    **{
        ("grid", event.wire): _case_counted
        for event in (CaseReported, CaseMoved, CaseClosed, CaseRejected, CaseWithdrawn, CaseReopened)
    },
    ("sharing", RecordsPublished.wire): _delivered,
    ("sharing", DatasetDecided.wire): _granted,
}
