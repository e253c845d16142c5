"""The log has no holes and each event stands in it once, whoever writes beside and wherever it is cut."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from contracts.sharing import PublishRecords
from services.sharing.intake import Entry, examine
from services.sharing.schemas import Checker
from services.sharing.store import SharingStore, record_log, segments
from services.sharing.store.record_log import Appended, Batch, RecordLog
from tests.sharing.scene import NOW, event, household, provider

ANYTHING = Checker({})
CODE = "low-income"
Documents = Database[dict[str, Any]]


def entries(*numbers: int, **other: Any) -> list[Entry]:
    return examine([event(n, household(n, **other)) for n in numbers], ANYTHING, "household")[0]


def append(log: RecordLog, brought: list[Entry], origin: str, code: str = CODE) -> Appended:
    return log.append([Batch(code, brought, origin, NOW)])[0]


def sequences(log: RecordLog, after: int = 0, limit: int = 10_000) -> list[int]:
    return [record.sequence for record in log.read(CODE, after, limit)]


def keys(log: RecordLog) -> list[str]:
    return [record.key for record in log.read(CODE, 0, 10_000)]


@pytest.fixture
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outlines of 250 records."""
    monkeypatch.setattr(segments, "STRETCH", 250)


def test_what_was_brought_before_is_done_work(database: Documents) -> None:
    log = RecordLog(database)
    first = append(log, entries(*range(250)), "m1")
    assert (first.accepted, first.duplicates, first.end) == (250, 0, 250)
    assert append(log, entries(*range(250)), "m1") == first
    mixed = append(log, entries(7, 8, 500, 500), "m2")
    assert (mixed.accepted, mixed.duplicates, mixed.end) == (1, 3, 251)
    assert sequences(log) == list(range(1, 252))
    assert sequences(log, 95, 10) == list(range(96, 106))
    assert sequences(log, 251) == []


def test_of_two_events_with_one_id_the_first_counts(database: Documents) -> None:
    log = RecordLog(database)
    assert append(log, entries(1, 2) + entries(1, members=9), "m1").duplicates == 1
    assert [(record.key, record.data["members"]) for record in log.read(CODE, 0, 9)] == [("H1", 3), ("H2", 3)]


def test_batches_of_several_datasets_are_one_write(database: Documents) -> None:
    log = RecordLog(database)
    append(log, entries(1), "m0")
    together = [
        Batch(CODE, entries(1, 2, 3), "m1", NOW),
        Batch("other", entries(1, 2), "m2", NOW),
        Batch(CODE, entries(3, 4), "m3", NOW),
        Batch(CODE, entries(2, 3), "m1", NOW),  # the same message, delivered twice at once
        Batch(CODE, [], "m4", NOW),
    ]
    done = [(2, 1, 4), (2, 0, 2), (1, 1, 4), (2, 0, 4), (0, 0, 4)]
    assert [tuple(each) for each in log.append(together)] == done
    assert keys(log) == ["H1", "H2", "H3", "H4"]
    assert [tuple(each) for each in RecordLog(database).append(together)] == done


@pytest.mark.parametrize("knowing", [True, False])
def test_a_batch_that_a_crash_cut_is_finished_by_its_redelivery(database: Documents, knowing: bool) -> None:
    log = RecordLog(database)
    append(log, entries(*range(100)), "m1")  # the first segment of the batch below
    again = append(log if knowing else RecordLog(database), entries(*range(230)), "m1")
    assert (again.accepted, again.duplicates, again.end) == (230, 0, 230)
    assert sequences(log) == list(range(1, 231))


@pytest.mark.parametrize("arrived", [True, False])
def test_a_write_in_doubt_is_neither_lost_nor_doubled(database: Documents, arrived: bool) -> None:
    """The connection broke: the store may have written, one segment of two, or nothing."""
    log = RecordLog(database)
    append(log, entries(1, 2), "m1")

    class Breaking:
        def __getattr__(self, name: str) -> Any:
            return getattr(database.record_log, name)

        def insert_many(self, wanted: list[dict[str, Any]], ordered: bool) -> None:
            if arrived:
                database.record_log.insert_many(wanted[:1], ordered=ordered)
            raise AutoReconnect("lost")

    whole, log.collection = log.collection, Breaking()  # type: ignore[assignment]
    with pytest.raises(AutoReconnect):
        append(log, entries(*range(10, 160)), "m2")
    log.collection = whole
    other = append(log, entries(5, 10), "m3")
    assert (other.accepted, other.duplicates) == ((1, 1) if arrived else (2, 0))
    again = append(log, entries(*range(10, 160)), "m2")
    assert (again.accepted, again.duplicates) == ((150, 0) if arrived else (149, 1))
    assert sequences(log) == list(range(1, 154))
    assert len(set(keys(log))) == 153


def test_two_writers_of_the_same_events_write_each_once(database: Documents, short_stretches: None) -> None:
    """Two processes are sent the same 30 batches in different orders, and different ones between."""
    rounds = 30

    def write(which: int) -> int:
        log = RecordLog(database)  # a process of its own: it shares no lock and no memory with the other
        accepted = 0
        for batch in range(rounds) if which else reversed(range(rounds)):
            shared, own = range(batch * 40, batch * 40 + 40), range(10_000 * (which + 1) + batch * 7, 10**6)[:7]
            accepted += append(log, entries(*shared, *own), f"{which}-{batch}").accepted
        return accepted

    with ThreadPoolExecutor(2) as pool:
        accepted = sum(pool.map(write, (0, 1)))
    written = keys(RecordLog(database))
    assert accepted == len(written) == len(set(written)) == rounds * (40 + 7 + 7)
    assert sequences(RecordLog(database)) == list(range(1, len(written) + 1))


