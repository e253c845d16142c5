"""Routes without the framework's parameters: for the hot way in, for probes and for files."""

from starlette.routing import Match, Route
from starlette.types import Scope


class Plain(Route):
    """Names itself in the scope as the framework's own routes do, so that spans and records have its template."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As Starlette, and with itself under `route`."""
        match, found = super().matches(scope)
        return match, {**found, "route": self} if match is not Match.NONE else found
