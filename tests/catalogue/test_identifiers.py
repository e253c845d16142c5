"""Check characters: real numbers pass, every single wrong character is found."""

import re
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.shared import Row
from services.catalogue.identifiers import application_number, is_application_number, is_credit_code, is_id_number

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
credit_stems = st.text(CREDIT_ALPHABET, min_size=17, max_size=17)
id_stems = st.builds(
    lambda area, born, serial: f"{area:06d}{born:%Y%m%d}{serial:03d}",
    st.integers(110000, 829999),
    st.dates(date(1900, 1, 1), date(2026, 12, 31)),
    st.integers(0, 999),
)


def complete(stem: str, alphabet: str, right: object) -> str:
    """The stem with the one character that makes it right."""
    assert callable(right)
    found = [stem + last for last in alphabet if right(stem + last)]
    assert len(found) == 1
    return found[0]


def changed(number: str, place: int, character: str) -> str:
    return number[:place] + character + number[place + 1 :]


@settings(deadline=None)
@given(credit_stems, st.integers(0, 17), st.sampled_from(CREDIT_ALPHABET))
def test_a_credit_code_has_one_check_character_and_any_wrong_one_is_found(
    stem: str, place: int, character: str
) -> None:
    code = complete(stem, CREDIT_ALPHABET, is_credit_code)
    assert is_credit_code(changed(code, place, character)) == (code[place] == character)


@settings(deadline=None)
@given(id_stems, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_an_id_number_has_one_check_character_and_any_wrong_one_is_found(stem: str, place: int, character: str) -> None:
    number = complete(stem, "0123456789X", is_id_number)
    assert is_id_number(changed(number, place, character)) == (number[place] == character)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "11010519491231002",
        "11010519491231002x",
        "110105194912310021",
        "110105194913310025",
        "１1010519491231002X",
        "110105194902300025",
    ],
)
def test_what_is_no_id_number(number: str) -> None:
    assert not is_id_number(number)


def test_the_example_of_the_id_standard() -> None:
    assert is_id_number("11010519491231002X")


@pytest.mark.parametrize("code", ["", "11511301008778183", "11511301008778183O", "１1511301008778183N"])
def test_what_is_no_credit_code(code: str) -> None:
    assert not is_credit_code(code)


def test_every_credit_code_of_the_real_list_is_right(whole_list: list[Row]) -> None:
    codes = [str(row.values["dept_code"]) for row in whole_list]
    of_length = [code for code in codes if len(code) == 18]
    assert (len(codes), len(of_length), len(set(of_length))) == (651, 187, 5)
    assert all(is_credit_code(code) for code in of_length)
    embedded = {code for row in whole_list for code in re.findall(r"-(1\w{17})-", str(row.values["item_code"]))}
    assert embedded
    assert all(is_credit_code(code) for code in embedded)


@settings(deadline=None)
@given(st.dates(date(2020, 1, 1), date(2099, 1, 1)), st.integers(1, 10**9), st.data())
def test_an_application_number_knows_every_wrong_digit(opened: date, position: int, data: st.DataObject) -> None:
    number = application_number(datetime.combine(opened, time(12), UTC), "511602000000", position)
    assert is_application_number(number)
    place = data.draw(st.integers(0, len(number) - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    assert is_application_number(changed(number, place, digit)) == (number[place] == digit)


def test_an_application_number_reads_date_in_shanghai_area_and_position() -> None:
    number = application_number(datetime(2026, 7, 21, 16, 30, tzinfo=UTC), "511602000000", 42)
    assert number[:-1] == "202607225116020000042"
    assert application_number(datetime(2026, 7, 21, tzinfo=UTC), "G-07", 1)[8:14] == "000000"
    assert application_number(datetime(2026, 7, 21, tzinfo=UTC), None, 12_345_678)[14:22] == "12345678"
