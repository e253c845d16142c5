"""Masks hide what they hide."""

import pytest

from contracts.cases import Reporter
from services.cases.privacy import masked


@pytest.mark.parametrize(
    ("name", "phone", "shown_name", "shown_phone"),
    [
        ("张三", "13812345678", "张*", "138****5678"),
        ("欧阳娜娜", "04641234567", "欧***", "046****4567"),
        ("李", "1234567", "*", "*******"),
        (None, None, None, None),
        ("", "", "", ""),
    ],
)
def test_a_reporter_is_masked(
    name: str | None, phone: str | None, shown_name: str | None, shown_phone: str | None
) -> None:
    assert masked(Reporter(name=name, phone=phone)) == Reporter(name=shown_name, phone=shown_phone)
