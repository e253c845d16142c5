"""Scenes of the video network's devices."""

from contracts import alerts
from contracts.alerts import DeviceAction
from tests.faults.scenes.grid import version
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage


async def _act(stage: Stage, number: int) -> alerts.ActOnDevice:
    id = f"retiring-{number}"
    await stage.ask(alerts.SaveDevice(caller=CALLER, id=id))
    expected = version(stage, "devices", id)
    return alerts.ActOnDevice(caller=CALLER, id=id, action=DeviceAction.RETIRE, expected_version=expected)


async def _catalog(_: Stage, number: int) -> alerts.ImportCatalog:
    code = f"2309020000132{number:07d}"
    item = f"<Item><DeviceID>{code}</DeviceID><Longitude>120.0</Longitude><Latitude>40.0</Latitude></Item>"
    body = f"<Response><CmdType>Catalog</CmdType><DeviceList>{item}</DeviceList></Response>"
    return alerts.ImportCatalog(caller=CALLER, platform="city", body=body.encode())


async def _device(_: Stage, __: int) -> alerts.GetDevice:
    return alerts.GetDevice(caller=CALLER, id="known")


async def _diagnosis(_: Stage, __: int) -> alerts.GetDiagnosis:
    return alerts.GetDiagnosis(caller=CALLER, id="known")


SCENES = [
    Scene(alerts.ActOnDevice, _act, {"devices": 1}, answer={"state": "retired"}, never=PUBLISHING),
    Scene(
        alerts.ImportCatalog,
        _catalog,
        {"devices": 1, "channels": 1},
        never=PUBLISHING,
        more=("before_write:2", "after_write:2"),
    ),
    Scene(alerts.GetDevice, _device, answer={"name": "东门"}),
    Scene(alerts.GetDiagnosis, _diagnosis, answer={"registered": True}),
]
