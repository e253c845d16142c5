"""OpenAPI 3.1 from the routes, and a page to read it on that loads nothing from outside."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from contracts.alerts import AlarmEvent
from contracts.alerts.alarms import MOST_EVENTS
from contracts.base import Request
from contracts.shared import Scope
from services.gateway import intake
from services.gateway.area import Area, Route, fields_of
from services.gateway.cloudevents import BATCH, STRUCTURED
from services.gateway.ogc import OPENAPI
from services.gateway.plain import Plain
from services.gateway.problems import MEDIA_TYPE
from services.gateway.reading import Form
from services.gateway.routes import AREAS, ogc

REFS = "#/components/schemas/{model}"
# only the static files of this package are used: Swagger UI 5, the first that reads OpenAPI 3.1
STATIC = Path(str(files("fastapi_offline"))) / "static"
ASSETS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "zh-CN, or English by Accept-Language"},
        "code": {"type": "string", "description": "stable, for machines"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
        "trace_id": {"type": ["string", "null"]},
    },
}
PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head><meta charset="utf-8"><title>一网 · 接口文档</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="data:,"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null})</script>
</body>
</html>
"""


@cache
def openapi() -> dict[str, Any]:
    """The whole description; needs neither broker nor store."""
    schemas: dict[str, Any] = {"Problem": PROBLEM}
    paths: dict[str, Any] = {intake.PATH: {"post": _intake(schemas)}}
    for area in AREAS:
        for route in area.routes:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(area, route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "一网 Yiwang",
            "version": "1.0.0",
            "description": "城市网格治理: 网格底座、视联网告警、接诉即办、一网通办、部门数据共享。",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": area.name, "description": area.title} for area in AREAS],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "basic": {"type": "http", "scheme": "basic", "description": "密码为密钥, 用户名不限"},
            },
        },
    }


@cache
def geographic() -> dict[str, Any]:
    """The part below /ogc in OpenAPI 3.0, which OGC API Features names."""
    whole = openapi()
    nullable = {"trace_id": {"type": "string", "nullable": True}}
    problem = {**PROBLEM, "properties": {**PROBLEM["properties"], **nullable}}
    return {
        **whole,
        "openapi": "3.0.3",
        "tags": [tag for tag in whole["tags"] if tag["name"] == ogc.area.name],
        "paths": {path: item for path, item in whole["paths"].items() if path.startswith("/ogc")},
        "components": {**whole["components"], "schemas": {"Problem": problem}},
    }


def _operation(area: Area, route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    told, fields = route.document, fields_of(route.path)
    shape: type[Request[Any]] | None = told.get("parameters_of")
    form = route.form or (Form(shape, fields & shape.model_fields.keys(), in_query=True) if shape else None)
    parameters = list(told.get("more", []))
    if form:
        schemas.update({name: schema for name, schema in form.definitions().items() if name not in schemas})
        hidden = {parameter["name"].lower().removeprefix("x-") for parameter in parameters}
        parameters = [*(own for own in form.parameters() if own["name"] not in hidden), *parameters]
    named = {parameter["name"] for parameter in parameters}
    parameters += [_plain_path(name) for name in sorted(fields - named)]
    if route.rule.writes:
        parameters += _headers(versioned=form is not None)
    described = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [area.name],
        "security": _security(route),
        "parameters": parameters,
        "responses": _responses(route, schemas),
    }
    body = _body(route, schemas)
    return {**described, **({"requestBody": body} if body else {})}


def _body(route: Route, schemas: dict[str, Any]) -> dict[str, Any] | None:
    told, name = route.document, f"{''.join(part.title() for part in route.name.split('_'))}Body"
    if "body_types" in told:
        types, schema = told["body_types"], told["body_schema"]
    elif "body" in told:
        types, schema = ("application/json",), _component(told["body"], "validation", schemas)
    elif route.form and (own := route.form.body()):
        schemas[name] = own
        types, schema = ("application/json",), {"$ref": f"#/components/schemas/{name}"}
    else:
        return None
    first = {"schema": schema, **({} if route.example is None else {"example": route.example})}
    rest = {media_type: {"schema": schema} for media_type in types[1:]}
    return {"required": bool(route.form is None or schemas[name].get("required")), "content": {types[0]: first, **rest}}


