"""A grid is split in two: its open case goes along, once, and both days can be told apart afterwards."""

from datetime import UTC, datetime
from typing import Any

from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from tests.laid import Tell

WIDTH = 0.004


def test_a_split_takes_its_open_cases_along(tell: Tell, laid: Ground) -> None:
    community = laid.tiles[0].code[:12]
    old, west, east = (f"{community}{number}" for number in (997, 998, 999))
    # beside the district, where nobody else's grid lies
    x, y = max(tile.area.bounds[2] for tile in laid.tiles) + 0.1, laid.tiles[0].area.bounds[1]
    ring = [[x, y], [x + WIDTH, y], [x + WIDTH, y + WIDTH], [x, y + WIDTH], [x, y]]
    chief = next(worker.staff_no for worker in laid.workers if worker.role == "chief")
    spot = {"longitude": x + WIDTH * 0.75, "latitude": y + WIDTH / 2}

    async def story(door: Door) -> None:
        ground = {"type": "Polygon", "coordinates": [ring]}
        await door.post(
            "/v1/grids", {"code": old, "name": "新城网格", "households": 501, "geometry": ground}, status=201
        )
        await door.post("/v1/assignments", {"staff_no": chief, "target": old, "role": "chief", "primary": True})
        await door.post("/v1/grids:activate", {"codes": [old]})
        report = {"category": "appearance.noise", "description": "施工噪声", "place": {"grid": old, "point": spot}}

        async def reported() -> Any:
            return await door.send("POST", "/v1/cases", json=report)

        # the case desk has yet to hear of the grid
        case = (await until("case reported", reported, lambda answer: answer.status_code == 201)).json()
        first_day = datetime.now(UTC).isoformat()
        split = {
            "kind": "split",
            "sources": [old],
            "grids": [{"code": west, "name": "新城西网格"}, {"code": east, "name": "新城东网格"}],
            "cut": [{"longitude": x + WIDTH / 2, "latitude": y + far * WIDTH} for far in (-0.1, 1.1)],
        }

        async def assessed() -> dict[str, Any]:
            seen: dict[str, Any] = (await door.post("/v1/plans:assess", split))["assessment"]
            return seen

        seen = await until("case counted", assessed, lambda told: told["open_cases"] == {old: 1})
        assert [one["households"] for one in seen["moved"]] == [251, 250]
        plan = await door.post("/v1/plans", split, status=201)
        done = await door.post(f"/v1/plans/{plan['id']}:commit", {})
        assert done["state"] == "committed"

        async def moved() -> dict[str, Any]:
            found: dict[str, Any] = await door.get(f"/v1/cases/{case['case_no']}")
            return found

        after = await until("case moved", moved, lambda found: found["place"]["grid"] == east)
        assert [entry["action"] for entry in after["timeline"]] == ["report", "move"]
        places = {"lon": spot["longitude"], "lat": spot["latitude"]}
        assert (await door.get("/v1/locate", params=places))["grid"] == east
        assert (await door.get("/v1/locate", params={**places, "at": first_day}))["grid"] == old
        then = await door.get("/v1/grids", params={"parent": community, "at": first_day, "state": "active"})
        assert old in [one["code"] for one in then["items"]]
        history = await door.get(f"/v1/grids/{old}/history")
        assert [one["state"] for one in history["items"]] == ["retired", "changing", "active"]

    tell(story)
