"""How the routes of one area are written down: a line each, read as a table of contents."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import compile_path

from contracts.base import Command, Request
from contracts.shared import Scope
from services.gateway.door import Call, Handler, Rule, admit
from services.gateway.reading import Form


@dataclass(frozen=True)
class Route:
    """One operation of the API. `form` is set where it is one typed request; `document` adds to its OpenAPI."""

    method: str
    path: str
    name: str
    summary: str
    rule: Rule
    handler: Handler
    reply: type[BaseModel] | None
    status: int = 200
    form: Form[Any] | None = None
    example: Any = None
    document: dict[str, Any] = field(default_factory=dict)

    async def endpoint(self, request: HttpRequest) -> Response:
        """The ASGI side of it."""
        return await admit(request, self.rule, self.handler)


@dataclass
class Area:
    """Routes that belong together; `title` is what people read above them."""

    name: str
    title: str
    routes: list[Route] = field(default_factory=list)

    def ask(
        self,
        method: str,
        path: str,
        request: type[Request[Any]],
        scope: Scope | None,
        *,
        status: int = 200,
        location: str | None = None,
        example: Any = None,
        names: dict[str, str] | None = None,
        fixed: dict[str, Any] | None = None,
        name: str | None = None,
        timeout: float = 10.0,
        private: bool = False,
    ) -> None:
        """Path, query and body → one typed request → its reply.

        `scope` is the one that the owning service asks for; None where it decides by the matter itself.
        `location` is a template over the reply's fields, `timeout` how many seconds the service has. What needs the
        scope of personal values is `private` in any case.
        """
        form = Form(request, fields_of(path), method == "GET", names or {}, fixed or {})

        async def handler(call: Call) -> Response:
            reply = await call.ask(form.read(call), timeout)
            headers = {"Location": location.format(**reply.model_dump())} if location else {}
            return call.answer(reply, status, **headers)

        writes = method != "GET" and issubclass(request, Command)
        rule = Rule(scope, writes=writes, private=private or scope is Scope.PII_READ)
        summary = (request.__doc__ or "").strip().partition("\n")[0]
        operation = name or request.method
        route = Route(method, path, operation, summary, rule, handler, request.reply(), status, form, example)
        self.routes.append(route)

    def route(
        self,
        method: str,
        path: str,
        rule: Rule,
        reply: type[BaseModel] | None = None,
        *,
        status: int = 200,
        example: Any = None,
        name: str = "",
        **document: Any,
    ) -> Callable[[Handler], Handler]:
        """A route with a handler of its own; its name, unless another is given, and docstring become operation id and
        summary.
        """

        def add(handler: Handler) -> Handler:
            operation, summary = name or handler.__name__, (handler.__doc__ or "").strip().partition("\n")[0]
            self.routes.append(
                Route(method, path, operation, summary, rule, handler, reply, status, None, example, document)
            )
            return handler

        return add


def fields_of(path: str) -> frozenset[str]:
    """The names in braces."""
    return frozenset(compile_path(path)[2])
