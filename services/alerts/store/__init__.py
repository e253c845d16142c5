"""Database `alerts`: the only place that knows its documents."""

from typing import Any

from pymongo.database import Database

from services.alerts.backlog import Backlog, Raised
from services.alerts.folding import Progress
from services.alerts.store import alerts, channels, devices, incidents, sessions, silences
from services.alerts.store.alerts import Alerts
from services.alerts.store.channels import Channels
from services.alerts.store.desk import Desk
from services.alerts.store.devices import Devices
from services.alerts.store.figures import Figures
from services.alerts.store.fingerprints import Fingerprints
from services.alerts.store.incidents import Incidents
from services.alerts.store.mappings import Mappings
from services.alerts.store.media_views import MediaViews
from services.alerts.store.raising import Raising
from services.alerts.store.reports import Reports
from services.alerts.store.rules import Rules
from services.alerts.store.sessions import Sessions
from services.alerts.store.settings import Settings
from services.alerts.store.signs import Signs
from services.alerts.store.silences import Silences
from services.alerts.store.staffing import Staffing
from services.alerts.store.subjects import Subjects
from services.alerts.store.windows import Windows
from services.chassis import context
from services.chassis.aggregates import Aggregates
from services.chassis.grid_copies import GridCopies
from services.chassis.resting import Remembered
from services.chassis.rosters import RosterCopies

_COUNTED_AGAIN_WITHIN_S = 30.0


class AlertStore:
    """Reports, alerts, devices, channels and grids of one database, and how far its reports are read."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.alert_documents = Aggregates(database, "alerts", alerts.INDEXES)
        self.device_documents = Aggregates(database, "devices", devices.INDEXES)
        self.channel_documents = Aggregates(database, "channels", channels.INDEXES)
        self.reports = Reports(database)
        self.subjects = Subjects(Aggregates(database, "keys", silent=True))
        self.settings = Settings(Aggregates(database, "settings", silent=True))
        self.silences = Silences(Aggregates(database, "silences", silences.INDEXES))
        fingerprints = Fingerprints(database)
        raising = Raising(self.alert_documents, self.settings, self.silences, fingerprints)
        self.alerts = Alerts(self.alert_documents, self.settings, fingerprints, raising)
        self.desk = Desk(self.alert_documents)
        self.rules = Rules(database)
        self.windows = Windows(database)
        self.incident_documents = Aggregates(database, "incidents", incidents.INDEXES, incidents.APPLIED_KEPT)
        self.rosters = RosterCopies(database)
        self.staffing = Staffing(self.rosters, self.settings)
        self.incidents = Incidents(self.incident_documents, self.staffing)
        self.media_views = MediaViews(database, self.desk)
        self.figures = Remembered(Figures(database).count, _COUNTED_AGAIN_WITHIN_S)
        self.signs = Signs(database["device_signs"])
        self.devices = Devices(self.device_documents, self.signs)
        self.channels = Channels(self.channel_documents)
        self.mappings = Mappings(
            Aggregates(database, "type_mappings", silent=True), Aggregates(database, "unmapped_types", silent=True)
        )
        self.grids = GridCopies(database)
        self.sessions = Sessions(
            Aggregates(database, "sessions", sessions.INDEXES, silent=True),
            self.incident_documents,
            self.channel_documents,
        )
        self.progress = Progress(context.now())
        self.backlog = Backlog()
        self.raised = Raised()
        # channels whose waiting alerts are to be located; None: any, as after a start
        self.moved: set[str] | None = None


__all__ = ["AlertStore"]
