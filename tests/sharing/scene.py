"""A small city: civil affairs provides low-income households, the grid centre uses them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.shared import Caller, Scope
from contracts.sharing import CloudEvent, Dataset, DatasetField, DatasetState, Grant, Mask, Purpose, SaveDataset

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
PROVIDER, CONSUMER = "民政局", "网格中心"
CANARY_NAME, CANARY_ID_CARD, CANARY_MOBILE = "欧阳金丝雀", "230903199001017719", "13900007719"

FIELDS = [
    DatasetField(name="household", title_zh="户编号", classification="L1"),
    DatasetField(name="name", title_zh="姓名", personal="general", default_mask=Mask.NAME),
    DatasetField(
        name="id_card", title_zh="身份证号", classification="L4", personal="sensitive", default_mask=Mask.ID_CARD
    ),
    DatasetField(name="mobile", title_zh="手机", personal="sensitive", default_mask=Mask.MOBILE),
    DatasetField(name="members", title_zh="人口", type="integer"),
]
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["household", "name"],
    "properties": {
        "household": {"type": "string", "pattern": "^H[0-9]+$"},
        "name": {"type": "string", "minLength": 1},
        "id_card": {"type": "string", "pattern": "^[0-9]{17}[0-9X]$"},
        "mobile": {"type": "string"},
        "members": {"type": "integer", "minimum": 1},
    },
    "additionalProperties": False,
}


def caller(department: str | None, *scopes: Scope) -> Caller:
    return Caller(client=f"{department}-client", scopes=frozenset(scopes), department=department)


provider = caller(PROVIDER, Scope.DATASETS_READ, Scope.DATASETS_PUBLISH)
consumer = caller(CONSUMER, Scope.DATASETS_READ, Scope.DATASETS_USE)
stranger = caller("交通局", Scope.DATASETS_READ, Scope.DATASETS_USE, Scope.DATASETS_PUBLISH)
approver = caller(None, Scope.DATASETS_READ, Scope.DATASETS_APPROVE)


def saving(code: str = "low-income", **other: Any) -> SaveDataset:
    told: dict[str, Any] = {
        "caller": provider,
        "code": code,
        "title": "低保家庭",
        "sharing_type": "conditional",
        "fields": FIELDS,
        "key_field": "household",
        "json_schema": SCHEMA,
    }
    return SaveDataset(**{**told, **other})


def dataset(**other: Any) -> Dataset:
    content = {**saving().model_dump(include={"code", "title", "sharing_type", "fields", "key_field"}), **other}
    return Dataset(**{"provider": PROVIDER, "state": DatasetState.PUBLISHED, "schema_version": 1, **content})


def grant(id: str = "G-1", **other: Any) -> Grant:
    told: dict[str, Any] = {
        "id": id,
        "dataset": "low-income",
        "department": CONSUMER,
        "provider": PROVIDER,
        "purpose": Purpose.GRID_GOVERNANCE,
        "fields": {"household": Mask.SHOW, "name": Mask.NAME},
        "valid_until": NOW + timedelta(days=30),
        "state": "active",
    }
    return Grant(**{**told, **other})


def household(number: int, **other: Any) -> dict[str, Any]:
    return {
        "household": f"H{number}",
        "name": CANARY_NAME,
        "id_card": CANARY_ID_CARD,
        "mobile": CANARY_MOBILE,
        "members": 3,
        **other,
    }


def event(number: int, data: Any = None, **other: Any) -> CloudEvent:
    content = household(number) if data is None else data
    told = {"id": f"e{number}", "source": "/mz/low-income", "type": "household.changed", "data": content}
    return CloudEvent(**{**told, **other})
