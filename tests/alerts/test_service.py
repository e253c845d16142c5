"""The service as a process: real bus, real store, killed where it hurts."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from kombu import Connection
from pymongo.database import Database

from contracts.alerts import (
    ActOnAlert,
    AlertAction,
    AlertState,
    GetAlert,
    GetReport,
    ImportDevices,
    ListAlerts,
    ListChannels,
    ListDevices,
    ReportReceived,
    TestAdapter,
    Verdict,
)
from contracts.base import Event
from contracts.cases import CaseClosed, CaseReported, CaseSource, CaseState
from contracts.faults import Forbidden, Invalid, NotFound, Refused
from contracts.operations import ListDeadLetters, LookAtDeadLetter
from contracts.shared import Caller, Point, Row
from services.chassis import context
from services.chassis.asking import Bus
from services.chassis.links import Publisher
from services.chassis.messages import envelope, outgoing

from .scene import CALLER, GRID, fixture, grid_published, motion, save_channel, save_device

T = TypeVar("T")
# nobody else's tests have grids here
FAR = Point(longitude=88.88, latitude=33.33)
SECRETS = ("hunter2-secret", "CANARY1", "13800000000")
QUEUES = ("alerts.alerts.report_received.v1", "alerts.grid.published.v1", "cases.alerts.incident_opened.v1")


@pytest.fixture
def url(broker: str) -> Iterator[str]:
    """The broker with nothing in our queues, and nothing of ours left in those of cases."""
    with Connection(broker) as connection:
        for queue in QUEUES:
            connection.default_channel.queue_purge(queue)
        yield broker
        connection.default_channel.queue_purge(QUEUES[2])


def run(url: str, work: Callable[[Bus], Awaitable[T]]) -> T:
    async def within() -> T:
        async with Bus(url, "tester") as bus:
            return await work(bus)

    return asyncio.run(within())


async def post(bus: Bus, body: bytes, *, adapter: str = "hikvision", source: str = "cam-1", report: str = "") -> str:
    """What the gateway does with a device's post."""
    id = report or uuid4().hex
    event = ReportReceived(
        report=id,
        adapter=adapter,
        source=source,
        content_type="application/xml",
        received_at=context.now(),
        body=body,
    )
    await bus.publish(event, uuid4().hex)
    return id


