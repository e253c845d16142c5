"""The API, area by area."""

from services.gateway.area import Area
from services.gateway.routes import (
    alerts,
    cases,
    catalogue,
    devices,
    dwellings,
    exchange,
    grid,
    imports,
    incidents,
    keys,
    ogc,
    operations,
    replays,
    sharing,
    sources,
    traces,
)

AREAS: list[Area] = [
    grid.area,
    dwellings.area,
    imports.area,
    ogc.area,
    alerts.area,
    incidents.area,
    devices.area,
    sources.area,
    cases.area,
    catalogue.area,
    sharing.area,
    exchange.area,
    operations.area,
    traces.area,
    replays.area,
    keys.area,
]
