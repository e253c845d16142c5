"""Vendors' formats → canonical reports: one pure module each, found by name. A new vendor is one new file.

A module of this folder is an adapter when it has `read(body, content_type) -> list[CanonicalReport]`; the others are
what adapters share. `read` raises Unreadable and nothing else, whatever the bytes.
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

from contracts.alerts import CanonicalReport
from services.alerts.adapters.wire import Unreadable

Read = Callable[[bytes, str], list[CanonicalReport]]


def _found() -> dict[str, Read]:
    modules = {module.name: import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)}
    return {name: module.read for name, module in modules.items() if hasattr(module, "read")}


ADAPTERS: dict[str, Read] = _found()


def read(adapter: str, body: bytes, content_type: str) -> list[CanonicalReport]:
    """The canonical reports in a body. Raises Unreadable, also for an adapter that does not exist."""
    try:
        found = ADAPTERS[adapter]
    except KeyError:
        raise Unreadable("adapter_unknown", "没有这种接入格式", "there is no such adapter") from None
    return found(body, content_type)


__all__ = ["ADAPTERS", "Unreadable", "read"]
