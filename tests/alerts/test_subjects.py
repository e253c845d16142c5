"""Plates are compared and never kept: a keyed hash is all that is left of one."""

import json
from typing import Any

from pymongo.database import Database

from services.alerts import intake, reading
from services.alerts.store import AlertStore

from .scene import NOON, listed, received, take


def passing(plate: str) -> bytes:
    return (
        "<EventNotificationAlert><channelID>1</channelID><eventType>ANPR</eventType><eventState>active</eventState>"
        f"<dateTime>{NOON.isoformat()}</dateTime><ANPR><licensePlate>{plate}</licensePlate></ANPR>"
        "</EventNotificationAlert>"
    ).encode()


def subjects(store: AlertStore) -> list[str | None]:
    return [found["subject"] for found in store.alert_documents.collection.find()]


def test_another_plate_is_another_alert_and_the_same_one_is_known_on_every_camera(alerts: AlertStore) -> None:
    take(alerts, [received(passing(plate)) for plate in ("京A·CAN01", "京acan01", "京B·CAN02", "unknown")])
    take(alerts, [received(passing("京A CAN01"), source="cam-2")])
    assert sorted((alert.device, alert.count) for alert in listed(alerts)) == [
        ("cam-1", 1),
        ("cam-1", 1),
        ("cam-1", 2),
        ("cam-2", 1),
    ]
    hashes = [subject for subject in subjects(alerts) if subject]
    assert (len(hashes), len(set(hashes))) == (3, 2)
    assert all(len(subject) == 32 and int(subject, 16) for subject in hashes)


def test_the_key_is_made_once_and_is_of_this_database(database: Database[dict[str, Any]], alerts: AlertStore) -> None:
    take(alerts, [received(b"<EventNotificationAlert/>")])
    assert database["keys"].count_documents({}) == 0
    other = AlertStore(database)
    assert (
        alerts.subjects.hashed("京A1") == other.subjects.hashed("京A1") == AlertStore(database).subjects.hashed("京A1")
    )
    assert database["keys"].count_documents({}) == 1
    database["keys"].delete_many({})
    assert AlertStore(database).subjects.hashed("京A1") != alerts.subjects.hashed("京A1")


def test_what_is_told_holds_neither_plate_nor_hash(alerts: AlertStore) -> None:
    post = received(passing("京A·CAN01"))
    take(alerts, [post])
    (subject,) = subjects(alerts)
    assert subject
    (alert,) = listed(alerts)
    told = [
        alerts.desk.get(alert.id).model_dump_json(),
        alerts.reports.get(post.data.report).model_dump_json(),
        reading.tried("hikvision", post.data.body, "", {}).model_dump_json(),
        repr(reading.parse(post.data, None)),
        json.dumps([found["outbox"] for found in alerts.alert_documents.collection.find()]),
    ]
    said = "".join(told).replace(repr(post.data.body), "")
    assert not [word for word in ("CAN01", subject) if word in said]


def test_a_fold_that_was_left_behind_finds_the_same_alert(
    alerts: AlertStore, database: Database[dict[str, Any]]
) -> None:
    take(alerts, [received(passing("京A·CAN01"))])
    intake.take(alerts, [received(passing("京A CAN01"))])
    intake.finish_left_behind(AlertStore(database))
    assert [alert.count for alert in listed(alerts)] == [2]
