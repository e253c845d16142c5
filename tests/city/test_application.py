"""One entry, one application, one answer."""

from typing import Any

from rich.console import Console

from deploy.local.demo import services
from deploy.local.demo.door import Door
from deploy.local.demo.ground import SEED, Ground
from deploy.local.demo.record import Record
from deploy.local.synthetic.people import persons
from tests.laid import Tell


def test_an_application_goes_its_whole_way(tell: Tell, laid: Ground, catalogued: dict[str, Any]) -> None:
    [applicant] = persons(laid.tiles, 1, SEED)
    record = Record(Console(quiet=True))

    async def story(door: Door) -> None:
        await services.apply(door, record, catalogued, applicant)
        asked = {"state": "delivered", "item_code": catalogued["code"]}
        [application] = await door.pages("/v1/applications", asked)
        # the list of this district names no time limits, so no clock runs
        assert (application["decision"], application["due_at"], application["clock_fault"]) == ("approved", None, None)
        path = f"/v1/applications/{application['app_no']}"
        steps = (await door.get(f"{path}/timeline"))["items"]
        assert all(step["actor"] and step["at"] and step["trace_id"] for step in steps)
        again = await door.ask("POST", f"{path}:deliver", json={}, status=409)
        assert (again["code"], again["allowed_actions"]) == ("illegal_step", [])

    tell(story)
