"""部门数据共享: one department publishes, another uses exactly what it was granted, and all of it is proved."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.demo.door import Door, expect
from deploy.local.demo.record import Record
from deploy.local.synthetic.people import Person

DATASET = "mz-low-income"
PROVIDER, USER = "minzheng", "gongan"
RECORDS = 200
# every so-manieth record is spoilt in one of three ways
SPOILT_EVERY = 25
FIELDS: list[dict[str, Any]] = [
    {"name": "number", "title_zh": "档案号", "classification": "L2"},
    {"name": "name", "title_zh": "姓名", "classification": "L3", "personal": "general", "default_mask": "name"},
    {
        "name": "id_number",
        "title_zh": "身份证号",
        "classification": "L4",
        "personal": "sensitive",
        "default_mask": "id_card",
    },
    {"name": "phone", "title_zh": "电话", "classification": "L3", "personal": "general", "default_mask": "mobile"},
    {"name": "address", "title_zh": "住址", "classification": "L3", "personal": "general", "default_mask": "hide"},
    {"name": "grid", "title_zh": "网格", "classification": "L1"},
    {"name": "monthly_yuan", "title_zh": "月补助(元)", "type": "integer", "classification": "L2"},
    {"name": "since", "title_zh": "享受起始日", "type": "date", "classification": "L2", "default_mask": "year"},
]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["number", "name", "id_number", "grid"],
    "additionalProperties": False,
    "properties": {
        "number": {"type": "string", "pattern": "^DB[0-9]{6}$"},
        "name": {"type": "string", "minLength": 1},
        "id_number": {"type": "string", "pattern": "^[0-9]{17}[0-9X]$"},
        "phone": {"type": "string", "pattern": "^[0-9]{11}$"},
        "address": {"type": "string"},
        "grid": {"type": "string", "pattern": "^[0-9]{15}$"},
        "monthly_yuan": {"type": "integer", "minimum": 0},
        "since": {"type": "string", "format": "date"},
    },
}


async def share(door: Door, record: Record, persons: Sequence[Person]) -> None:
    """From the directory to the proof."""
    await publish(door, record, persons)
    await use(door, record, persons)
    with record.step("proof", "核验交换日志") as found:
        verdict = await door.get("/v1/exchange-log:verify")
        expect("交换日志完整 exchange log intact", (verdict["intact"], verdict["first_bad"]), (True, None))
        found |= {"记录": verdict["entries"], "完整": "是"}


async def publish(door: Door, record: Record, persons: Sequence[Person]) -> None:
    """Register, submit, approve; then a batch of which some records are wrong."""
    with record.step("dataset", "民政局登记目录并发布数据") as found:
        dataset = {"code": DATASET, "title": "低保对象(合成)", "sharing_type": "conditional", "key_field": "number"}
        await door.post("/v1/datasets", {**dataset, "fields": FIELDS, "json_schema": SCHEMA}, key=PROVIDER)
        await door.post(f"/v1/datasets/{DATASET}:submit", key=PROVIDER)
        told = await door.post(f"/v1/datasets/{DATASET}:publish", {"note": "目录信息已核对"})
        expect("目录 dataset", told["state"], "published")
        batch = [event(person, serial) for serial, person in enumerate(persons)]
        spoilt = [index for index in range(len(batch)) if is_spoilt(index)]
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        told = await door.post(f"/v1/datasets/{DATASET}/events", batch, key=PROVIDER, status=207, headers=headers)
        expect("接收的数据 accepted", told["accepted"], len(batch) - len(spoilt))
        expect("退回的数据 rejected", [fault["index"] for fault in told["rejected"]], spoilt)
        found |= {"接收": told["accepted"], "退回": len(told["rejected"])}


async def use(door: Door, record: Record, persons: Sequence[Person]) -> None:
    """Apply, be granted, read masked; another purpose is refused."""
    with record.step("grant", "公安局申请, 民政局授权, 按目的脱敏使用") as found:
        await refused(door, "social_assistance")
        wanted = [field["name"] for field in FIELDS]
        application = await door.post(
            "/v1/dataset-applications",
            {
                "dataset": DATASET,
                "purpose": "public_security",
                "legal_basis": "演示用, 非真实依据",
                "fields": wanted,
                "valid_until": (datetime.now(UTC) + timedelta(days=90)).isoformat(),
            },
            key=USER,
            status=201,
        )
        decision = {"reason": "用途与依据相符"}
        told = await door.post(f"/v1/dataset-applications/{application['id']}:approve", decision, key=PROVIDER)
        expect("共享申请 application", told["state"], "approved")
        records = await door.pages(f"/v1/data/{DATASET}", key=USER, headers={"X-Purpose": "public_security"})
        plain = {person.number: person for index, person in enumerate(persons) if not is_spoilt(index)}
        expect("可用记录 records", {one["data"]["number"] for one in records}, set(plain))
        for one in records:
            expect("脱敏 masked", one["data"], masked(plain[one["data"]["number"]]))
        await refused(door, "statistics")
        found |= {"记录": len(records), "脱敏字段": 4, "他用": "已拒绝"}


async def refused(door: Door, purpose: str) -> None:
    """No grant covers this use."""
    await door.get(f"/v1/data/{DATASET}", key=USER, headers={"X-Purpose": purpose}, status=403)


def event(person: Person, serial: int) -> dict[str, Any]:
    """A person as a CloudEvent."""
    values: dict[str, Any] = {**vars(person), "since": person.since.isoformat()}
    if is_spoilt(serial):
        values |= ({"id_number": "unknown"}, {"monthly_yuan": -1}, {"grid": 7})[serial // SPOILT_EVERY % 3]
    return {
        "specversion": "1.0",
        "id": f"demo-{serial:06d}",
        "source": "/minzheng/low-income",
        "type": "cn.gov.minzheng.low_income",
        "datacontenttype": "application/json",
        "data": values,
    }


def is_spoilt(serial: int) -> bool:
    """Whether the record of this place in the batch breaks the schema."""
    return serial % SPOILT_EVERY == SPOILT_EVERY - 1


def masked(person: Person) -> dict[str, Any]:
    """What the grant shows of a person."""
    return {
        "number": person.number,
        "name": f"{person.name[0]}*",
        "id_number": f"{person.id_number[:6]}****{person.id_number[-4:]}",
        "phone": f"{person.phone[:3]}****{person.phone[-4:]}",
        "grid": person.grid,
        "monthly_yuan": person.monthly_yuan,
        "since": f"{person.since:%Y}",
    }
