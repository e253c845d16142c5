"""The store is killed, restarted, away, or holds a document for a client that is dead."""

import shutil
import signal

import pytest

from tests.faults import controls
from tests.faults.harness import eventually
from tests.faults.ordeal import Ordeals

LONG = 20.0


@pytest.mark.faults
def test_restarted_in_good_order(ordeals: Ordeals) -> None:
    def hurt() -> None:
        with ordeals.town.away(ordeals.town.store, signal.SIGTERM):
            ordeals.reported(10)

    ordeals.undergo("store: restart", hurt)


@pytest.mark.faults
def test_away_for_a_while(ordeals: Ordeals) -> None:
    """Reports are taken all the while: they wait on the bus."""

    def hurt() -> None:
        with ordeals.town.away(ordeals.town.store), ordeals.held(LONG):
            ordeals.reported(100, LONG)

    ordeals.undergo(f"store: kill -9, {LONG:.0f} s away", hurt)


@pytest.mark.faults
@pytest.mark.skipif(shutil.which("mongod") is not None, reason="mongod ends the transaction with its client")
def test_a_client_dies_in_a_transaction(ordeals: Ordeals) -> None:
    """The embedded store keeps the document locked until sessions are killed; everything else goes on."""
    town = ordeals.town
    alerts = town.database("alerts")["alerts"]

    def hurt() -> None:
        locked = eventually(lambda: alerts.find_one({"open_key": {"$exists": True}}), what="an open alert")["_id"]
        controls.die_in_transaction(town.mongodb, alerts.database.name, alerts.name, locked)
        with ordeals.held(15):
            ordeals.reported(50)
        town.database("alerts").client.admin.command("killAllSessions", [])

    ordeals.undergo("store: client dead in a transaction", hurt)
