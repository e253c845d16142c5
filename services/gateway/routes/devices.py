"""设备与点位: what reports, whether it lives, and where its pictures are."""

from typing import Any

from starlette.responses import Response

from contracts import alerts
from contracts.shared import ImportReport, Scope
from services.gateway import intake
from services.gateway.area import Area
from services.gateway.door import Call, Rule
from services.gateway.limits import ORDINARY

READ, HANDLE = Scope.ALERTS_READ, Scope.ALERTS_HANDLE
IN_QUERY: list[dict[str, Any]] = [
    {"name": "platform", "in": "query", "required": True, "schema": {"type": "string"}},
    {"name": "dry_run", "in": "query", "required": False, "schema": {"type": "boolean", "default": False}},
]

area = Area("devices", "设备与点位: 登记、状态、诊断、绑定")

area.ask("GET", "/v1/devices", alerts.ListDevices, READ)
area.ask(
    "POST",
    "/v1/devices",
    alerts.SaveDevice,
    HANDLE,
    example={"id": "44:19:b6:00:00:01", "name": "桃南社区东门", "vendor": "hikvision", "timezone": "Asia/Shanghai"},
)
area.ask("GET", "/v1/devices/{id}", alerts.GetDevice, READ)
area.ask("GET", "/v1/devices/{id}/diagnosis", alerts.GetDiagnosis, READ)
area.ask("POST", "/v1/devices/{id}:{action}", alerts.ActOnDevice, HANDLE, example={"note": "已拆除"})
area.ask("GET", "/v1/channels", alerts.ListChannels, READ)
area.ask(
    "POST",
    "/v1/channels",
    alerts.SaveChannel,
    HANDLE,
    example={"device": "44:19:b6:00:00:01", "channel": "1", "point": {"longitude": 131.005, "latitude": 45.705}},
)


@area.route(
    "POST",
    "/v1/devices:catalog",
    Rule(HANDLE, writes=True, limit=ORDINARY),
    ImportReport,
    example="<Response><CmdType>Catalog</CmdType></Response>",
    body_types=("application/xml", "Application/MANSCDP+xml"),
    body_schema={"type": "string", "format": "binary"},
    more=IN_QUERY,
)
async def import_catalog(call: Call) -> Response:
    """A GB/T 28181 catalogue becomes devices and channels; twice the same changes nothing."""
    order = alerts.ImportCatalog.model_validate(
        {
            **call.request.query_params,
            "caller": call.caller,
            "idempotency_key": call.idempotency_key,
            "content_type": intake.content_type_of(call.request),
            "body": call.body,
        }
    )
    report = await call.ask(order)
    return call.answer(report)
