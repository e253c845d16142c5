"""The probe's contracts, store and service."""

import time
from typing import Any

from pymongo import IndexModel
from pymongo.database import Database

from contracts.base import Command, Delivery, Event, Query
from contracts.faults import Invalid, NotFound
from contracts.shared import Model, Scope
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, New
from services.chassis.entrypoints import Stored, answers, every, on
from services.chassis.messages import Received
from services.chassis.service import Service


class Thing(Model):
    id: str
    count: int
    version: int


class ThingMade(Event, wire="probe.made.v1"):
    id: str
    mode: str = "ok"
    version: int


class ThingCounted(Event, wire="probe.counted.v1"):
    id: str
    mode: str = "ok"


class ThingPosted(Delivery, wire="probe.posted.v1"):
    id: str


class Echoed(Event, wire="probe.echoed.v1", public=True):
    id: str


class MakeThing(Command[Thing]):
    id: str
    mode: str = "ok"


class CountThing(Command[Thing]):
    id: str


class GetThing(Query[Thing]):
    id: str


class Sleep(Query[Thing]):
    seconds: float
    holding_the_hub: bool = False


class ProbeStore:
    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.things = Aggregates(database, "things", [IndexModel([("origin", 1)], unique=True, sparse=True)])
        self.heard = Aggregates(database, "heard")
        self.tries = database["tries"]
        self.rounds = database["rounds"]


class ProbeService(Service):
    name = "probe"
    store = Stored(ProbeStore)

    @answers(MakeThing, scope=Scope.CASES_HANDLE)
    def make_thing(self, command: MakeThing) -> Thing:
        made = ThingMade(id=command.id, mode=command.mode, version=1)
        document = {"_id": command.id, "count": 0, "origin": context.message_id()}
        self.store.things.insert(document, [made, Echoed(id=command.id)])
        return self._thing(command.id)

    @answers(CountThing, scope=Scope.CASES_HANDLE)
    def count_thing(self, command: CountThing) -> Thing:
        found = self.store.things.get(command.id)
        if found is None:
            raise NotFound("thing_unknown", "没有", "none")
        command.check_version(found["version"])
        self.store.things.update(command.id, found["version"], Change(inc={"count": 1}))
        return self._thing(command.id)

    @answers(GetThing, scope=None)
    def get_thing(self, query: GetThing) -> Thing:
        return self._thing(query.id)

    @answers(Sleep, scope=None)
    def sleep(self, query: Sleep) -> Thing:
        if query.holding_the_hub:
            until = time.monotonic() + query.seconds
            while time.monotonic() < until:
                pass
        else:
            time.sleep(query.seconds)
        return Thing(id="slept", count=0, version=1)

    @on(ThingMade)
    def hear_made(self, made: Received[ThingMade]) -> None:
        self._try(made.id)
        self._fail_as(made.data.mode)
        self.store.heard.insert({"_id": f"made {made.data.id}", "trace_id": context.trace_id()})

    @on(ThingCounted, batch=50, wait=0.05)
    def hear_counted(self, counted: list[Received[ThingCounted]]) -> None:
        for one in counted:
            self._fail_as(one.data.mode)
        self.store.heard.insert_many([New({"_id": f"counted {one.data.id}", "of": len(counted)}) for one in counted])

    @on(ThingPosted, batch=200, at_once=2)
    def hear_posted(self, posted: list[Received[ThingPosted]]) -> None:
        self.store.heard.insert_many(
            [New({"_id": f"posted {one.id}", "body": one.data.body}, cause=one) for one in posted]
        )

    @every(0.2)
    def turn(self) -> None:
        self.store.rounds.update_one({"_id": "turn"}, {"$inc": {"count": 1}}, upsert=True)

    def _thing(self, id: str) -> Thing:
        found = self.store.things.get(id)
        if found is None:
            raise NotFound("thing_unknown", "没有", "none")
        return Thing(id=found["_id"], count=found["count"], version=found["version"])

    def _try(self, id: str) -> None:
        self.store.tries.insert_one({"message": id, "at": context.now()})

    def _fail_as(self, mode: str) -> None:
        if mode == "bug":
            raise RuntimeError("a secret that must not be logged")
        if mode == "slow":
            time.sleep(4)
        if mode == "invalid":
            raise Invalid("mode_invalid", "不行", "no")
