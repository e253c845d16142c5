"""告警 documents: from a tally to a document, from a document to the contract, and the events on the way."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple

from contracts.alerts import Alert, AlertEnded, AlertRaised, AlertSettings, AlertState, AlertUpdated
from contracts.base import Event
from contracts.shared import Point, TimelineEntry
from services.alerts import folding, pictures
from services.alerts.domain import MOST_MEDIA, allowed_actions, quiet_time
from services.alerts.folding import Fold, Sighting, Standing, Tally
from services.alerts.inhibiting import INHIBITING
from services.alerts.places import Bound, Placed
from services.chassis import context, cursors
from services.chassis.aggregates import Change, Document
from services.chassis.stretches import stretches

SERVICE = "alerts"
# an alert has them until it has been through the rules
MARKS = ("uncorrelated", "traceparent")
_CHUNK = 500
_SECOND = "%Y%m%dT%H%M%S"
_OLDEST = datetime(2020, 1, 1, tzinfo=UTC)
# what an alert has while it runs, and no longer: its fingerprint is taken, silence ends it, it may mute others
RUNNING = ("open_key", "quiet_until", "mutes")


class Rising(NamedTuple):
    """How an alert comes to be, beside what was seen. `ended_at`: it has ended by the time it is known."""

    placed: Placed
    ended_at: datetime | None = None
    flapping: bool = False
    silenced_by: str | None = None
    inhibited_by: str | None = None


def alert_id(folds: Sequence[str], fingerprint: str, received_at: datetime) -> str:
    """The same for the same folds, and in the order of receipt: `20260314T081500123-<12 hex digits>`."""
    digest = sha256("".join((*folds, fingerprint)).encode()).hexdigest()[:12]
    return f"{mark(received_at)}{received_at.microsecond // 1000:03d}-{digest}"


def mark(at: datetime) -> str:
    """Where alerts of that second begin in their order."""
    return f"{at.astimezone(UTC):{_SECOND}}"


def moment(order: str) -> datetime:
    """The second of a place in the order. Raises ValueError for what is none."""
    return datetime.strptime(order[:15], _SECOND).replace(tzinfo=UTC)


def before(cursor: str | None) -> str:
    """The place in the order below which a page begins. Raises Invalid for what is no cursor of such a list."""
    tomorrow = mark(context.now() + timedelta(days=1))
    if cursor is None:
        return tomorrow
    place = str(cursors.decode(cursor, 1)[0])
    try:
        moment(place)
    except ValueError:
        raise cursors.invalid() from None
    return min(place, tomorrow)


def ranges(place: str, first: timedelta, oldest: datetime = _OLDEST) -> Iterator[dict[str, str]]:
    """Parts of the order below a place in it, newest first, in stretches of time that widen."""
    for since, until in stretches(moment(place) + timedelta(seconds=1), first, oldest):
        yield {"$gte": mark(since), "$lt": min(place, mark(until))}


def entry(at: datetime, actor: str, action: str, **fields: str | None) -> Document:
    """A step of the timeline."""
    return TimelineEntry(at=at, actor=actor, action=action, **fields).model_dump()


def raised(
    folds: Sequence[str], fingerprint: str, found: Tally, rising: Rising, now: datetime, *, settings: AlertSettings
) -> tuple[Document, list[Event]]:
    """A new alert and its events."""
    head, placed, ended_at = found.head, rising.placed, rising.ended_at
    point = placed.point
    id = alert_id(folds, fingerprint, head.received_at)
    timeline = [entry(now, SERVICE, "raise", to_state=AlertState.OPEN.value, trace_id=head.trace_id)]
    events: list[Event] = [
        AlertRaised(
            id=id,
            type=head.type,
            raw_type=head.raw_type,
            severity=found.severity,
            device=head.device,
            channel=head.channel,
            target=head.target,
            point=point,
            grid=placed.grid,
            path=list(placed.path),
            first_at=found.first_at,
            silenced_by=rising.silenced_by,
            inhibited_by=rising.inhibited_by,
            version=1,
        )
    ]
    document: Document = {
        "_id": id,
        "order": id,
        "fingerprint": fingerprint,
        "raised_by": list(folds),
        "type": head.type.value,
        "raw_type": head.raw_type,
        "severity": found.severity,
        "state": AlertState.OPEN.value,
        "device": head.device,
        "channel": head.channel,
        "channel_name": placed.channel_name,
        "source": head.source,
        "target": head.target,
        "rule": head.rule,
        "subject": head.subject,
        "count": found.count,
        "first_at": found.first_at,
        "last_at": found.last_at,
        "received_at": head.received_at,
        "ended_at": ended_at,
        "announced_at": now,
        "time_quality": list(found.time_quality),
        "point": _pair(point),
        "grid": placed.grid,
        "path": list(placed.path),
        "within": within(placed.grid, placed.path),
        "place_quality": list(dict.fromkeys((*found.place_quality, *placed.quality))),
        "media": list(found.media),
        "verdict": None,
        "assignee": None,
        "case_no": None,
        "flapping": rising.flapping,
        "suppressed_count": found.suppressed,
        "silenced_by": rising.silenced_by,
        "inhibited_by": rising.inhibited_by,
        "told_at": head.told_at,
        "report": head.report,
        "trace_id": head.trace_id,
        "timeline": timeline,
    }
    if placed.grid is None:
        document["waits_for"] = placed.channel
    if document["silenced_by"] or document["inhibited_by"]:
        document |= muted(id)
    else:
        document["uncorrelated"] = True
    if ended_at:
        timeline.append(ending(now, AlertState.OPEN.value, "设备报告结束 / the device reported the end"))
        events.append(AlertEnded(id=id, ended_at=ended_at, count=found.count, version=1))
    else:
        document["open_key"] = fingerprint
        if not head.lasting:
            document["quiet_until"] = found.received_at + _quiet(head, rising.flapping, settings)
        if head.type in INHIBITING:
            document["mutes"] = head.device
    return document, events


def moved(document: Document, found: Tally, now: datetime, *, settings: AlertSettings) -> tuple[Change, list[Event]]:
    """The one write that a tally makes on an alert that runs, or on one that has ended and that it is late for."""
    if "open_key" not in document:
        return _late(document, found), []
    return _folded(document, found, folding.fold(_standing(document), found, now), now, settings)


def _folded(
    document: Document, found: Tally, decided: Fold, now: datetime, settings: AlertSettings
) -> tuple[Change, list[Event]]:
    id, version = document["_id"], document["version"] + 1
    count, last_at = document["count"] + found.count, document["last_at"]
    stale = ("stop_ignored",) if decided.stop_ignored else ()
    kept: Document = {
        name: merged
        for name, added, most in (
            ("time_quality", (*found.time_quality, *stale), 100),
            ("place_quality", found.place_quality, 100),
            ("media", found.media, MOST_MEDIA),
        )
        if (merged := list(dict.fromkeys((*document[name], *added)))[:most]) != document[name]
    }
    events: list[Event] = []
    unset: tuple[str, ...] = ()
    push: dict[str, list[object]] = {}
    if found.count:
        last_at = max(last_at, found.last_at)
    if decided.ended_at:
        kept["ended_at"] = decided.ended_at
        unset = RUNNING
        push["timeline"] = [ending(now, document["state"], "设备报告结束 / the device reported the end")]
        events.append(AlertEnded(id=id, ended_at=decided.ended_at, count=count, version=version))
    elif decided.announced:
        kept["announced_at"] = now
        events.append(AlertUpdated(id=id, count=count, last_at=last_at, version=version))
    if not found.count:
        return Change(set=kept, unset=unset, push=push), events
    later: dict[str, object] = {"last_at": found.last_at}
    if not decided.ended_at and not found.head.lasting:
        later["quiet_until"] = found.received_at + _quiet(found.head, document["flapping"], settings)
    return Change(
        set=kept,
        unset=unset,
        push=push,
        inc={"count": found.count, "suppressed_count": found.suppressed},
        min={"first_at": found.first_at, "severity": found.severity},
        max=later,
    ), events


def joined(document: Document, incident: Document) -> Change:
    """What an incident means for an alert that has joined it: its case, and silence where one speaks for all."""
    after: Document = {"incident": incident["_id"], "case_no": document["case_no"] or incident["case_no"]}
    if incident["mutes"] and incident["alert"] != document["_id"]:
        after |= {"inhibited_by": document["inhibited_by"] or incident["alert"], **muted(document["_id"])}
    return Change(set=after, unset=MARKS)


def _late(document: Document, found: Tally) -> Change:
    """What late sightings do to an alert that has ended."""
    return Change(
        inc={"count": found.count, "suppressed_count": found.suppressed},
        min={"first_at": found.first_at, "severity": found.severity},
        max={"last_at": found.last_at},
        set={"time_quality": list(dict.fromkeys((*document["time_quality"], *found.time_quality)))},
    )


def _standing(document: Document) -> Standing:
    """What the folding rules need to know of a running alert."""
    return Standing(
        document["_id"],
        document["version"],
        document["count"],
        document["last_at"],
        document["announced_at"],
        document["flapping"],
    )


def located(document: Document, bound: Bound) -> Change:
    """The place of an alert whose channel has been bound; without a grid it goes on waiting."""
    assumed = [code for code in document["place_quality"] if code not in ("channel_unbound", "grid_unknown")]
    return Change(
        set={
            "channel_name": bound.name,
            "point": _pair(bound.point),
            "grid": bound.spot.grid,
            "path": list(bound.spot.path),
            "within": within(*bound.spot),
            "place_quality": assumed if bound.spot.grid else [*assumed, "grid_unknown"],
        },
        unset=("waits_for",) if bound.spot.grid else (),
    )


def muted(id: str) -> Document:
    """What an alert has that is silenced or inhibited, and no other: its place among those."""
    return {"muted": id}


def ending(now: datetime, state: str, note: str) -> Document:
    """The timeline's entry for an end, which is a time and not a state."""
    return entry(now, SERVICE, "end", from_state=state, to_state=state, note=note)


def within(grid: str | None, path: Iterable[str]) -> list[str]:
    """Every territory and grid that holds the place."""
    return list(dict.fromkeys((*path, *((grid,) if grid else ()))))


def alert(document: Document) -> Alert:
    """The contract's view, with what may be done now and without the addresses of its pictures."""
    return Alert.model_validate(
        {
            **document,
            "id": document["_id"],
            "point": place(document["point"]),
            "media": [pictures.told(reference) for reference in document["media"]],
            "allowed_actions": allowed_actions(AlertState(document["state"]), document.get("closed_at"), context.now()),
        }
    )


def place(pair: Any) -> Point | None:
    """[longitude, latitude] as a point."""
    return Point(longitude=pair[0], latitude=pair[1]) if pair else None


def _quiet(head: Sighting, flapping: bool, settings: AlertSettings) -> timedelta:
    if flapping:
        return timedelta(seconds=settings.flapping_window_s)
    return max(quiet_time(head.type, settings), timedelta(seconds=head.repeated_s or 0))


def _pair(point: Point | None) -> list[float] | None:
    return [point.longitude, point.latitude] if point else None


def chunks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Parts fit for one bulk write."""
    left = iter(documents)
    while part := list(islice(left, _CHUNK)):
        yield part
