"""影像调阅: an alert tells that there are pictures; where they are is told to who says what for, and goes on record."""

import hashlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.alerts import ListMediaViews, LookAtMedia, MediaLook, MediaView
from contracts.faults import Conflict, NotFound
from services.alerts import pictures
from services.alerts.store import AlertStore
from services.chassis import context

from .scene import CALLER, NOON, fixture, listed, motion, received, take

CAME_ALONG = f"image/jpeg;size=120;sha256={'ab' * 32}"
ADDRESS = "http://10.20.0.24:80/picture/tracks/103/?name=ch00001_1&size=2945"


def look(store: AlertStore, id: str, purpose: str = "核实告警", message: str | None = None) -> MediaLook:
    with context.applying(message, None):
        return store.media_views.look(LookAtMedia(caller=CALLER, id=id, purpose=purpose))


def views(store: AlertStore, **fields: object) -> list[MediaView]:
    return store.media_views.listed(ListMediaViews.model_validate({"caller": CALLER, **fields})).items


@given(st.text(max_size=80))
def test_whatever_is_no_picture_of_the_report_is_told_without_itself(reference: str) -> None:
    told = pictures.told(reference)
    assert told == reference == CAME_ALONG or told == f"link;sha256={hashlib.sha256(reference.encode()).hexdigest()}"


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        (CAME_ALONG, "picture"),
        (CAME_ALONG.replace("image/jpeg", "video/mp4"), "clip"),
        (ADDRESS, "picture"),
        ("http://10.0.0.1/api/events/1.2-a/clip.MP4?download=1", "clip"),
        ("http://[1/clip.mp4", "clip"),
        ("http://10.0.0.1/shot.jpg?next=clip.mp4", "picture"),
    ],
)
def test_a_clip_is_known_by_its_type_or_its_name(reference: str, kind: str) -> None:
    assert pictures.shown(reference).kind == kind
    assert pictures.shown(reference).ref == reference


def test_the_address_is_told_to_who_looks_and_to_nobody_else(alerts: AlertStore) -> None:
    take(alerts, [received(fixture("hik_vmd_human_picture.xml"))])
    [alert] = listed(alerts)
    assert alert.media == [pictures.told(ADDRESS)]
    assert alerts.desk.get(alert.id).media == alert.media
    told = [entry["body"] for found in alerts.alert_documents.collection.find() for entry in found["outbox"]]
    assert told
    assert not any("10.20.0.24" in body for body in told)
    assert [found.ref for found in look(alerts, alert.id).items] == [ADDRESS]
    [view] = views(alerts)
    assert (view.alert, view.actor, view.client, view.purpose) == (alert.id, "值班员", "tester", "核实告警")
    assert view.items == alert.media
    assert "10.20.0.24" not in repr(list(alerts.media_views.collection.find()))


def test_a_repeated_look_is_one_look_and_answers_alike(alerts: AlertStore) -> None:
    take(alerts, [received(fixture("hik_vmd_human_picture.xml"))])
    [alert] = listed(alerts)
    first = look(alerts, alert.id, message="m1")
    # a picture that has come since is not what was looked at
    alerts.alert_documents.collection.update_one({"_id": alert.id}, {"$push": {"media": "http://10.0.0.9/b.jpg"}})
    assert look(alerts, alert.id, message="m1") == first
    assert len(look(alerts, alert.id, message="m2").items) == 2
    assert len(views(alerts)) == 2
    with pytest.raises(Conflict):
        look(alerts, alert.id, "另一个用途", message="m1")
    with pytest.raises(NotFound):
        look(alerts, "20260314T040000000-0")


def test_looks_are_listed_newest_first_by_alert_and_page_by_page(
    alerts: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(alerts, [received(motion()), received(motion(), source="cam-2")])
    one, other = listed(alerts)
    for minute in range(5):
        monkeypatch.setattr(context, "now", lambda minute=minute: NOON + timedelta(minutes=minute))
        look(alerts, (one, other)[minute % 2].id, f"第 {minute} 次")
    assert [view.purpose for view in views(alerts)] == [f"第 {minute} 次" for minute in (4, 3, 2, 1, 0)]
    assert [view.purpose for view in views(alerts, alert=other.id)] == ["第 3 次", "第 1 次"]
    page = alerts.media_views.listed(ListMediaViews(caller=CALLER, alert=one.id, limit=2))
    assert [view.purpose for view in views(alerts, alert=one.id, cursor=page.next)] == ["第 0 次"]
