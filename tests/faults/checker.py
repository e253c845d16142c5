"""The six invariants, as one list of violations: empty when every promise was kept, each exactly once.

I1 every acknowledged order is in its store. I2 every committed event reached every subscriber, or its dead letters.
I3 each effect once. I4 versions without holes. I5 a record of each request that would change something.
I6 queues, dead letters and outboxes add up.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from contracts.alerts import ReportReceived
from services.chassis.registry import listeners
from services.chassis.topology import SERVICES
from tests.faults.client import Ledger
from tests.faults.promises import judged
from tests.faults.quiet import unsettled
from tests.faults.reached import REACHED
from tests.faults.town import Town
from tests.faults.violation import Violation

# aggregates whose every write tells of itself, by the events that name them: collection of (owner, wire prefix)
DENSE = {("cases", "cases."): "cases", ("grid", "grid.staffed."): "assignments"}
# events carry the version that they brought about
VERSIONED = {
    **DENSE,
    ("grid", "grid.published."): "grids",
    ("grid", "grid.adjusted."): "grids",
    ("alerts", "alerts.raised."): "alerts",
    ("alerts", "alerts.incident_opened."): "incidents",
    ("catalogue", "catalogue.applied."): "applications",
    ("catalogue", "catalogue.accepted."): "applications",
    ("catalogue", "catalogue.decided."): "applications",
    ("sharing", "sharing.records_published."): "datasets",
}


def check(town: Town, ledger: Ledger, *, dead_letters: int = 0) -> list[Violation]:
    """Look at a quiet town. `dead_letters` is how many the test means to have made."""
    told = {service: _told(town, service) for service in SERVICES}
    return [
        *judged(town, ledger),
        *_reached(town, ledger, told),
        *_once(told),
        *_dense(town, told),
        *_audited(town, ledger),
        *_sums(town, dead_letters),
    ]


def lost(violations: list[Violation]) -> int:
    """How many are missing."""
    return sum(one.kind == "lost" for one in violations)


def doubled(violations: list[Violation]) -> int:
    """How many are twice there."""
    return sum(one.kind == "doubled" for one in violations)


def _told(town: Town, service: str) -> list[dict[str, Any]]:
    """The envelopes of a service's log."""
    found = town.database(service)["event_log"].find({}, {"body": 1})
    return [json.loads(entry["body"]) for entry in found]


def _reached(town: Town, ledger: Ledger, told: dict[str, list[dict[str, Any]]]) -> Iterator[Violation]:
    for service, event in listeners():
        store = town.database(service)
        dead = {one["message_id"] for one in store["dead_letters"].find({}, {"message_id": 1})}
        if event is ReportReceived:
            # the gateway promised it, nobody logged it
            heard = [{"id": report, "data": {"report": report}} for report in sorted(ledger.reports)]
        else:
            heard = [one for one in told[event.owner()] if one["type"] == event.wire]
        for one in heard:
            if one["id"] not in dead and not REACHED[service, event.wire](store, one):
                yield Violation("I2", "lost", f"{event.wire} {one['id']} at {service}")


def _once(told: dict[str, list[dict[str, Any]]]) -> Iterator[Violation]:
    """One write tells of itself once, under one id."""
    for service, events in told.items():
        counts = Counter((one["type"], one["subject"], one.get("sequence", 0)) for one in events)
        for key, count in counts.items():
            if count > 1:
                yield Violation("I3", "doubled", f"{count} times {key} from {service}")


def _dense(town: Town, told: dict[str, list[dict[str, Any]]]) -> Iterator[Violation]:
    for (service, prefix), collection in VERSIONED.items():
        sequences: dict[str, set[int]] = defaultdict(set)
        for one in told[service]:
            if one["type"].startswith(prefix):
                sequences[one["subject"]].add(one["sequence"])
        versions = {one["_id"]: one["version"] for one in town.database(service)[collection].find({}, {"version": 1})}
        for subject, found in sequences.items():
            if max(found) > versions.get(subject, 0):
                yield Violation(
                    "I4", "lost", f"{collection} {subject} tells of {max(found)}, is {versions.get(subject)}"
                )
        if (service, prefix) in DENSE:
            for subject, version in versions.items():
                for hole in set(range(1, version + 1)) - sequences[str(subject)]:
                    yield Violation("I4", "lost", f"{collection} {subject}: nothing tells of version {hole}")


def _audited(town: Town, ledger: Ledger) -> Iterator[Violation]:
    """Accepted and refused; what never came to a decision (5xx) may be in the log of the gateway alone."""
    fields = {"client": 1, "method": 1, "path": 1, "status": 1}
    found = Counter(
        (one["client"], one["method"], one["path"], one["status"])
        for one in town.database("gateway")["audit"].find({}, fields)
    )
    for key, count in ledger.answers.items():
        if key[3] < 500 and found[key] < count:
            yield Violation("I5", "lost", f"{count - found[key]} of {count} audit records of {key}")


def _sums(town: Town, dead_letters: int) -> Iterator[Violation]:
    for name, count in unsettled(town).items():
        yield Violation("I6", "lost", f"{count} left in {name}")
    found = {service: town.database(service)["dead_letters"].count_documents({}) for service in SERVICES}
    if sum(found.values()) != dead_letters:
        yield Violation("I6", "wrong", f"dead letters {found}, {dead_letters} expected")
