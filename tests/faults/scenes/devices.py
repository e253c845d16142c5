"""Scenes of the video network's devices."""

from collections.abc import Awaitable, Callable
from typing import Any

from contracts import alerts
from contracts.alerts import DeviceAction
from contracts.base import Command
from contracts.shared import Point, Row
from tests.faults.scenes.grid import version
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage

# outside every grid
FAR = Point(longitude=120.0, latitude=40.0)


async def _save_device(stage: Stage, number: int) -> alerts.SaveDevice:
    id = f"device-{number}"
    await stage.ask(alerts.SaveDevice(caller=CALLER, id=id, name="东门"))
    return alerts.SaveDevice(caller=CALLER, id=id, name="西门", expected_version=version(stage, "devices", id))


async def _save_channel(stage: Stage, number: int) -> alerts.SaveChannel:
    told = {"device": "known", "channel": f"c{number}", "point": FAR}
    await stage.ask(alerts.SaveChannel(caller=CALLER, **told))
    expected = version(stage, "channels", f"known/c{number}")
    return alerts.SaveChannel(caller=CALLER, name="西门", expected_version=expected, **told)


async def _act(stage: Stage, number: int) -> alerts.ActOnDevice:
    id = f"retiring-{number}"
    await stage.ask(alerts.SaveDevice(caller=CALLER, id=id))
    expected = version(stage, "devices", id)
    return alerts.ActOnDevice(caller=CALLER, id=id, action=DeviceAction.RETIRE, expected_version=expected)


async def _import(_: Stage, number: int) -> alerts.ImportDevices:
    values = {"device": f"new-{number}", "channel": "1", "longitude": FAR.longitude, "latitude": FAR.latitude}
    return alerts.ImportDevices(caller=CALLER, rows=[Row(line=2, values=values)])


async def _catalog(_: Stage, number: int) -> alerts.ImportCatalog:
    code = f"2309020000132{number:07d}"
    item = f"<Item><DeviceID>{code}</DeviceID><Longitude>120.0</Longitude><Latitude>40.0</Latitude></Item>"
    body = f"<Response><CmdType>Catalog</CmdType><DeviceList>{item}</DeviceList></Response>"
    return alerts.ImportCatalog(caller=CALLER, platform="city", body=body.encode())


async def _devices(_: Stage, __: int) -> alerts.ListDevices:
    return alerts.ListDevices(caller=CALLER)


async def _channels(_: Stage, __: int) -> alerts.ListChannels:
    return alerts.ListChannels(caller=CALLER)


async def _device(_: Stage, __: int) -> alerts.GetDevice:
    return alerts.GetDevice(caller=CALLER, id="known")


async def _diagnosis(_: Stage, __: int) -> alerts.GetDiagnosis:
    return alerts.GetDiagnosis(caller=CALLER, id="known")


def _importing(work: type[Command[Any]], order: Callable[[Stage, int], Awaitable[Command[Any]]]) -> Scene:
    """Of one device with one channel."""
    effect, more = {"devices": 1, "channels": 1}, ("before_write:2", "after_write:2")
    return Scene(work, order, effect, never=PUBLISHING, more=more)


SCENES = [
    Scene(alerts.SaveDevice, _save_device, {"devices": 1}, never=PUBLISHING),
    Scene(alerts.SaveChannel, _save_channel, {"channels": 1}, never=PUBLISHING),
    Scene(alerts.ActOnDevice, _act, {"devices": 1}, answer={"state": "retired"}, never=PUBLISHING),
    _importing(alerts.ImportDevices, _import),
    _importing(alerts.ImportCatalog, _catalog),
    Scene(alerts.ListDevices, _devices),
    Scene(alerts.ListChannels, _channels),
    Scene(alerts.GetDevice, _device, answer={"name": "东门"}),
    Scene(alerts.GetDiagnosis, _diagnosis, answer={"registered": True}),
]
