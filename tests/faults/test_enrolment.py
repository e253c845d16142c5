"""Nobody registers a handler or a request without a rule for its arrival and a scene for its crash."""

from services.chassis.entrypoints import answered
from services.chassis.registry import listeners, service_class
from services.chassis.topology import SERVICES
from tests.faults.reached import REACHED
from tests.faults.scenes import SCENES
from tests.faults.scenes.scene import DEAD


def test_every_listener_has_a_rule_that_tells_whether_its_event_arrived() -> None:
    assert {(service, event.wire) for service, event in listeners()} == set(REACHED)


def test_every_request_and_every_listener_has_one_scene() -> None:
    registered = [(service, event) for service, event in listeners()]
    registered += [(service, request) for service in SERVICES for request in answered(service_class(service))]
    registered += [(service, DEAD) for service in SERVICES]
    scenes = [(service, scene.work) for service, listed in SCENES.items() for scene in listed]
    assert len(scenes) == len(set(scenes))
    assert set(scenes) == set(registered)
