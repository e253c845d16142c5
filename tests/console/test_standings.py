"""The organisations' table: its order, and a file in which nothing is computed."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from services.console.charts import charts
from services.console.standings import COUNTS, as_csv, named, ordered, safe
from services.console.wording import span

NOTHING = {"numerator": 0, "denominator": 0, "excluded": 0}


def org(code: str | None, response: dict[str, int] = NOTHING, **numbers: object) -> dict[str, Any]:
    rates = {"response": response, "solution": NOTHING, "satisfaction": NOTHING}
    return {"org": code, **dict.fromkeys(COUNTS, 0), "mean_hours": None, "rates": rates, **numbers}


ROWS = named(
    [
        org("1", {"numerator": 1, "denominator": 4, "excluded": 2}, open=2, mean_hours=5.5),
        org("2", {"numerator": 3, "denominator": 4, "excluded": 0}, open=9),
        org(None, open=4, mean_hours=70.0),
    ],
    {"1": "=HYPERLINK(1)", "2": "乙"},
    "zh",
)


@pytest.mark.parametrize(
    ("by", "codes"),
    [
        ("open", ["1", "none", "2"]),
        ("-open", ["2", "none", "1"]),
        ("-mean_hours", ["none", "1", "2"]),
        ("mean_hours", ["1", "none", "2"]),
        ("-response", ["2", "1", "none"]),
        ("rates", ["1", "2", "none"]),
        ("", ["1", "2", "none"]),
    ],
)
def test_in_the_order_asked_for_and_what_has_no_value_last(by: str, codes: list[str]) -> None:
    assert [row["code"] for row in ordered(ROWS, by)] == codes


def test_a_spreadsheet_computes_nothing_of_it() -> None:
    told = as_csv(ROWS, "zh")
    assert told.startswith(b"\xef\xbb\xbf")
    head, first, _, last = csv.reader(io.StringIO(told.decode("utf-8-sig")))
    assert head[:4] == ["单位代码", "单位", "未结", "超时未结"]
    assert first[:3] == ["1", "'=HYPERLINK(1)", "2"]
    assert first[7:12] == ["5.5", "25.0", "1", "4", "2"]
    assert last[:3] == ["none", "未派单", "4"]
    assert len({len(row) for row in (head, first, last)}) == 1


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert safe(text) == f"'{text}"
    assert safe(f"a{text}") == f"a{text}"


def test_charts_say_their_sums_in_words() -> None:
    daily = [{"day": "2026-03-12", "reported": 3, "closed": 1}, {"day": "2026-03-13", "reported": 2, "closed": 0}]
    found = charts({"daily": daily, "categories": []}, ROWS, "zh")
    assert found["daily"]["described"] == "每日上报与结案: 上报 5, 结案 1"
    assert found["orgs"]["names"] == ["乙", "未派单", "=HYPERLINK(1)"]
    assert found["categories"]["names"] == []


@pytest.mark.parametrize(
    ("lasted", "words"),
    [
        (timedelta(days=2, hours=3, minutes=9), "2 天 3 小时"),
        (timedelta(days=2, minutes=9), "2 天"),
        (timedelta(hours=3, minutes=12, seconds=59), "3 小时 12 分"),
        (timedelta(minutes=5), "5 分"),
        (timedelta(seconds=5), "不到 1 分"),
        (timedelta(seconds=-5), "不到 1 分"),
    ],
)
def test_a_length_of_time_in_its_two_largest_units(lasted: timedelta, words: str) -> None:
    assert span("zh", lasted) == words
