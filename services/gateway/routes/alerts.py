"""视联网告警: alerts, devices, and what became of a report."""

from starlette.responses import Response

from contracts import alerts
from contracts.faults import NotFound, Unavailable
from contracts.shared import Scope
from services.gateway import intake
from services.gateway.area import Area
from services.gateway.door import Call, Rule
from services.gateway.limits import INTAKE
from services.gateway.reading import Form

READ, HANDLE = Scope.ALERTS_READ, Scope.ALERTS_HANDLE

area = Area("alerts", "视联网告警: 接入、告警、设备")


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
    Rule(Scope.ALERTS_REPORT, limit=INTAKE),
    alerts.AdapterResult,
    example="<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>",
    body_types=("application/xml", "application/json", "text/plain", "multipart/form-data"),
    body_schema={"type": "string", "format": "binary"},
    more=[intake.ADAPTER],
)
async def test_adapter(call: Call) -> Response:
    """Parse only: the canonical reports, and what was assumed or refused."""
    query = alerts.TestAdapter(
        caller=call.caller,
        adapter=intake.known_adapter(call.request),
        content_type=intake.content_type_of(call.request),
        body=call.body,
    )
    result = await call.ask(query)
    return call.answer(result)


area.ask("GET", "/v1/alerts", alerts.ListAlerts, READ)
area.ask("GET", "/v1/alerts/{id}", alerts.GetAlert, READ)
area.ask(
    "POST", "/v1/alerts/{id}:{action}", alerts.ActOnAlert, HANDLE, example={"verdict": "true", "note": "已电话核实"}
)
area.ask("GET", "/v1/figures/alerts", alerts.GetAlertFigures, READ)
area.ask("GET", "/v1/devices", alerts.ListDevices, READ)
area.ask(
    "POST",
    "/v1/devices",
    alerts.SaveDevice,
    HANDLE,
    example={"id": "44:19:b6:00:00:01", "name": "桃南社区东门", "vendor": "hikvision", "timezone": "Asia/Shanghai"},
)
area.ask("GET", "/v1/channels", alerts.ListChannels, READ)
area.ask(
    "POST",
    "/v1/channels",
    alerts.SaveChannel,
    HANDLE,
    example={"device": "44:19:b6:00:00:01", "channel": "1", "point": {"longitude": 131.005, "latitude": 45.705}},
)
