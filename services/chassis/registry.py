"""Who hears what and who answers what, read from the service classes themselves."""

import inspect
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

from contracts.base import Event, Request
from services.chassis.answering import Answer
from services.chassis.listening import Listen
from services.chassis.topology import SERVICES

if TYPE_CHECKING:
    from services.chassis.service import Service


def service_class(name: str) -> type["Service"]:
    """The one service class of `services/<name>/service.py`."""
    from services.chassis.service import Service  # noqa: PLC0415 (the base class itself asks this module)

    module: ModuleType = import_module(f"services.{name}.service")
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Service) and value is not Service
    ]
    if len(found) != 1:
        raise TypeError(f"services/{name}/service.py must define one Service, not {len(found)}")
    return found[0]


def listened(service: type) -> list[type[Event]]:
    """The events that a service hears."""
    return [found.event for found in _entrypoints(service) if isinstance(found, Listen) and found.event]


def answered(service: type) -> list[type[Request]]:  # type: ignore[type-arg]
    """The requests that a service answers."""
    return [found.request for found in _entrypoints(service) if isinstance(found, Answer)]


def listeners() -> list[tuple[str, type[Event]]]:
    """(service, event) for the whole city."""
    present = [name for name in SERVICES if find_spec(f"services.{name}.service")]
    return [(name, event) for name in present for event in listened(service_class(name))]


def _entrypoints(service: type) -> list[object]:
    return [
        entrypoint
        for _, method in inspect.getmembers(service, inspect.isfunction)
        for entrypoint in getattr(method, "nameko_entrypoints", ())
    ]
