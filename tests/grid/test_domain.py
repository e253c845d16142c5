"""Codes, levels, the machine, the mask."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.faults import Refused
from contracts.grid import GridAction, GridState, Level
from services.grid.domain import STEPS, level_of, mask_phone, national, parent_of, path_of, significant, step


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("230000000000", Level.PROVINCE, None),
        ("230900000000", Level.CITY, "230000000000"),
        ("230902000000", Level.COUNTY, "230900000000"),
        ("230902001000", Level.STREET, "230902000000"),
        ("230902001001", Level.COMMUNITY, "230902001000"),
        ("110100000000", Level.CITY, "110000000000"),
        ("429004000000", Level.COUNTY, "429000000000"),
        # 东莞 and 中山 have no counties: their streets stand under the city
        ("441900003000", Level.STREET, "441900000000"),
        ("441900003001", Level.COMMUNITY, "441900003000"),
    ],
)
def test_a_code_names_its_level_and_parent(code: str, level: Level, parent: str | None) -> None:
    assert level_of(code) is level
    assert parent_of(code) == parent
    assert path_of(code)[-1] == code
    assert path_of(code)[:-1] == (path_of(parent) if parent else [])


@given(st.from_regex(r"[1-9]\d{11}", fullmatch=True))
def test_every_path_begins_at_the_province_and_narrows(code: str) -> None:
    path = path_of(code)
    assert path[0] == national(code[:2])
    assert all(lower.startswith(significant(upper)) for upper, lower in pairwise(path))


@pytest.mark.parametrize("state", list(GridState))
@pytest.mark.parametrize("action", list(GridAction))
def test_only_the_table_moves_a_grid(state: GridState, action: GridAction) -> None:
    if (state, action) in STEPS:
        assert step("230902001001001", state, action) is STEPS[state, action]
        return
    with pytest.raises(Refused) as refusal:
        step("230902001001001", state, action)
    assert refusal.value.code == "illegal_step"
    assert refusal.value.facts["state"] == state
    assert refusal.value.facts["allowed_actions"] == [legal for at, legal in STEPS if at is state]


@pytest.mark.parametrize(
    ("phone", "masked"), [("13812345678", "138****5678"), ("046482345", "*******45"), ("12345", "***45")]
)
def test_a_masked_number_cannot_be_rung(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked
