"""What is written on a dead letter."""

from services.chassis.afterlife import epitaph


def test_an_epitaph_is_ours_or_else_the_brokers() -> None:
    ours = {"x-queue": "cases.alerts.raised.v1", "x-reason": "fault: RuntimeError", "x-attempts": 6}
    died = [{"queue": "yiwang.retry.3", "reason": "expired"}]
    assert epitaph({**ours, "x-death": died}) == ("cases.alerts.raised.v1", "fault: RuntimeError", 6)
    refused = [{"queue": "cases.alerts.raised.v1", "reason": "delivery_limit"}, *died]
    assert epitaph({"x-death": refused, "x-delivery-count": 21}) == (
        "cases.alerts.raised.v1",
        "broker: delivery_limit",
        21,
    )
    for strange in ({}, {"x-death": "soon"}, {"x-death": [1]}, {"x-attempts": "many"}):
        assert epitaph(strange) == ("", "broker: unknown", 1)
