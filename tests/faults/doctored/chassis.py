"""A chassis that breaks one of its laws: what the judge must notice, or it would notice nothing.

The laws are taken out at the start of a real process (see __main__.py); the product itself stays as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any

from services.chassis import context
from services.chassis.afterlife import Afterlife
from services.chassis.aggregates import Aggregates, Changed
from services.chassis.line import Delivery
from services.chassis.listening import Listen


def acknowledges_first() -> None:
    """The broker forgets a message before its effects are written."""
    apply, settle = Listen._apply, Afterlife.settle

    def hasty(self: Listen, items: list[tuple[Delivery, object]]) -> None:
        Delivery.ack_all([delivery for delivery, _ in items])
        apply(self, items)

    def settled(self: Afterlife, outcomes: Any, queue: str) -> None:
        settle(self, [(delivery, error) for delivery, error in outcomes if error is not None], queue)

    Listen._apply = hasty  # type: ignore[method-assign]
    Afterlife.settle = settled  # type: ignore[method-assign]


def forgets_what_it_applied() -> None:
    """No effect is recorded together with the id of the message that brought it about."""
    change = Aggregates._change

    def forgetful(self: Aggregates, item: Changed) -> Any:
        return change(self, item._replace(message_ids=()))

    Aggregates._change = forgetful  # type: ignore[method-assign]
    context.message_id = lambda: None


DOCTORED: Mapping[str, Callable[[], None]] = {
    found.__name__: found for found in (acknowledges_first, forgets_what_it_applied)
}
