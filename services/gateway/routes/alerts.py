"""视联网告警: alerts, what became of a report, and how types and times are read."""

from starlette.responses import Response

from contracts import alerts
from contracts.faults import NotFound, Unavailable
from contracts.shared import Scope
from services.gateway import intake, pictures
from services.gateway.area import Area
from services.gateway.door import Call, Rule
from services.gateway.limits import WITH_PICTURES
from services.gateway.reading import Form

READ, HANDLE = Scope.ALERTS_READ, Scope.ALERTS_HANDLE

area = Area("alerts", "视联网告警: 接入与告警")


@area.route("GET", "/v1/reports/{report}", Rule(), alerts.Report, parameters_of=alerts.GetReport)
async def get_report(call: Call) -> Response:
    """What became of one 202; `received` while it is still on its way."""
    query = Form(alerts.GetReport, frozenset({"report"}), in_query=True).read(call)
    try:
        found = await call.ask(query, timeout=3.0)
    except (NotFound, Unavailable):
        known = await intake.known(call.door, call.request.path_params["report"])
        if known is None:
            raise
        found = known
    return call.answer(found)


@area.route(
    "POST",
    "/v1/intake/{adapter}:test",
    Rule(Scope.ALERTS_REPORT, limit=WITH_PICTURES),
    alerts.AdapterResult,
    example="<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>",
    body_types=("application/xml", "application/json", "text/plain", "multipart/form-data"),
    body_schema={"type": "string", "format": "binary"},
    more=[intake.ADAPTER],
)
async def test_adapter(call: Call) -> Response:
    """Parse only: the canonical reports, and what was assumed or refused."""
    content_type = intake.content_type_of(call.request)
    query = alerts.TestAdapter(
        caller=call.caller,
        adapter=intake.known_adapter(call.request),
        content_type=content_type,
        body=await pictures.replaced(call.body, content_type),
    )
    result = await call.ask(query)
    return call.answer(result)


area.ask("GET", "/v1/alerts", alerts.ListAlerts, READ)
area.ask("GET", "/v1/alerts/{id}", alerts.GetAlert, READ)
area.ask(
    "POST", "/v1/alerts/{id}:{action}", alerts.ActOnAlert, HANDLE, example={"verdict": "true", "note": "已电话核实"}
)
area.ask(
    "POST", "/v1/alerts/{id}/media:look", alerts.LookAtMedia, HANDLE, example={"purpose": "核实告警"}, private=True
)
area.ask("GET", "/v1/media-views", alerts.ListMediaViews, Scope.ADMIN)
area.ask("GET", "/v1/figures/alerts", alerts.GetAlertFigures, READ)
area.ask("GET", "/v1/type-mappings", alerts.ListTypeMappings, READ)
area.ask(
    "POST",
    "/v1/type-mappings",
    alerts.SaveTypeMapping,
    HANDLE,
    example={"adapter": "hikvision", "raw_type": "smartRetrograde", "type": "wrong_way"},
)
area.ask(
    "POST",
    "/v1/type-mappings:delete",
    alerts.DeleteTypeMapping,
    HANDLE,
    example={"adapter": "hikvision", "raw_type": "smartRetrograde"},
)
area.ask("GET", "/v1/alert-settings", alerts.GetAlertSettings, READ)
area.ask("POST", "/v1/alert-settings", alerts.SaveAlertSettings, HANDLE, example={"quiet_s": {"motion": 90}})
