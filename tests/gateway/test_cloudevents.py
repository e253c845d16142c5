"""The three forms of CloudEvents 1.0, and the judgement of each event by itself."""

import json
from typing import Any

import pytest
from starlette.datastructures import Headers

from contracts.faults import Invalid
from contracts.shared import Caller
from contracts.sharing import Published, PublishRecords, RecordFault
from services.chassis import safe_json
from services.gateway import cloudevents
from services.gateway.problems import Turned

EVENT = {"specversion": "1.0", "id": "1", "source": "/mz", "type": "t", "data": {"n": 1}}


def structured(event: Any) -> cloudevents.Reading:
    return cloudevents.read(Headers({"content-type": cloudevents.STRUCTURED}), json.dumps(event).encode())


def batch(*events: Any) -> cloudevents.Reading:
    return cloudevents.read(Headers({"content-type": cloudevents.BATCH}), json.dumps(events).encode())


def test_structured_keeps_extensions() -> None:
    ((_, event),) = structured({**EVENT, "traceparent": "00-x", "dataschema": "https://x/y", "partition": 7}).events
    assert event.extensions == {"traceparent": "00-x", "dataschema": "https://x/y", "partition": 7}
    assert event.data == {"n": 1}


def test_binary_headers_are_percent_decoded() -> None:
    headers = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/%E6%B0%91%E6%94%BF",
        "ce-type": "t",
        "ce-time": "2026-01-02T03:04:05Z",
        "ce-sampledrate": "3",
    }
    ((_, event),) = cloudevents.read(Headers(headers), b'{"n": 1}').events
    assert event.source == "/民政"
    assert event.extensions == {"sampledrate": "3"}
    assert event.time is not None
    assert event.data == {"n": 1}


@pytest.mark.parametrize("version", ["0.3", "0.2", "1.1", None, 1])
def test_other_versions_are_refused_clearly(version: object) -> None:
    (fault,) = structured({**EVENT, "specversion": version}).faults
    assert (fault.code, fault.pointer) == ("specversion_unsupported", "/specversion")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"id": ""}, "/id"),
        ({"source": None}, "/source"),
        ({"time": "yesterday"}, "/time"),
        ({"time": "2026-01-02T03:04:05"}, "/time"),
        ({"Upper": "x"}, "/Upper"),
        ({"nested": {"a": 1}}, "/nested"),
        ({"data_base64": "AA=="}, "/data_base64"),
    ],
)
def test_what_is_wrong_is_pointed_at(change: dict[str, Any], pointer: str) -> None:
    (fault,) = structured({**EVENT, **change}).faults
    assert fault.pointer == pointer


def test_a_batch_answers_for_each_place() -> None:
    reading = batch(EVENT, 5, {**EVENT, "id": "3"}, {**EVENT, "specversion": "0.3"})
    assert [place for place, _ in reading.events] == [0, 2]
    refused = RecordFault(index=1, id="3", code="schema", pointer="/n", message="x")
    outcome = cloudevents.merged(reading, Published(accepted=1, duplicates=0, rejected=[refused]))
    assert [(fault.index, fault.code) for fault in outcome.rejected] == [
        (1, "object_expected"),
        (2, "schema"),
        (3, "specversion_unsupported"),
    ]
    assert cloudevents.status_of(outcome, reading) == 207


def nested(levels: int) -> Any:
    return {"n": nested(levels - 1)} if levels else 1


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"data": {"$where": 1}}, "key_invalid", "/data"),
        ({"data": {"a": {"b.c": 1}}}, "key_invalid", "/data/a"),
        ({"data": {"a": "\x00"}}, "text_invalid", "/data/a"),
        ({"data": {"a": "\ud800"}}, "text_invalid", "/data/a"),
        ({"id": "\ud800"}, "text_invalid", "/id"),
        ({"data": {"a": 1e999}}, None, None),  # the standard library writes Infinity, which is no JSON
        ({"data": nested(28)}, "json_too_deep", None),
    ],
)
def test_one_that_is_not_clean_does_not_spoil_the_batch(
    change: dict[str, Any], code: str | None, pointer: str | None
) -> None:
    if code is None:
        with pytest.raises(Invalid):
            batch(EVENT, {**EVENT, **change})
        return
    reading = batch(EVENT, {**EVENT, **change}, {**EVENT, "data": {"e\u0301": "e\u0301"}})
    assert [(place, event.data) for place, event in reading.events] == [(0, {"n": 1}), (2, {"é": "é"})]
    ((index, found),) = [(fault.index, fault) for fault in reading.faults]
    assert (index, found.code) == (1, code)
    assert pointer is None or found.pointer == pointer
    assert found.model_dump_json()


def test_what_the_door_lets_in_is_shallow_enough_for_the_bus() -> None:
    ((_, event),) = batch({**EVENT, "data": nested(27)}).events
    order = PublishRecords(caller=Caller(client="c", scopes=frozenset()), dataset="d", events=[event])
    safe_json.loads(b'{"args":[' + order.model_dump_json().encode() + b'],"kwargs":{}}', keys_checked=False)


def test_an_attribute_that_is_wrong_is_found_among_many() -> None:
    reading = batch(*({**EVENT, "id": str(n), "time": "yesterday" if n == 50 else None} for n in range(100)))
    assert [place for place, _ in reading.events] == [n for n in range(100) if n != 50]
    assert [(fault.index, fault.id, fault.pointer) for fault in reading.faults] == [(50, "50", "/time")]


def test_all_bad_is_one_problem_that_names_each() -> None:
    reading = batch(1, {})
    with pytest.raises(Invalid) as caught:
        cloudevents.status_of(cloudevents.merged(reading, cloudevents.NOTHING), reading)
    assert [error.pointer for error in caught.value.errors] == ["/0", "/1/specversion"]


def test_what_is_no_cloudevent() -> None:
    for media_type in ("application/json", "application/cloudevents+avro"):
        with pytest.raises(Turned):
            cloudevents.read(Headers({"content-type": media_type}), b"{}")
    for body in (b"{", b"[]", b"[" * 1001 + b"]" * 1001, json.dumps([{}] * 1001).encode()):
        media_type = cloudevents.BATCH if body != b"[]" else cloudevents.STRUCTURED
        reading = None
        try:
            reading = cloudevents.read(Headers({"content-type": media_type}), body)
        except Invalid:
            continue
        assert reading.faults
