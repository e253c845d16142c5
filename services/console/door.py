"""The console as a client of the gateway, with the operator's own key: what the gateway refuses, the page refuses."""

from collections.abc import AsyncIterable, Mapping, Sequence
from secrets import token_hex
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx

from services.console.session import Session
from services.console.wording import LANGUAGES, word

# seconds; an import or a plan may take as long as the gateway waits for it
PATIENCE, LONG_PATIENCE = 15.0, 130.0


def at(template: str, *keys: str) -> str:
    """A path of the gateway; whatever a key is, it stays within its place."""
    return template.format(*(quote(key, safe="") for key in keys))


class Problem(Exception):
    """What the gateway refused, or that it is away; `detail` is in the language of the page."""

    def __init__(
        self, status: int, code: str, detail: str, trace_id: str | None = None, errors: Sequence[Mapping[str, str]] = ()
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail, self.trace_id, self.errors = status, code, detail, trace_id, errors


class Door:
    """One request's way to the gateway. Every answer is JSON; anything else is a Problem.

    `recorded`: its trace may be; what a page asks by the clock would fill the list of traces with noise.
    """

    def __init__(self, http: httpx.AsyncClient, session: Session, language: str, *, recorded: bool = True) -> None:
        self._http, self._language = http, language
        self._headers = {
            "Authorization": f"Bearer {session.key}",
            "X-Actor": quote(session.actor),
            "Accept-Language": LANGUAGES[language],
        }
        if not recorded:
            self._headers["traceparent"] = f"00-{token_hex(16)}-{token_hex(8)}-00"

    async def get(self, path: str, **query: object) -> Any:
        """A question; parameters that are None or empty are left out."""
        told = {name: str(value) for name, value in query.items() if value not in (None, "", False)}
        return await self._ask("GET", path, params=told)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, patience: float = PATIENCE) -> Any:
        """An order, under an idempotency key of its own."""
        key = {"Idempotency-Key": uuid4().hex}
        return await self._ask("POST", path, json=dict(body or {}), headers=key, timeout=patience)

    async def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Other fields, under an idempotency key of its own."""
        return await self._ask("PATCH", path, json=dict(body), headers={"Idempotency-Key": uuid4().hex})

    async def carry(self, path: str, content: AsyncIterable[bytes], headers: Mapping[str, str], **query: str) -> Any:
        """A file, as it comes in; `headers` say what it is, and perhaps its idempotency key."""
        return await self._ask("POST", path, content=content, headers=headers, params=query, timeout=LONG_PATIENCE)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **told: Any) -> Any:
        told = {"timeout": PATIENCE, **told, "headers": {**self._headers, **(headers or {})}}
        try:
            answer = await self._http.request(method, path, **told)
            content = answer.json()
        except (httpx.HTTPError, ValueError):
            text = word(self._language, "网关暂不可用, 请稍后再试", "the gateway is away, try again soon")
            raise Problem(503, "gateway_away", text) from None
        if answer.is_success:
            return content
        said = content if isinstance(content, dict) else {}
        detail = str(said.get("detail") or said.get("title") or "")
        raise Problem(
            answer.status_code, str(said.get("code", "")), detail, said.get("trace_id"), said.get("errors") or []
        )
