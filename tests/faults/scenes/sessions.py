"""Scenes of sessions 会商, and of the rosters that incidents climb by."""

from contracts.alerts import ActOnSession, GetSession, ListSessions, OpenSession, SessionAction
from contracts.grid import GridStaffed
from tests.faults.scenes import cases
from tests.faults.scenes.grid import version
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage


def _opening(number: int) -> OpenSession:
    return OpenSession(caller=CALLER, kind="training", title=f"演练 {number}", call=["W1"])


async def _open(_: Stage, number: int) -> OpenSession:
    return _opening(number)


async def _act(stage: Stage, number: int) -> ActOnSession:
    id = (await stage.ask(_opening(number))).id
    expected = version(stage, "sessions", id)
    return ActOnSession(caller=CALLER, id=id, action=SessionAction.DECIDE, text="疏散", expected_version=expected)


async def _get(stage: Stage, number: int) -> GetSession:
    return GetSession(caller=CALLER, id=(await stage.ask(_opening(number))).id)


async def _list(_: Stage, __: int) -> ListSessions:
    return ListSessions(caller=CALLER)


SCENES = [
    Scene(GridStaffed, cases._staffed, {"roster_copies": 1}, never=cases.NEVER),
    Scene(OpenSession, _open, {"sessions": 1}, answer={"state": "open"}, never=PUBLISHING),
    Scene(ActOnSession, _act, {"sessions": 1}, answer={"version": 2}, never=PUBLISHING),
    Scene(GetSession, _get, answer={"state": "open"}),
    Scene(ListSessions, _list),
]
