"""Who hears what in the whole city, read from the service classes themselves."""

import inspect
from importlib import import_module

from contracts.base import Event
from services.chassis.entrypoints import listened
from services.chassis.service import Service
from services.chassis.topology import SERVICES


def service_class(name: str) -> type[Service]:
    """The one service class of `services/<name>/service.py`."""
    module = import_module(f"services.{name}.service")
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Service) and value is not Service
    ]
    if len(found) != 1:
        raise TypeError(f"services/{name}/service.py must define one Service, not {len(found)}")
    return found[0]


def listeners() -> list[tuple[str, type[Event]]]:
    """(service, event) for the whole city."""
    return [(name, event) for name in SERVICES for event in listened(service_class(name))]
