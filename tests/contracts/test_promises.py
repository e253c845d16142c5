"""Every event has an ear, every request an answer, and what is published is what the code says."""

import inspect
from importlib import import_module

import pytest

from contracts.base import EVENTS, REQUESTS, Command, Delivery, Envelope, Event, Query
from contracts.faults import KINDS, Invalid, WireFault
from services.chassis.entrypoints import answered
from services.chassis.registry import listeners, service_class
from services.chassis.topology import SERVICES
from services.publish import PUBLISHED, documents, findings, main

PERSONAL = {"name", "phone", "id_number", "address", "reporter", "applicant", "plate", "face", "mobile", "id_card"}


@pytest.fixture(scope="module", autouse=True)
def _all_contracts() -> None:
    for name in (*SERVICES, "operations"):
        import_module(f"contracts.{name}")


def ours(kinds: dict[str, type]) -> dict[str, type]:
    return {name: kind for name, kind in kinds.items() if kind.__module__.startswith("contracts.")}


def test_every_event_has_a_listener_or_is_public() -> None:
    heard = {event.wire for _, event in listeners()}
    deaf = [wire for wire, event in ours(EVENTS).items() if wire not in heard and not event.public]  # type: ignore[attr-defined]
    assert deaf == []


def test_every_request_has_an_answerer_and_only_its_owner_answers() -> None:
    answers = {(name, request.method) for name in SERVICES for request in answered(service_class(name))}
    for request in ours(REQUESTS).values():
        owners = SERVICES if request.service == "operations" else (request.service,)  # type: ignore[attr-defined]
        for owner in owners:
            assert (owner, request.method) in answers, f"nobody answers {owner}.{request.method}"  # type: ignore[attr-defined]
    assert len(answers) == sum(
        len(SERVICES) if request.service == "operations" else 1  # type: ignore[attr-defined]
        for request in ours(REQUESTS).values()
    )


def test_an_event_is_published_by_its_owner_alone() -> None:
    for wire, event in ours(EVENTS).items():
        assert event.__module__.split(".")[1] == wire.partition(".")[0]


def test_no_event_carries_a_personal_field() -> None:
    # the name of a grid, and a department that applies
    no_persons = {"grid.published.v1": {"name"}, "grid.adjusted.v1": {"name"}, "sharing.applied.v1": {"applicant"}}
    for wire, event in ours(EVENTS).items():
        assert set(event.model_fields) & PERSONAL <= no_persons.get(wire, set()), wire  # type: ignore[attr-defined]


def test_every_request_is_a_query_or_a_command_and_says_what_it_does() -> None:
    for request in ours(REQUESTS).values():
        assert issubclass(request, (Query, Command))
        assert inspect.getdoc(request)


def test_faults_survive_the_wire() -> None:
    for kind in KINDS.values():
        fault = kind.field("/a", "code", "中文", "english")
        fault.facts["current_version"] = 3
        back = WireFault.model_validate(fault.to_wire()).to_fault()
        assert (type(back), back.code, back.zh, back.facts) == (kind, "code", "中文", {"current_version": 3})
    assert Invalid("a", "b", "c").errors == ()


def test_an_envelope_is_cloudevents() -> None:
    wrapped = Envelope(source="/grid", type="grid.published.v1", subject="x")
    assert wrapped.specversion == "1.0"
    with pytest.raises(ValueError, match="wire"):
        Envelope(source="/grid", type="nonsense", subject="x")


def test_a_delivery_is_an_event_with_a_body() -> None:
    assert all("body" in kind.model_fields for kind in ours(EVENTS).values() if issubclass(kind, Delivery))
    assert issubclass(Delivery, Event)


def test_what_is_published_is_what_the_code_says() -> None:
    assert main(["--check"]) == 0


def test_a_doctored_contract_is_refused() -> None:
    new = documents()
    assert findings(PUBLISHED, new) == []
    doctored = {**new, "events/alerts.raised.v1.json": {**new["events/alerts.raised.v1.json"], "required": []}}
    assert any("no longer always there" in finding for finding in findings(PUBLISHED, doctored))
    without = {name: document for name, document in new.items() if name != "requests/grid.locate.json"}
    assert any("grid.locate" in finding for finding in findings(PUBLISHED, without))
