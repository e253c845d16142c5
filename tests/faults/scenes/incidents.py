"""Scenes of incidents and rules."""

from typing import Any

from contracts import alerts
from contracts.alerts import IncidentAction
from contracts.cases import (
    CaseClosed,
    CaseRejected,
    CaseReported,
    CaseResolved,
    CaseSigned,
    CaseSource,
    CaseState,
    CaseStep,
    CaseWithdrawn,
)
from services.chassis.links import Outgoing
from tests.faults.scenes.alerts import raised
from tests.faults.scenes.grid import version
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage

BODY: dict[str, Any] = {"name": "两处聚集", "group_by": ["grid"], "window_s": 600, "threshold": 2}
# the incident goes on, says that its alerts have to follow, and that they have
FOLLOWED = {"incidents": 2, "alerts": 1}
CLOSED = ("incident_closed", "acknowledged", "judged", "closed")
TWICE = ("before_write:2", "after_write:2")


async def opened(stage: Stage, source: str) -> str:
    """The id of an incident of one alert."""
    alert = await raised(stage, source)
    return str((stage.database["alerts"].find_one({"_id": alert}) or {})["incident"])


def _case(event: type[CaseStep], state: CaseState, effect: dict[str, int], **more: object) -> Scene:
    """What its case does to an incident and its alerts."""

    async def order(stage: Stage, number: int) -> Outgoing:
        incident = await opened(stage, f"cam-{number}")
        told = {"case_no": f"C{number}", "state": state, "category": "safety.intrusion", "incident": incident}
        return stage.heard(event.model_validate({**told, "version": 1, **more}), f"C{number}", 1)

    never = () if len(effect) > len(FOLLOWED) else PUBLISHING
    return Scene(event, order, effect, never=never, more=TWICE)


async def _merge(stage: Stage, number: int) -> alerts.ActOnIncident:
    one, other = await opened(stage, f"cam-{number}"), await opened(stage, f"other-{number}")
    expected = version(stage, "incidents", one)
    told = {"id": one, "action": IncidentAction.MERGE, "into": other, "expected_version": expected}
    return alerts.ActOnIncident(caller=CALLER, **told)


async def _save(stage: Stage, number: int) -> alerts.SaveRule:
    id = f"rule-{number}"
    await stage.ask(alerts.SaveRule(caller=CALLER, id=id, **BODY))
    return alerts.SaveRule(caller=CALLER, id=id, expected_version=version(stage, "rules", id), **BODY)


async def _incident(stage: Stage, _: int) -> alerts.GetIncident:
    found = stage.database["incidents"].find_one({})
    return alerts.GetIncident(caller=CALLER, id=str((found or {})["_id"]))


async def _incidents(_: Stage, __: int) -> alerts.ListIncidents:
    return alerts.ListIncidents(caller=CALLER)


async def _rules(_: Stage, __: int) -> alerts.ListRules:
    return alerts.ListRules(caller=CALLER)


async def _try(_: Stage, __: int) -> alerts.TryRule:
    return alerts.TryRule(caller=CALLER, **BODY)


SCENES = [
    _case(CaseReported, CaseState.REPORTED, FOLLOWED, source=CaseSource.VIDEO),
    _case(CaseSigned, CaseState.HANDLING, FOLLOWED),
    _case(CaseResolved, CaseState.RESOLVED, FOLLOWED),
    *(
        _case(event, state, {**FOLLOWED, **{f"alerts.{name}.v1": 1 for name in CLOSED}})
        for event, state in (
            (CaseClosed, CaseState.CLOSED),
            (CaseRejected, CaseState.REJECTED),
            (CaseWithdrawn, CaseState.WITHDRAWN),
        )
    ),
    # the one that ends, the other, and once more the first: its alerts have followed
    Scene(
        alerts.ActOnIncident,
        _merge,
        {"incidents": 3, "alerts": 1},
        answer={"state": "merged"},
        never=PUBLISHING,
        more=(*TWICE, "before_write:3", "after_write:3"),
    ),
    Scene(alerts.SaveRule, _save, {"rules": 1}, answer={"version": 2}, never=PUBLISHING),
    Scene(alerts.GetIncident, _incident, answer={"rule": "single"}),
    Scene(alerts.ListIncidents, _incidents),
    Scene(alerts.ListRules, _rules),
    Scene(alerts.TryRule, _try, answer={"complete": True}),
]
