"""电子表单: JSON Schema 2020-12, checked when an item is saved and used when an application is submitted.

No message repeats what was filled in: a form holds personal values.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema_rs import Draft202012Validator, ReferencingError, RegexOptions, ValidationError
from pydantic import JsonValue

from contracts.faults import FieldFault
from services.catalogue.identifiers import is_credit_code, is_id_number

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MAX_SCHEMA_BYTES = 64 * 1024
MAX_FORM_BYTES = 256 * 1024

Form = Mapping[str, JsonValue]

_TYPES = {
    "string": "文字",
    "integer": "整数",
    "number": "数字",
    "boolean": "是或否",
    "object": "一组栏目",
    "array": "列表",
    "null": "空",
}
_FORMATS = {
    "id-number": "公民身份号码 (校验位须正确)",
    "credit-code": "统一社会信用代码 (校验位须正确)",
    "date": "日期 (如 2026-07-22)",
    "date-time": "日期时间",
    "email": "电子邮箱",
    "uri": "网址",
}
_WORDS: dict[str, tuple[str, str]] = {
    "required": ("必填", "is required"),
    "type": ("应为{}", "must be of type {}"),
    "format": ("应为{}", "must be a valid {}"),
    "enum": ("只能是: {}", "must be one of: {}"),
    "const": ("只能是: {}", "must be: {}"),
    "minLength": ("不得少于 {} 个字", "must have at least {} characters"),
    "maxLength": ("不得多于 {} 个字", "must have at most {} characters"),
    "pattern": ("格式不符: {}", "must match {}"),
    "minimum": ("不得小于 {}", "must be at least {}"),
    "maximum": ("不得大于 {}", "must be at most {}"),
    "exclusiveMinimum": ("必须大于 {}", "must be greater than {}"),
    "exclusiveMaximum": ("必须小于 {}", "must be less than {}"),
    "multipleOf": ("应为 {} 的倍数", "must be a multiple of {}"),
    "minItems": ("至少 {} 项", "must have at least {} entries"),
    "maxItems": ("至多 {} 项", "must have at most {} entries"),
    "uniqueItems": ("不得重复", "must not repeat an entry"),
    "additionalProperties": ("不在表单之内", "is not part of the form"),
    "unevaluatedProperties": ("不在表单之内", "is not part of the form"),
}
_OTHERWISE = ("不符合表单的要求 ({})", "does not meet the form's rule {}")


def check_schema(schema: Form) -> list[FieldFault]:
    """What is wrong with a form's schema; pointers begin with /form_schema."""
    if len(json.dumps(schema)) > MAX_SCHEMA_BYTES:
        return [_schema_fault("", "超过 64 KB", "larger than 64 KB")]
    if schema.get("$schema", DRAFT) != DRAFT:
        return [_schema_fault("/$schema", "只支持 JSON Schema 2020-12", "only JSON Schema 2020-12 is taken")]
    if schema.get("type") != "object":
        return [_schema_fault("/type", "表单的根应为 object", "the root of a form must be of type object")]
    try:
        _validator(schema)
    except ValidationError as error:
        place = _pointer(error.instance_path)
        return [_schema_fault(place, f"不合 JSON Schema 2020-12: {error.message}", error.message)]
    except (ReferencingError, ValueError) as error:
        return [_schema_fault("", f"不合 JSON Schema 2020-12: {error}", str(error))]
    return []


def check_form(schema: Form | None, form: Form) -> list[FieldFault]:
    """Every field that is wrong, at once; pointers begin with /form. Without a schema only the size is checked."""
    if len(json.dumps(form)) > MAX_FORM_BYTES:
        return [FieldFault(pointer="/form", code="form_too_large", zh="表单超过 256 KB", en="larger than 256 KB")]
    if schema is None:
        return []
    found = [fault for error in _validator(schema).iter_errors(form) for fault in _faults(schema, error)]
    return sorted(found, key=lambda fault: fault.pointer)


def _validator(schema: Form) -> Draft202012Validator:
    # offline: a $ref must not make us fetch; the plain regex engine runs in linear time, whatever the pattern
    return Draft202012Validator(
        dict(schema),
        validate_formats=True,
        ignore_unknown_formats=False,
        formats={
            "id-number": lambda text: is_id_number(text.upper()),
            "credit-code": lambda text: is_credit_code(text.upper()),
        },
        pattern_options=RegexOptions(),
        offline=True,
    )


def _faults(schema: Form, error: ValidationError) -> Iterator[FieldFault]:
    rule, told = error.kind.name, error.kind.value
    places: list[list[Any]] = [list(error.instance_path)]
    if rule == "required":
        places = [[*places[0], told]]
    elif rule in {"additionalProperties", "unevaluatedProperties"}:
        places = [[*places[0], name] for name in told]
    zh, en = _WORDS.get(rule, _OTHERWISE)
    for place in places:
        title = _title(schema, place)
        yield FieldFault(
            pointer="/form" + _pointer(place),
            code=f"form_{rule}",
            zh=f"「{title}」{zh.format(_told_zh(rule, told))}",
            en=f"{title} {en.format(_told(rule, told))}",
        )


def _told(rule: str, told: Any) -> str:
    if rule in {"type", "enum"}:
        return ", ".join(str(word) for word in told)
    return str(told) if rule in _WORDS else rule


def _told_zh(rule: str, told: Any) -> str:
    if rule == "type":
        return "或".join(_TYPES.get(word, word) for word in told)
    return _FORMATS.get(told, str(told)) if rule == "format" else _told(rule, told)


def _title(schema: Form, place: list[Any]) -> str:
    """The title that the form gives the field, else its name."""
    found: Any = schema
    for step in place:
        children = found.get("items") if isinstance(step, int) else found.get("properties", {}).get(step)
        found = children if isinstance(children, dict) else {}
    title = found.get("title")
    return title if isinstance(title, str) else str(place[-1]) if place else "表单"


def _pointer(place: list[Any]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in place)


def _schema_fault(place: str, zh: str, en: str) -> FieldFault:
    return FieldFault(pointer=f"/form_schema{place}", code="form_schema_invalid", zh=zh, en=en)
