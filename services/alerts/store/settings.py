"""The times of folding and climbing in the store: one document of what differs from the shipped values."""

from contracts.alerts import AlertSettings, SaveAlertSettings
from services.alerts.domain import SHIPPED
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Document
from services.chassis.resting import Remembered

_ID = "settings"
_REMEMBERED_S = 2.0
_LISTS = ("quiet_s", "climb_minutes")
_SET = set(AlertSettings.model_fields) - {"version"}


class Settings:
    """As they stand, read at most every two seconds."""

    def __init__(self, documents: Aggregates) -> None:
        self._documents = documents
        self._remembered = Remembered(self._read, _REMEMBERED_S, _REMEMBERED_S)

    def get(self) -> AlertSettings:
        """Every value, shipped or set."""
        return self._remembered.get()

    def save(self, command: SaveAlertSettings) -> AlertSettings:
        """Set what is given."""
        given = command.model_dump(mode="json", include=_SET, exclude_none=True)
        found = self._documents.get(_ID)
        if found is None:
            if not self._documents.insert({"_id": _ID, **given}):
                return self.save(command)
        elif not context.applied(found):
            command.check_version(found["version"])
            self._documents.update(_ID, found["version"], Change(set=_merged(found, given)))
        self._remembered.forget()
        return self._read()

    def _read(self) -> AlertSettings:
        found = self._documents.get(_ID)
        if found is None:
            return SHIPPED
        told = _merged(SHIPPED.model_dump(mode="json"), {name: found[name] for name in _SET if name in found})
        return AlertSettings.model_validate({**told, "version": found["version"]})


def _merged(standing: Document, given: Document) -> Document:
    """The lists are merged, all else is replaced."""
    lists = {name: {**standing.get(name, {}), **given.get(name, {})} for name in _LISTS}
    kept = {name: standing[name] for name in _SET if name in standing}
    return {**kept, **given, **lists}
