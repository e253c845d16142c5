"""Whatever may die on the bus has a name that people read."""

import pytest

from services.chassis.entrypoints import listened
from services.chassis.registry import service_class
from services.console import obituary, wording


@pytest.mark.parametrize("service", wording.SERVICES)
def test_every_event_that_is_heard_has_its_words(service: str) -> None:
    assert {event.wire for event in listened(service_class(service))} <= obituary.EVENTS.keys()


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("not_found: alert_unknown", "所指的对象不存在: 没有这条告警"),
        ("undecodable: schema_invalid: data/id", "消息读不懂: 字段不符合契约"),
        ("fault: RuntimeError", "程序故障"),
        ("invalid: something_new", "内容不合要求"),
        ("strange", "strange"),
        ("", ""),
    ],
)
def test_a_cause_of_death_in_words(reason: str, words: str) -> None:
    assert obituary.cause("zh", reason) == words
