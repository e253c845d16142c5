"""The API, area by area."""

from services.gateway.area import Area
from services.gateway.routes import (
    alerts,
    cases,
    catalogue,
    dwellings,
    exchange,
    grid,
    imports,
    keys,
    ogc,
    operations,
    replays,
    sharing,
    traces,
)

AREAS: list[Area] = [
    grid.area,
    dwellings.area,
    imports.area,
    ogc.area,
    alerts.area,
    cases.area,
    catalogue.area,
    sharing.area,
    exchange.area,
    operations.area,
    traces.area,
    replays.area,
    keys.area,
]
