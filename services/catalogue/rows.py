"""Rows of a city's item list as they come: Chinese or English column names, numbers as text, cells of many lines.

Cells are text: markup in them is kept as the characters it is made of and never interpreted.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue

from contracts.catalogue import ItemType
from contracts.shared import Row, RowFault
from services.catalogue.domain.items import is_wrong_credit_code

_COLUMNS = {
    "code": ["item_code", "code", "impl_code", "事项编码", "实施编码", "实施清单编码", "事项代码", "基本编码"],
    "name": ["name", "item_name", "事项名称", "办理项名称", "业务办理项名称", "子项名称", "名称"],
    "main_item": ["main_item", "主项", "主项名称", "目录名称"],
    "type": ["task_type", "type", "item_type", "事项类型", "权力类型"],
    "department": ["department", "dept_name", "部门", "部门名称", "实施主体", "实施机关", "实施部门"],
    "body_code": ["dept_code", "body_code", "部门编码", "实施主体编码", "统一社会信用代码", "机构代码"],
    "area_code": ["area_code", "区划代码", "行政区划代码", "区划编码"],
    "object": ["object", "服务对象"],
    "themes": ["themes", "theme", "主题", "主题分类", "面向主题"],
    "case_type": ["case_type", "办件类型"],
    "legal_limit_days": ["legal_limit_days", "法定时限", "法定办结时限"],
    "promised_limit_days": ["promised_limit_days", "承诺时限", "承诺办结时限"],
    "visits": ["visits", "到现场次数", "到办事现场次数"],
    "online_depth": ["online_depth", "网办深度", "网上办理深度"],
    "link": ["link", "url", "办事指南链接", "链接"],
}
_LONGEST = {"code": 200, "name": 300, "main_item": 300, "department": 200, "object": 200, "link": 2000}
_LONGEST |= {"body_code": 30, "area_code": 12, "themes": 1000}
_NEEDED = {"code": "事项编码", "name": "事项名称", "department": "实施部门"}
_UNCLASSIFIED = frozenset({"未分类", "无", "-", "/"})

# the numbers are those of the national item catalogue; the labels are what exports print instead
_TYPES = {
    ItemType.PERMISSION: "1, 行政许可",
    ItemType.GRANT: "5, 行政给付",
    ItemType.CONFIRMATION: "7, 行政确认",
    ItemType.AWARD: "8, 行政奖励",
    ItemType.RULING: "9, 行政裁决",
    ItemType.OTHER: "10, 其他行政权力, 其他",
    ItemType.PUBLIC_SERVICE: "20, 公共服务",
}
_TYPE_OF = {word: type for type, words in _TYPES.items() for word in (type.value, *words.split(", "))}
_CASE_TYPE_OF = {"instant": "instant", "即办件": "instant", "promised": "promised", "承诺件": "promised"}
_DEPTHS = {"I": ("1", "一级"), "II": ("2", "二级"), "III": ("3", "三级"), "IV": ("4", "四级")}
_DEPTH_OF = {word: depth for depth, words in _DEPTHS.items() for word in (depth, *words)}

_HAN = r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
_BROKEN_LINE = re.compile(rf"(?<={_HAN})[ \t]*[\r\n]+[ \t]*(?={_HAN})")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_SEPARATOR = re.compile(r"\s*[;；,，、|]\s*")
_DAYS = re.compile(r"(\d{1,4})(?:\.0)?(?:个?工作日|日|天|次)?", re.ASCII)


class ItemRow(NamedTuple):
    """A row that can be taken: `given` holds only the columns that say something."""

    line: int
    code: str
    given: dict[str, JsonValue]
    notes: list[RowFault]


class _Unreadable(Exception):
    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code, self.zh, self.en = code, zh, en


def read_rows(rows: Sequence[Row]) -> tuple[list[ItemRow], list[RowFault]]:
    """The rows that can be taken and those that cannot, each with its line, code and reason."""
    taken: dict[str, ItemRow] = {}
    rejected = []
    for row in rows:
        cells = _cells(row)
        try:
            read = _read(row.line, cells)
            if read.code in taken:
                raise _Unreadable(
                    "duplicate_code",
                    f"同一文件中编码重复, 已取第 {taken[read.code].line} 行",
                    f"the code stands twice, line {taken[read.code].line} was taken",
                )
        except _Unreadable as fault:
            rejected.append(row_fault(row.line, _key(cells), fault.code, fault.zh, fault.en))
        else:
            taken[read.code] = read
    return list(taken.values()), rejected


def row_fault(line: int, key: str, code: str, zh: str, en: str) -> RowFault:
    """What is said about a row, in both languages."""
    return RowFault(line=line, key=key, code=code, message=f"{zh} / {en}")


def _cells(row: Row) -> dict[str, JsonValue]:
    """The values by field; of several columns for one field the first that says something, in the order above."""
    named = {_folded(name.lstrip("\ufeff")).casefold().replace(" ", "_"): value for name, value in row.values.items()}
    said = ((field, named.get(alias)) for field, aliases in _COLUMNS.items() for alias in reversed(aliases))
    return {field: value for field, value in said if value not in (None, "")}


def _read(line: int, cells: dict[str, JsonValue]) -> ItemRow:
    texts = {field: text for field, value in cells.items() if (text := _text(field, value))}
    for field, label in _NEEDED.items():
        if field not in texts:
            raise _Unreadable(f"{field}_missing", f"缺少{label}", f"{field} is missing")
    code = texts["code"] = _folded(texts["code"])
    for field, most in _LONGEST.items():
        if len(texts.get(field, "")) > most:
            raise _Unreadable(f"{field}_too_long", f"{field} 超过 {most} 个字符", f"{field} is longer than {most}")
    if code.startswith("$"):
        raise _Unreadable("code_invalid", "事项编码不得以 $ 开头", "a code must not begin with $")
    given: dict[str, JsonValue] = {}
    notes = []
    del texts["code"]
    for field, text in texts.items():
        known, value = _READERS.get(field, _as_it_is)(text)
        if known or field in _FALLBACK:
            given[field] = value if known else _FALLBACK[field]
        if not known:
            zh = f"{_COLUMNS[field][-1]}无法识别, " + ("按其他类处理" if field in _FALLBACK else "未采用")
            en = f"{field} is not understood, " + ("taken as other" if field in _FALLBACK else "left out")
            notes.append(row_fault(line, code, f"{field}_unknown", zh, en))
    if is_wrong_credit_code(texts.get("body_code")):
        zh = "统一社会信用代码校验位不符 (GB 32100), 按原样保留"
        notes.append(row_fault(line, code, "credit_code_invalid", zh, "wrong check character, kept as it is"))
    return ItemRow(line, code, given, notes)


def _text(field: str, value: JsonValue) -> str:
    """A cell as one line of text; empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool | list | dict):
        raise _Unreadable("cell_unreadable", f"{field} 不是文本或数字", f"{field} is neither text nor a number")
    text = unicodedata.normalize("NFC", str(value))
    return " ".join(_CONTROLS.sub(" ", _BROKEN_LINE.sub("", text)).split())


