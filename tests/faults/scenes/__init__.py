"""One scene for every request and event of every service, found by service."""

from collections.abc import Mapping, Sequence

from tests.faults.scenes import (
    alerts,
    cases,
    catalogue,
    devices,
    dwellings,
    features,
    grid,
    incidents,
    mappings,
    operations,
    overlays,
    pictures,
    plans,
    posts,
    sessions,
    sharing,
    silences,
)
from tests.faults.scenes.scene import Scene, Stand

SCENES: Mapping[str, Sequence[Scene]] = {
    "grid": [
        *grid.SCENES,
        *dwellings.SCENES,
        *posts.SCENES,
        *overlays.SCENES,
        *plans.GRID_SCENES,
        *features.SCENES,
        *operations.scenes(copies=True, tells="grid.published.v1", to="alerts"),
    ],
    "alerts": [
        *alerts.SCENES,
        *incidents.SCENES,
        *sessions.SCENES,
        *devices.SCENES,
        *mappings.SCENES,
        *pictures.SCENES,
        *silences.SCENES,
        *operations.scenes(copies=True, tells="alerts.incident_opened.v1", to="cases"),
    ],
    "cases": [
        *cases.SCENES,
        *plans.CASES_SCENES,
        *operations.scenes(copies=True, tells="cases.reported.v1", to="alerts"),
    ],
    "catalogue": [*catalogue.SCENES, *operations.scenes(copies=False, tells="catalogue.applied.v1", to="")],
    "sharing": [*sharing.SCENES, *operations.scenes(copies=False, tells="sharing.decided.v1", to="sharing")],
}
STANDS: Mapping[str, Stand] = {
    "grid": grid.stand,
    "alerts": alerts.stand,
    "cases": cases.stand,
    "catalogue": catalogue.stand,
    "sharing": sharing.stand,
}
