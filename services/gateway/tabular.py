"""Files of rows, as departments hand them over: CSV, Excel, a JSON array or tree, or a GeoJSON feature collection."""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import JsonValue

from contracts.faults import Fault, Invalid
from contracts.shared import Row, RowFault
from services.chassis import safe_json
from services.chassis.file_types import XLSX
from services.gateway import trees
from services.gateway.limits import IMPORT
from services.gateway.problems import Turned
from services.gateway.spreadsheet import Record, records

MOST_ROWS = 20_000
CSV, JSON = "text/csv", "application/json"
GEOJSON = frozenset({"application/geo+json", "application/vnd.geo+json"})
# GB18030 is what spreadsheets write in a Chinese locale, and contains GBK and GB2312
CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

csv.field_size_limit(IMPORT)


@dataclass
class Table:
    """The rows of a file, and those that could not even be read. A row's values hold no empty cells."""

    rows: list[Row] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


def read(content_type: str, body: bytes) -> Table:
    """Raises Turned 415 for another type, Invalid for a file without rows or with too many of them."""
    media_type, _, parameters = content_type.partition(";")
    media_type = media_type.strip().lower()
    if media_type == CSV:
        table = _table(_csv(_decoded(body, _charset(parameters))))
    elif media_type == XLSX:
        table = _table(records(body))
    elif media_type == JSON or media_type in GEOJSON:
        table = _json(safe_json.loads(body.removeprefix(codecs.BOM_UTF8)))
    else:
        raise Turned(
            415,
            "media_type_unsupported",
            "请以 CSV, Excel (.xlsx), JSON 或 GeoJSON 上传 (旧版 .xls 请另存为 .xlsx)",
            "send CSV, Excel (.xlsx), JSON or GeoJSON (save an old .xls as .xlsx)",
        )
    if not table.rows and not table.faults:
        raise Invalid("file_empty", "文件中没有数据行", "the file has no rows")
    if len(table.rows) + len(table.faults) > MOST_ROWS:
        raise _too_many()
    return table


def _charset(parameters: str) -> str | None:
    for part in parameters.split(";"):
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return CHARSETS.get(value.strip().strip('"').lower())
    return None


def _decoded(body: bytes, declared: str | None) -> str:
    """By byte order mark, else as UTF-8, else as GB18030: a label is believed only when the bytes agree."""
    for mark, encoding in MARKS.items():
        if body.startswith(mark):
            return _strict(body[len(mark) :], [encoding])
    return _strict(body, [*([declared] if declared else []), "utf-8", "gb18030"])


def _strict(body: bytes, encodings: list[str]) -> str:
    for encoding in encodings:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("encoding_unknown", "无法识别编码, 请用 UTF-8 或 GB18030", "neither UTF-8 nor GB18030")


def _table(found: Iterable[Record]) -> Table:
    """The first record that says anything names the columns."""
    table, header = Table(), list[str]()
    for line, cells in found:
        if isinstance(cells, Fault):
            if not header:
                raise Invalid("header_invalid", f"表头: {cells.zh}", f"header: {cells.en}")
            table.faults.append(_fault(line, cells.code, cells.zh, cells.en))
        elif not any(cell.strip() for cell in cells):
            continue
        elif not header:
            header = _header(cells)
        elif any(cell.strip() for cell in cells[len(header) :]):
            table.faults.append(_fault(line, "row_too_long", "单元格多于表头", "more cells than the header has"))
        else:
            values: dict[str, JsonValue] = {
                name: cell for name, cell in zip(header, map(str.strip, cells), strict=False) if cell
            }
            _add(table, line, values)
        if len(table.rows) + len(table.faults) > MOST_ROWS:
            raise _too_many()
    return table


def _csv(text: str) -> Iterator[Record]:
    """Each record with the line on which it begins, or that it breaks the quoting rules."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, Fault("quoting_broken", "引号不成对或位置有误", "quotes do not match")


def _header(cells: list[str]) -> list[str]:
    names = [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if "" in names or len(set(names)) < len(names):
        raise Invalid("header_invalid", "表头有空列名或重复列名", "the header has empty or repeated names")
    if any(name.startswith("$") or "." in name or "\x00" in name for name in names):
        raise Invalid(
            "header_invalid", "列名不得以 $ 开头, 也不得含 . 或空字符", "names must not start with $ or hold ."
        )
    return names


def _json(value: JsonValue) -> Table:
    """Rows count from 1; for a feature they are its properties, with `geometry` and `id` beside them."""
    if trees.is_tree(value):
        items: list[JsonValue] | None = list(trees.items(value))
    elif isinstance(value, dict) and value.get("type") == "FeatureCollection":
        features = value.get("features")
        items = [_feature(item) for item in features] if isinstance(features, list) else None
    else:
        items = value if isinstance(value, list) else None
    if items is None:
        raise Invalid("rows_expected", "须为 JSON 数组或 FeatureCollection", "send a JSON array or a FeatureCollection")
    table = Table()
    for number, item in enumerate(items, 1):
        if isinstance(item, dict):
            _add(table, number, {name: cell for name, cell in item.items() if cell not in (None, "")})
        else:
            table.faults.append(
                _fault(number, "object_expected", "该项须为 JSON 对象", "the item must be a JSON object")
            )
    return table


def _feature(value: JsonValue) -> JsonValue:
    if not isinstance(value, dict) or value.get("type") != "Feature":
        return None
    properties = value.get("properties")
    own = properties if isinstance(properties, dict) else {}
    return {"id": value.get("id"), **own, "geometry": value.get("geometry")}


def _add(table: Table, line: int, values: dict[str, JsonValue]) -> None:
    try:
        clean = safe_json.clean(values)
    except Invalid as fault:
        first = fault.errors[0]
        table.faults.append(_fault(line, first.code, first.zh, first.en))
        return
    table.rows.append(Row(line=line, values=clean if isinstance(clean, dict) else {}))


def _too_many() -> Invalid:
    return Invalid("too_many_rows", f"一次最多 {MOST_ROWS} 行, 请拆分", f"at most {MOST_ROWS} rows, split the file")


def _fault(line: int, code: str, zh: str, en: str) -> RowFault:
    return RowFault(line=line, key="", code=code, message=f"{zh} / {en}")
