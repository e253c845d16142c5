"""Scenes of pictures that are looked at."""

from contracts import alerts
from tests.faults.scenes.alerts import raised
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage


async def _look(stage: Stage, number: int) -> alerts.LookAtMedia:
    return alerts.LookAtMedia(caller=CALLER, id=await raised(stage, f"looked-{number}"), purpose="核实告警")


async def _views(_: Stage, __: int) -> alerts.ListMediaViews:
    return alerts.ListMediaViews(caller=CALLER)


SCENES: list[Scene] = [
    Scene(alerts.LookAtMedia, _look, {"media_views": 1}, answer={"items": []}, never=PUBLISHING),
    Scene(alerts.ListMediaViews, _views),
]