def _responses(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = _component(route.reply, "serialization", schemas) if route.reply else {"type": "object"}
    media_type = route.document.get("media_type", "application/json")
    answer = {"description": "完成", "content": {media_type: {"schema": schema}}}
    others = {
        status: {"description": text, "content": {"application/json": {"schema": schema}}}
        for status, text in route.document.get("answers", {}).items()
    }
    return {str(route.status): answer, **others, "default": _problem()}


def _problem() -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": "problem+json (RFC 9457)", "content": content}


def _component(model: type[BaseModel], mode: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=REFS, mode=mode)
    schemas.update(schema.pop("$defs", {}))
    name = schema["title"].replace("[", "Of").replace("]", "")
    schemas[name] = {**schema, "title": name}
    return {"$ref": f"#/components/schemas/{name}"}


def _security(route: Route) -> list[dict[str, list[str]]]:
    scopes = [route.rule.scope.value] if isinstance(route.rule.scope, Scope) else []
    return [{"bearer": scopes}, {"header": scopes}, {"basic": scopes}]


def _headers(*, versioned: bool) -> list[dict[str, Any]]:
    key = {"name": "Idempotency-Key", "schema": {"type": "string", "maxLength": 200}}
    tag = {"name": "If-Match", "schema": {"type": "string"}, "description": 'the ETag that was read, as "3"'}
    return [{**header, "in": "header", "required": False} for header in ([key, tag] if versioned else [key])]


def _intake(schemas: dict[str, Any]) -> dict[str, Any]:
    source = {
        "name": "source",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "maxLength": 100},
        "description": "a name of the caller's choice, or the token of a source, which needs no key",
    }
    scopes = [Scope.ALERTS_REPORT.value]
    schema = {"type": "object", "required": ["report"], "properties": {"report": {"type": "string"}}}
    body = {"schema": {"type": "string", "format": "binary"}}
    example = "<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>"
    event = _component(AlarmEvent, "validation", schemas)
    return {
        "operationId": "take_report",
        "summary": "A device's own bytes, 256 KiB and pictures: 202 once durable, never a 4xx for what they say.",
        "description": "cloudevents: 无法读取时返回 422, 指出行列或字段 / what cannot be read is a 422 with its place.",
        "tags": ["alerts"],
        "security": [{"bearer": scopes}, {"header": scopes}, {"basic": scopes}, {}],
        "parameters": [intake.ADAPTER, source, *_headers(versioned=False)],
        "requestBody": {
            "required": True,
            "content": {
                "application/xml": {**body, "example": example},
                STRUCTURED: {"schema": event},
                BATCH: {"schema": {"type": "array", "items": event, "maxItems": MOST_EVENTS}},
                "*/*": body,
            },
        },
        "responses": {
            "202": {"description": "已持久保存", "content": {"application/json": {"schema": schema}}},
            "default": _problem(),
        },
    }


def _plain_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


async def _document(_: HttpRequest) -> Response:
    return JSONResponse(openapi())


async def _geographic(_: HttpRequest) -> Response:
    return JSONResponse(geographic(), media_type=OPENAPI)


async def _page(_: HttpRequest) -> Response:
    return HTMLResponse(PAGE)


async def _asset(request: HttpRequest) -> Response:
    name = Path(request.url.path).name
    headers = {"Cache-Control": "max-age=86400"}
    return FileResponse(STATIC / name, headers=headers, media_type=ASSETS[name])


ROUTES = [
    Plain("/openapi.json", _document),
    Plain("/ogc/api", _geographic),
    Plain("/docs", _page),
    *(Plain(f"/docs/{name}", _asset) for name in ASSETS),
]
