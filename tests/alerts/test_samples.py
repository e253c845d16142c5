"""Every shape of the field comes to what its table says, from bytes to the store."""

import pytest

from contracts.alerts import CanonicalReport
from services.alerts import adapters
from services.alerts.adapters import Unreadable
from services.alerts.adapters.wire import code_of
from services.alerts.store import AlertStore

from .samples import CONTENT_TYPES, SAMPLES, SECRETS
from .scene import FIXTURES, fixture, listed, received, take

ROWS = [(adapter, name) for adapter, samples in SAMPLES.items() for name in samples]


def read(adapter: str, name: str) -> list[CanonicalReport]:
    return adapters.read(adapter, fixture(name), CONTENT_TYPES[adapter])


def test_every_fixture_has_its_outcome_and_every_adapter_its_fixtures() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == {name for _, name in ROWS}
    assert set(SAMPLES) == set(CONTENT_TYPES) == set(adapters.ADAPTERS)


@pytest.mark.parametrize(("adapter", "name"), ROWS)
def test_a_sample_is_read(adapter: str, name: str) -> None:
    expected = SAMPLES[adapter][name]
    if isinstance(expected, str):
        with pytest.raises(Unreadable) as refused:
            read(adapter, name)
        assert refused.value.code == expected
        return
    reports = read(adapter, name)
    assert [report.kind for report in reports] == [one.kind for one in expected]
    for report, one in zip(reports, expected, strict=True):
        said = {**report.model_dump(), "subject": report.subject}
        assert {field: said[field] for field in one.fields} == dict(one.fields)
        assert {code_of(note) for note in report.notes} == one.notes


@pytest.mark.parametrize(("adapter", "name"), [row for row in ROWS if not isinstance(SAMPLES[row[0]][row[1]], str)])
def test_no_secret_leaves_the_adapter(adapter: str, name: str) -> None:
    said = "".join(f"{report.model_dump_json()}{report!r}" for report in read(adapter, name))
    assert not [secret for secret in SECRETS if secret in said]


def test_every_sample_ends_in_the_store_as_it_should(alerts: AlertStore) -> None:
    batch = {
        name: received(fixture(name), adapter=adapter, source=name, content_type=CONTENT_TYPES[adapter])
        for adapter, name in ROWS
    }
    rejected = {found.delivery.source: found.code for found in take(alerts, list(batch.values()))}
    raised = {alert.id: alert for alert in listed(alerts, limit=200)}
    for adapter, name in ROWS:
        expected, report = SAMPLES[adapter][name], alerts.reports.get(batch[name].data.report)
        if isinstance(expected, str):
            assert (report.state, rejected.pop(name)) == ("rejected", expected)
            continue
        kinds = {one.kind for one in expected}
        state = "parsed" if "alarm" in kinds else "heartbeat" if "heartbeat" in kinds else "ignored"
        assert report.state == state, name
        types = {one.fields.get("type", "unknown") for one in expected if one.kind == "alarm" and active(one.fields)}
        assert {raised[id].type.value for id in report.alerts} == types, name
    assert not rejected


def active(fields: object) -> bool:
    return not isinstance(fields, dict) or bool(fields.get("active", True))
