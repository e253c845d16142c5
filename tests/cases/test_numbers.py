"""Case numbers: readable, and a wrong digit shows."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.cases.numbers import area_of, case_number, check_digit

numbers = st.text("0123456789", min_size=5, max_size=25)


def test_the_parts_stand_in_their_order() -> None:
    late = datetime(2026, 7, 21, 16, 30, tzinfo=UTC)
    number = case_number(late, area_of("230902001001003"), 123)
    assert number[:-1] == "20260722" + "230902" + "0000123"
    assert number[-1] == str(check_digit(number[:-1]))


def test_a_known_value() -> None:
    """The worked example of ISO 7064 MOD 11,10: 0794 takes 5."""
    assert check_digit("0794") == 5


def test_an_unknown_area_is_zeros() -> None:
    assert area_of(None) == area_of("23") == "000000"


@given(numbers, st.data())
def test_any_wrong_digit_is_found(digits: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[place]]))
    assert check_digit(digits) != check_digit(digits[:place] + other + digits[place + 1 :])
