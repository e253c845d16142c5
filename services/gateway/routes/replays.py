"""重放: the local copies of a service made anew from the logs of the owners, step by step, by whoever carries it on."""

from typing import Any, Literal

from starlette.responses import Response

from contracts.operations import BeginReplay, GetReplay, NoteReplayed, Replay, ReplayEvents, SettleReplay
from contracts.shared import Model, Scope
from services.gateway.area import Area
from services.gateway.door import Call, Rule
from services.gateway.reading import json_object
from services.gateway.routes.operations import OPS, SERVICE, known

SECONDS = 30.0
NAMED: list[dict[str, Any]] = [{"name": "service", "in": "path", "required": True, "schema": SERVICE}]

area = Area("replays", "重放: 由事件日志重建本地副本")


class StartReplay(Model):
    """Whose copies are made anew."""

    service: Literal["grid", "alerts", "cases", "catalogue", "sharing"]


@area.route(
    "POST",
    "/v1/replays",
    Rule(Scope.OPS, writes=True),
    Replay,
    status=202,
    example={"service": "cases"},
    body=StartReplay,
)
async def begin_replay(call: Call) -> Response:
    """Begin, or take up the one that runs; then `:continue` until its state is `done`."""
    service = StartReplay.model_validate(json_object(call)).service
    order = BeginReplay(caller=call.caller, idempotency_key=call.idempotency_key)
    replay = await call.ask(order, SECONDS, service)
    return call.answer(replay, 202, Location=f"/v1/replays/{service}")


@area.route("GET", "/v1/replays/{service}", OPS, Replay, more=NAMED)
async def get_replay(call: Call) -> Response:
    """How far it is, or what came of the last one."""
    return call.answer(await _look(call, known(call.request.path_params["service"])))


@area.route("POST", "/v1/replays/{service}:continue", Rule(Scope.OPS, writes=True), Replay, more=NAMED)
async def continue_replay(call: Call) -> Response:
    """One bounded step: an owner sends some hundred events, or, when all have sent all, the copies are settled.

    The service keeps how far it is: a step may be repeated, and anybody may go on where another left off.
    """
    service = known(call.request.path_params["service"])
    replay = await _look(call, service)
    if replay.state == "done":
        return call.answer(replay)
    part = next((part for part in replay.parts if not part.ended), None)
    if part is None:
        settled = await call.ask(SettleReplay(caller=call.caller, **_of(replay)), SECONDS, service)
        return call.answer(settled)
    order = ReplayEvents(caller=call.caller, to=service, types=part.types, subjects=replay.subjects, cursor=part.cursor)
    sent = await call.ask(order, SECONDS, part.owner)
    told = sent.model_dump(exclude={"next"})
    note = NoteReplayed(caller=call.caller, **_of(replay), owner=part.owner, cursor=sent.next, **told)
    noted = await call.ask(note, SECONDS, service)
    return call.answer(noted)


async def _look(call: Call, service: str) -> Replay:
    return await call.ask(GetReplay(caller=call.caller), SECONDS, service)


def _of(replay: Replay) -> dict[str, Any]:
    return {"id": replay.id, "round": replay.round}
