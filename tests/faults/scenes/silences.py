"""Scenes of silences and of the times of folding."""

from datetime import UTC, datetime, timedelta

from contracts import alerts
from contracts.alerts import AlertType, Matcher, SilenceAction
from tests.faults.scenes.grid import version
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage


def _silence(device: str) -> alerts.CreateSilence:
    matchers = [Matcher(field="device", value=device), Matcher(field="severity", op="!=", value="1")]
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    return alerts.CreateSilence(caller=CALLER, matchers=matchers, reason="路口施工", ends_at=ends_at)


async def _create(_: Stage, number: int) -> alerts.CreateSilence:
    return _silence(f"cam-{number}")


async def _end(stage: Stage, number: int) -> alerts.ActOnSilence:
    made = await stage.ask(_silence(f"cam-{number}"))
    expected = version(stage, "silences", made.id)
    return alerts.ActOnSilence(caller=CALLER, id=made.id, action=SilenceAction.END, expected_version=expected)


async def _silences(_: Stage, __: int) -> alerts.ListSilences:
    return alerts.ListSilences(caller=CALLER)


async def _try(_: Stage, __: int) -> alerts.TrySilence:
    return alerts.TrySilence(caller=CALLER, matchers=[Matcher(field="device", value="seen")])


async def _settings(_: Stage, __: int) -> alerts.GetAlertSettings:
    return alerts.GetAlertSettings(caller=CALLER)


async def _save_settings(_: Stage, number: int) -> alerts.SaveAlertSettings:
    # one document for all performances: the version that it will have is not known when they are prepared
    return alerts.SaveAlertSettings(caller=CALLER, flapping_raised=10 + number)


async def _set_settings(stage: Stage) -> None:
    await stage.ask(alerts.SaveAlertSettings(caller=CALLER, quiet_s={AlertType.MOTION: 60}))


SCENES = [
    Scene(alerts.CreateSilence, _create, {"silences": 1}, answer={"state": "active"}, never=PUBLISHING),
    Scene(alerts.ActOnSilence, _end, {"silences": 1, "alerts.silence_ended.v1": 1}, answer={"state": "ended"}),
    Scene(alerts.ListSilences, _silences),
    Scene(alerts.TrySilence, _try, answer={"hits": 1}),
    Scene(alerts.GetAlertSettings, _settings, answer={"flapping_window_s": 600}),
    Scene(alerts.SaveAlertSettings, _save_settings, {"settings": 1}, never=PUBLISHING, stand=_set_settings),
]
