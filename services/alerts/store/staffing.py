"""Who is to be told at the places of incidents, as rosters and settings stand."""

from collections.abc import Iterable

from services.alerts.climbing import Ladder, targets
from services.alerts.store.settings import Settings
from services.chassis.aggregates import Document
from services.chassis.rosters import RosterCopies


class Staffing:
    """The ladders of incidents; rosters are read for all of them at once."""

    def __init__(self, rosters: RosterCopies, settings: Settings) -> None:
        self._rosters, self._settings = rosters, settings

    def ladders(self, incidents: Iterable[Document]) -> dict[str, Ladder]:
        """By the id of the incident."""
        places = {one["_id"]: targets(one["grid"], one["path"]) for one in incidents}
        rosters = self._rosters.of(code for found in places.values() for code in found.values())
        minutes = self._settings.get().climb_minutes
        return {id: Ladder(found, rosters, minutes) for id, found in places.items()}
