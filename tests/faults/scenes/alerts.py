"""Scenes of the video network."""

from datetime import UTC, datetime
from uuid import uuid4

from contracts import alerts
from contracts.alerts import AlertAction, ReportReceived
from contracts.grid import GridAdjusted, GridPublished, GridState
from services.chassis.links import Outgoing
from services.chassis.messages import delivery
from services.chassis.topology import event_queue
from tests.alerts.scene import grid_published, motion
from tests.faults.scenes.grid import version
from tests.faults.scenes.scene import CALLER, PUBLISHING, WRITING, Scene
from tests.faults.stage import Stage

QUEUE = event_queue("alerts", ReportReceived.wire)
NEVER = (*WRITING, *PUBLISHING)


def report(source: str) -> Outgoing:
    """A camera's alarm, as the gateway publishes it."""
    now = datetime.now(UTC)
    told = ReportReceived(
        report=uuid4().hex,
        adapter="hikvision",
        source=source,
        content_type="application/xml",
        received_at=now,
        body=motion(at=now, type_="fielddetection"),
    )
    return delivery(told, told.report, None)._replace(exchange="", routing_key=QUEUE)


async def raised(stage: Stage, source: str) -> str:
    """The id of an alert that stands and has become an incident."""
    found = stage.database["alerts"]
    through = {"device": source, "incident": {"$exists": True}}
    await stage.applied(report(source), done=lambda: found.find_one(through), what="raised")
    return str((found.find_one(through) or {})["_id"])


async def stand(stage: Stage) -> None:
    """A device that is registered, one alert. No grid: where channels stand is followed by a round, not by a step."""
    await stage.ask(alerts.SaveDevice(caller=CALLER, id="known", name="东门"))
    await raised(stage, "seen")


async def _report(_: Stage, number: int) -> Outgoing:
    return report(f"cam-{number}")


async def _published(stage: Stage, number: int) -> Outgoing:
    code = f"230902001001{number + 100:03d}"
    return stage.heard(grid_published().model_copy(update={"code": code}), code, 1)


async def _adjusted(stage: Stage, number: int) -> Outgoing:
    code = f"230902001002{number + 100:03d}"
    told = {**grid_published().model_dump(), "code": code, "state": GridState.ACTIVE, "version": 2}
    return stage.heard(GridAdjusted.model_validate(told), code, 2)


async def _act(stage: Stage, number: int) -> alerts.ActOnAlert:
    id = await raised(stage, f"cam-{number}")
    expected = version(stage, "alerts", id)
    return alerts.ActOnAlert(caller=CALLER, id=id, action=AlertAction.ACKNOWLEDGE, expected_version=expected)


async def _get_report(stage: Stage, _: int) -> alerts.GetReport:
    found = stage.database["raw_reports"].find_one({})
    return alerts.GetReport(caller=CALLER, report=str((found or {})["_id"]))


async def _get_alert(stage: Stage, _: int) -> alerts.GetAlert:
    found = stage.database["alerts"].find_one({})
    return alerts.GetAlert(caller=CALLER, id=str((found or {})["_id"]))


async def _test_adapter(_: Stage, __: int) -> alerts.TestAdapter:
    return alerts.TestAdapter(caller=CALLER, adapter="hikvision", body=motion())


async def _alerts(_: Stage, __: int) -> alerts.ListAlerts:
    return alerts.ListAlerts(caller=CALLER)


async def _figures(_: Stage, __: int) -> alerts.GetAlertFigures:
    return alerts.GetAlertFigures(caller=CALLER)


SCENES = [
    Scene(
        ReportReceived,
        _report,
        # the alert is raised and joins its incident; four rules keep a window of it, one counts
        {
            **{"raw_reports": 1, "bodies": 1, "alerts": 2, "channels": 1, "devices": 1, "alerts.raised.v1": 1},
            **{"windows": 4, "rule_counts": 1, "incidents": 1, "alerts.incident_opened.v1": 1},
        },
        more=("before_write:2", "after_write:2", "*before_write:3", *(f"*after_write:{turn}" for turn in range(3, 10))),
    ),
    Scene(GridPublished, _published, {"grid_copies": 1}, never=NEVER),
    Scene(GridAdjusted, _adjusted, {"grid_copies": 1}, never=NEVER),
    Scene(alerts.ActOnAlert, _act, {"alerts": 1, "alerts.acknowledged.v1": 1}, answer={"state": "acknowledged"}),
    Scene(alerts.GetReport, _get_report, answer={"state": "parsed"}),
    Scene(alerts.TestAdapter, _test_adapter, answer={"fault": None}),
    Scene(alerts.ListAlerts, _alerts),
    Scene(alerts.GetAlertFigures, _figures),
    Scene(alerts.GetAlert, _get_alert, answer={"device": "seen"}),
]
