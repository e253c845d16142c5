"""The log has no holes, the chain no gaps, whoever writes beside and wherever it is cut."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from contracts.shared import Scope
from contracts.sharing import Exchange, ListExchanges
from services.sharing.intake import examine
from services.sharing.schemas import Checker
from services.sharing.store import SharingStore
from tests.sharing.scene import CONSUMER, NOW, PROVIDER, caller, consumer, event, provider, saving, stranger

ANYTHING = Checker({})
CODE = "low-income"
Documents = Database[dict[str, Any]]


def used(number: int, department: str = CONSUMER, provided_by: str = PROVIDER) -> dict[str, Any]:
    return {
        "at": NOW + timedelta(milliseconds=number),
        "department": department,
        "actor": "someone",
        "grant": "G-1",
        "purpose": "grid_governance",
        "dataset": CODE,
        "provider": provided_by,
        "action": "query",
        "count": number,
        "fields": ["name"],
        "masked_fields": ["name"],
        "reason": None,
        "response_hash": "00",
        "trace_id": None,
    }


def test_the_chain_is_whole_although_two_processes_write(database: Documents) -> None:
    stores = [SharingStore(database), SharingStore(database)]

    def write(place: int) -> list[Exchange]:
        return [stores[place].exchanges.append(used(number)) for number in range(20)]

    with ThreadPoolExecutor(2) as pool:
        written = [entry for part in pool.map(write, (0, 1)) for entry in part]
    assert sorted(entry.sequence for entry in written) == list(range(1, 41))
    verdict = SharingStore(database).exchanges.verify()
    assert (verdict.entries, verdict.intact, verdict.first_bad) == (40, True, None)


@pytest.mark.parametrize(
    ("tamper", "first_bad"),
    [
        (lambda log: log.update_one({"_id": 7}, {"$set": {"count": 999}}), 7),
        (lambda log: log.update_one({"_id": 7}, {"$set": {"department": "交通局"}}), 7),
        (lambda log: log.update_one({"_id": 7}, {"$set": {"at": NOW}}), 7),
        (lambda log: log.update_one({"_id": 7}, {"$set": {"at": "yesterday"}}), 7),
        (lambda log: log.update_one({"_id": 7}, {"$unset": {"hash": ""}}), 7),
        (lambda log: log.delete_one({"_id": 7}), 7),
        (lambda log: log.delete_one({"_id": 12}), 12),
        (lambda log: log.delete_many({}), 1),
        (lambda log: log.update_one({"_id": 12}, {"$set": {"sequence": 5000}}), 12),
    ],
)
def test_tampering_is_named(database: Documents, tamper: Any, first_bad: int) -> None:
    log = SharingStore(database).exchanges
    for number in range(12):
        log.append(used(number))
    log.anchor()
    tamper(database.exchange_log)
    for checked in (log, SharingStore(database).exchanges):
        verdict = checked.verify()
        assert (verdict.intact, verdict.first_bad) == (False, first_bad)


def test_a_chain_written_anew_contradicts_its_anchor(database: Documents) -> None:
    log = SharingStore(database).exchanges
    for number in range(5):
        log.append(used(number))
    log.anchor()
    anchored = database.exchange_anchor.find_one({})
    database.exchange_log.delete_many({})
    database.exchange_anchor.delete_many({})
    forged = SharingStore(database).exchanges
    for number in range(5):
        forged.append(used(number, department="交通局"))
    assert anchored
    database.exchange_anchor.insert_one(anchored)
    assert SharingStore(database).exchanges.verify().first_bad == 5


def test_exchanges_are_listed_newest_first_to_their_parties(database: Documents) -> None:
    log = SharingStore(database).exchanges
    for number in range(30):
        log.append(used(number, CONSUMER if number % 3 else "公安局", PROVIDER if number % 2 else "住建局"))

    def listed(party: str | None, **asked: Any) -> list[int]:
        found: list[int] = []
        cursor = None
        while True:
            page = log.page(party, ListExchanges(caller=consumer, limit=4, cursor=cursor, **asked))
            assert len(page.items) <= 4
            found += [entry.sequence for entry in page.items]
            cursor = page.next
            if cursor is None:
                return found

    everything = list(range(30, 0, -1))
    assert listed(None) == everything
    assert listed(CONSUMER) == [number for number in everything if (number - 1) % 3]
    assert listed(PROVIDER) == [number for number in everything if (number - 1) % 2]
    assert listed(PROVIDER, department="公安局") == [n for n in everything if (n - 1) % 2 and not (n - 1) % 3]
    assert listed(CONSUMER, department="公安局") == []
    assert listed("交通局") == []
    assert listed(None, dataset="other") == []


def test_the_directory_is_paged_and_hides_drafts(database: Documents) -> None:
    store = SharingStore(database)
    for number in range(5):
        store.datasets.create(saving(f"d{number}"), PROVIDER)
    page = store.datasets.page(provider, None, None, 3)
    assert [dataset.code for dataset in page.items] == ["d0", "d1", "d2"]
    assert [dataset.code for dataset in store.datasets.page(provider, None, page.next, 3).items] == ["d3", "d4"]
    assert store.datasets.page(stranger, None, None, 3).items == []
    assert len(store.datasets.page(caller(None, Scope.ADMIN), PROVIDER, None, 10).items) == 5


def test_the_hash_secret_is_made_once(database: Documents) -> None:
    assert SharingStore(database).secret == SharingStore(database).secret
    assert len(SharingStore(database).secret) == 32


def test_rejected_records_are_kept_once_and_whole(database: Documents) -> None:
    store = SharingStore(database)
    hostile = [event(1, {"$where": "\ud800", "a.b": float("nan")})]
    _, faults = examine(hostile, ANYTHING, "household")
    for _ in range(2):
        store.rejected.keep(CODE, "m1", hostile, faults, NOW)
    kept = list(database.rejected_records.find())
    assert [(each["code"], json.loads(each["event"])["data"]["$where"]) for each in kept] == [("key_invalid", "\ud800")]
