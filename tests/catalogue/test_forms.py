"""Forms: every field that is wrong in one list, in Chinese, without what was filled in; schemas that reach nowhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from services.catalogue.forms import DRAFT, MAX_FORM_BYTES, Form, check_form, check_schema

FORM: dict[str, JsonValue] = {
    "$schema": DRAFT,
    "type": "object",
    "required": ["name", "id", "kin"],
    "properties": {
        "name": {"type": "string", "title": "姓名", "minLength": 2, "maxLength": 20},
        "id": {"type": "string", "title": "身份证号", "format": "id-number"},
        "firm": {"type": "string", "format": "credit-code"},
        "age": {"type": "integer", "title": "年龄", "minimum": 60, "maximum": 150},
        "born": {"type": "string", "format": "date"},
        "way": {"enum": ["邮寄", "自取"]},
        "post": {"type": "string", "pattern": "^[0-9]{6}$"},
        "kin": {
            "type": "array",
            "title": "家庭成员",
            "minItems": 1,
            "items": {"type": "object", "properties": {"tie": {"type": "string", "title": "关系"}}},
        },
        "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
    },
    "additionalProperties": False,
}
RIGHT: dict[str, JsonValue] = {"name": "王小明", "id": "11010519491231002X", "kin": [{"tie": "配偶"}]}


def found(schema: Form, form: Form) -> dict[str, str]:
    return {fault.pointer: fault.zh for fault in check_form(schema, form)}


def test_a_right_form_has_no_faults() -> None:
    assert check_schema(FORM) == []
    assert check_form(FORM, RIGHT) == []


def test_all_faults_come_at_once_with_pointers_and_titles() -> None:
    wrong: dict[str, JsonValue] = {
        "name": "王",
        "id": "110105194912310021",
        "firm": "11511301008778183X",
        "age": 12,
        "born": "昨天",
        "way": "鸽子",
        "post": "6380OO",
        "kin": [{"tie": 3}],
        "either": None,
        "a/b~c": 1,
    }
    assert found(FORM, wrong) == {
        "/form/a~1b~0c": "「a/b~c」不在表单之内",
        "/form/age": "「年龄」不得小于 60",
        "/form/born": "「born」应为日期 (如 2026-07-22)",
        "/form/either": "「either」不符合表单的要求 (oneOf)",
        "/form/firm": "「firm」应为统一社会信用代码 (校验位须正确)",
        "/form/id": "「身份证号」应为公民身份号码 (校验位须正确)",
        "/form/kin/0/tie": "「关系」应为文字",
        "/form/name": "「姓名」不得少于 2 个字",
        "/form/post": "「post」格式不符: ^[0-9]{6}$",
        "/form/way": "「way」只能是: 邮寄, 自取",
    }


def test_what_is_missing_is_named_by_its_title() -> None:
    assert found(FORM, {}) == {
        "/form/id": "「身份证号」必填",
        "/form/kin": "「家庭成员」必填",
        "/form/name": "「姓名」必填",
    }


@settings(deadline=None)
@given(st.text(st.characters(categories=["Lo"]), min_size=30, max_size=40))
def test_no_message_repeats_what_was_filled_in(secret: str) -> None:
    wrong: dict[str, JsonValue] = dict.fromkeys(["name", "id", "firm", "age", "born", "way", "post", "kin"], secret)
    faults = check_form(FORM, wrong)
    assert {fault.pointer for fault in faults} == {f"/form/{name}" for name in wrong}
    assert not [fault for fault in faults if secret in fault.zh + fault.en]


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "object", "properties": {"a": {"type": "strin"}}}, "/form_schema/properties/a/type"),
        ({"type": "object", "properties": {"a": {"pattern": "(?=x)"}}}, "/form_schema/properties/a/pattern"),
        ({"type": "object", "properties": {"a": {"format": "id-nummer"}}}, "/form_schema/properties/a/format"),
        ({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:1/x"}}}, "/form_schema"),
        ({"type": "object", "$dynamicRef": "file:///etc/passwd"}, "/form_schema"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}}, "/form_schema"),
        ({"type": "string"}, "/form_schema/type"),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}, "/form_schema/$schema"),
        ({"type": "object", "description": "长" * 30_000}, "/form_schema"),
    ],
)
def test_a_schema_that_cannot_serve_is_refused_at_once(schema: Form, pointer: str) -> None:
    (fault,) = check_schema(schema)
    assert fault.pointer == pointer
    assert fault.zh
    assert fault.en


def test_a_schema_that_refers_to_itself_ends() -> None:
    assert check_schema({"type": "object", "allOf": [{"$ref": "#"}]}) == []
    kin: dict[str, JsonValue] = {"type": "object", "properties": {"kin": {"$ref": "#"}}}
    assert found(kin, {"kin": {"kin": 3}}) == {"/form/kin/kin": "「kin」应为一组栏目"}


def test_without_a_schema_only_the_size_is_checked() -> None:
    assert check_form(None, {"anything": [1, None]}) == []
    (fault,) = check_form(None, {"a": "x" * MAX_FORM_BYTES})
    assert fault.code == "form_too_large"
