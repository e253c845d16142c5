"""The gateway as the command line reaches it, and how its refusals are shown."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console

CITY = "city.json"
# exit codes of every command
REFUSED, UNREACHABLE, USAGE = 1, 3, 2
# a file or a pipe has no width: leave room for the names of a waterfall
out, err = Console(width=None if sys.stdout.isatty() else 140), Console(stderr=True)


class Trouble(Exception):
    """The command ends here: what to say, and the exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


@dataclass
class Options:
    """What was said before the command: where the city is, who asks, and for whom the output is."""

    gateway: str
    key: str
    as_json: bool


def city() -> dict[str, Any]:
    """What the embedded city wrote of itself; empty without one."""
    path = Path(os.environ.get("YIWANG_HOME") or ".yiwang") / CITY
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


class Door:
    """Requests under one key. Raises Trouble for a refusal, with the reason that the gateway gave."""

    def __init__(self, options: Options) -> None:
        if not options.gateway:
            raise Trouble("找不到网关: 请先 make up, 或用 --gateway / YIWANG_GATEWAY 指定", USAGE)
        headers = {"Accept-Language": "zh-CN", **({"X-API-Key": options.key} if options.key else {})}
        self._http = httpx.Client(base_url=options.gateway, headers=headers, timeout=130, trust_env=False)

    def send(self, method: str, path: str, **told: Any) -> httpx.Response:
        """The answer, whatever its status. An order that writes carries a key of its own, so that it may be retried."""
        headers = {**({} if method == "GET" else {"Idempotency-Key": uuid4().hex}), **told.pop("headers", {})}
        try:
            return self._http.request(method, path, headers=headers, **told)
        except httpx.HTTPError as error:
            raise Trouble(f"连不上网关 {self._http.base_url} ({type(error).__name__})", UNREACHABLE) from None

    def ask(self, method: str, path: str, **told: Any) -> Any:
        """The JSON of an answer that is not a refusal."""
        answer = self.send(method, path, **told)
        if answer.is_success:
            return answer.json()
        try:
            problem = answer.json()
            detail = "; ".join(f"{e['pointer']} {e['detail']}".strip() for e in problem["errors"])
            text = f"{problem['title']}: {problem['detail']}" + (f" ({detail})" if detail else "")
            text += f"  [代码 {problem['code']}, 追踪号 {problem['trace_id']}]"
        except (ValueError, KeyError, TypeError):
            text = f"网关答复 {answer.status_code}"
        raise Trouble(text, UNREACHABLE if answer.status_code == 503 else REFUSED)
