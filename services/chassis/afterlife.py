"""What becomes of a message after the work: acknowledged, tried again after a pause, or a dead letter."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from eventlet.greenthread import sleep
from nameko.extensions import SharedExtension

from contracts.faults import Fault, Unavailable
from services.chassis import metrics
from services.chassis.line import Delivery
from services.chassis.links import Outgoing, Publisher
from services.chassis.logs import describe
from services.chassis.messages import Undecodable
from services.chassis.settings import settings
from services.chassis.topology import DEAD, TIERS, dead_queue

_log = logging.getLogger(__name__)
_OURS = ("traceparent", "x-")
_PAUSE_S = 0.5


class Afterlife(SharedExtension):
    """Parks what failed, confirmed by the broker, and only then acknowledges."""

    def setup(self) -> None:
        self._publisher = Publisher(settings().amqp_url, f"{self.container.service_name} afterlife")

    def stop(self) -> None:
        self._publisher.close()

    def settle(self, outcomes: Sequence[tuple[Delivery, Exception | None]], queue: str) -> None:
        """Acknowledge what went well, park the rest; returns when nothing is left to do on this connection."""
        done = [delivery for delivery, error in outcomes if error is None]
        Delivery.ack_all(done)
        metrics.MESSAGES.labels(queue, "done").inc(len(done))
        failed = [(delivery, error) for delivery, error in outcomes if error is not None]
        while failed and failed[0][0].current:
            parked = [self._parked(one, error, queue) for one, error in failed]
            try:
                answers = self._publisher.publish(parked)
            except Unavailable:
                sleep(_PAUSE_S)
                continue
            for one, refused in zip(parked, answers, strict=True):
                if refused is None:
                    metrics.MESSAGES.labels(queue, "dead" if one.exchange == DEAD else "retried").inc()
            Delivery.ack_all([item[0] for item, refused in zip(failed, answers, strict=True) if refused is None])
            failed = [item for item, refused in zip(failed, answers, strict=True) if refused is not None]
            if failed:
                sleep(_PAUSE_S)

    def _parked(self, delivery: Delivery, error: Exception, queue: str) -> Outgoing:
        attempts = attempts_of(delivery.headers) + 1
        # a letter that cannot be filed has died already: it keeps its reason and is tried for ever, with long pauses
        letter = queue == dead_queue(self.container.service_name)
        dead = not letter and (permanent(error) or attempts >= settings().max_attempts)
        headers = {name: value for name, value in delivery.headers.items() if name.startswith(_OURS)}
        if letter:
            headers |= zip(("x-queue", "x-reason", "x-attempts"), epitaph(delivery.headers), strict=True)
        else:
            headers |= {"x-attempts": attempts, "x-reason": reason(error), "x-queue": queue}
        for broker_written in ("x-death", "x-delivery-count", "x-first-death-queue", "x-first-death-reason"):
            headers.pop(broker_written, None)
        headers.pop("x-first-death-exchange", None)
        _log.warning(
            "dead letter" if dead else "will try again",
            extra={"queue": queue, "reason": reason(error), "attempts": attempts, **describe(error)},
        )
        exchange = DEAD if dead else TIERS[-1 if letter else min(attempts, len(TIERS)) - 1]
        return Outgoing(
            exchange,
            self.container.service_name if dead else queue,
            delivery.body,
            # two without a name may be two: rather a letter twice than one lost
            str(delivery.properties.get("message_id") or uuid4().hex),
            headers,
            str(delivery.properties.get("content_type") or "application/octet-stream"),
        )


def epitaph(headers: Mapping[str, Any]) -> tuple[str, str, int]:
    """Queue, reason and attempts of a dead letter, as we wrote them or, where the broker let it die, as that did."""
    died = headers.get("x-death")
    first = died[0] if isinstance(died, list) and died and isinstance(died[0], dict) else {}
    attempts = headers.get("x-attempts", headers.get("x-delivery-count", 1))
    return (
        str(headers.get("x-queue", first.get("queue", ""))),
        str(headers.get("x-reason", f"broker: {first.get('reason', 'unknown')}")),
        attempts if isinstance(attempts, int) else 1,
    )


def attempts_of(headers: Mapping[str, object]) -> int:
    """How often it was tried and parked."""
    found = headers.get("x-attempts", 0)
    return found if isinstance(found, int) else 0


def permanent(error: Exception) -> bool:
    """Whether trying again cannot help."""
    return isinstance(error, Undecodable) or (isinstance(error, Fault) and not error.retryable)


def reason(error: Exception) -> str:
    """A short reason that repeats nothing of the message."""
    if isinstance(error, Undecodable):
        return f"undecodable: {error.reason}"
    if isinstance(error, Fault):
        return f"{error.kind}: {error.code}"
    return f"fault: {type(error).__name__}"
