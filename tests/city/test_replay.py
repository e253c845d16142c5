"""`yiwang replay`: each service under its own rights, from a terminal, on a district's worth of grids."""

import json
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.demo.ground import Ground
from tests.chassis.conftest import eventually
from tests.cli.test_commands import run
from tests.conftest import City


@pytest.mark.parametrize(
    ("service", "copied"), [(service, ("grid_copies", "roster_copies")) for service in ("alerts", "cases")]
)
def test_a_service_gets_its_copies_back(city: City, laid: Ground, service: str, copied: tuple[str, ...]) -> None:
    told = {"YIWANG_GATEWAY": city.gateway, "YIWANG_KEY": city.keys["operator"]}
    with MongoClient[dict[str, Any]](city.mongodb, tz_aware=True) as client:
        database = client[service]

        def kept() -> dict[str, dict[str, Any]]:
            return {
                name: {found["_id"]: {**found, "replay": None} for found in database[name].find()} for name in copied
            }

        def placed() -> dict[str, Any]:
            return {found["_id"]: (found["grid"], found["path"]) for found in database["channels"].find()}

        before, channels = kept(), placed()
        assert len(before["grid_copies"]) >= len(laid.tiles)
        for name in copied:
            # every third is lost, and of the next every third is spoilt
            for place, id in enumerate(sorted(before[name])):
                if place % 3 == 0:
                    database[name].delete_one({"_id": id})
                elif place % 3 == 1:
                    database[name].update_one({"_id": id}, {"$set": {"path": [], "postings": [], "live": False}})
        done = run(None, "--json", "replay", service, **told)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert (report["state"], report["unconfirmed"], report["removed"]) == ("done", 0, 0)
        assert report["sent"] >= sum(len(state) for state in before.values())
        assert kept() == before
        # a map that was built of spoilt copies just before is built anew
        eventually(lambda: placed() == channels, within=60)
    shown = run(None, "replay", service, **told)
    assert (shown.returncode, "重发事件" in shown.stdout) == (0, True), shown.stderr
    nobody = run(None, "replay", "catalogue", **told)
    assert (nobody.returncode, "no_copies" in nobody.stderr) == (1, True)
