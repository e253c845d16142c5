"""Excel files: what a person sees in a cell is what arrives, and no bytes bring the door down."""

import io
from datetime import date, datetime, time
from functools import cache
from random import Random
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.faults import Invalid
from services.chassis.file_types import XLSX
from services.gateway import tabular
from services.gateway.limits import IMPORT
from services.gateway.spreadsheet import MOST_COLUMNS, OLE
from services.gateway.workbook import MOST_UNPACKED
from tests.gateway.test_tabular import CELL

SHEET, TEXTS, RELATED = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"
SHARED = "<sst><si><t>code</t></si><si><r><t>桃</t></r><r><t>南</t></r><rPh><t>tao</t></rPh></si><si/></sst>"
CODE = st.integers(0, 10**15 - 1)
TEXT = CELL.filter(lambda text: not text.startswith("="))
# Excel counts a 29 February 1900 that never was
DAY = st.dates(date(1900, 3, 1), date(2100, 1, 1))


def saved(*rows: list[Any], dress: Any = None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if dress:
        dress(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rewritten(body: bytes, parts: dict[str, bytes | None], method: int = ZIP_DEFLATED) -> bytes:
    """The same archive with other parts; None: without that part."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(body)) as old, ZipFile(out, "w", method) as new:
        for name in dict.fromkeys([*old.namelist(), *parts]):
            part = parts[name] if name in parts else old.read(name)
            if part is not None:
                new.writestr(name, part)
    return out.getvalue()


def sheet_of(rows: str, before: str = "", shared: str = SHARED) -> bytes:
    """A workbook whose sheet is this XML, with shared texts as Excel itself writes them."""
    sheet = f"{before}<worksheet><sheetData>{rows}</sheetData></worksheet>"
    body = saved(["code", "name"])
    with ZipFile(io.BytesIO(body)) as archive:
        related = archive.read(RELATED)
    texts = b'<Relationship Id="t" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    related = related.replace(b"</Relationships>", texts)
    return rewritten(body, {SHEET: sheet.encode(), TEXTS: shared.encode(), RELATED: related})


def read(body: bytes) -> tabular.Table:
    return tabular.read(XLSX, body)


def refused(body: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        read(body)
    return caught.value.code


def faults(table: tabular.Table) -> list[tuple[int, str]]:
    return [(fault.line, fault.code) for fault in table.faults]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CODE, TEXT, st.booleans(), DAY), min_size=1))
def test_round_trip(rows: list[tuple[int, str, bool, date]]) -> None:
    table = read(saved(["code", "name", "primary", "since"], *map(list, rows)))
    assert not table.faults
    assert [row.line for row in table.rows] == list(range(2, len(rows) + 2))
    for row, (code, name, primary, since) in zip(table.rows, rows, strict=True):
        told = {"code": str(code), "primary": str(primary).lower(), "since": since.isoformat()}
        normal = tabular.unicodedata.normalize("NFC", name)
        assert row.values == {**told, **({"name": normal} if name else {})}


def test_a_cell_is_what_a_person_sees() -> None:
    def dress(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet["C3"].number_format = "000000"
        sheet["E3"].number_format = 'yyyy"年"m"月"d"日"'
        sheet.row_dimensions[4].hidden = sheet.column_dimensions["B"].hidden = True

    header = ["编码", "户数", "区号", "面积", "启用", "时刻"]
    full = [230902001001001, 350.0, 1, 123.40000000000001, 46000, datetime(2026, 1, 2, 8, 30)]  # noqa: DTZ001
    table = read(saved([], header, full, [1e14, -0.0, " '12 ", 1e-3, None, time(8, 30)], [], [None, 7], dress=dress))
    assert not table.faults
    assert [row.line for row in table.rows] == [3, 4, 6]
    assert table.rows[0].values == {
        "编码": "230902001001001",
        "户数": "350",
        "区号": "000001",
        "面积": "123.4",
        "启用": "2025-12-09",
        "时刻": "2026-01-02T08:30:00",
    }
    assert table.rows[1].values == {
        "编码": "100000000000000",
        "户数": "0",
        "区号": "'12",
        "面积": "0.001",
        "时刻": "08:30:00",
    }
    assert table.rows[2].values == {"户数": "7"}


def test_chinese_date_formats_that_no_file_spells_out() -> None:
    dated = saved(["since", "at"], [date(2026, 1, 2), 0.5])
    with ZipFile(io.BytesIO(dated)) as archive:
        styles = archive.read("xl/styles.xml").decode()
    chinese = styles.replace('numFmtId="14"', 'numFmtId="31"')
    (row,) = read(rewritten(dated, {"xl/styles.xml": chinese.encode()})).rows
    assert row.values == {"since": "2026-01-02", "at": "0.5"}


def test_merged_cells_and_hidden_sheets() -> None:
    def dress(book: openpyxl.Workbook) -> None:
        book.active.merge_cells("A2:A3")
        secret = book.create_sheet("隐藏", 0)
        secret.append(["other"])
        secret.sheet_state = "hidden"

    table = read(saved(["code", "name"], ["1", "a"], [None, "b"], dress=dress))
    assert [row.values for row in table.rows] == [{"code": "1", "name": "a"}, {"name": "b"}]


def test_rows_that_cannot_be_read_are_named_and_the_others_kept() -> None:
    rows = [["230902001001001002", "a"], [230902001001001002, "b"], [1, "=A2+1"], [2, "#N/A"], [1, "a", "b"], [3, "c"]]
    table = read(saved(["code", "name"], *rows))
    assert [row.line for row in table.rows] == [2, 7]
    assert faults(table) == [
        (3, "digits_lost"),
        (4, "formula_not_computed"),
        (5, "cell_error"),
        (6, "row_too_long"),
    ]
    assert "A 列" in table.faults[0].message and "文本" in table.faults[0].message
    assert refused(saved(["=A2", "name"], [1, 2])) == "header_invalid"


def test_every_kind_of_cell() -> None:
    head = '<row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>name</t></is></c></row>'
    table = read(
        sheet_of(
            head
            + '<row r="5"><c t="str"><f>1</f><v>_x0041_</v></c><c r="B5" t="s"><v>1</v></c></row>'
            + '<row><c t="b"><v>1</v></c><c t="d"><v>2026-01-02</v></c><c r="Z6" s="0"/></row>'
            + '<row><c><f>1+1</f><v>2</v></c><c t="s"><v>2</v></c></row>'
            + '<row><c t="str"><f>1</f><v/></c><c><v>3</v></c></row>'
            + '<row><c><v>1e400</v></c></row><row><c><v>-nan</v></c></row><row r="99"/>'
        )
    )
    assert [(row.line, row.values) for row in table.rows] == [
        (5, {"code": "A", "name": "桃南"}),
        (6, {"code": "true", "name": "2026-01-02"}),
        (7, {"code": "2"}),
        (8, {"name": "3"}),
    ]
    assert faults(table) == [(9, "digits_lost"), (10, "digits_lost")]


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="0"><c><v>1</v></c></row>',
        '<row r="99999999999"><c><v>1</v></c></row>',
        '<row r="x"/>',
        '<row r="2"/><row r="2"/>',
        '<row><c r="7"><v>1</v></c></row>',
        '<row><c t="s"><v>7</v></c></row>',
        '<row><c s="7000"><v>1</v></c></row>',
        "<row><c><v>x</v></c></row>",
        "<a>" * 40 + "</a>" * 40,
        "<row>",
    ],
)
def test_broken_sheets(rows: str) -> None:
    assert refused(sheet_of(rows)) == "spreadsheet_broken"


def test_no_entity_is_expanded_or_fetched() -> None:
    bomb = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 12))
    for told in (f'<!ENTITY a0 "ha">{bomb}', '<!ENTITY a11 SYSTEM "file:///etc/hostname">'):
        body = sheet_of("<row><c><v>&a11;</v></c></row>", f"<!DOCTYPE worksheet [{told}]>")
        assert refused(body) == "spreadsheet_broken"


def test_small_files_that_hold_large_ones() -> None:
    large = b"<worksheet><sheetData>" + b" " * MOST_UNPACKED
    bomb = rewritten(saved(["code"]), {SHEET: large})
    assert len(bomb) < IMPORT
    assert refused(bomb) == "spreadsheet_too_large"
    declared = bytearray(bomb)
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = declared.rfind(mark, 0, declared.find(SHEET.encode(), 4 if mark == b"PK\x03\x04" else bomb.rfind(mark)))
        declared[start + at : start + at + 4] = (100).to_bytes(4, "little")
    assert refused(bytes(declared)) in ("spreadsheet_broken", "spreadsheet_too_large")
    styles = b"<styleSheet><cellXfs>" + b"<xf/>" * (IMPORT // 5) + b"</cellXfs></styleSheet>"
    assert refused(rewritten(saved(["code"]), {"xl/styles.xml": styles})) == "spreadsheet_too_large"
    shared = f"<sst><si><t>{'x' * 1_000_000}</t></si></sst>"
    assert refused(sheet_of("<row><c t='s'><v>0</v></c></row>" * 100, shared=shared)) == "spreadsheet_too_large"
    assert refused(saved(["code"] * (MOST_COLUMNS + 1))) == "too_many_columns"


def test_what_is_no_workbook_is_told_what_to_do() -> None:
    sound = saved(["code"], ["1"])
    assert refused(OLE + b"\0" * 600) == "spreadsheet_old_or_locked"
    assert refused(b"code,name\n1,a\n") == refused(b"") == refused(b"PK") == "spreadsheet_broken"
    assert refused(rewritten(sound, {"xl/workbook.xml": None})) == "spreadsheet_broken"
    assert refused(rewritten(sound, {"_rels/.rels": b"<Relationships/>"})) == "spreadsheet_broken"
    assert refused(rewritten(sound, {}, ZIP_BZIP2)) == "spreadsheet_broken"
    assert refused(rewritten(sound, {f"more/{at}": b"" for at in range(1000)})) == "spreadsheet_too_large"
    assert refused(saved()) == refused(saved(["code"])) == "file_empty"


def test_as_many_rows_as_a_file_may_have() -> None:
    assert len(read(large(tabular.MOST_ROWS)).rows) == tabular.MOST_ROWS
    assert refused(large(tabular.MOST_ROWS + 1)) == "too_many_rows"


@cache
def large(count: int) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for at in range(count + 1):
        sheet.append([at, "网格"] if at else ["code", "name"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@cache
def parts(method: int) -> bytes:
    """A workbook with a bit of everything."""
    rows = [[1, "a"], [230902001001001002, "b"], [date(2026, 1, 2), "=A2"], [True, "#N/A"]]
    return rewritten(saved(["code", "name"], *rows), {}, method)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([0, ZIP_DEFLATED]), st.integers(0), st.integers(1, 8))
def test_no_bytes_break_it(method: int, seed: int, changes: int) -> None:
    body, random = bytearray(parts(method)), Random(seed)
    for _ in range(changes):
        at = random.randrange(len(body))
        body[at : at + random.choice([0, 1, 1, 1, 4])] = random.randbytes(random.choice([0, 1, 1, 1, 4]))
    try:
        read(bytes(body))
    except Invalid:
        return


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([SHEET, "xl/styles.xml", "xl/workbook.xml", RELATED, "_rels/.rels"]), st.integers(0))
def test_no_part_breaks_it(part: str, seed: int) -> None:
    random, body = Random(seed), parts(ZIP_DEFLATED)
    with ZipFile(io.BytesIO(body)) as archive:
        text = bytearray(archive.read(part))
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text))
        text[at : at + 1] = random.choice([b"", b"9", b'"', b"A", b"-", b"<", b"\xff", b"99999999"])
    try:
        read(rewritten(body, {part: bytes(text)}))
    except Invalid:
        return
