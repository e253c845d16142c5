"""接收: a batch of reports is stored, and a moment later put into alerts with whatever else has come.

Storing is what the broker waits for; what it costs does not grow with the number of cameras. Each step may be cut
short anywhere and done again, by this process or by another.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from contracts.alerts import AlertType, ReportReceived
from services.alerts import folding, reading, watching
from services.alerts.backlog import Waiting
from services.alerts.folding import Sighting, Tally
from services.alerts.places import Placed, placed
from services.alerts.reading import Parsed, Reading
from services.alerts.store import AlertStore
from services.alerts.store.raising import Causes, Put
from services.chassis import context, cpu
from services.chassis.company import company
from services.chassis.dead_letters import Letter
from services.chassis.messages import Received, delivery
from services.chassis.topology import event_queue

FOLD = "fold alerts"
# a fold that its process has not finished by now was left behind
_LEFT_BEHIND = timedelta(seconds=15)


def take(store: AlertStore, batch: Sequence[Received[ReportReceived]]) -> list[Reading]:
    """Read and store the reports, and note who gave a sign of life; the readings that were rejected."""
    causes = {received.data.report: received for received in batch}
    meanings = store.mappings.meanings()
    parsed = [reading.mapped(one, meanings) for one in cpu.heavy(_parse, list(causes.values()))]
    known = store.devices.known(name for one in parsed for name in one.devices)
    timezones = {name: device.timezone for name, device in known.items() if device.registered}
    readings = {one.delivery.report: reading.settle(one, timezones, store.subjects.hashed) for one in parsed}
    signs = reading.signs(readings.values())
    store.devices.enlist({device: sign for device, sign in signs.items() if device not in known})
    batch_of = {id: (found, causes[id]) for id, found in readings.items()}
    fold, sightings = store.reports.keep(batch_of, store.settings.get().flood_reports)
    heads = {sighting.report: causes[sighting.report] for sighting in sightings}
    oldest = min(received.data.received_at for received in batch)
    store.backlog.waiting.append(Waiting(fold, sightings, heads, oldest))
    store.signs.heard(signs, reading.refusals(readings.values()))
    store.mappings.met(
        (causes[sighting.report].data.adapter, sighting.raw_type)
        for sighting in sightings
        if sighting.type is AlertType.UNKNOWN and sighting.raw_type
    )
    store.progress.mark(context.now(), max(received.data.received_at for received in batch))
    if store.backlog.full:
        fold_waiting(store)
    return [found for found in readings.values() if found.state == "rejected"]


def fold_when_due(store: AlertStore) -> None:
    """Put what waits into alerts, unless the store is to have its rest."""
    if store.backlog.due:
        store.backlog.rest.after(lambda: fold_waiting(store))


def write_heard_when_due(store: AlertStore) -> None:
    """Write the devices' signs of life, unless the store is to have its rest."""
    if store.signs.rest.over():
        store.signs.rest.after(lambda: watching.write_signs(store, silent_before(store, context.now())))


def fold_waiting(store: AlertStore) -> None:
    """Put all that waits now into alerts; what comes meanwhile is for the next time, or there would be no rest."""
    backlog = store.backlog
    with backlog.turn:
        if backlog.begun:
            # cut short before: what stands and what does not is asked fold by fold
            for one in backlog.begun:
                _fold(store, one.fold, one.sightings, one.causes)
        left = len(backlog.waiting)
        while left > 0:
            group = backlog.begin()
            left -= len(group)
            _fold_together(store, group)
        backlog.begun = []


def finish_left_behind(store: AlertStore) -> None:
    """Finish what processes left that died: all that is open at a start, later what is older than any fold at work.

    Two that finish the same fold do no harm: an alert takes a fold once.
    """
    present = context.now()
    before = present - _LEFT_BEHIND if store.backlog.looked_behind else present
    for left in store.reports.left_open(before, store.backlog.folds):
        _fold(store, left.fold, left.sightings, {}, finished=left.complete)
    store.backlog.looked_behind = True


