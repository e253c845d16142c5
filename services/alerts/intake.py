"""接收: a batch of reports becomes few writes. Each step may be cut short and done again."""

from collections.abc import Mapping, Sequence

from contracts.alerts import ReportReceived
from services.alerts import folding, reading
from services.alerts.folding import Sighting
from services.alerts.places import placed
from services.alerts.reading import Parsed, Reading
from services.alerts.store import AlertStore
from services.chassis import context, cpu
from services.chassis.dead_letters import Letter
from services.chassis.messages import Received, delivery
from services.chassis.topology import event_queue

Causes = Mapping[str, Received[ReportReceived]]


def take(store: AlertStore, batch: Sequence[Received[ReportReceived]]) -> list[Reading]:
    """Read, keep, fold, and note who gave a sign of life; the readings that were rejected."""
    causes = {received.data.report: received for received in batch}
    parsed = cpu.heavy(_parse, list(causes.values()))
    known = store.devices.known(name for one in parsed for name in one.devices)
    timezones = {name: device.timezone for name, device in known.items() if device.registered}
    readings = {one.delivery.report: reading.settle(one, timezones) for one in parsed}
    kept = store.reports.keep({id: (found, causes[id]) for id, found in readings.items()})
    for fold, sightings in kept.unfinished.items():
        _fold(store, fold, sightings, causes, again=True)
    _fold(store, kept.fold, kept.sightings, causes, again=False)
    store.devices.seen(reading.signs(readings.values()), known)
    store.progress.mark(context.now(), max(received.data.received_at for received in batch))
    return [found for found in readings.values() if found.state == "rejected"]


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


def _fold(store: AlertStore, fold: str, sightings: Sequence[Sighting], causes: Causes, *, again: bool) -> None:
    if not sightings:
        return
    tallies = {fingerprint: folding.tally(found) for fingerprint, found in folding.grouped(sightings).items()}
    terrain = store.grids.terrain
    bound = store.channels.bound({(found.head.device, found.head.channel) for found in tallies.values()})
    places = {
        fingerprint: placed(terrain, bound[found.head.device, found.head.channel], found.point)
        for fingerprint, found in tallies.items()
    }
    alerts = store.alerts.fold(fold, tallies, places, causes, again=again)
    store.reports.finish(fold, alerts, context.now())
