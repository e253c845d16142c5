"""The shipped table, and imports merged into it by code."""

from pydantic import JsonValue

from contracts.alerts.families import CATEGORIES
from contracts.cases import Category
from contracts.shared import Row
from services.cases.categories import SHIPPED, Merge, merge

TABLE = {category.code: category for category in SHIPPED}


def rows(*values: dict[str, JsonValue]) -> list[Row]:
    return [Row(line=place + 2, values=one) for place, one in enumerate(values)]


def faults(done: Merge) -> list[tuple[int, str]]:
    return [(fault.line, fault.code) for fault in done.rejected]


def test_what_ships_is_a_sound_table() -> None:
    assert len(TABLE) == len(SHIPPED)
    for category in SHIPPED:
        assert category.leaf == (category.parent is not None)
        assert category.parent is None or not TABLE[category.parent].leaf
    assert set(CATEGORIES.values()) <= {one.code for one in SHIPPED if one.leaf}


def test_new_and_changed_rows_are_merged_by_code() -> None:
    done = merge(
        TABLE,
        rows(
            {"code": "livelihood.bus", "name": "公交", "parent": "livelihood", "handling_hours": "20"},
            {"code": "livelihood.water", "sign_hours": 3, "evidence_required": "是"},
            {"code": "fire.smoke", "name": "烟火"},
        ),
    )
    assert (done.created, done.changed, done.unchanged, done.rejected) == (1, 1, 1, [])
    assert done.written["livelihood.bus"].handling_hours == 20
    assert done.written["livelihood.water"].sign_hours == 3
    assert done.written["livelihood.water"].evidence_required
    assert done.written["livelihood.water"].name == "供水"


def test_a_second_time_changes_nothing() -> None:
    file = rows({"code": "x", "name": "新类"}, {"code": "x.y", "name": "新小类", "parent": "x"})
    first = merge(TABLE, file)
    again = merge({**TABLE, **first.written}, file)
    assert (first.created, again.created, again.changed, again.unchanged) == (2, 0, 0, 2)
    assert again.written == {}


def test_a_category_with_a_child_is_no_leaf() -> None:
    done = merge(TABLE, rows({"code": "fire.smoke.forest", "name": "林火", "parent": "fire.smoke"}))
    assert not done.written["fire.smoke"].leaf
    assert done.written["fire.smoke.forest"].leaf
    assert done.created == 1
    assert done.changed == 0


def test_rows_that_do_not_fit_are_listed_by_line() -> None:
    done = merge(
        TABLE,
        rows(
            {"code": "bad code", "name": "x"},
            {"code": "a.nameless"},
            {"code": "b", "name": "b", "sign_hours": "two"},
            {"code": "c", "name": "c", "sign_hours": 0},
            {"code": "d", "name": "d", "parent": "nowhere"},
            {"code": "e", "name": "e", "parent": "f"},
            {"code": "f", "name": "f", "parent": "e"},
            {"code": "g", "name": "g", "parent": "d"},
            {"code": "fire", "name": "again"},
            {"code": "fire", "name": "twice"},
            {"code": "h", "name": "h", "site_check_required": "maybe"},
        ),
    )
    assert faults(done) == [
        (2, "code_invalid"),
        (3, "name_missing"),
        (4, "hours_invalid"),
        (5, "hours_invalid"),
        (6, "parent_unknown"),
        (7, "parent_unknown"),
        (8, "parent_unknown"),
        (9, "parent_unknown"),
        (11, "code_repeated"),
        (12, "flag_invalid"),
    ]
    assert set(done.written) == {"fire"}
    assert done.written["fire"] == Category(code="fire", name="again", leaf=False)
