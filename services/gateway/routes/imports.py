"""批量导入: files of rows into the service that owns them."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.alerts import ImportDevices
from contracts.base import Command
from contracts.cases import ImportCategories
from contracts.catalogue import ImportItems
from contracts.faults import Invalid, NotFound
from contracts.grid import Datum, ImportAliases, ImportDwellings, ImportGround, ImportUnits
from contracts.shared import ImportReport, Scope
from services.chassis.file_types import XLSX
from services.gateway import tabular
from services.gateway.area import Area
from services.gateway.door import Call, Rule
from services.gateway.limits import IMPORT

GROUND = ("divisions", "boundaries", "grids", "staff", "assignments")
DWELLINGS = ("buildings", "rooms", "households")
KINDS: dict[str, tuple[type[Command[ImportReport]], Scope]] = {
    **dict.fromkeys(GROUND, (ImportGround, Scope.GRID_WRITE)),
    "aliases": (ImportAliases, Scope.GRID_WRITE),
    "units": (ImportUnits, Scope.GRID_WRITE),
    **dict.fromkeys(DWELLINGS, (ImportDwellings, Scope.GRID_WRITE)),
    "devices": (ImportDevices, Scope.ALERTS_HANDLE),
    "categories": (ImportCategories, Scope.ADMIN),
    "items": (ImportItems, Scope.CATALOGUE_HANDLE),
}
PARAMETERS: list[dict[str, Any]] = [
    {"name": "kind", "in": "path", "required": True, "schema": {"type": "string", "enum": list(KINDS)}},
    {"name": "dry_run", "in": "query", "required": False, "schema": {"type": "boolean", "default": False}},
    {
        "name": "datum",
        "in": "query",
        "required": False,
        "description": "of the geometries of boundaries and grids",
        "schema": {"type": "string", "enum": list(Datum), "default": Datum.WGS84},
    },
]
SECONDS = 120.0
FLAGS = {"": False, "false": False, "0": False, "true": True, "1": True}

area = Area("imports", "批量导入: CSV、Excel、JSON、GeoJSON")


def scope_of(request: Request) -> Scope:
    """Whoever may write what the rows become. Raises NotFound for an unknown kind."""
    kind = request.path_params["kind"]
    if kind not in KINDS:
        raise NotFound("kind_unknown", f"没有这种导入; 可用: {', '.join(KINDS)}", f"no such kind: {', '.join(KINDS)}")
    return KINDS[kind][1]


@area.route(
    "POST",
    "/v1/imports/{kind}",
    Rule(scope_of, writes=True, limit=IMPORT),
    ImportReport,
    example="code,level,name,parent\n230902001001,community,桃南社区,230902001\n",
    body_types=(tabular.CSV, XLSX, tabular.JSON, "application/geo+json"),
    body_schema={"type": "string", "description": "至多 16 MiB, 20,000 行"},
    more=PARAMETERS,
)
async def import_rows(call: Call) -> Response:
    """Good rows are written and bad ones listed; twice the same file changes nothing."""
    kind, dry_run = call.request.path_params["kind"], _flag(call.request.query_params.get("dry_run", ""))
    request = KINDS[kind][0]
    table = await asyncio.to_thread(tabular.read, call.request.headers.get("content-type", ""), call.body)
    query = call.request.query_params
    said = {"kind": kind, **({"datum": query["datum"]} if "datum" in query else {})}
    told: dict[str, Any] = {name: value for name, value in said.items() if name in request.model_fields}
    if not table.rows:
        return call.answer(_with(ImportReport(kind=kind, dry_run=dry_run), table))
    order = request(caller=call.caller, idempotency_key=call.idempotency_key, rows=table.rows, dry_run=dry_run, **told)
    return call.answer(_with(await call.ask(order, timeout=SECONDS), table))


def _flag(value: str) -> bool:
    if value.lower() not in FLAGS:
        raise Invalid("dry_run_invalid", "dry_run 只能为 true 或 false", "dry_run must be true or false")
    return FLAGS[value.lower()]


def _with(report: ImportReport, table: tabular.Table) -> ImportReport:
    """The service's report and the rows that it never saw."""
    rejected = sorted([*report.rejected, *table.faults], key=lambda fault: fault.line)
    return report.model_copy(update={"read": report.read + len(table.faults), "rejected": rejected})
