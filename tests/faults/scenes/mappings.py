"""Scenes of type mappings."""

from contracts import alerts
from contracts.alerts import AlertType
from tests.faults.scenes.grid import version
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage


async def _mapped(stage: Stage, number: int) -> dict[str, str]:
    """A raw type that is mapped; its key."""
    key = {"adapter": "hikvision", "raw_type": f"smell{number}"}
    await stage.ask(alerts.SaveTypeMapping(caller=CALLER, type=AlertType.FIRE_SMOKE, **key))
    return key


async def _save(stage: Stage, number: int) -> alerts.SaveTypeMapping:
    key = await _mapped(stage, number)
    expected = version(stage, "type_mappings", "/".join(key.values()))
    return alerts.SaveTypeMapping(caller=CALLER, type=AlertType.DEFOCUS, expected_version=expected, **key)


async def _delete(stage: Stage, number: int) -> alerts.DeleteTypeMapping:
    return alerts.DeleteTypeMapping(caller=CALLER, **await _mapped(stage, number))


async def _list(_: Stage, __: int) -> alerts.ListTypeMappings:
    return alerts.ListTypeMappings(caller=CALLER)


SCENES = [
    Scene(alerts.SaveTypeMapping, _save, {"type_mappings": 1}, answer={"type": "defocus"}, never=PUBLISHING),
    Scene(alerts.DeleteTypeMapping, _delete, {"type_mappings": 1}, answer={"version": 2}, never=PUBLISHING),
    Scene(alerts.ListTypeMappings, _list),
]
