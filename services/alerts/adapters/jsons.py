"""JSON from devices: the first value of a text, whatever follows it, and JSON that stands for XML as nodes."""

import json
import re

from pydantic import JsonValue

from services.alerts.adapters.wire import Unreadable, truncated
from services.alerts.adapters.xml import MAX_DEPTH, MAX_ELEMENTS, Node

_DECODER = json.JSONDecoder(strict=False)
_MOST_SIGNS = 10_000
_MARKS = re.compile(r'[\[\]{}",:]')


def check_elements(text: str) -> None:
    """Raises Unreadable for JSON of so many parts that taking it apart would cost much; looks at no structure."""
    if sum(text.count(sign) for sign in ",{[") > _MOST_SIGNS:
        raise Unreadable("json_too_large", "JSON 元素过多", "JSON of too many elements")


def first(text: str, at: int = 0) -> JsonValue:
    """The value that begins there. Raises Unreadable: truncated, json_malformed, json_too_deep or json_too_large."""
    check_elements(text)
    try:
        value: JsonValue = _DECODER.raw_decode(text, at)[0]
    except RecursionError:
        raise Unreadable(
            "json_too_deep", f"JSON 嵌套超过 {MAX_DEPTH} 层", f"JSON deeper than {MAX_DEPTH} levels"
        ) from None
    except json.JSONDecodeError as error:
        # a string without an end, or nothing behind the fault but the beginning of a word or number
        if error.msg.startswith("Unterminated") or not _MARKS.search(text, error.pos):
            raise truncated() from None
        raise _malformed(error.lineno, error.colno) from None
    except ValueError:
        raise _malformed(1, 1) from None
    return value


def tree(text: str, known_by: str, name: str) -> Node:
    """The first value as a node; each object that has the key `known_by` becomes an element `name`."""
    value = first(text)
    root = Node(name if isinstance(value, dict) and known_by in value else "")
    _grow(root, value, (known_by, name), 1, [MAX_ELEMENTS])
    return root


def _grow(node: Node, value: JsonValue, known: tuple[str, str], depth: int, left: list[int]) -> None:
    left[0] -= 1
    if depth > MAX_DEPTH or left[0] < 0:
        raise Unreadable("json_too_large", "JSON 嵌套过深或元素过多", "too deep or too many elements")
    if isinstance(value, dict):
        for name, inner in value.items():
            for item in inner if isinstance(inner, list) else [inner]:
                child = Node(name.lower())
                node.children.append(child)
                _grow(child, item, known, depth + 1, left)
    elif isinstance(value, list):
        known_by, name = known
        for item in value:
            child = Node(name if isinstance(item, dict) and known_by in item else "item")
            node.children.append(child)
            _grow(child, item, known, depth + 1, left)
    elif value is not None:
        node.text = str(value).strip() if not isinstance(value, bool) else str(value).lower()


def _malformed(line: int, column: int) -> Unreadable:
    return Unreadable(
        "json_malformed",
        f"JSON 格式错误 (第 {line} 行第 {column} 列)",
        f"not valid JSON (line {line}, column {column})",
    )
