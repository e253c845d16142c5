"""What the span of a request names as what it is about."""

import pytest

from services.gateway.journey import LONGEST_SUBJECT, subject_of


@pytest.mark.parametrize(
    ("parameters", "subject"),
    [
        ({}, ""),
        ({"action": "close"}, ""),
        ({"case_no": "2026", "action": "close"}, "2026"),
        ({"service": "alerts", "id": "x" * 500}, "x" * LONGEST_SUBJECT),
        ({"kind": "grids"}, ""),
    ],
)
def test_a_business_key_of_the_path(parameters: dict[str, str], subject: str) -> None:
    assert subject_of(parameters) == subject