def _key(cells: dict[str, JsonValue]) -> str:
    code = cells.get("code")
    return code.strip().encode("utf-8", "replace").decode()[:200] if isinstance(code, str) else ""


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


_Reader = Callable[[str], tuple[bool, JsonValue]]


def _one_of(values: Mapping[str, str]) -> _Reader:
    def read(text: str) -> tuple[bool, JsonValue]:
        word = _folded(text)
        found = values.get(word.lstrip("0"), values.get(word))
        return found is not None, found

    return read


def _days(text: str) -> tuple[bool, JsonValue]:
    found = _DAYS.fullmatch(_folded(text).replace(" ", ""))
    return (True, int(found[1])) if found else (False, None)


def _as_it_is(text: str) -> tuple[bool, JsonValue]:
    return True, text


_READERS: dict[str, _Reader] = {
    "type": _one_of(_TYPE_OF),
    "case_type": _one_of(_CASE_TYPE_OF),
    "online_depth": _one_of(_DEPTH_OF),
    "legal_limit_days": _days,
    "promised_limit_days": _days,
    "visits": _days,
    "main_item": lambda text: (True, None if text in _UNCLASSIFIED else text),
    "themes": lambda text: (True, [theme for theme in _SEPARATOR.split(text) if theme]),
    "body_code": lambda text: (True, _folded(text)),
    "area_code": lambda text: (True, _folded(text)),
}
_FALLBACK: dict[str, JsonValue] = {"type": ItemType.OTHER.value}
