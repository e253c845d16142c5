"""What an acknowledged order must have left behind: I1 (it is there) and I3 (it is there once), by kind of order."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.faults.client import Ledger, Promise
from tests.faults.load import DATASET
from tests.faults.town import Town
from tests.faults.violation import Violation

Judge = Callable[[Town, list[Promise], list[Promise]], Iterator[Violation]]


def judged(town: Town, ledger: Ledger) -> Iterator[Violation]:
    """Every promise by its judge; orders of a kind without one must stand in the gateway's own record."""
    kinds = {promise.kind for promise in (*ledger.promised, *ledger.doubtful)} | {"report"}
    for kind in sorted(kinds):
        judge = JUDGES.get(kind, _recorded)
        yield from judge(town, ledger.of(kind), [one for one in ledger.doubtful if one.kind == kind])
    yield from _alarms(town, ledger)


def counted(
    what: str, found: Mapping[str, int], wanted: Mapping[str, int], slack: Mapping[str, int]
) -> Iterator[Violation]:
    """Each of `wanted` found so often; up to `slack` more where an order stayed in doubt."""
    for key in {*found, *wanted}:
        least = wanted.get(key, 0)
        if found.get(key, 0) < least:
            yield Violation("I1", "lost", f"{what} {key}: {found.get(key, 0)} instead of {least}")
        elif found.get(key, 0) > least + slack.get(key, 0):
            yield Violation("I3", "doubled", f"{what} {key}: {found[key]} instead of {least}")


def _reports(town: Town, promised: list[Promise], doubtful: list[Promise]) -> Iterator[Violation]:
    stored = {one["_id"] for one in town.database("alerts")["raw_reports"].find({}, {"_id": 1})}
    wanted = {promise.subject for promise in promised}
    for report in wanted - stored:
        yield Violation("I1", "lost", f"report {report}")
    if len(stored) > len(wanted) + len(doubtful):
        yield Violation("I3", "doubled", f"{len(stored)} raw reports of {len(wanted)} posts")


def _alarms(town: Town, ledger: Ledger) -> Iterator[Violation]:
    """Each report is counted in exactly one alert, and each incident has one case."""
    found: Counter[str] = Counter()
    for alert in town.database("alerts")["alerts"].find({}, {"device": 1, "count": 1}):
        found[alert["device"]] += alert["count"]
    wanted = Counter(device for device, _ in ledger.alarms.values())
    slack: Counter[str] = Counter()
    for (device, _), count in ledger.doubtful_alarms.items():
        slack[device] += count
    yield from counted("sightings of", found, wanted, slack)
    origins = Counter(case["origin"] for case in town.database("cases")["cases"].find({}, {"origin": 1}))
    yield from (Violation("I3", "doubled", f"case of {origin}") for origin, count in origins.items() if count > 1)


def _cases(town: Town, promised: list[Promise], doubtful: list[Promise]) -> Iterator[Violation]:
    """A story's description is its own."""
    mine = {promise.subject for promise in (*promised, *doubtful)}
    documents = town.database("cases")["cases"].find({}, {"description": 1})
    found = Counter(one["description"] for one in documents if one["description"] in mine)
    yield from counted("case", found, *_wanted(promised, doubtful))


def _applications(town: Town, promised: list[Promise], doubtful: list[Promise]) -> Iterator[Violation]:
    """An application's material is its own."""
    mine = {promise.subject for promise in (*promised, *doubtful)}
    documents = town.database("catalogue")["applications"].find({}, {"materials": 1})
    found = Counter(mark for one in documents for mark in one["materials"] if mark in mine)
    yield from counted("application", found, *_wanted(promised, doubtful))


def _steps(service: str, collection: str) -> Judge:
    """Each step is one line in the record of its matter."""

    def judge(town: Town, promised: list[Promise], doubtful: list[Promise]) -> Iterator[Violation]:
        found: Counter[str] = Counter()
        mine = {promise.subject for promise in (*promised, *doubtful)}
        for one in town.database(service)[collection].find({}, {"timeline.action": 1}):
            for line in one["timeline"]:
                found[f"{one['_id']}:{line['action']}"] += 1
        named = {step: count for step, count in found.items() if any(each.endswith(f"/{step}") for each in mine)}
        wanted, slack = _wanted(promised, doubtful)
        short = [{subject.rpartition("/")[2]: count for subject, count in each.items()} for each in (wanted, slack)]
        yield from counted("step", named, *short)

    return judge


def _records(town: Town, promised: list[Promise], doubtful: list[Promise]) -> Iterator[Violation]:
    """Each record of an accepted batch once in the log; `subject` begins their keys."""
    found: Counter[str] = Counter()
    for segment in town.database("sharing")["record_log"].find({"dataset": DATASET}, {"about": 1}):
        found.update(key for _, _, _, key, _ in json.loads(segment["about"]))
    wanted: dict[str, int] = {}
    for promise in promised:
        answer: Mapping[str, Any] = promise.answer
        wanted |= {f"{promise.subject}-{number}": 1 for number in range(answer["accepted"] + answer["duplicates"])}
    open_batches = {promise.subject for promise in doubtful}
    slack = {key: 1 for key in found if key.partition("-")[0] in open_batches}
    yield from counted("record", found, wanted, slack)


def _recorded(town: Town, promised: list[Promise], _: list[Promise]) -> Iterator[Violation]:
    """An order of any other kind: its answer stands in the gateway under its key."""
    if promised and "/" not in promised[0].kind:
        return
    kept = town.database("gateway")["idempotency"].find({"state": {"$ne": "running"}}, {"_id": 1})
    keys = {one["_id"].partition(":")[2] for one in kept}
    for promise in promised:
        if promise.key not in keys:
            yield Violation("I1", "lost", f"{promise.kind} {promise.subject}")


def _wanted(promised: list[Promise], doubtful: list[Promise]) -> tuple[Counter[str], Counter[str]]:
    return Counter(one.subject for one in promised), Counter(one.subject for one in doubtful)


JUDGES: Mapping[str, Judge] = {
    "report": _reports,
    "/v1/cases": _cases,
    "/v1/cases/{case_no}:{action}": _steps("cases", "cases"),
    "/v1/applications": _applications,
    "/v1/applications/{app_no}:{action}": _steps("catalogue", "applications"),
    "/v1/items/{code}:{action}": _steps("catalogue", "items"),
    "/v1/datasets/{dataset}/events": _records,
}
