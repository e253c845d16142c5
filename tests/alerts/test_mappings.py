"""类型映射: what people say goes before the adapter's table; what nobody mapped is counted, within bounds."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.database import Database

from contracts.alerts import AlertType, DeleteTypeMapping, SaveTypeMapping, UnmappedType
from contracts.faults import Conflict, NotFound
from services.alerts import mapping, reading
from services.alerts.mapping import MOST_UNMAPPED, Meaning, Met, RawType, merged
from services.alerts.store import AlertStore

from .scene import CALLER, NOON, POSTS, listed, motion, received, take

RETROGRADE = RawType("hikvision", "smartretrograde")


def save(type_: AlertType, raw_type: str = "smartRetrograde", **fields: Any) -> SaveTypeMapping:
    return SaveTypeMapping(caller=CALLER, adapter="hikvision", raw_type=raw_type, type=type_, **fields)


def delete(raw_type: str = "smartRetrograde") -> DeleteTypeMapping:
    return DeleteTypeMapping(caller=CALLER, adapter="hikvision", raw_type=raw_type)


def report(alerts: AlertStore, raw_type: str = "smartRetrograde", times: int = 1, **fields: Any) -> None:
    posts = [motion(type_=raw_type, at=NOON + timedelta(seconds=at), post=next(POSTS)) for at in range(times)]
    take(alerts, [received(body, **fields) for body in posts])


def again(alerts: AlertStore) -> AlertStore:
    """The same store as another process has it, or this one two seconds later."""
    return AlertStore(alerts.alert_documents.collection.database)


def test_a_mapped_type_is_raised_as_what_it_means(alerts: AlertStore) -> None:
    report(alerts)
    assert alerts.mappings.save(save(AlertType.WRONG_WAY)).version == 1
    report(again(alerts), "SMARTRETROGRADE")
    assert alerts.mappings.save(save(AlertType.WRONG_WAY, severity=1)).version == 2
    report(again(alerts), source="cam-2")
    told = {(alert.device, alert.type.value, alert.severity, alert.raw_type) for alert in listed(alerts)}
    assert told == {
        ("cam-1", "unknown", 3, "smartRetrograde"),
        ("cam-1", "wrong_way", 2, "SMARTRETROGRADE"),
        ("cam-2", "wrong_way", 1, "smartRetrograde"),
    }


def test_a_mapping_goes_before_the_table_until_it_is_deleted(alerts: AlertStore) -> None:
    alerts.mappings.save(save(AlertType.INTRUSION, "VMD"))
    report(again(alerts), "VMD")
    assert alerts.mappings.delete(delete("VMD")).version == 2
    report(again(alerts), "VMD", source="cam-2")
    assert {alert.type for alert in listed(alerts)} == {AlertType.INTRUSION, AlertType.MOTION}
    assert alerts.mappings.page().items == []
    with pytest.raises(NotFound):
        alerts.mappings.delete(delete("VMD"))
    with pytest.raises(NotFound):
        alerts.mappings.delete(delete("never"))
    assert alerts.mappings.save(save(AlertType.PIR, "VMD")).version == 3
    with pytest.raises(Conflict):
        alerts.mappings.save(save(AlertType.PIR, "VMD", expected_version=1))


def test_what_was_tried_tells_of_its_mapping() -> None:
    meanings = {RETROGRADE: Meaning(AlertType.WRONG_WAY, 2)}
    body = motion(type_="smartRetrograde")
    (plain,) = reading.tried("hikvision", body, "", {}).reports
    (mapped,) = reading.tried("hikvision", body, "", meanings).reports
    assert (plain.type, plain.notes[-1].split(":")[0]) == (AlertType.UNKNOWN, "type_unknown")
    assert (mapped.type, mapped.severity, mapped.notes[-1].split(":")[0]) == (AlertType.WRONG_WAY, 2, "type_mapped")
    assert len(mapped.notes) == len(plain.notes)


def test_unmapped_types_are_counted_until_they_are_mapped(alerts: AlertStore) -> None:
    report(alerts, times=3)
    report(alerts, "smell")
    report(alerts, "VMD")
    assert alerts.mappings.page().unmapped == []
    alerts.mappings.write_met()
    report(alerts, times=2)
    alerts.mappings.write_met()
    alerts.mappings.write_met()
    found = [(one.raw_type, one.count) for one in alerts.mappings.page().unmapped]
    assert found == [("smartRetrograde", 5), ("smell", 1)]
    alerts.mappings.save(save(AlertType.WRONG_WAY))
    alerts.mappings.save(save(AlertType.UNKNOWN, "smell"))
    assert alerts.mappings.page().unmapped == []
    later = again(alerts)
    report(later, "smell")
    later.mappings.write_met()
    assert later.mappings.page().unmapped == []


def test_two_processes_lose_no_count(alerts: AlertStore) -> None:
    other = again(alerts)
    for store in (alerts, other):
        report(store, times=2)
        report(store, f"only-{id(store)}")
        store.mappings.write_met()
    assert [one.count for one in alerts.mappings.page().unmapped] == [4, 1, 1]


def test_many_reports_of_an_unmapped_type_are_one_write(alerts: AlertStore, database: Database[dict[str, Any]]) -> None:
    report(alerts, times=500)
    assert database["unmapped_types"].count_documents({}) == 0
    alerts.mappings.write_met()
    (found,) = database["unmapped_types"].find()
    assert (found["version"], found["types"][0]["count"]) == (1, 500)


def test_a_sender_of_ever_new_names_does_not_push_out_what_counts() -> None:
    kept: list[UnmappedType] = []
    now = datetime(2026, 3, 14, tzinfo=UTC)
    for turn in range(20):
        met = Met()
        for number in range(5_000):
            met.add("hikvision", f"hostile-{turn}-{number}")
            met.add("hikvision", "smell")
        (counts,) = met.taken().values()
        assert len(counts) <= MOST_UNMAPPED
        kept = merged(kept, "hikvision", counts, now + timedelta(seconds=turn))
    assert (len(kept), kept[0].raw_type, kept[0].count) == (MOST_UNMAPPED, "smell", 100_000)
    assert kept[1].raw_type.startswith("hostile-19-")


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9)), max_size=6))
def test_within_the_bound_no_count_is_lost(rounds: list[dict[str, int]]) -> None:
    kept: list[UnmappedType] = []
    for counts in rounds:
        kept = merged(kept, "onvif", counts, NOON)
    assert {one.raw_type: one.count for one in kept} == sum(map(Counter, rounds), Counter())
    assert kept == mapping.by_frequency(kept)
