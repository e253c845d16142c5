"""Which units stand above which, by rule alone."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.faults import Fault
from contracts.grid import HierarchyLevel
from services.grid.domain import is_statistical, statistical_step
from services.grid.levels import ADMIN, MOST_LEVELS, Place, check_levels, drawn_up, misplaced


def levels(*keys: str) -> list[HierarchyLevel]:
    return [HierarchyLevel(key=key, name_zh=key, order=order) for order, key in enumerate(keys, start=1)]


def ordered(**orders: int) -> list[HierarchyLevel]:
    return [HierarchyLevel(key=key, name_zh=key, order=order) for key, order in orders.items()]


@pytest.mark.parametrize(
    ("code", "name", "statistical"),
    [
        ("110100000000", "市辖区", True),
        ("419000000000", "省直辖县级行政区划", True),
        ("150271000000", "包头稀土高新技术产业开发区", True),
        ("150207000000", "九原区", False),
        ("150270000000", "某区", False),
        ("150202071000", "某街道", False),
    ],
)
def test_units_of_statistics(code: str, name: str, statistical: bool) -> None:
    assert is_statistical(code, name) is statistical


def test_steps_of_statistics() -> None:
    codes = ("110100000000", "500200000000", "419000000000", "659000000000", "410100000000", "110900000000")
    assert [statistical_step(code) for code in codes] == [
        "市辖区",
        "县",
        "省直辖县级行政区划",
        "自治区直辖县级行政区划",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("standing", "told", "code"),
    [
        (levels("a", "b"), levels("a", "b", "c"), None),
        (levels("a", "b"), levels("z", "a", "m", "b"), None),
        (ordered(a=1, b=1), ordered(a=2, b=2, c=1), None),
        (levels("a", "b"), levels("a"), "levels_in_use"),
        (levels("a", "b"), levels("b", "a"), "levels_in_use"),
        (levels("a", "b"), ordered(a=1, b=1), "levels_in_use"),
        ([], [*levels("a"), *levels("a")], "levels_repeated"),
    ],
)
def test_levels_may_be_added(standing: list[HierarchyLevel], told: list[HierarchyLevel], code: str | None) -> None:
    if code is None:
        check_levels(told, standing)
        return
    with pytest.raises(Fault) as caught:
        check_levels(told, standing)
    assert caught.value.code == code


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.randoms())
def test_every_unit_of_a_tree_fits_the_levels_drawn_from_it(above: Sequence[int], random: object) -> None:
    """Unit 0 is the root, unit n + 1 stands below one that came before; a level is a depth."""
    depths, places = [1], [Place("0", "l1", "根", None)]
    for at, wanted in enumerate(above, start=1):
        parent = wanted % at
        depths.append(depths[parent] + 1)
        places.append(Place(str(at), f"l{depths[at]}", f"单元{at}", str(parent)))
    random.shuffle(places)  # type: ignore[attr-defined]
    drawn = drawn_up("tree", "树", places)
    if max(depths) > MOST_LEVELS:
        assert drawn is None
        return
    assert drawn is not None
    assert [level.order for level in sorted(drawn.levels, key=lambda level: level.order)] == list(
        range(1, max(depths) + 1)
    )
    by_code = {place.code: place for place in places}
    assert not any(misplaced(drawn, place, by_code[place.parent].level if place.parent else None) for place in places)


def test_levels_that_repeat_downwards_stay_few() -> None:
    deep = [Place(str(at), "a" if at < 20 else "b", "某", str(at - 1) if at else None) for at in range(21)]
    drawn = drawn_up("tree", "树", deep)
    assert drawn is not None
    assert [(level.key, level.order) for level in drawn.levels] == [("a", 1), ("b", 2)]
    flat = [Place("0", "l", "某", None), *(Place(str(at), f"l{at}", "某", "0") for at in range(1, 14))]
    assert drawn_up("tree", "树", flat) is None


def test_a_tree_without_a_top_draws_nothing() -> None:
    assert drawn_up("tree", "树", [Place("1", "a", "某", "0")]) is None
    assert drawn_up("tree", "树", [Place("1", "a", "某", "2"), Place("2", "b", "某", "1")]) is None


def test_the_division_tree_is_built_in() -> None:
    assert [level.code_length for level in ADMIN.levels] == [2, 4, 6, 9, 12, 15]
