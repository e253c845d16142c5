"""一网通办: a real list of service items, searched in Chinese, and one application from draft to delivery."""

from typing import Any

from deploy.local.demo.door import Door, expect
from deploy.local.demo.record import Record
from deploy.local.synthetic import files
from deploy.local.synthetic.people import Person

ITEMS = 651
SOUGHT = "高龄津贴"
WANTED = "80周岁以上老年人高龄津贴发放"
# who may take the step: the portal for the applicant, the office for itself
STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("submit", "portal", {}),
    ("accept", "operator", {"reason": "材料齐全"}),
    ("review", "operator", {"reason": "条件核对"}),
    ("decide", "operator", {"decision": "approved", "reason": "符合规定"}),
    ("deliver", "operator", {"delivery": "上门送达(合成)"}),
)


async def serve(door: Door, record: Record, applicant: Person) -> None:
    """The catalogue, and somebody who needs it."""
    item = await find(door, record)
    await apply(door, record, item, applicant)


async def find(door: Door, record: Record) -> dict[str, Any]:
    """Import, import again, and find one by words and by pinyin initials."""
    with record.step("items", "导入政务服务事项, 中文检索") as found:
        first = await door.load("items", files.items(), files.CSV)
        again = await door.load("items", files.items(), files.CSV)
        expect("事项 items", (first["created"], first["rejected"]), (ITEMS, []))
        expect("再次导入事项 items again", (again["created"], again["changed"], again["unchanged"]), (0, 0, ITEMS))
        hits = (await door.get("/v1/items", params={"q": SOUGHT}))["items"]
        expect(f"检索 {SOUGHT}", [hit["name"] for hit in hits[:1]], [WANTED])
        by_initials = (await door.get("/v1/items", params={"q": "gljt"}))["items"]
        expect("检索 gljt", WANTED in [hit["name"] for hit in by_initials], True)
        figures = await door.get("/v1/figures/catalogue")
        expect("事项统计 figures", figures["items"].get("published"), ITEMS)
        item: dict[str, Any] = await door.get(f"/v1/items/{hits[0]['code']}")
        found |= {"事项": first["created"], "部门": figures["departments"], f"“{SOUGHT}”": len(hits)}
    return item


async def apply(door: Door, record: Record, item: dict[str, Any], applicant: Person) -> None:
    """One application its whole way."""
    with record.step("application", "办件: 申请→受理→审查→决定→送达") as found:
        person = {"name": applicant.name, "id_number": applicant.id_number, "phone": applicant.phone}
        draft = await door.post(
            "/v1/applications",
            {"item_code": item["code"], "applicant": person, "materials": ["申请表(合成)"]},
            status=201,
            key="portal",
        )
        told = draft
        for action, key, body in STEPS:
            told = await door.post(f"/v1/applications/{draft['app_no']}:{action}", body, key=key, actor=f"{key}(合成)")
        expect("办件 application", told["state"], "delivered")
        steps = [one["action"] for one in (await door.get(f"/v1/applications/{draft['app_no']}/timeline"))["items"]]
        expect("办件留痕 its timeline", steps[-len(STEPS) :], [action for action, _, _ in STEPS])
        found |= {"事项": item["name"], "留痕": len(steps)}
