"""What one department publishes another uses exactly as granted, and the log proves it."""

from rich.console import Console

from deploy.local.demo import exchange
from deploy.local.demo.door import Door
from deploy.local.demo.ground import SEED, Ground
from deploy.local.demo.record import Record
from deploy.local.synthetic.people import persons
from tests.laid import Tell

USE = {"X-Purpose": "public_security"}


def test_records_are_shared_masked_for_one_purpose(tell: Tell, laid: Ground) -> None:
    record = Record(Console(quiet=True))
    people = list(persons(laid.tiles, 100, SEED))

    async def story(door: Door) -> None:
        await exchange.share(door, record, people)
        log = await door.pages("/v1/exchange-log", {"dataset": exchange.DATASET})
        used = [entry for entry in log if entry["action"] == "query"]
        refusals = [entry for entry in log if entry["action"] == "refuse"]
        assert sum(entry["count"] for entry in used) == 96
        assert all({"name", "id_number", "phone", "since"} <= set(entry["masked_fields"]) for entry in used)
        assert {entry["purpose"] for entry in refusals} == {"social_assistance", "statistics"}
        [grant] = await door.pages("/v1/grants", {"dataset": exchange.DATASET}, key=exchange.USER)
        answer = await door.send("GET", f"/v1/data/{exchange.DATASET}", key=exchange.PROVIDER, headers=USE)
        assert answer.status_code == 403
        await door.post(f"/v1/grants/{grant['id']}:revoke", {"reason": "演示结束"}, key=exchange.PROVIDER)
        told = await door.get(f"/v1/data/{exchange.DATASET}", key=exchange.USER, headers=USE, status=403)
        assert (told["code"], told["grant"]) == ("grant_revoked", grant["id"])
        assert (await door.get("/v1/exchange-log:verify"))["intact"]

    tell(story)
