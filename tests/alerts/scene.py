"""What the alert tests play with: reports as they arrive, and a channel on the ground."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from contracts.alerts import Alert, ListAlerts, ReportReceived, SaveChannel, SaveDevice
from contracts.grid import GridPublished
from contracts.shared import Caller, Geometry, Point, Scope
from services.alerts import intake, watching
from services.alerts.reading import Reading
from services.alerts.store import AlertStore
from services.chassis import context
from services.chassis.messages import Received

FIXTURES = Path(__file__).with_name("fixtures")
CALLER = Caller(client="tester", scopes=frozenset({Scope.ADMIN}), actor="值班员")
NOON = datetime(2026, 3, 14, 4, 0, tzinfo=UTC)
PLACE = Point(longitude=130.95, latitude=45.77)
GRID = "230902001001001"
POSTS = count(1)
PATH = ["23", "2309", "230902", "230902001", "230902001001", GRID]


class Cut(Exception):
    """Where the work was cut short."""


def cut(monkeypatch: pytest.MonkeyPatch, target: Any, method: str, *, after: bool) -> None:
    """Let a step fail, before or after it has been done."""
    sound = getattr(target, method)

    def broken(*args: Any, **kwargs: Any) -> None:
        if after:
            sound(*args, **kwargs)
        raise Cut

    monkeypatch.setattr(target, method, broken)


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def motion(
    channel: str = "1", at: datetime | None = NOON, *, active: bool = True, type_: str = "VMD", post: int = 1
) -> bytes:
    """An alarm as a camera posts it, for the `post`-th time."""
    when = f"<dateTime>{at.isoformat()}</dateTime>" if at else ""
    return (
        f"<EventNotificationAlert><channelID>{channel}</channelID>{when}"
        f"<activePostCount>{post}</activePostCount><eventType>{type_}</eventType>"
        f"<eventState>{'active' if active else 'inactive'}</eventState></EventNotificationAlert>"
    ).encode()


def received(
    body: bytes,
    *,
    source: str = "cam-1",
    adapter: str = "hikvision",
    report: str | None = None,
    at: datetime = NOON,
    content_type: str = "application/xml",
) -> Received[ReportReceived]:
    """One delivery. Without `report` it is a new one."""
    data = ReportReceived(
        report=report or uuid4().hex,
        adapter=adapter,
        source=source,
        content_type=content_type,
        received_at=at,
        body=body,
    )
    return Received(data, uuid4().hex, traceparent=f"00-{uuid4().hex}-00f067aa0ba902b7-01")


def burst(posts: int, **fields: Any) -> list[Received[ReportReceived]]:
    """The same alarm posted again and again, a second apart; no two posts ever are the same bytes."""
    return [
        received(motion(at=NOON + timedelta(seconds=at), post=next(POSTS)), at=NOON + timedelta(seconds=at), **fields)
        for at in range(posts)
    ]


def grid_published(around: Point = PLACE) -> GridPublished:
    """A grid around a place."""
    west, south = around.longitude - 0.01, around.latitude - 0.01
    ring = [[west, south], [west + 0.02, south], [west + 0.02, south + 0.02], [west, south + 0.02], [west, south]]
    return GridPublished(
        code=GRID,
        name="第一网格",
        community=GRID[:12],
        path=PATH,
        geometry=Geometry(type="Polygon", coordinates=[ring]),
        geometry_version=1,
        version=1,
    )


def save_channel(device: str = "cam-1", channel: str = "1", point: Point = PLACE, **fields: Any) -> SaveChannel:
    return SaveChannel(caller=CALLER, device=device, channel=channel, name="东门", point=point, **fields)


def save_device(id: str, **fields: Any) -> SaveDevice:
    return SaveDevice(caller=CALLER, id=id, **fields)


def take(store: AlertStore, batch: Sequence[Received[ReportReceived]]) -> list[Reading]:
    """A batch, stored and put into alerts at once; who gave a sign of life is written."""
    rejected = intake.take(store, batch)
    intake.fold_waiting(store)
    watching.write_signs(store, context.now())
    return rejected


def listed(store: AlertStore, **fields: Any) -> list[Alert]:
    return store.desk.page(ListAlerts(caller=CALLER, **fields)).items


def counts(store: AlertStore) -> list[int]:
    return sorted(alert.count for alert in listed(store))


def events(store: AlertStore) -> list[str]:
    """What waits in the outboxes of the alerts (no relay runs here)."""
    return [entry["type"] for found in store.alert_documents.collection.find() for entry in found["outbox"]]
