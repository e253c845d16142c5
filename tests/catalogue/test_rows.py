"""Rows as they come: other cities' column names, cells of many lines, numbers, markup; the real list whole."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from contracts.catalogue import ItemType
from contracts.shared import Row
from services.catalogue.rows import ItemRow, read_rows

PLAIN: dict[str, JsonValue] = {"department": "区民政局", "name": "临时救助", "item_code": "511B00036", "task_type": "5"}


def take(values: dict[str, JsonValue]) -> ItemRow:
    taken, rejected = read_rows([Row(line=2, values=values)])
    assert rejected == []
    return taken[0]


def reject(values: dict[str, JsonValue]) -> tuple[str, str]:
    taken, rejected = read_rows([Row(line=7, values=values)])
    assert taken == []
    assert rejected[0].line == 7
    assert " / " in rejected[0].message
    return rejected[0].key, rejected[0].code


def test_the_real_list_is_taken_whole_and_without_a_note(whole_list: list[Row]) -> None:
    taken, rejected = read_rows(whole_list)
    assert (len(taken), rejected) == (651, [])
    assert [row for row in taken if row.notes] == []
    assert Counter(row.given["type"] for row in taken) == {
        ItemType.PERMISSION: 444,
        ItemType.PUBLIC_SERVICE: 97,
        ItemType.OTHER: 91,
        ItemType.CONFIRMATION: 11,
        ItemType.RULING: 4,
        ItemType.GRANT: 3,
        ItemType.AWARD: 1,
    }
    assert sum(row.given["main_item"] is None for row in taken) == 269
    assert len({row.given["name"] for row in taken}) == 650  # one name stands under two codes
    assert max(len(str(row.given["name"])) for row in taken) == 110


def test_another_city_names_its_columns_in_chinese() -> None:
    row = take(
        {
            "\ufeff事项名称": "食品经营许可",
            "实施编码": "５１１Ａ０００５２",
            "事项类型": "行政许可",
            "实施主体": "市场监督管理局",
            "统一社会信用代码": "11511301008778183N",
            "服务对象": "企业法人；个体工商户",
            "主题分类": "开办企业；食品，餐饮",
            "办件类型": "承诺件",
            "法定办结时限": "20个工作日",
            "承诺办结时限": 5.0,
            "到现场次数": "0次",
            "网办深度": "Ⅳ",
            "备注": {"unknown": "columns are ignored"},
        }
    )
    assert row.code == "511A00052"
    assert row.notes == []
    assert row.given == {
        "name": "食品经营许可",
        "type": "permission",
        "department": "市场监督管理局",
        "body_code": "11511301008778183N",
        "object": "企业法人；个体工商户",
        "themes": ["开办企业", "食品", "餐饮"],
        "case_type": "promised",
        "legal_limit_days": 20,
        "promised_limit_days": 5,
        "visits": 0,
        "online_depth": "IV",
    }


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("建设工程\r\n  施工许可", "建设工程施工许可"),
        ("Permit\nfor work", "Permit for work"),
        ("　住房　补贴 ", "住房 补贴"),
        ("A\x00B\x1fC", "A B C"),
        ("<b>许可</b><script>alert(1)</script>&nbsp;", "<b>许可</b><script>alert(1)</script>&nbsp;"),
        ("（８时）ＡＢＣ", "（８时）ＡＢＣ"),
        (12345, "12345"),
        ("名" * 300, "名" * 300),
    ],
)
def test_a_name_is_one_line_of_text_and_nothing_but_text(cell: JsonValue, name: str) -> None:
    assert take({**PLAIN, "name": cell}).given["name"] == name


@pytest.mark.parametrize(
    ("told", "type"),
    [
        ("1", "permission"),
        ("01", "permission"),
        (20, "public_service"),
        ("２０", "public_service"),
        ("行政裁决", "ruling"),
    ],
)
def test_types_by_number_and_by_label(told: JsonValue, type: str) -> None:
    row = take({**PLAIN, "task_type": told})
    assert (row.given["type"], row.notes) == (type, [])


@pytest.mark.parametrize("told", ["2", "99", "行政处罚", "0"])
def test_an_unknown_type_is_taken_as_other_and_noted(told: str) -> None:
    row = take({**PLAIN, "task_type": told})
    assert row.given["type"] == "other"
    assert [note.code for note in row.notes] == ["type_unknown"]


def test_what_is_not_understood_is_left_out_and_noted() -> None:
    row = take({**PLAIN, "承诺时限": "尽快", "网办深度": "很深", "dept_code": "11511301008778183X"})
    assert {note.code for note in row.notes} == {
        "promised_limit_days_unknown",
        "online_depth_unknown",
        "credit_code_invalid",
    }
    assert "promised_limit_days" not in row.given
    assert row.given["body_code"] == "11511301008778183X"


@pytest.mark.parametrize("code", ["083372204", "68236467-9", "4148481895459659776", "11736"])
def test_other_codes_of_bodies_are_free(code: str) -> None:
    assert take({**PLAIN, "dept_code": code}).notes == []


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"item_code": " "}, "code_missing"),
        ({"name": None}, "name_missing"),
        ({"name": "<!-- -->".replace("<!-- -->", "\n\t")}, "name_missing"),
        ({"department": ""}, "department_missing"),
        ({"name": "名" * 301}, "name_too_long"),
        ({"item_code": "5" * 201}, "code_too_long"),
        ({"item_code": "$where"}, "code_invalid"),
        ({"name": ["名"]}, "cell_unreadable"),
        ({"name": True}, "cell_unreadable"),
    ],
)
def test_bad_rows_are_listed_with_line_code_and_reason(values: dict[str, Any], code: str) -> None:
    assert reject({**PLAIN, **values})[1] == code


def test_a_code_that_stands_twice_is_reported_where_it_stands_again() -> None:
    rows = [Row(line=line, values={**PLAIN, "name": f"第{line}"}) for line in (2, 3, 4)]
    taken, rejected = read_rows(rows)
    assert [row.line for row in taken] == [2]
    assert [(fault.line, fault.key, fault.code) for fault in rejected] == [
        (3, "511B00036", "duplicate_code"),
        (4, "511B00036", "duplicate_code"),
    ]


cells = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
columns = st.sampled_from(
    ["item_code", "事项名称", "部门", "类型", "task_type", "承诺时限", "themes", "dept_code", "x"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(columns, cells | st.lists(cells)), max_size=5))
def test_whatever_stands_in_the_cells_every_row_is_taken_or_listed(values: list[dict[str, JsonValue]]) -> None:
    rows = [Row(line=line, values=cells) for line, cells in enumerate(values, 2)]
    taken, rejected = read_rows(rows)
    assert sorted([row.line for row in taken] + [fault.line for fault in rejected]) == [row.line for row in rows]
