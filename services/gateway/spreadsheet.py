"""Excel workbooks (.xlsx) as rows of text: the first sheet, each cell as a person sees it."""

import re
import zlib
from collections.abc import Iterator
from datetime import datetime, time
from typing import NamedTuple
from xml.sax import SAXException
from zipfile import BadZipFile

from openpyxl.styles.numbers import is_date_format
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.escape import unescape

from contracts.faults import Fault, Invalid
from services.gateway.limits import IMPORT
from services.gateway.workbook import Element, Workbook, too_large

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
MOST_COLUMNS = 200
MOST_LINES = 1_048_576
# Excel keeps fifteen digits of a number: what is longer has already been changed when it is saved
EXACT = 10**15
# what the readers of archives and of XML raise over broken bytes
BROKEN = (
    BadZipFile,
    zlib.error,
    SAXException,
    EOFError,
    LookupError,
    ValueError,
    ArithmeticError,
    RuntimeError,
    StopIteration,
    OSError,
)

Record = tuple[int, list[str] | Fault]


class Style(NamedTuple):
    """How a number is shown: as a date, or with zeros in front up to a width."""

    is_date: bool = False
    width: int = 0


def records(body: bytes) -> Iterator[Record]:
    """Each row with its number in Excel: its cells from column A on, or why it cannot be read.

    Raises Invalid for what is no workbook, or a locked or old one, and for one that is too large.
    """
    if body.startswith(OLE):
        raise Invalid(
            "spreadsheet_old_or_locked",
            "这是旧版 .xls 或加密的表格, 请取消密码并另存为 .xlsx",
            "an old .xls or a workbook with a password: save it as .xlsx without one",
        )
    try:
        yield from _rows(Workbook(body))
    except BROKEN:
        raise Invalid(
            "spreadsheet_broken",
            "不是完整的 Excel 表格, 请在 Excel 中打开后另存为 .xlsx",
            "no sound Excel workbook: open it in Excel and save it as .xlsx",
        ) from None


def _rows(workbook: Workbook) -> Iterator[Record]:
    reader = _Cells(workbook)
    line, cells = 0, dict[int, str | Fault]()
    column, formula, said = 0, False, list[str]()
    for element in workbook.sheet():
        if element.name == "f":
            formula = True
        elif element.name in ("v", "t") and element.parent != "rPh":
            said.append(element.text)
        elif element.name == "c":
            column = _column(element.attributes.get("r"), column + 1)
            if formula or any(said):
                cells[column] = reader.shown(element, "".join(said))
            formula, said = False, []
        elif element.name == "row":
            before, line = line, int(element.attributes.get("r", str(line + 1)))
            if not before < line <= MOST_LINES:
                raise ValueError
            if cells:
                yield line, _whole(cells)
            column, cells = 0, {}


class _Cells:
    """Cells as text."""

    def __init__(self, workbook: Workbook) -> None:
        self._texts, self._epoch, self._length = workbook.texts(), workbook.epoch, 0
        codes = workbook.formats()
        styles = {code: _style(code) for code in set(codes)}
        self._styles = [styles[code] for code in codes]

    def shown(self, cell: Element, said: str) -> str | Fault:
        """What the cell says to a person; `said` is empty where a formula has no result or an empty text."""
        kind = cell.attributes.get("t", "n")
        if kind == "e":
            return Fault("cell_error", "单元格是错误值 (如 #N/A)", "the cell is an error such as #N/A")
        if not said and kind != "str":
            return Fault(
                "formula_not_computed",
                "公式没有计算结果, 请在 Excel 中打开并保存",
                "the formula has no result: open and save the file in Excel",
            )
        if kind == "s":
            return self._text(self._texts[int(said)])
        if kind == "b":
            return "true" if said.strip() == "1" else "false"
        if kind == "n":
            style = int(cell.attributes.get("s", "0"))
            return self._number(float(said), self._styles[style] if self._styles else Style())
        return self._text(said)

    def _text(self, said: str) -> str:
        # a long text that many cells share is small only in the file
        self._length += len(said)
        if self._length > IMPORT:
            raise too_large()
        return str(unescape(said))

    def _number(self, number: float, style: Style) -> str | Fault:
        if not abs(number) < EXACT:
            return Fault(
                "digits_lost",
                "数字超过 15 位, Excel 已改动末尾, 请把该列设为文本后重新填写",
                "more than 15 digits, of which Excel has lost the last: make the column text and enter it again",
            )
        if style.is_date:
            try:
                return _iso(from_excel(number, self._epoch))
            except OverflowError:
                return Fault("date_invalid", "日期超出范围", "no date that there is")
        return format(number + 0.0, ".15g").zfill(style.width)


def _iso(moment: datetime | time) -> str:
    whole_day = isinstance(moment, datetime) and moment.time() == time()
    return moment.date().isoformat() if whole_day else moment.isoformat()  # type: ignore[union-attr]


def _style(code: str) -> Style:
    zeros = re.fullmatch(r"0{2,30}", code)
    return Style(is_date_format(code), len(zeros[0]) if zeros else 0)


def _column(reference: str | None, following: int) -> int:
    column = column_index_from_string(reference.rstrip("0123456789")) if reference else following
    if column > MOST_COLUMNS:
        raise Invalid("too_many_columns", f"最多 {MOST_COLUMNS} 列, 请删去多余的列", f"at most {MOST_COLUMNS} columns")
    return column


def _whole(cells: dict[int, str | Fault]) -> list[str] | Fault:
    for column, cell in sorted(cells.items()):
        if isinstance(cell, Fault):
            letter = get_column_letter(column)
            return Fault(cell.code, f"{letter} 列: {cell.zh}", f"column {letter}: {cell.en}")
    return [str(cells.get(column, "")) for column in range(1, max(cells) + 1)]
