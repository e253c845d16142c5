"""Silences and inhibition on the real store: what they mute is recorded, counted, and said to be muted."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.alerts import (
    ActOnSilence,
    Alert,
    AlertAction,
    CreateSilence,
    ListSilences,
    Matcher,
    Silence,
    SilenceAction,
    SilenceState,
    TrySilence,
)
from contracts.faults import Conflict, Forbidden, Invalid, NotFound, Refused
from services.alerts import intake
from services.alerts.domain import UNASSIGNED, steps_to_closed
from services.alerts.store import AlertStore
from services.alerts.store.silences import MOST
from services.chassis import context

from .scene import CALLER, NOON, burst, listed, motion, received, take

SECOND = CALLER.model_copy(update={"actor": "值班长"})
NOT_GRAVE = Matcher(field="severity", op="!=", value="1")


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands where the reports are."""
    monkeypatch.setattr(context, "now", lambda: NOON)


def silence(store: AlertStore, *matchers: Matcher, hours: float = 1, **fields: Any) -> Silence:
    told = {"matchers": list(matchers), "reason": "路口施工", "ends_at": NOON + timedelta(hours=hours), **fields}
    return store.silences.create(CreateSilence(caller=CALLER, **told))


def device(name: str) -> Matcher:
    return Matcher(field="device", value=name)


def act(store: AlertStore, id: str, action: SilenceAction, caller: Any = SECOND) -> Silence:
    return store.silences.act(ActOnSilence(caller=caller, id=id, action=action))


def one(store: AlertStore, id: str) -> Silence:
    return next(found for found in silences(store) if found.id == id)


def silences(store: AlertStore, **fields: Any) -> list[Silence]:
    return store.silences.page(ListSilences(caller=CALLER, **fields)).items


def told(store: AlertStore, id: str) -> dict[str, Any]:
    """What AlertRaised said of it."""
    document = store.alert_documents.get(id) or {}
    raised = next(entry for entry in document["outbox"] if entry["type"] == "alerts.raised.v1")
    found: dict[str, Any] = json.loads(raised["body"])["data"]
    return found


def test_what_a_silence_hits_is_recorded_counted_and_said_to_be_muted(alerts: AlertStore) -> None:
    made = silence(alerts, device("cam-1"), NOT_GRAVE)
    assert (made.state, made.allowed_actions) == (SilenceState.ACTIVE, [SilenceAction.END])
    take(alerts, [*burst(5), *burst(2, source="cam-2")])
    muted, loud = sorted(listed(alerts), key=lambda alert: alert.device)
    assert (muted.silenced_by, muted.count, loud.silenced_by) == (made.id, 5, None)
    assert told(alerts, muted.id)["silenced_by"] == made.id
    assert told(alerts, loud.id)["silenced_by"] is None
    take(alerts, burst(3))
    assert one(alerts, made.id).muted == 1


