"""Set up the broker: every exchange, queue and binding that the services' code names."""

import logging

from services.chassis import logs
from services.chassis.registry import listeners
from services.chassis.settings import settings
from services.chassis.topology import declare

_log = logging.getLogger(__name__)


def main() -> int:
    """Declare and exit; needs an administrator's AMQP_URL."""
    logs.setup("declare")
    queues = declare(settings().amqp_url, listeners())
    _log.info("topology declared", extra={"queues": queues})
    return 0
