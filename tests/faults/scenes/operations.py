"""Scenes that every service has: what died in it, and what it says about itself."""

from uuid import uuid4

from contracts import operations
from contracts.faults import Refused
from services.chassis import topology
from services.chassis.links import Outgoing
from tests.faults.scenes.scene import CALLER, DEAD, PUBLISHING, WRITING, AtLeast, Scene
from tests.faults.stage import SINK, Stage

NEVER = (*WRITING, *PUBLISHING)


def letter(stage: Stage, name: str) -> Outgoing:
    """A message that died at this service."""
    headers = {"x-queue": SINK, "x-reason": "invalid: made_up", "x-attempts": 1}
    return Outgoing(topology.DEAD, stage.service, b"{}", name, headers)


async def filed(stage: Stage) -> str:
    """The id of a dead letter that was filed."""
    name = uuid4().hex
    letters = stage.database["dead_letters"]
    await stage.applied(letter(stage, name), done=lambda: letters.find_one({"message_id": name}), what="filed")
    found = letters.find_one({"message_id": name})
    return str(found["_id"]) if found else ""


async def _look(stage: Stage, _: int) -> operations.LookAtDeadLetter:
    return operations.LookAtDeadLetter(caller=CALLER, id=await filed(stage))


async def _redrive(stage: Stage, _: int) -> operations.RedriveDeadLetters:
    return operations.RedriveDeadLetters(caller=CALLER, ids=[await filed(stage)])


async def _letters(_: Stage, __: int) -> operations.ListDeadLetters:
    return operations.ListDeadLetters(caller=CALLER)


async def _status(_: Stage, __: int) -> operations.GetStatus:
    return operations.GetStatus(caller=CALLER)


async def _dead(stage: Stage, _: int) -> Outgoing:
    return letter(stage, uuid4().hex)


async def _begin(_: Stage, __: int) -> operations.BeginReplay:
    return operations.BeginReplay(caller=CALLER)


async def _note(stage: Stage, _: int) -> operations.NoteReplayed:
    id = await _running(stage)
    return operations.NoteReplayed(caller=CALLER, id=id, round=1, owner="grid", sent=3, left=0)


async def _settle(stage: Stage, _: int) -> operations.SettleReplay:
    return operations.SettleReplay(caller=CALLER, id=await _running(stage), round=1)


async def _replay(stage: Stage, _: int) -> operations.GetReplay:
    await _running(stage)
    return operations.GetReplay(caller=CALLER)


async def _running(stage: Stage) -> str:
    """The replay that runs; none where nothing is copied."""
    try:
        return (await stage.ask(operations.BeginReplay(caller=CALLER))).id
    except Refused:
        return "none"


def scenes(*, copies: bool, tells: str, to: str) -> list[Scene]:
    """Of a service that keeps copies of others' matters or does not, and tells `to` a service of its event `tells`."""

    async def send_again(_: Stage, __: int) -> operations.ReplayEvents:
        # of a matter that nobody knows: another service's queue shall stay as it is
        return operations.ReplayEvents(caller=CALLER, to=to, types=[tells], subjects=["none"])

    touched = {"replays": AtLeast(1), "audit": AtLeast(0)} if copies else {}
    running = {"state": "running"} if copies else {}
    unknown = "" if copies else "replay_unknown"
    return [
        Scene(operations.LookAtDeadLetter, _look, {"audit": AtLeast(1)}, never=NEVER),
        Scene(operations.RedriveDeadLetters, _redrive, {"audit": AtLeast(1)}, never=(*WRITING, "before_publish")),
        Scene(operations.ListDeadLetters, _letters),
        Scene(operations.GetStatus, _status),
        Scene(operations.ReplayEvents, send_again, fault="" if to else "queue_unknown", never=NEVER),
        Scene(operations.BeginReplay, _begin, touched, running, never=NEVER, fault="" if copies else "no_copies"),
        Scene(operations.NoteReplayed, _note, touched, running, never=NEVER, fault=unknown),
        Scene(operations.SettleReplay, _settle, touched, running, never=NEVER, fault=unknown),
        Scene(operations.GetReplay, _replay, answer=running, fault=unknown),
        Scene(DEAD, _dead, {"dead_letters": 1}, never=NEVER),
    ]
