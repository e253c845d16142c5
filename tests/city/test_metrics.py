"""Metrics of the whole city after some work: seven processes show them, and every label is one that the code knows."""

import re

import httpx
from prometheus_client.parser import text_string_to_metric_families

from contracts.faults import Fault
from deploy.local.demo.ground import Ground
from services.chassis.entrypoints import answered
from services.chassis.registry import listeners, service_class
from services.chassis.topology import SERVICES, dead_queue, event_queue, request_queue
from services.gateway.intake import PATH
from services.gateway.routes import AREAS
from tests.conftest import City

QUEUES = {event_queue(service, event.wire) for service, event in listeners()}
KNOWN = {
    "queue": QUEUES | {name(service) for service in SERVICES for name in (dead_queue, request_queue)},
    "outcome": {"done", "retried", "dead", "postponed", "late", *(kind.kind for kind in Fault.__subclasses__())},
    "method": {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other", "unknown"}
    | {request.method for service in SERVICES for request in answered(service_class(service))},
    "route": {PATH, "unmatched", "/openapi.json", "/docs", *(route.path for area in AREAS for route in area.routes)},
}
SHAPED = {"status": r"[1-5]\d\d|0", "le": r"[0-9.]+|\+Inf", "collection": r"[a-z_]+"}


def test_every_process_shows_metrics_and_no_label_is_strange(city: City, laid: Ground) -> None:
    ports = {name: city.home.port(name) for name in SERVICES}
    ports |= {"gateway": city.home.port("metrics"), "console": city.home.port("traces")}
    seen = set[str]()
    for port in ports.values():
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
        assert answer.status_code == 200
        samples = [one for family in text_string_to_metric_families(answer.text) for one in family.samples]
        assert {one.value for one in samples if one.name == "yiwang_store_up"} == {1}
        for name, value in {label for one in samples for label in one.labels.items()}:
            seen.add(name)
            assert value in KNOWN[name] if name in KNOWN else re.fullmatch(SHAPED[name], value), (name, value)
    assert seen == KNOWN.keys() | SHAPED.keys()