def silent_before(store: AlertStore, now: datetime) -> datetime:
    """The time up to which silence is known to be silence."""
    read = store.progress.read_up_to(now)
    oldest = store.backlog.oldest
    return min(read, oldest) if oldest else read


def letters(rejected: Sequence[Reading], batch: Sequence[Received[ReportReceived]]) -> list[Letter]:
    """Dead letters 死信 for unreadable reports: they can be looked at, and redriven once an adapter reads them."""
    causes = {received.data.report: received for received in batch}
    queue = event_queue(ReportReceived.owner(), ReportReceived.wire)
    found = []
    for reading_ in rejected:
        cause = causes[reading_.delivery.report]
        again = delivery(cause.data, cause.id, cause.traceparent)
        found.append(
            Letter(queue, cause.id, again.body, dict(again.headers), again.content_type, f"unreadable: {reading_.code}")
        )
    return found


def _parse(batch: Sequence[Received[ReportReceived]]) -> list[Parsed]:
    return [reading.parse(received.data, received.trace_id) for received in batch]


def _fold_together(store: AlertStore, group: Sequence[Waiting]) -> None:
    """One write for each alert, whatever the number of folds; who raced with somebody else is put in fold by fold."""
    sightings = [sighting for one in group for sighting in one.sightings]
    folds: dict[str, list[str]] = {}
    for one in group:
        for fingerprint in {sighting.fingerprint for sighting in one.sightings}:
            folds.setdefault(fingerprint, []).append(one.fold)
    causes = {report: cause for one in group for report, cause in one.causes.items()}
    with company(FOLD, list(causes.values()), {"yiwang.folds": len(group)}) as together:
        inside = dict(zip(causes, together.members, strict=True))
        done, raced = store.alerts.fold_together(folds, _tallied(sightings), Placing(store), inside)
        finished: dict[str, dict[str, Put]] = {one.fold: {} for one in group}
        for fingerprint, put in done.items():
            for fold in folds[fingerprint]:
                finished[fold][fingerprint] = put
        for one in group:
            left = [sighting for sighting in one.sightings if sighting.fingerprint in raced]
            if left:
                finished[one.fold] |= store.alerts.fold(one.fold, _tallied(left), Placing(store), inside)
        _finish(store, finished)


def _fold(
    store: AlertStore, fold: str, sightings: Sequence[Sighting], causes: Causes, *, finished: bool = True
) -> None:
    puts = store.alerts.fold(fold, _tallied(sightings), Placing(store), causes)
    if finished:
        _finish(store, {fold: puts})


def _finish(store: AlertStore, folds: Mapping[str, Mapping[str, Put]]) -> None:
    """All that these folds say stands: count what they raised under silences, once for each, and close them.

    What they raised is now for the rules.
    """
    store.silences.count({fold: _muted(fold, puts.values()) for fold, puts in folds.items()})
    store.reports.finish({fold: {name: put.alert for name, put in puts.items()} for fold, puts in folds.items()})
    store.raised.waiting += sum(put.raised_in == fold for fold, puts in folds.items() for put in puts.values())


def _muted(fold: str, puts: Iterable[Put]) -> Counter[str]:
    return Counter(put.silenced_by for put in puts if put.silenced_by and put.raised_in == fold)


def _tallied(sightings: Sequence[Sighting]) -> dict[str, Tally]:
    return {fingerprint: folding.tally(found) for fingerprint, found in folding.grouped(sightings).items()}


class Placing:
    """Finds the places of what is raised, only then."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store

    def __call__(self, tallies: Mapping[str, Tally]) -> dict[str, Placed]:
        if not tallies:
            return {}
        terrain = self._store.grids.terrain
        bound = self._store.channels.bound({(found.head.device, found.head.channel) for found in tallies.values()})
        waiting: dict[str, list[datetime]] = {}
        for found in tallies.values():
            channel = bound[found.head.device, found.head.channel]
            if channel.point is None:
                waiting.setdefault(channel.key, []).append(found.received_at)
        self._store.channels.waited_for({key: (len(at), max(at)) for key, at in waiting.items()})
        return {
            fingerprint: placed(terrain, bound[found.head.device, found.head.channel], found.point)
            for fingerprint, found in tallies.items()
        }
