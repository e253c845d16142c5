"""看护: who has fallen silent, who is back, and the alert that says so.

A device's state and the event that tells of it are one write. Its alert is another document: what it is to be told is
part of the first write and is carried out right after, or by the next round where a process died in between.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from contracts.alerts import AlertType
from services.alerts import folding, living
from services.alerts.domain import severity_of
from services.alerts.folding import Sighting, Tally
from services.alerts.places import Placed, placed
from services.alerts.store import AlertStore
from services.alerts.store.devices import Move, life

CHANNEL, RULE = "device", "heartbeat"


def watch(store: AlertStore, read_up_to: datetime) -> None:
    """Look at the devices whose sign of life is overdue by `read_up_to`, up to which all reports are read."""
    _look(store, set(store.signs.due(read_up_to)) - store.signs.unwritten, read_up_to)
    _tell(store)


def write_signs(store: AlertStore, now: datetime) -> None:
    """Write the signs of life; who was missing is back."""
    known = store.devices.known(store.signs.unwritten)
    store.signs.write({device: found.watched_s for device, found in known.items()})
    missing = {device for device, found in known.items() if found.state in living.MISSING}
    if missing:
        _look(store, missing, now)
        _tell(store)


def _look(store: AlertStore, devices: Iterable[str], read_up_to: datetime) -> None:
    wanted = set(devices)
    if not wanted:
        return
    offline_after_s = store.settings.get().offline_after_s
    signs = store.signs.of(wanted)
    due: dict[str, datetime | None] = dict.fromkeys(wanted)
    moves = []
    for document in store.devices.standing(wanted):
        found = life(document, signs.get(document["_id"], {}))
        state, due[document["_id"]] = living.judged(found, read_up_to, offline_after_s)
        if state is not found.state:
            moves.append(Move(document, state, found.heard_at))
    raced = {move.document["_id"] for move in moves} - store.devices.move(moves)
    store.signs.expect({device: at for device, at in due.items() if device not in raced})


def _tell(store: AlertStore) -> None:
    """Raise and end the alerts of silence that are owed. Done again, it changes nothing: an alert takes a fold once."""
    owing = store.devices.owing()
    if not owing:
        return
    sightings = {one.id: [_sighting(one.id, *due) for due in one.told] for one in owing}
    tallies = {found[0].fingerprint: folding.tally(found) for found in sightings.values()}
    folds = {found[0].fingerprint: [one.report for one in found] for found in sightings.values()}
    _, raced = store.alerts.fold_together(folds, tallies, lambda rising: _places(store, rising), {})
    store.devices.settled(one for one in owing if sightings[one.id][0].fingerprint not in raced)


def _sighting(device: str, fold: str, silent: bool, at: datetime) -> Sighting:
    return Sighting(
        report=fold,
        source=device,
        device=device,
        channel=CHANNEL,
        type=AlertType.DEVICE_SILENT,
        raw_type=None,
        severity=severity_of(AlertType.DEVICE_SILENT),
        rule=RULE,
        target=None,
        active=silent,
        at=at,
        received_at=at,
        lasting=True,
    )


def _places(store: AlertStore, rising: Mapping[str, Tally]) -> dict[str, Placed]:
    """A device is where its first bound channel is."""
    spots = store.channels.places_of({found.head.device for found in rising.values()}, CHANNEL)
    return {
        fingerprint: placed(store.grids.terrain, spots[found.head.device], None)
        for fingerprint, found in rising.items()
    }
