"""How the parts of an HTTP request become one typed request of the contracts, and how that form is documented."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from contracts.base import Command, Request
from contracts.faults import Invalid
from services.chassis import safe_json
from services.gateway.door import Call
from services.gateway.problems import Turned
from services.gateway.wording import invalid

R = TypeVar("R", bound=BaseModel)
# set by the door, never by the caller
OURS = frozenset({"caller", "idempotency_key", "expected_version"})
REFS = "#/components/schemas/{model}"


@dataclass(frozen=True)
class Form(Generic[R]):
    """`in_path` fields come from the path; the others from the query (`in_query`) or from a JSON body.

    `names` maps a field to the name that callers use for it; `fixed` fields are the route's own.
    """

    request: type[Request[R]]
    in_path: frozenset[str]
    in_query: bool
    names: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def free(self) -> list[str]:
        """The fields that query or body may set."""
        taken = OURS | self.in_path | set(self.fixed)
        return [name for name in self.request.model_fields if name not in taken]

    def read(self, call: Call) -> Request[R]:
        """The typed request. Raises Invalid with every finding at once."""
        path = {name: call.request.path_params[name] for name in self.in_path}
        told = self._query(call) if self.in_query else json_object(call)
        values = {name: told[self.names.get(name, name)] for name in self.free if self.names.get(name, name) in told}
        clean = safe_json.clean({**values, **path})
        ours: dict[str, Any] = {"caller": call.caller}
        if issubclass(self.request, Command):
            ours |= {"idempotency_key": call.idempotency_key, "expected_version": call.expected_version}
        parameters = self.in_path | set(self.free if self.in_query else ())
        try:
            return self.request.model_validate({**(clean if isinstance(clean, dict) else {}), **self.fixed, **ours})
        except ValidationError as error:
            raise invalid(error, parameters, dict(self.names)) from None

    def _query(self, call: Call) -> dict[str, JsonValue]:
        told: dict[str, JsonValue] = dict(call.request.query_params)
        properties = schema_of(self.request)["properties"]
        for name in self.free:
            outer = self.names.get(name, name)
            if outer in told and _is_array(properties[name]):
                told[outer] = [*str(told[outer]).split(",")]
        return told

    def parameters(self) -> list[dict[str, Any]]:
        """OpenAPI parameters."""
        properties = schema_of(self.request)["properties"]
        listed = [
            {"name": name, "in": "path", "required": True, "schema": properties[name]} for name in sorted(self.in_path)
        ]
        return listed + query_parameters(self.request, self.free if self.in_query else (), self.names)

    def body(self) -> dict[str, Any] | None:
        """JSON Schema of the body; None when nothing is read from it."""
        if self.in_query or not self.free:
            return None
        schema = schema_of(self.request)
        properties = {self.names.get(name, name): schema["properties"][name] for name in self.free}
        required = [self.names.get(name, name) for name in self.free if name in schema.get("required", [])]
        told = {"type": "object", "title": self.request.__name__, "description": self.request.__doc__}
        return {**told, "properties": properties, **({"required": required} if required else {})}

    def definitions(self) -> dict[str, Any]:
        """The models that parameters and body refer to."""
        found: dict[str, Any] = schema_of(self.request).get("$defs", {})
        return {name: schema for name, schema in found.items() if name not in {"Caller", "Scope"}}


@cache
def schema_of(request: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of a request class, its definitions under `$defs`."""
    return request.model_json_schema(ref_template=REFS)


def query_parameters(
    of: type[BaseModel], fields: Iterable[str] | None = None, names: Mapping[str, str] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """OpenAPI parameters of the query for fields of a model, all of them when none are named."""
    properties, required = schema_of(of)["properties"], schema_of(of).get("required", [])
    listed = []
    for name in properties if fields is None else fields:
        parameter = {"name": names.get(name, name), "in": "query", "required": name in required}
        array = {"style": "form", "explode": False} if _is_array(properties[name]) else {}
        listed.append({**parameter, "schema": _without_null(properties[name]), **array})
    return listed


def json_object(call: Call) -> dict[str, JsonValue]:
    """The body as a JSON object; an empty body is an empty object. Raises Turned 415 for another media type."""
    media_type = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not call.body:
        return {}
    if media_type and media_type != "application/json" and not media_type.endswith("+json"):
        raise Turned(415, "media_type_unsupported", "请求体须为 application/json", "the body must be application/json")
    value = safe_json.loads(call.body)
    if not isinstance(value, dict):
        raise Invalid.field("", "object_expected", "请求体须为 JSON 对象", "the body must be a JSON object")
    return value


def _is_array(schema: dict[str, Any]) -> bool:
    return any(option.get("type") == "array" for option in [schema, *schema.get("anyOf", [])])


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is absent, never null."""
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    rest = {
        name: value for name, value in schema.items() if name != "anyOf" and not (name == "default" and value is None)
    }
    if not options:
        return rest
    return {**rest, **options[0]} if len(options) == 1 else {**rest, "anyOf": options}
