"""The log has no holes, the chain no gaps, whoever writes beside and wherever it is cut."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from pymongo.database import Database

from contracts.shared import Scope
from contracts.sharing import Exchange, ListExchanges
from services.sharing.intake import Entry, examine
from services.sharing.schemas import Checker
from services.sharing.store import SharingStore
from services.sharing.store.record_log import RecordLog
from tests.sharing.scene import CONSUMER, NOW, PROVIDER, caller, consumer, event, household, provider, saving, stranger

ANYTHING = Checker({})
CODE = "low-income"
Documents = Database[dict[str, Any]]


def entries(*numbers: int, **other: Any) -> list[Entry]:
    return examine([event(n, household(n, **other)) for n in numbers], ANYTHING, "household")[0]


def sequences(log: RecordLog, after: int = 0, limit: int = 10_000) -> list[int]:
    return [record.sequence for record in log.read(CODE, after, limit)]


def test_what_was_brought_before_is_done_work(database: Documents) -> None:
    log = RecordLog(database)
    first = log.append(CODE, 0, entries(*range(250)), "m1", NOW)
    assert (first.accepted, first.duplicates, first.end) == (250, 0, 250)
    assert log.append(CODE, 0, entries(*range(250)), "m1", NOW) == first
    mixed = log.append(CODE, 250, entries(7, 8, 500, 500), "m2", NOW)
    assert (mixed.accepted, mixed.duplicates, mixed.end) == (1, 3, 251)
    assert sequences(log) == list(range(1, 252))
    assert sequences(log, 95, 10) == list(range(96, 106))
    assert sequences(log, 251) == []


def test_of_two_events_with_one_id_the_first_counts(database: Documents) -> None:
    log = RecordLog(database)
    twice = entries(1, 2) + entries(1, members=9)
    assert log.append(CODE, 0, twice, "m1", NOW).duplicates == 1
    assert [(record.key, json.loads(record.data)["members"]) for record in log.read(CODE, 0, 9)] == [
        ("H1", 3),
        ("H2", 3),
    ]


def test_a_batch_that_a_crash_cut_is_finished_by_its_redelivery(database: Documents) -> None:
    log = RecordLog(database)
    log.append(CODE, 0, entries(*range(100)), "m1", NOW)  # the first segment of the batch below
    again = log.append(CODE, 0, entries(*range(230)), "m1", NOW)
    assert (again.accepted, again.duplicates, again.end) == (230, 0, 230)
    assert sequences(log) == list(range(1, 231))


def test_two_writers_leave_no_hole_and_a_reader_misses_nothing(database: Documents) -> None:
    done = Event()

    def write(start: int) -> None:
        log = RecordLog(database)  # a process of its own: it shares no lock with the other
        for batch in range(12):
            numbers = range(start + batch * 130, start + batch * 130 + 130)
            assert log.append(CODE, 0, entries(*numbers), f"{start}-{batch}", NOW).accepted == 130

    def read() -> list[str]:
        log, seen, cursor = RecordLog(database), [], 0
        while True:
            last = done.is_set()
            found = log.read(CODE, cursor, 300)
            assert [record.sequence for record in found] == list(range(cursor + 1, cursor + 1 + len(found)))
            seen += [record.key for record in found]
            cursor += len(found)
            if last and not found:
                return seen

    with ThreadPoolExecutor(3) as pool:
        reader = pool.submit(read)
        writers = [pool.submit(write, start) for start in (0, 100_000)]
        for writer in writers:
            writer.result()
        done.set()
        seen = reader.result()
    assert len(seen) == len(set(seen)) == 2 * 12 * 130


def test_a_reader_stops_at_a_hole(database: Documents) -> None:
    log = RecordLog(database)
    log.append(CODE, 0, entries(*range(300)), "m1", NOW)
    hidden = database.record_log.find_one_and_delete({"first": 101})
    assert sequences(log) == list(range(1, 101))
    assert hidden
    database.record_log.insert_one(hidden)
    assert len(sequences(log)) == 300


def test_large_records_get_segments_of_their_own(database: Documents) -> None:
    log = RecordLog(database)
    log.append(CODE, 0, entries(*range(9), name="x" * 250_000), "m1", NOW)
    assert sequences(log) == list(range(1, 10))
    assert database.record_log.count_documents({}) == 3


def test_records_hold_the_latest_state_of_each_key(database: Documents) -> None:
    store = SharingStore(database)
    store.log.append(CODE, 0, entries(1, 2, 3), "m1", NOW)
    changed = examine([event(9, household(2, members=7))], ANYTHING, "household")[0]
    store.log.append(CODE, 3, changed, "m2", NOW)
    store.records.bring_up(CODE, 3)
    assert [record.sequence for record in store.records.page(CODE, 0, 3, 10)[0]] == [1, 2, 3]
    for _ in range(2):
        store.records.bring_up(CODE, 4)
        found, following = store.records.page(CODE, 0, 4, 2)
        assert ([record.sequence for record in found], following) == ([1, 4], 2)
        assert json.loads(found[1].data)["members"] == 7
    database.record_progress.delete_many({})  # a crash before the progress was kept
    store.records.bring_up(CODE, 4)
    assert [record.sequence for record in store.records.page(CODE, 2, 4, 2)[0]] == [3]
    assert [record.sequence for record in store.records.one(CODE, "H2")] == [4]
    assert store.records.one(CODE, "H77") == []


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