async def until(check: Callable[[], Awaitable[Any]], within: float = 15.0) -> Any:
    """The first truthy answer; NotFound counts as not yet."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if found := await check():
                return found
        except NotFound:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError("never came true")


async def done(bus: Bus, report: str) -> Any:
    """What became of a report, once something has."""
    found = await bus.ask(GetReport(caller=CALLER, report=report))
    return found if found.state != "received" else None


def publish(url: str, subject: str, *events: Event) -> None:
    """What another service does."""
    publisher = Publisher(url, "tester")
    wrapped = [envelope(event, subject, at) for at, event in enumerate(events, 1)]
    sent = publisher.publish([outgoing(one.id, one.type, one.model_dump_json(), None) for one in wrapped])
    publisher.close()
    assert sent == [None] * len(events)


def test_from_fifty_posts_to_one_closed_alert(url: str, processes: Any, database: Database[dict[str, Any]]) -> None:
    process = processes.start("alerts", DATABASE=database.name)
    publish(url, GRID, grid_published(around=FAR))

    async def intake(bus: Bus) -> str:
        posted = await asyncio.gather(*(post(bus, motion(at=None)) for _ in range(50)))
        beat = await post(bus, fixture("hik_heartbeat.xml"))
        report = await until(lambda: done(bus, posted[-1]))
        (alert,) = await until(lambda: full(bus, 50))
        assert (report.state, report.alerts) == ("parsed", [alert.id])
        assert (await until(lambda: done(bus, beat))).state == "heartbeat"
        assert (alert.state, alert.grid, alert.source) == (AlertState.OPEN, None, "cam-1")
        await until(lambda: heard(bus))
        return str(alert.id)

    async def heard(bus: Bus) -> Any:
        (device,) = (await bus.ask(ListDevices(caller=CALLER))).items
        return device.last_heartbeat_at

    async def full(bus: Bus, count: int) -> Any:
        items = (await bus.ask(ListAlerts(caller=CALLER, device="cam-1"))).items
        return items if [alert.count for alert in items] == [count] else None

    id = run(url, intake)
    publish(url, "AJ-1", case_reported(id))

    async def bind_and_handle(bus: Bus) -> None:
        (unbound,) = (await bus.ask(ListChannels(caller=CALLER, unbound=True))).items
        await bus.ask(save_channel(unbound.device, unbound.channel, FAR))
        located = await until(lambda: found(bus, lambda alert: alert.grid == GRID and alert.case_no == "AJ-1"))
        assert located.channel_name == "东门"
        with pytest.raises(Refused) as refused:
            await bus.ask(ActOnAlert(caller=CALLER, id=id, action=AlertAction.CLOSE))
        assert refused.value.facts["allowed_actions"] == ["acknowledge"]
        with pytest.raises(Forbidden):
            nobody = Caller(client="nobody")
            await bus.ask(ActOnAlert(caller=nobody, id=id, action=AlertAction.ACKNOWLEDGE))
        take = ActOnAlert(caller=CALLER, id=id, action=AlertAction.ACKNOWLEDGE, idempotency_key="k")
        first, second = await bus.ask(take), await bus.ask(take)
        assert first.version == second.version

    async def found(bus: Bus, wanted: Callable[[Any], bool]) -> Any:
        alert = await bus.ask(GetAlert(caller=CALLER, id=id))
        return alert if wanted(alert) else None

    run(url, bind_and_handle)
    publish(url, "AJ-1", case_closed(id))

    async def closed(bus: Bus) -> None:
        alert = await until(lambda: found(bus, lambda alert: alert.state is AlertState.CLOSED))
        assert (alert.verdict, alert.case_no) == (Verdict.TRUE, "AJ-1")
        assert [step.action for step in alert.timeline] == ["raise", "acknowledge", "judge", "close"]
        assert alert.timeline[0].trace_id == alert.trace_id
        await until(sent)

    async def sent() -> bool:
        return database.alerts.find_one({"pending": True}) is None

    run(url, closed)
    told = [entry["type"] for entry in database.event_log.find() if id in entry["body"]]
    assert sorted(told) == [
        "alerts.acknowledged.v1",
        "alerts.closed.v1",
        "alerts.judged.v1",
        "alerts.raised.v1",
    ]
    assert process.log.read_text("utf-8").count("dead letter") == 0


def case_reported(alert: str) -> CaseReported:
    return CaseReported(
        case_no="AJ-1", state=CaseState.REPORTED, category="0101", alert=alert, version=1, source=CaseSource.VIDEO
    )


def case_closed(alert: str) -> CaseClosed:
    return CaseClosed(case_no="AJ-1", state=CaseState.CLOSED, category="0101", alert=alert, version=2, solved=True)


def test_unreadable_reports_are_dead_letters_and_no_secret_is_told(
    url: str, processes: Any, database: Database[dict[str, Any]]
) -> None:
    process = processes.start("alerts", DATABASE=database.name, LOG_LEVEL="DEBUG")

    async def story(bus: Bus) -> None:
        broken = await post(bus, fixture("hik_broken.xml"))
        for name in ("hik_plate.xml", "hik_vmd_human_picture.xml", "hik_line.xml"):
            await post(bus, fixture(name))
        plain = await post(bus, fixture("gb_alarm_plain.xml"), adapter="gb28181", source="platform")
        await post(bus, fixture("gb_catalog_gb2312.xml"), adapter="gb28181", source="platform")
        await until(lambda: done(bus, plain))
        report = await until(lambda: done(bus, broken))
        assert (report.state, report.reason.split(":")[0]) == ("rejected", "truncated")
        (letter,) = (await bus.ask(ListDeadLetters(caller=CALLER), service="alerts")).items
        assert letter.reason == "unreadable: truncated"
        payload = await bus.ask(LookAtDeadLetter(caller=CALLER, id=letter.id), service="alerts")
        assert "hunter2-secret" in payload.body
        tried = await bus.ask(TestAdapter(caller=CALLER, adapter="hikvision", body=fixture("hik_broken.xml")))
        assert (tried.reports, tried.fault) == ([], "truncated")
        tried = await bus.ask(TestAdapter(caller=CALLER, adapter="gb28181", body=fixture("gb_alarm_plain.xml")))
        assert [report.raw_type for report in tried.reports] == ["2"]
        assert not leaked(tried.model_dump_json())
        with pytest.raises(NotFound):
            await bus.ask(TestAdapter(caller=CALLER, adapter="carrierpigeon", body=b"coo"))
        listed = await until(lambda: enough(bus))
        assert not leaked("".join(alert.model_dump_json() for alert in listed))
        await until(rejected_told)

    async def enough(bus: Bus) -> Any:
        items = (await bus.ask(ListAlerts(caller=CALLER))).items
        return items if len(items) == 4 else None

    async def rejected_told() -> bool:
        wanted = {"type": {"$in": ["alerts.raised.v1", "alerts.report_rejected.v1"]}}
        return database.event_log.count_documents(wanted) == 5

    run(url, story)
    told = [entry["body"] for entry in database.event_log.find()]
    assert not leaked("".join(told))
    assert sum("alerts.report_rejected.v1" in body for body in told) == 1
    assert not leaked(process.log.read_text("utf-8"))


def leaked(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def test_devices_are_registered_and_imported(url: str, processes: Any) -> None:
    processes.start("alerts")

    async def story(bus: Bus) -> None:
        assert (await bus.ask(save_device("nvr-1", timezone="Asia/Urumqi"))).version == 1
        with pytest.raises(Invalid) as wrong:
            await bus.ask(save_device("nvr-1", timezone="Mars/Olympus"))
        assert wrong.value.errors[0].pointer == "/timezone"
        with pytest.raises(Invalid) as wrong:
            await bus.ask(save_channel(point=Point(longitude=0, latitude=0)))
        assert wrong.value.errors[0].pointer == "/point"
        rows = [
            Row(line=at, values={"device": f"d{at % 100}", "channel": at, "longitude": 130.9, "latitude": 45.7})
            for at in range(2, 602)
        ]
        report = await bus.ask(ImportDevices(caller=CALLER, rows=rows), timeout=60)
        assert (report.created, report.rejected) == (600, [])
        page = await bus.ask(ListChannels(caller=CALLER, limit=200))
        last = await bus.ask(ListChannels(caller=CALLER, limit=200, cursor=page.next))
        assert len({(item.device, item.channel) for item in [*page.items, *last.items]}) == 400

    run(url, story)


# the shipped rules, then the writes of a first batch: devices listed, reports kept, channels listed, alerts raised
@pytest.mark.parametrize("crash_at", ["after_write:2", "after_write:4"])
def test_killed_in_a_batch_every_report_counts_once(
    url: str, processes: Any, database: Database[dict[str, Any]], crash_at: str
) -> None:
    async def posts(bus: Bus) -> None:
        bodies = [(motion(str(at % 3 + 1), at=context.now() + timedelta(seconds=at)), f"r{at}") for at in range(30)]
        await asyncio.gather(*(post(bus, body, report=report) for body, report in [*bodies, *bodies[::3]]))

    first = processes.start("alerts", DATABASE=database.name, CRASH_AT=crash_at)
    run(url, posts)
    assert first.child is not None
    assert first.child.wait(10) == -9
    processes.start("alerts", DATABASE=database.name)

    async def settled() -> bool:
        return sum(found["count"] for found in database.alerts.find()) >= 30 and not database.alerts.find_one(
            {"pending": True}
        )

    async def emptied(bus: Bus) -> None:
        await until(settled)
        # behind the repeated posts: when this one is in, they are too
        last = await post(bus, motion("9"))
        await until(lambda: done(bus, last))

    run(url, emptied)
    assert sorted(found["count"] for found in database.alerts.find()) == [1, 10, 10, 10]
    assert database.raw_reports.count_documents({}) == 31
    assert database.dead_letters.count_documents({}) == 0
