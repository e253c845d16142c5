"""Refusals: one shape, the caller's language, and the reason for machines."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from contracts.faults import KINDS, Conflict, FieldFault, Invalid, Refused, Unavailable
from services.gateway import wording
from services.gateway.problems import MEDIA_TYPE, TABLE, internal, of_status, prefers_english, problem


def document(fault: Any, language: str = "", **told: Any) -> tuple[int, dict[str, Any], Any]:
    response = problem(fault, language, "0" * 32, **told)
    assert response.media_type == MEDIA_TYPE
    return response.status_code, json.loads(bytes(response.body)), response.headers


def test_every_fault_of_the_contracts_has_its_row() -> None:
    assert set(KINDS.values()) == set(TABLE)
    statuses = {fault.kind: row.status for fault, row in TABLE.items()}
    assert statuses == {
        "not_found": 404,
        "refused": 409,
        "conflict": 409,
        "invalid": 422,
        "forbidden": 403,
        "unavailable": 503,
    }


def test_members() -> None:
    fault = Invalid("bad", "不对", "wrong", [FieldFault(pointer="/a/0", code="x", zh="甲", en="A")])
    status, told, headers = document(fault)
    assert status == 422
    assert told["errors"] == [{"pointer": "/a/0", "code": "x", "detail": "甲"}]
    assert (told["detail"], told["code"], told["status"], told["trace_id"]) == ("不对", "bad", 422, "0" * 32)
    assert headers["content-language"] == "zh-CN"
    assert document(fault, "en")[1]["errors"][0]["detail"] == "A"


def test_facts_are_members_but_never_replace_the_own_ones() -> None:
    fault = Refused("illegal_step", "不可", "no", allowed_actions=["sign"], status="x")
    _, told, _ = document(fault)
    assert told["allowed_actions"] == ["sign"]
    assert told["status"] == 409


def test_unavailable_says_when_to_come_back() -> None:
    assert "retry-after" in document(Unavailable("bus_away", "断", "away"))[2]
    assert "retry-after" not in document(Invalid("x", "错", "wrong"))[2]


def test_a_stale_version_is_412_only_under_if_match() -> None:
    fault = Conflict("version_stale", "旧", "stale", current_version=4)
    assert document(fault)[0] == 409
    assert document(fault, conditional=True)[0] == 412
    assert document(internal())[0] == 500
    assert document(of_status(405, {"Allow": "GET"}))[2]["allow"] == "GET"


@pytest.mark.parametrize(
    ("header", "english"),
    [
        ("", False),
        ("*", False),
        ("zh-CN,zh;q=0.9,en;q=0.8", False),
        ("en-US,en;q=0.9", True),
        ("en;q=0.2, zh;q=0.1", True),
        ("fr, de", False),
        ("en;q=x", False),
    ],
)
def test_language(header: str, english: bool) -> None:
    assert prefers_english(header) is english


class Shape(BaseModel):
    number: int = Field(ge=1)
    name: str = Field(max_length=3)
    deep: list[dict[str, int]] = []


def test_findings_never_repeat_the_value() -> None:
    secret = "13900001111"
    with pytest.raises(ValidationError) as caught:
        Shape.model_validate({"number": secret + "x", "name": secret, "deep": [{"a/b": secret + "y"}]})
    fault = wording.invalid(caught.value)
    assert [error.pointer for error in fault.errors] == ["/number", "/name", "/deep/0/a~1b"]
    assert "1390000" not in str(fault.to_wire())
    assert fault.errors[1].zh == "长度不得超过 3"
