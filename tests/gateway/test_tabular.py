"""Files of rows: whatever departments' programs write comes back as it was typed, with the line a person sees."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.faults import Invalid
from services.gateway import tabular
from services.gateway.problems import Turned

# what a cell may hold: Chinese, quotes, commas, line breaks; trimmed, since rows come trimmed
CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp"))
    | st.sampled_from('网格,"\n 一;\t'),
    max_size=12,
).map(str.strip)
ROWS = st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8)


def written(rows: list[list[str]], newline: str = "\r\n") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=newline).writerows([["code", "name", "note"], *rows])
    return out.getvalue()


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from(["\n", "\r\n"]))
def test_csv_round_trip(rows: list[list[str]], newline: str) -> None:
    kept = [row for row in rows if any(row)]
    if not kept:
        return
    table = tabular.read("text/csv", written(rows, newline).encode())
    assert not table.faults
    expected = [
        {
            name: tabular.unicodedata.normalize("NFC", cell)
            for name, cell in zip(("code", "name", "note"), row, strict=True)
            if cell
        }
        for row in kept
    ]
    assert [row.values for row in table.rows] == expected


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_lines_are_those_of_the_file(rows: list[list[str]]) -> None:
    text = written(rows, "\n")
    begins, line = [], 2
    for row in rows:
        if any(row):
            begins.append(line)
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerow(row)
        line += out.getvalue().count("\n")
    if begins:
        assert [row.line for row in tabular.read("text/csv", text.encode()).rows] == begins


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["text/csv", "application/json", "application/geo+json", "image/png"]), st.binary(max_size=300))
def test_no_bytes_break_it(content_type: str, body: bytes) -> None:
    try:
        tabular.read(content_type, body)
    except (Invalid, Turned):
        return


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    body = "编码,名称\n230902001001,桃南社区\n".encode(encoding)
    (row,) = tabular.read("text/csv", body).rows
    assert row.values == {"编码": "230902001001", "名称": "桃南社区"}


def test_a_wrong_label_is_not_believed() -> None:
    (row,) = tabular.read("text/csv; charset=utf-8", "名称\n㐂社区\n".encode("gb18030")).rows
    assert row.values == {"名称": "㐂社区"}


def test_broken_rows_are_named_and_the_others_kept() -> None:
    body = b'code,name\n1,a\n2,"b"x\n3,c,d\n\n,,\n4,"e\nf"\n5,g\n'
    table = tabular.read("text/csv", body)
    assert [(row.line, row.values["code"]) for row in table.rows] == [(2, "1"), (7, "4"), (9, "5")]
    assert [(fault.line, fault.code) for fault in table.faults] == [(3, "quoting_broken"), (4, "row_too_long")]


def test_an_open_quote_does_not_swallow_the_file_in_silence() -> None:
    table = tabular.read("text/csv", b'code,name\n1,a\n2,"b\n3,c\n')
    assert [row.values["code"] for row in table.rows] == ["1"]
    assert [(fault.line, fault.code) for fault in table.faults] == [(3, "quoting_broken")]


@pytest.mark.parametrize("header", ["a,a", "a,,b", "$where,b", "a.b,c"])
def test_headers_that_are_refused(header: str) -> None:
    with pytest.raises(Invalid) as caught:
        tabular.read("text/csv", f"{header}\n1,2,3\n".encode())
    assert caught.value.code == "header_invalid"


def test_geojson() -> None:
    geometry = {"type": "Point", "coordinates": [131.0, 45.7]}
    feature = {"type": "Feature", "id": 230902, "properties": {"name": "新兴区", "cp": None}, "geometry": geometry}
    table = tabular.read(
        "application/geo+json", json.dumps({"type": "FeatureCollection", "features": [feature, 7]}).encode()
    )
    assert table.rows[0].values == {"id": 230902, "name": "新兴区", "geometry": geometry}
    assert [(fault.line, fault.code) for fault in table.faults] == [(2, "object_expected")]


def test_json_rows_with_operator_keys_are_refused_one_by_one() -> None:
    table = tabular.read("application/json", b'[{"a": 1}, {"b": 2}]')
    assert [row.line for row in table.rows] == [1, 2]
    with pytest.raises(Invalid):
        tabular.read("application/json", b'[{"$where": 1}]')


def test_too_many_rows() -> None:
    with pytest.raises(Invalid) as caught:
        tabular.read("text/csv", b"a\n" + b"1\n" * (tabular.MOST_ROWS + 1))
    assert caught.value.code == "too_many_rows"


def test_an_unknown_type_is_told_which_there_are() -> None:
    with pytest.raises(Turned) as caught:
        tabular.read("application/vnd.ms-excel", b"PK")
    assert caught.value.status == 415
    assert ".xlsx" in caught.value.zh


TREE = json.loads((Path(__file__).parents[1] / "data/units/tree.json").read_text("utf-8"))


def test_a_tree_of_units() -> None:
    table = tabular.read("application/json", json.dumps(TREE).encode())
    assert not table.faults
    assert [row.line for row in table.rows] == list(range(1, 15))
    assert table.rows[3].values == {
        "hierarchy": "revenue",
        "hierarchy_name": "REVENUE",
        "code": "L07",
        "level": "locality",
        "name": "东风里一段",
        "parent": "B1",
    }
    assert "parent" not in table.rows[0].values
    # the division tree's own key is not a foreign tree's
    assert {row.values["hierarchy"] for row in table.rows} == {"revenue", "hc_demo_admin"}


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["hierarchyType", "boundary", "children", "code", "label"]), inner)
        ),
        max_leaves=20,
    )
)
def test_no_tree_breaks_it(found: object) -> None:
    try:
        tabular.read("application/json", json.dumps({"tenantId": "t", "TenantBoundary": found}).encode())
    except Invalid:
        return
