"""类型映射 from outside: a word that nobody knew is counted, tried, and raised as what it means from then on."""

from typing import Any
from uuid import uuid4

from deploy.local.demo.door import Door, until
from tests.alerts.scene import motion
from tests.laid import Tell


def test_a_new_word_of_a_vendor_is_understood_within_seconds(tell: Tell) -> None:
    raw_type, device = f"smell-{uuid4().hex[:8]}", f"sniffer-{uuid4().hex[:8]}"
    key, body = {"adapter": "hikvision", "raw_type": raw_type}, motion(type_=raw_type, at=None)

    async def story(door: Door) -> None:
        async def unmapped() -> list[tuple[str, int]]:
            found = (await door.get("/v1/type-mappings"))["unmapped"]
            return [(one["raw_type"], one["count"]) for one in found]

        async def tried() -> dict[str, Any]:
            answer = await door.ask("POST", "/v1/intake/hikvision:test", key="device", content=body)
            found: dict[str, Any] = answer["reports"][0]
            return found

        async def types() -> set[tuple[str, int]]:
            found = await door.pages("/v1/alerts", {"device": device})
            return {(alert["type"], alert["severity"]) for alert in found}

        async def report() -> None:
            await door.ask("POST", f"/v1/intake/hikvision/{device}", key="device", content=body, status=202)

        await report()
        await until("counted", unmapped, lambda found: (raw_type, 1) in found)
        saved = await door.post("/v1/type-mappings", {**key, "type": "fire_smoke", "severity": 2})
        assert saved["version"] == 1
        found = await until("tried", tried, lambda one: one["type"] == "fire_smoke")
        assert found["notes"][-1].startswith("type_mapped: 按类型映射")
        assert raw_type not in dict(await unmapped())
        await report()
        await until("raised", types, lambda found: found == {("unknown", 3), ("fire_smoke", 2)})
        await door.post("/v1/type-mappings:delete", key)
        await until("forgotten", tried, lambda one: one["type"] == "unknown")
        problem = await door.ask("POST", "/v1/type-mappings:delete", json=key, status=404)
        assert problem["code"] == "mapping_unknown"

    tell(story)