def test_the_muted_are_counted_once_however_often_the_work_is_cut_short(
    alerts: AlertStore, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = silence(alerts, NOT_GRAVE)
    for point in ("before counting", "after counting"):
        for source in ("a", "b", "c"):
            intake.take(alerts, burst(1, source=f"{point} {source}"))
        count = alerts.silences.count

        def broken(folds: Any, cut: str = point, count: Any = count) -> None:
            if cut == "after counting":
                count(folds)
            raise ConnectionError

        with monkeypatch.context() as patched:
            patched.setattr(alerts.silences, "count", broken)
            with pytest.raises(ConnectionError):
                intake.fold_waiting(alerts)
        # the process dies here, and another finishes what it left, fold by fold
        intake.finish_left_behind(AlertStore(database))
        intake.fold_waiting(alerts)
    assert one(alerts, made.id).muted == 6


def test_one_that_can_hit_severity_one_waits_for_a_second_person(alerts: AlertStore) -> None:
    made = silence(alerts, device("cam-1"))
    assert (made.state, made.created_by) == (SilenceState.PENDING, CALLER.who)
    take(alerts, burst(1))
    assert [alert.silenced_by for alert in listed(alerts)] == [None]
    with pytest.raises(Forbidden) as forbidden:
        act(alerts, made.id, SilenceAction.APPROVE, CALLER)
    assert forbidden.value.code == "second_person_needed"
    approved = act(alerts, made.id, SilenceAction.APPROVE)
    assert (approved.state, approved.approved_by) == (SilenceState.ACTIVE, "值班长")
    with pytest.raises(Refused) as refused:
        act(alerts, made.id, SilenceAction.APPROVE)
    assert refused.value.facts["allowed_actions"] == ["end"]
    with pytest.raises(NotFound):
        act(alerts, "unheard-of", SilenceAction.END)
    with pytest.raises(Conflict):
        alerts.silences.act(
            ActOnSilence(caller=CALLER, id=made.id, action=SilenceAction.END, expected_version=made.version)
        )


def test_its_end_is_told_with_what_it_muted(alerts: AlertStore) -> None:
    by_time, by_hand = silence(alerts, device("cam-1"), NOT_GRAVE), silence(alerts, device("cam-2"), NOT_GRAVE)
    take(alerts, [*burst(1), *burst(1, source="cam-2")])
    assert act(alerts, by_hand.id, SilenceAction.END).ended_by == "值班长"
    take(alerts, [received(motion("9"), source="cam-2")])
    for _ in range(2):
        alerts.silences.end_due(NOON + timedelta(minutes=59))
        assert one(alerts, by_time.id).state is SilenceState.ACTIVE
    for _ in range(2):
        alerts.silences.end_due(NOON + timedelta(hours=1))
    collection = alerts.silences._silences.collection
    ended = {
        found["_id"]: json.loads(entry["body"])["data"] for found in collection.find() for entry in found["outbox"]
    }
    assert {id: (event["by"], event["muted"]) for id, event in ended.items()} == {
        by_time.id: ("time", 1),
        by_hand.id: ("hand", 1),
    }
    assert [found.state for found in silences(alerts)] == [SilenceState.ENDED] * 2
    assert sum(alert.silenced_by is None for alert in listed(alerts)) == 1


def test_a_command_that_is_repeated_makes_one(alerts: AlertStore) -> None:
    order = {"matchers": [NOT_GRAVE], "reason": "检修", "ends_at": NOON + timedelta(hours=1)}
    with context.applying("m-1", None):
        first, second = (alerts.silences.create(CreateSilence(caller=CALLER, **order)) for _ in range(2))
    assert first == second
    with context.applying("m-2", None):
        assert act(alerts, first.id, SilenceAction.END) == act(alerts, first.id, SilenceAction.END)
    assert len(silences(alerts)) == 1


def test_they_are_listed_newest_first_and_there_is_an_end_to_them(
    alerts: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    for number in range(MOST):
        at: datetime = NOON + timedelta(seconds=number)
        monkeypatch.setattr(context, "now", lambda at=at: at)
        made.append(silence(alerts, device(f"cam-{number}"), *([NOT_GRAVE] if number % 2 else [])).id)
    with pytest.raises(Refused):
        silence(alerts, NOT_GRAVE)
    page = alerts.silences.page(ListSilences(caller=CALLER, limit=150))
    rest = alerts.silences.page(ListSilences(caller=CALLER, limit=150, cursor=page.next))
    assert [found.id for found in (*page.items, *rest.items)] == made[::-1]
    assert rest.next is None
    assert [found.id for found in silences(alerts, state=SilenceState.PENDING, limit=200)] == made[::2][::-1]


def test_a_trial_says_which_open_alerts_it_would_hit(alerts: AlertStore) -> None:
    take(alerts, [*burst(1), *burst(1, source="cam-2"), received(motion("7"), source="cam-2")])
    trial = alerts.desk.try_silence(TrySilence(caller=CALLER, matchers=[device("cam-2")]))
    assert (trial.hits, trial.open_read, trial.complete, trial.waits) == (2, 3, True, True)
    assert {alert.device for alert in trial.alerts} == {"cam-2"}
    with pytest.raises(Invalid):
        alerts.desk.try_silence(TrySilence(caller=CALLER, matchers=[Matcher(field="rule", op="=~", value="(")]))


def loss(source: str, channel: str = "1", second: int = 0) -> Any:
    at = NOON + timedelta(seconds=second)
    return received(motion(channel, at, type_="videoloss"), source=source, at=at)


def by_place(store: AlertStore) -> dict[tuple[str, str, str], Alert]:
    return {(alert.device, alert.channel, alert.type.value): alert for alert in listed(store)}


@pytest.mark.parametrize("together", [True, False])
def test_a_lost_picture_mutes_the_motion_of_its_channel(alerts: AlertStore, together: bool) -> None:
    batch = [
        loss("nvr", "1"),
        received(motion("1"), source="nvr"),
        received(motion("2"), source="nvr"),
        received(motion("1"), source="other"),
        received(motion("1", type_="diskfull"), source="nvr"),
    ]
    for part in [batch] if together else [[post] for post in batch]:
        take(alerts, part)
    found = by_place(alerts)
    lost = found["nvr", "1", "video_loss"]
    assert found["nvr", "1", "motion"].inhibited_by == lost.id
    assert told(alerts, found["nvr", "1", "motion"].id)["inhibited_by"] == lost.id
    muted = [key for key, alert in found.items() if alert.inhibited_by]
    assert muted == [("nvr", "1", "motion")]


def test_a_label_that_is_missing_is_no_label(alerts: AlertStore) -> None:
    nowhere = motion("0", type_="videoloss").replace(b"<channelID>0</channelID>", b"")
    unassigned = motion().replace(b"<channelID>1</channelID>", b"")
    take(alerts, [loss("a", "3"), received(unassigned, source="a"), received(nowhere, source="b")])
    take(alerts, [received(motion("1"), source="b"), received(motion("2", NOON), source="b")])
    found = by_place(alerts)
    assert found["a", UNASSIGNED, "motion"].inhibited_by is None
    lost = found["b", UNASSIGNED, "video_loss"]
    assert {found["b", channel, "motion"].inhibited_by for channel in ("1", "2")} == {lost.id}


def test_what_has_come_back_mutes_nothing(alerts: AlertStore) -> None:
    for number, back in enumerate((_quiet, _closed)):
        source = f"cam-{number}"
        take(alerts, [loss(source)])
        back(alerts, source)
        take(alerts, [received(motion("1"), source=source)])
        assert by_place(alerts)[source, "1", "motion"].inhibited_by is None


def _quiet(store: AlertStore, _: str) -> None:
    store.alerts.end_quiet(NOON + timedelta(seconds=301))


def _closed(store: AlertStore, source: str) -> None:
    from contracts.alerts import ActOnAlert, AlertState, Verdict

    lost = by_place(store)[source, "1", "video_loss"]
    for action in steps_to_closed(AlertState.OPEN):
        verdict = Verdict.TRUE if action is AlertAction.JUDGE else None
        store.desk.act(ActOnAlert(caller=CALLER, id=lost.id, action=action, verdict=verdict))
