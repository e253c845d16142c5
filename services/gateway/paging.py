"""Cursor and limit of the gateway's own lists."""

from typing import Any

from pydantic import ValidationError

from contracts.shared import Cursor, Limit, Model
from services.gateway.door import Call
from services.gateway.wording import invalid

PARAMETERS: list[dict[str, Any]] = [
    {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string", "maxLength": 500}},
    {
        "name": "limit",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    },
]


class Part(Model):
    """Which part of a list."""

    cursor: Cursor | None = None
    limit: Limit = 50


def page_of(call: Call) -> tuple[str | None, int]:
    """Cursor and limit of a request. Raises Invalid."""
    try:
        part = Part.model_validate(dict(call.request.query_params))
    except ValidationError as error:
        raise invalid(error, {"cursor", "limit"}) from None
    return part.cursor, part.limit
