"""事件研判: incidents, the rules and silences behind them, and sessions."""

from contracts import alerts
from contracts.shared import Scope
from services.gateway.area import Area

READ, HANDLE = Scope.ALERTS_READ, Scope.ALERTS_HANDLE
RULE = {
    "id": "crowd_twice",
    "name": "同网格两处聚集",
    "match": {"types": ["crowd_density"]},
    "group_by": ["grid"],
    "distinct_by": "channel",
    "window_s": 600,
    "threshold": 2,
}

area = Area("incidents", "事件研判: 事件、规则、静默、会商")

area.ask("GET", "/v1/incidents", alerts.ListIncidents, READ)
area.ask("GET", "/v1/incidents/{id}", alerts.GetIncident, READ)
area.ask("POST", "/v1/incidents/{id}:{action}", alerts.ActOnIncident, HANDLE, example={"note": "已到现场"})
area.ask("GET", "/v1/rules", alerts.ListRules, READ)
area.ask("POST", "/v1/rules", alerts.SaveRule, HANDLE, example=RULE)
area.ask("POST", "/v1/rules:dry-run", alerts.TryRule, READ, example=RULE, timeout=30.0)
area.ask("GET", "/v1/silences", alerts.ListSilences, READ)
area.ask(
    "POST",
    "/v1/silences",
    alerts.CreateSilence,
    HANDLE,
    example={
        "matchers": [{"field": "device", "op": "=", "value": "44:19:b6:00:00:01"}],
        "reason": "路口施工",
        "ends_at": "2026-03-15T18:00:00+08:00",
    },
)
area.ask(
    "POST",
    "/v1/silences:dry-run",
    alerts.TrySilence,
    READ,
    example={"matchers": [{"field": "type", "op": "=~", "value": "motion|pir"}]},
)
area.ask("POST", "/v1/silences/{id}:{action}", alerts.ActOnSilence, HANDLE, example={})
area.ask("GET", "/v1/sessions", alerts.ListSessions, READ)
area.ask(
    "POST",
    "/v1/sessions",
    alerts.OpenSession,
    HANDLE,
    example={"kind": "command", "title": "桃南社区聚集处置", "call": ["W0001"]},
)
area.ask("GET", "/v1/sessions/{id}", alerts.GetSession, READ)
area.ask("POST", "/v1/sessions/{id}:{action}", alerts.ActOnSession, HANDLE, example={"text": "增派两名网格员"})
