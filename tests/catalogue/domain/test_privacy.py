"""Particulars of applicants: checked without being repeated, starred for those who may not see them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.catalogue import Applicant
from contracts.faults import Invalid
from services.catalogue.domain.privacy import check_applicant, masked, masked_form
from services.catalogue.identifiers import is_id_number

PERSON = Applicant(name="王小明", id_number="11010519491231002X", phone="13800001234")


def test_an_applicant_is_kept_trimmed_and_with_a_capital_x() -> None:
    told = Applicant(name=" 王小明 ", id_number=" 11010519491231002x", phone=" ")
    assert check_applicant(told) == Applicant(name="王小明", id_number="11010519491231002X")


@settings(deadline=None)
@given(
    st.text("0123456789X", min_size=15, max_size=18).filter(lambda text: not is_id_number(text)), st.text(max_size=9)
)
def test_a_wrong_id_number_is_refused_and_not_repeated(number: str, name: str) -> None:
    with pytest.raises(Invalid) as invalid:
        check_applicant(Applicant(name=f"王{name}", id_number=number))
    told = str(invalid.value.to_wire())
    assert "/applicant/id_number" in {fault.pointer for fault in invalid.value.errors}
    assert number not in told


def test_what_is_shown_starred_is_not_taken_back() -> None:
    with pytest.raises(Invalid) as invalid:
        check_applicant(masked(PERSON))
    assert {(fault.pointer, fault.code) for fault in invalid.value.errors} >= {
        ("/applicant/name", "masked_value"),
        ("/applicant/id_number", "masked_value"),
        ("/applicant/phone", "masked_value"),
    }


def test_how_particulars_look() -> None:
    assert masked(PERSON) == Applicant(name="王**", id_number="1****************X", phone="138****1234")
    assert masked(Applicant(name="王")) == Applicant(name="*")
    assert masked(Applicant(name="王小", phone="110")) == Applicant(name="王*", phone="***")


def test_particulars_are_starred_wherever_they_were_filled_in() -> None:
    form = {
        "who": "王小明",
        "kin": [{"id": "11010519491231002x", "tie": "配偶"}],
        "call": 13912345678,
        "call2": "+8613912345678",
        "sum": 1200,
        "done": True,
        "none": None,
    }
    assert masked_form(form, PERSON) == {
        "who": "王**",
        "kin": [{"id": "1" + "*" * 17, "tie": "配偶"}],
        "call": "1**********",
        "call2": "+*************",
        "sum": 1200,
        "done": True,
        "none": None,
    }
