"""A district's division tree, as the statistics office publishes it."""

from deploy.local.demo.door import Door
from deploy.local.synthetic import files
from tests.laid import Tell

DAOYI = "210113004000"


def test_a_district_is_imported_once(tell: Tell) -> None:
    """道义街道 has the 16 communities and 7 villages of its own account."""

    async def story(door: Door) -> None:
        rows = files.divisions("shenbei_210113.csv")
        first = await door.load("divisions", rows, files.CSV)
        again = await door.load("divisions", rows, files.CSV)
        assert (first["read"], first["created"], first["rejected"]) == (238, 238, [])
        assert (again["read"], again["created"], again["changed"], again["unchanged"]) == (238, 0, 0, 238)
        units = await door.pages("/v1/territories", {"parent": DAOYI})
        villages = [unit for unit in units if int(unit["code"][-3:]) >= 200]
        assert (len(units) - len(villages), len(villages)) == (16, 7)
        assert all("村" in unit["name"] for unit in villages)

    tell(story)


def test_a_dry_run_writes_nothing(tell: Tell) -> None:
    async def story(door: Door) -> None:
        rows = "code,level,name,parent_code\n990000000000,province,合成省,\n990100000000,county,错层,990000000000\n"
        told = await door.load("divisions", rows.encode(), files.CSV, params={"dry_run": "true"})
        assert (told["dry_run"], told["created"]) == (True, 1)
        assert [(fault["line"], fault["code"]) for fault in told["rejected"]] == [(3, "level_mismatch")]
        await door.get("/v1/territories/990000000000", status=404)

    tell(story)
