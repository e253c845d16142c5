"""What an operator fills in becomes what the request of a step wants."""

import pytest

from services.console.pages.cases import body_of


@pytest.mark.parametrize(
    ("told", "body"),
    [
        ({"responded": "yes", "solved": "yes"}, {"feedback": {"responded": True, "solved": True}}),
        ({"solved": "no", "satisfied": "no"}, {"feedback": {"solved": False, "satisfied": False}}),
        ({"hours": "7", "reason": "待料"}, {"hours": 7, "reason": "待料"}),
        ({"hours": "seven"}, {"hours": "seven"}),
        ({"evidence": "a b", "result": "已修"}, {"evidence": ["a", "b"], "result": "已修"}),
    ],
)
def test_what_was_not_said_is_not_sent(told: dict[str, str], body: dict[str, object]) -> None:
    assert body_of(told) == body
