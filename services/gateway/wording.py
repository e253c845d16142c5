"""What pydantic finds wrong with a request, as field faults in Chinese and English that never repeat the value."""

from collections.abc import Collection
from typing import Any

from pydantic import ValidationError

from contracts.faults import FieldFault, Invalid

MOST_ERRORS = 100
ZH = {
    "missing": "缺少必填项",
    "string_type": "必须是文本",
    "string_too_long": "长度不得超过 {max_length}",
    "string_too_short": "长度不得少于 {min_length}",
    "string_pattern_mismatch": "格式不符, 应匹配 {pattern}",
    "enum": "只能取 {expected}",
    "literal_error": "只能取 {expected}",
    "int_type": "必须是整数",
    "int_parsing": "必须是整数",
    "int_from_float": "必须是整数",
    "float_type": "必须是数值",
    "float_parsing": "必须是数值",
    "finite_number": "必须是有限数",
    "bool_type": "必须是 true 或 false",
    "bool_parsing": "必须是 true 或 false",
    "greater_than_equal": "不得小于 {ge}",
    "less_than_equal": "不得大于 {le}",
    "timezone_aware": "时间必须带时区, 如 2026-01-02T03:04:05+08:00",
    "datetime_parsing": "必须是 RFC 3339 时间",
    "datetime_from_date_parsing": "必须是 RFC 3339 时间",
    "datetime_type": "必须是 RFC 3339 时间",
    "list_type": "必须是数组",
    "tuple_type": "必须是数组",
    "dict_type": "必须是对象",
    "model_type": "必须是对象",
    "model_attributes_type": "必须是对象",
    "too_long": "最多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
}


def invalid(error: ValidationError, parameters: Collection[str] = (), names: dict[str, str] | None = None) -> Invalid:
    """All findings as one fault. Fields among `parameters` came by path or query and have no place in the body."""
    findings = error.errors(include_url=False, include_input=False)[:MOST_ERRORS]
    found = {field.model_dump_json(): field for field in (_field(one, parameters, names or {}) for one in findings)}
    return Invalid("input_invalid", "内容不符合要求, 详见 errors", "the input is not valid, see errors", found.values())


def _field(finding: Any, parameters: Collection[str], names: dict[str, str]) -> FieldFault:
    place = [str(part) for part in finding["loc"]]
    name = place[0] if place else ""
    place[:1] = [names.get(name, name)] if place else []
    template = ZH.get(finding["type"], "取值无效")
    known = {key: value for key, value in finding.get("ctx", {}).items() if isinstance(value, (str, int, float))}
    try:
        zh = template.format(**known)
    except KeyError:
        zh = "取值无效"
    en = "the value is not valid" if finding["type"] in {"value_error", "assertion_error"} else finding["msg"]
    if name in parameters:
        zh, en = f"参数 {place[0]}: {zh}", f"parameter {place[0]}: {en}"
        return FieldFault(pointer="", code=finding["type"], zh=zh, en=en)
    pointer = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in place)
    return FieldFault(pointer=pointer[:300], code=finding["type"], zh=zh, en=en)
