"""The broker is killed, restarted, and out of memory or disk: what was promised is done, and everybody comes back."""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from deploy.local.home import Home
from tests.faults import controls
from tests.faults.harness import eventually
from tests.faults.ordeal import Ordeals


@pytest.mark.faults
def test_restarted_in_good_order(ordeals: Ordeals) -> None:
    def hurt() -> None:
        with ordeals.town.away(ordeals.town.broker, signal.SIGTERM):
            ordeals.reported(10)

    ordeals.undergo("broker: restart", hurt)


@pytest.mark.faults
def test_killed_again_before_everybody_is_back(ordeals: Ordeals) -> None:
    def hurt() -> None:
        for _ in range(3):
            with ordeals.town.away(ordeals.town.broker):
                ordeals.reported(5)

    ordeals.undergo("broker: kill -9", hurt, injected=3)


@pytest.mark.faults
@pytest.mark.parametrize("alarm", [controls.memory_alarm, controls.disk_alarm])
def test_out_of_a_resource(ordeals: Ordeals, alarm: Callable[[Home], AbstractContextManager[None]]) -> None:
    """The broker reads nothing from those who publish: devices are answered from the spool."""
    town = ordeals.town
    spool = town.database("gateway")["spool"]

    def hurt() -> None:
        with alarm(town.home):
            eventually(lambda: controls.alarms(town.home), 20, "the alarm")
            eventually(spool.find_one, 20, "something in the spool")
            ordeals.reported(50)
        eventually(lambda: not controls.alarms(town.home), 20, "the end of the alarm")

    ordeals.undergo(f"broker: {alarm.__name__.replace('_', ' ')}", hurt)