def test_two_writers_leave_no_hole_and_a_reader_misses_nothing(database: Documents) -> None:
    done = Event()

    def write(start: int) -> None:
        log = RecordLog(database)
        for batch in range(12):
            numbers = range(start + batch * 130, start + batch * 130 + 130)
            assert append(log, entries(*numbers), f"{start}-{batch}").accepted == 130

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
    append(log, entries(*range(300)), "m1")
    hidden = database.record_log.find_one_and_delete({"first": 101})
    assert sequences(log) == list(range(1, 101))
    assert RecordLog(database).end(CODE) == 100
    assert hidden
    database.record_log.insert_one(hidden)
    assert len(sequences(log)) == 300


def test_large_records_get_segments_of_their_own(database: Documents) -> None:
    log = RecordLog(database)
    append(log, entries(*range(9), name="x" * 250_000), "m1")
    assert sequences(log) == list(range(1, 10))
    assert database.record_log.count_documents({}) == 3


def test_datasets_whose_codes_begin_alike_are_kept_apart(database: Documents) -> None:
    log = RecordLog(database)
    nasty = f"{CODE}:000000000001"
    append(log, entries(1), "m1")
    append(log, entries(1, 2, 3), "m2", nasty)
    append(log, entries(2), "m3")
    again = RecordLog(database)
    assert (again.end(CODE), again.end(nasty)) == (2, 3)
    assert sequences(again) == [1, 2]


@pytest.mark.parametrize("lost", [None, 1, 2, 4])
def test_a_process_that_starts_knows_all_events_again(
    database: Documents, short_stretches: None, lost: int | None
) -> None:
    """From the outlines, from the segments behind them, and from the segments alone where an outline is missing."""
    log = RecordLog(database)
    for start in range(0, 1100, 110):
        append(log, entries(*range(start, start + 110)), f"m{start}")
    written = list(database.record_outlines.find().sort("first", 1))
    assert [outline["first"] for outline in written] == [1, 251, 501, 751]
    assert all(outline["starts"] for outline in written)
    if lost:
        database.record_outlines.delete_one({"first": 1 + 250 * (lost - 1)})
    fresh = RecordLog(database)
    again = append(fresh, entries(*range(0, 1200, 100)), "m")
    assert (again.accepted, again.duplicates, again.end) == (1, 11, 1101)
    assert list(database.record_outlines.find().sort("first", 1)) == written
    assert keys(fresh) == keys(log)


def test_a_process_forgets_what_it_has_no_room_for(database: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_log, "MOST_REMEMBERED", 150)
    log = RecordLog(database)
    for origin in ("m1", "m2"):
        for code in ("a", "b", "c"):
            done = append(log, entries(*range(60 if origin == "m1" else 70)), origin, code)
            assert (done.accepted, done.end) == ((60, 60) if origin == "m1" else (10, 70))


def test_records_hold_the_latest_state_of_each_key(database: Documents, short_stretches: None) -> None:
    store = SharingStore(database)
    append(store.log, entries(1, 2, 3), "m1")
    append(store.log, examine([event(9, household(2, members=7))], ANYTHING, "household")[0], "m2")
    for reader in (store, SharingStore(database)):
        assert [record.sequence for record in reader.records.page(CODE, 0, 3, 10)[0]] == [1, 2, 3]
        found, following = reader.records.page(CODE, 0, 4, 2)
        assert ([record.sequence for record in found], following) == ([1, 4], 2)
        assert found[1].data["members"] == 7
        assert [record.sequence for record in reader.records.page(CODE, 2, 4, 2)[0]] == [3]
        assert [record.sequence for record in reader.records.one(CODE, "H2", 4)] == [4]
        assert reader.records.one(CODE, "H77", 4) == []


def test_records_are_current_in_a_process_that_only_reads(database: Documents, short_stretches: None) -> None:
    writer, reader = RecordLog(database), SharingStore(database)
    end = 0
    for turn in range(8):
        numbers = [*range(turn * 50, turn * 50 + 50), *range(0, turn * 50, 2)]
        brought = [event(turn * 1000 + n, household(n, members=turn + 1)) for n in numbers]
        end = append(writer, examine(brought, ANYTHING, "household")[0], f"m{turn}").end
        seen, after = [], 0
        while after is not None:
            page, after = reader.records.page(CODE, after, end, 60)
            seen += page
        assert [record.key for record in seen] == [f"H{n}" for n in range(turn * 50 + 50)]
        newest = {f"H{n}": turn if n % 2 == 0 else n // 50 for n in range(turn * 50 + 50)}
        assert {record.key: record.data["members"] - 1 for record in seen} == newest


def test_a_batch_from_the_contract_fits(database: Documents) -> None:
    command = PublishRecords(caller=provider, dataset=CODE, events=[event(n) for n in range(1000)])
    good, _ = examine(command.events, ANYTHING, "household")
    assert append(RecordLog(database), good, "m").end == 1000
