"""洪水: one source says more in a batch than anybody reads. The latest of each kind is kept, all are counted. Pure."""

from collections import Counter
from collections.abc import Sequence

from services.alerts.folding import Sighting
from services.alerts.reading import Reading


def thinned(readings: Sequence[Reading], most: int) -> list[Reading]:
    """The readings; of a source with more than `most` those are marked that later ones make superfluous.

    A report stays whole when it holds the latest start or the latest stop of a fingerprint. One that is marked keeps
    its id and its sightings, by which it is counted once ever, and loses its body.
    """
    reports = Counter(reading.delivery.source for reading in readings if reading.sightings)
    loud = {source for source, count in reports.items() if count > most}
    flood = [reading for reading in readings if reading.delivery.source in loud and reading.sightings]
    latest: dict[tuple[str, bool], str] = {}
    for reading in sorted(flood, key=lambda one: (one.delivery.received_at, one.delivery.report)):
        latest |= dict.fromkeys(map(_kind, reading.sightings), reading.delivery.report)
    kept = set(latest.values())
    marked = {
        reading.delivery.report: reading.suppressed(latest[_kind(reading.sightings[0])])
        for reading in flood
        if reading.delivery.report not in kept
    }
    return [marked.get(reading.delivery.report, reading) for reading in readings]


def _kind(sighting: Sighting) -> tuple[str, bool]:
    return sighting.fingerprint, sighting.active
