"""研判规则: in their order with what they made; edited as JSON, and tried on the alerts of the last hours."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from contracts.alerts import RuleBody
from contracts.shared import Scope
from services.console.door import LONG_PATIENCE, Problem
from services.console.pages import Page
from services.console.rendering import View, Viewed
from services.console.wording import word

page = Page("/rules", "研判规则", "Rules", place=23, scope=Scope.ALERTS_READ)
router = page.router
NEW = "new"
BLANK = RuleBody(name="…", group_by=["grid", "family"], window_s=300)


@router.get("/rules")
async def list_rules(view: Viewed) -> Response:
    """In their order."""
    return view.show("rules.html", found=await view.door.get("/v1/rules"))


@router.get("/rules/{id}")
async def show_rule(view: Viewed, id: str) -> Response:
    """One rule as JSON, or a new one to be."""
    rules = {rule["id"]: rule for rule in (await view.door.get("/v1/rules"))["items"]}
    if id != NEW and id not in rules:
        raise Problem(404, "rule_unknown", word(view.language, "没有这条规则", "no such rule"))
    one = rules.get(id)
    body = body_of(one or BLANK.model_dump(mode="json"))
    return view.show("rule.html", id=id, one=one, body=body)


@router.post("/rules/{id}/try")
async def try_rule(view: Viewed, id: str) -> Response:
    """What the rule in the form would have done; nothing is written."""
    told = await view.filled("hours")
    body = {**await _told(view), "id": id, "hours": int(told["hours"]) if told.get("hours", "").isdecimal() else 24}
    found = await view.door.post("/v1/rules:dry-run", body, LONG_PATIENCE)
    return view.show("rule_trial_part.html", found=found)


@router.post("/rules/{id}")
async def save_rule(view: Viewed, id: str) -> Response:
    """The whole of it, from the version that was shown."""
    told = await view.filled("id", "version")
    body = {**await _told(view), "id": told.get("id", id)}
    if told.get("version", "").isdecimal():
        body["expected_version"] = int(told["version"])
    await view.door.post("/v1/rules", body)
    return view.go("/rules")


def body_of(rule: Mapping[str, Any]) -> str:
    """What may be edited, as people read it."""
    return json.dumps({name: rule[name] for name in RuleBody.model_fields}, ensure_ascii=False, indent=2)


async def _told(view: View) -> dict[str, Any]:
    text = (await view.filled("body")).get("body", "")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" ({error.lineno}:{error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem(400, "json_malformed", word(view.language, f"JSON 有误{place}", f"not JSON{place}")) from None
    if not isinstance(found, dict):
        raise Problem(400, "json_malformed", word(view.language, "须是一个 JSON 对象", "it must be a JSON object"))
    return found
