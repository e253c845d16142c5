"""JSON Schema 2020-12, registered self-contained: nothing is ever fetched, and no schema may hold the process.

Checked by jsonschema-rs. What is found wrong is told by keyword and JSON pointer, never with the value.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from jsonschema_rs import Draft202012Validator, FancyRegexOptions, ValidationError
from pydantic import JsonValue

from contracts.faults import Invalid
from contracts.sharing import RecordFault, SchemaTest

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MOST_BYTES = 256 * 1024
# A chain of `$ref` pairs doubles the work at each link: 30 links would hold the process for a minute.
_MOST_WORK = 10_000
_BACKTRACKS = 100_000
_MOST_FINDINGS = 100
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")

Schema = dict[str, JsonValue] | bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a record breaks. `code` is the keyword, `pointer` a JSON pointer into the record."""

    code: str
    pointer: str
    zh: str
    en: str


class Checker:
    """A compiled schema."""

    def __init__(self, schema: Schema) -> None:
        self._validator = Draft202012Validator(
            schema,
            offline=True,
            validate_formats=False,  # 2020-12: `format` is an annotation
            pattern_options=FancyRegexOptions(backtrack_limit=_BACKTRACKS),
        )

    def fits(self, record: JsonValue) -> bool:
        """Whether a record keeps every rule."""
        return self._validator.is_valid(record)

    def findings(self, record: JsonValue) -> Iterator[Finding]:
        """What a record breaks, one by one."""
        for error in self._validator.iter_errors(record):
            yield _finding(error)


def registered(schema: Schema) -> Checker:
    """The checker of a schema that somebody hands in.

    Raises Invalid: not 2020-12, not a schema, remote or dead or recursive `$ref`, too large, too costly.
    """
    text = json.dumps(schema)
    if len(text) > _MOST_BYTES:
        raise _fault("", "schema_too_large", f"模式超过 {_MOST_BYTES} 字节", f"larger than {_MOST_BYTES} bytes")
    found = list(_nodes(schema, ""))
    for pointer, node in found:
        dialect = node.get("$schema", DIALECT)
        if isinstance(dialect, str) and dialect.rstrip("#") != DIALECT:
            raise _fault(f"{pointer}/$schema", "dialect_unknown", "只接受 JSON Schema 2020-12", f"only {DIALECT}")
    try:
        checker = Checker(schema)
    except ValidationError as error:
        raise _refused(error, found) from None
    _Work(found).check()
    return checker


@lru_cache(maxsize=512)
def compiled(text: str) -> Checker:
    """The checker of a registered schema, kept; its text is the key."""
    return Checker(json.loads(text))


def test(schema: Schema, record: JsonValue) -> SchemaTest:
    """What a record breaks, at most the first hundred. Raises Invalid as `registered` does."""
    errors = [
        RecordFault(index=0, code=finding.code, pointer=finding.pointer, message=f"{finding.zh} / {finding.en}")
        for finding in islice(registered(schema).findings(record), _MOST_FINDINGS)
    ]
    return SchemaTest(valid=not errors, errors=errors)


class _Work:
    """How often one place of a schema is reached through references from its root."""

    def __init__(self, nodes: list[tuple[str, dict[str, JsonValue]]]) -> None:
        self._targets: dict[str, dict[str, JsonValue]] = {f"#{pointer}": node for pointer, node in nodes}
        for _, node in nodes:
            for keyword, prefix in (("$anchor", "#"), ("$dynamicAnchor", "#"), ("$id", "")):
                if isinstance(name := node.get(keyword), str):
                    self._targets.setdefault(prefix + name, node)
        self._root = nodes[0][1] if nodes else {}
        self._left = _MOST_WORK
        self._open: set[int] = set()

    def check(self) -> None:
        """Raises Invalid when the schema is recursive or reaches too many places."""
        self._reach(self._root)

    def _reach(self, node: dict[str, JsonValue]) -> None:
        for _, place in _nodes(node, ""):
            self._left -= 1
            if self._left < 0:
                raise _fault("", "schema_too_costly", "模式引用展开过多", "its references expand too far")
            for keyword in _REFERENCES:
                target = self._targets.get(str(place.get(keyword, "")))
                if target is not None:
                    self._follow(target)

    def _follow(self, target: dict[str, JsonValue]) -> None:
        if id(target) in self._open or target is self._root:
            raise _fault("", "schema_recursive", "模式不得递归引用", "a schema that refers to itself")
        self._open.add(id(target))
        self._reach(target)
        self._open.discard(id(target))


def _nodes(value: JsonValue, pointer: str) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    if isinstance(value, dict):
        yield pointer, value
        for name, item in value.items():
            yield from _nodes(item, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nodes(item, f"{pointer}/{index}")


def _refused(error: ValidationError, nodes: list[tuple[str, dict[str, JsonValue]]]) -> Invalid:
    if error.kind.name not in _REFERENCES:
        return _fault(_pointer(error), "schema_invalid", "不是有效的 JSON Schema", "not a valid JSON Schema")
    remote = [f"{place}/$ref" for place, node in nodes if not str(node.get("$ref", "#")).startswith("#")]
    if remote:
        return _fault(
            remote[0],
            "remote_ref",
            "模式必须自包含, 不得引用外部 $ref (系统不会下载)",
            "schemas are registered self-contained: a remote $ref is never fetched",
        )
    return _fault("", "ref_unknown", "模式中的 $ref 指向不存在的位置", "a $ref points nowhere")


def _fault(pointer: str, code: str, zh: str, en: str) -> Invalid:
    return Invalid.field(f"/json_schema{pointer}", code, zh, en)


_SAID = {
    "type": ("类型不符", "wrong type"),
    "enum": ("不在允许的取值范围内", "not one of the allowed values"),
    "const": ("与规定的值不同", "not the required value"),
    "pattern": ("格式不符合要求", "does not match the pattern"),
    "minLength": ("长度不足", "too short"),
    "maxLength": ("长度超限", "too long"),
    "minimum": ("小于最小值", "below the minimum"),
    "maximum": ("大于最大值", "above the maximum"),
    "falseSchema": ("此处不允许有内容", "nothing is allowed here"),
    "additionalProperties": ("含有未声明的字段", "holds a property that is not declared"),
    "unevaluatedProperties": ("含有未声明的字段", "holds a property that is not declared"),
}


def _finding(error: ValidationError) -> Finding:
    code = error.kind.name
    zh, en = _SAID.get(code, (f"不符合规则 {code}", f"breaks the rule {code}"))
    if code == "required":
        name = error.kind.as_dict()["property"]
        zh, en = f"缺少必填字段 {name}", f"the property {name} is required"
    return Finding(code, _pointer(error), zh, en)


def _pointer(error: ValidationError) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.instance_path)
