"""A typed reply as an HTTP answer: times in +08:00, the aggregate's version as ETag, the next page as a link."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone

from pydantic import BaseModel
from starlette.datastructures import URL
from starlette.responses import Response

CHINA = timezone(timedelta(hours=8), "+08:00")
JSON = "application/json"


def shown(reply: BaseModel) -> bytes:
    """The JSON of a reply."""
    return json.dumps(reply.model_dump(), default=_plain, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(CHINA).isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def answer(reply: BaseModel, url: URL, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The whole answer. `url` is the caller's own, from which the link to the next page is made."""
    told = dict(headers or {})
    version, following = getattr(reply, "version", 0), getattr(reply, "next", None)
    if isinstance(version, int) and version > 0:
        told["ETag"] = f'"{version}"'
    if isinstance(following, str) and following:
        target = url.include_query_params(cursor=following)
        told["Link"] = f'<{target.path}?{target.query}>; rel="next"'
    return Response(shown(reply), status, told, JSON)
