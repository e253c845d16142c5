"""The process on the real bus: one decision joins grant, purpose, time and mask, and each use is proved."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.faults import Fault, Forbidden, Invalid, NotFound, Refused
from contracts.shared import Scope
from contracts.sharing import (
    ActOnDataset,
    ApplyForDataset,
    DatasetAction,
    DatasetState,
    DecideDatasetApplication,
    GetDataset,
    GetSchema,
    ListDatasetApplications,
    ListDatasets,
    ListExchanges,
    ListGrants,
    ListSubscriptions,
    Mask,
    PublishRecords,
    PullRecords,
    Purpose,
    QueryRecords,
    RevokeGrant,
    SaveDataset,
    Subscribe,
    TestSchema,
    VerifyExchanges,
)
from services.chassis.links import connect
from tests.sharing.conftest import Sharing, eventually
from tests.sharing.scene import (
    CANARY_ID_CARD,
    CANARY_MOBILE,
    CANARY_NAME,
    CONSUMER,
    SCHEMA,
    approver,
    caller,
    consumer,
    event,
    household,
    provider,
    saving,
    stranger,
)


def query(code: str, purpose: str = "grid_governance", **other: Any) -> QueryRecords:
    return QueryRecords(**{"caller": consumer, "dataset": code, "purpose": purpose, **other})


def refusal(sharing: Sharing, request: Any, kind: type[Fault] = Forbidden) -> Fault:
    with pytest.raises(kind) as refused:
        sharing.ask(request)
    return refused.value


def test_from_a_draft_to_a_proved_use(sharing: Sharing) -> None:
    saved = sharing.ask(saving())
    assert (saved.state, saved.schema_version, saved.version) == (DatasetState.DRAFT, 0, 1)
    assert sharing.ask(saving(title="低保家庭名单")).version == 2
    assert refusal(sharing, saving(caller=stranger)).code == "not_the_provider"
    assert refusal(sharing, GetDataset(caller=consumer, code="low-income"), NotFound)
    remote = {**SCHEMA, "$ref": "https://smart-data-models.github.io/common.json"}
    assert refusal(sharing, saving(json_schema=remote), Invalid).code == "remote_ref"
    sharing.ask(ActOnDataset(caller=provider, code="low-income", action=DatasetAction.SUBMIT))
    sharing.ask(ActOnDataset(caller=approver, code="low-income", action=DatasetAction.PUBLISH, note="同意"))
    assert refusal(sharing, saving(), Refused).facts["state"] == "published"
    assert sharing.ask(GetSchema(caller=consumer, dataset="low-income", schema_version=1)).json_schema == SCHEMA

    first = sharing.publish("low-income", event(1), event(2, household(2, members=0)), event(3), event(1))
    assert (first.accepted, first.duplicates) == (2, 1)
    assert [(fault.index, fault.code, fault.pointer) for fault in first.rejected] == [(1, "minimum", "/members")]

    assert refusal(sharing, query("low-income")).code == "no_grant"
    sharing.granted("low-income")
    answer = sharing.ask(query("low-income"))
    assert [item.data for item in answer.items] == [
        {"household": f"H{number}", "name": "欧*", "id_card": "230903****7719", "mobile": "139****7719"}
        for number in (1, 3)
    ]
    assert [(item.sequence, item.key) for item in answer.items] == [(1, "H1"), (2, "H3")]
    assert answer.masked_fields == ["id_card", "mobile", "name"]
    assert [item.key for item in sharing.ask(query("low-income", key="H3")).items] == ["H3"]
    assert refusal(sharing, query("low-income", "statistics")).code == "purpose_not_granted"
    assert refusal(sharing, query("low-income", CANARY_NAME)).code == "purpose_not_granted"

    log = sharing.ask(ListExchanges(caller=provider, dataset="low-income")).items
    assert [(entry.action, entry.reason) for entry in log] == [
        ("refuse", "purpose_not_granted"),
        ("refuse", "purpose_not_granted"),
        ("query", None),
        ("query", None),
        ("refuse", "no_grant"),
    ]
    assert [entry.purpose for entry in log[:2]] == ["unknown", "statistics"]
    assert (log[3].count, log[3].fields, log[3].department) == (2, ["household", "id_card", "mobile", "name"], CONSUMER)
    assert log[3].trace_id and log[3].response_hash
    assert sharing.ask(ListExchanges(caller=stranger, dataset="low-income")).items == []
    assert sharing.ask(VerifyExchanges(caller=approver)).intact
    place = log[3].sequence
    sharing.database.exchange_log.update_one({"_id": place}, {"$set": {"count": 1}})
    assert sharing.ask(VerifyExchanges(caller=approver)).first_bad == place
    sharing.database.exchange_log.update_one({"_id": place}, {"$set": {"count": 2}})


def test_applications_are_decided_by_others_and_grants_end(sharing: Sharing) -> None:
    sharing.published_dataset("d")
    sharing.published_dataset("open", sharing_type="unconditional")
    sharing.published_dataset("secret", sharing_type="denied", denial_basis="保守国家秘密法")
    sharing.publish("d", *(event(number) for number in range(5)))
    asked: dict[str, Any] = {
        "purpose": Purpose.GRID_GOVERNANCE,
        "legal_basis": "社会救助暂行办法",
        "fields": ["household"],
        "valid_until": datetime.now(UTC) + timedelta(days=1),
    }
    denied = refusal(sharing, ApplyForDataset(caller=consumer, dataset="secret", **asked), Refused)
    assert denied.facts["basis"] == "保守国家秘密法"
    automatic = sharing.ask(ApplyForDataset(caller=consumer, dataset="open", idempotency_key="k", **asked))
    again = sharing.ask(ApplyForDataset(caller=consumer, dataset="open", idempotency_key="k", **asked))
    assert (again.id, automatic.state, bool(automatic.reason)) == (automatic.id, "approved", True)
    applied = sharing.ask(ApplyForDataset(caller=consumer, dataset="d", **asked))
    deciding = {"id": applied.id, "decision": "approve"}
    own = caller(CONSUMER, Scope.DATASETS_APPROVE)
    assert refusal(sharing, DecideDatasetApplication(caller=own, **deciding)).code == "own_application"
    weaker = DecideDatasetApplication(caller=provider, masks={"household": Mask.HASH}, idempotency_key="d", **deciding)
    decided = sharing.ask(weaker)
    assert sharing.ask(weaker) == decided
    assert decided.fields == {"household": Mask.HASH}
    filed = sharing.ask(ListDatasetApplications(caller=consumer)).items
    assert [each.id for each in filed[:2]] == [applied.id, automatic.id]
    assert sharing.ask(ListDatasetApplications(caller=stranger)).items == []
    assert [each.id for each in sharing.ask(ListGrants(caller=provider, dataset="d")).items] == [decided.grant]

    seen = sharing.ask(query("d")).items
    assert len({item.key for item in seen} | {item.data["household"] for item in seen}) == 5
    assert refusal(sharing, query("d", key="H1")).code == "key_not_shown"
    brief = sharing.granted("d", "household", until=datetime.now(UTC) + timedelta(seconds=1.5))
    assert refusal(sharing, RevokeGrant(caller=consumer, id=decided.grant, reason="x")).code == "not_the_provider"
    revoking = RevokeGrant(caller=provider, id=decided.grant, reason="目的已达成", idempotency_key="r")
    assert sharing.ask(revoking) == sharing.ask(revoking)

    def ended() -> Fault | None:
        try:
            sharing.ask(query("d"))
        except Forbidden as refused:
            return refused
        return None

    expired = eventually(ended)
    assert (expired.code, expired.facts["grant"]) == ("grant_expired", brief)
    sharing.ask(RevokeGrant(caller=approver, id=automatic.grant, reason="停止共享"))
    revoked = refusal(sharing, query("open"))
    assert (revoked.code, revoked.facts["grant"]) == ("grant_revoked", automatic.grant)
    assert revoked.facts["revoked_at"]
    sharing.ask(ActOnDataset(caller=provider, code="d", action=DatasetAction.SUSPEND))
    assert refusal(sharing, query("d")).code == "dataset_not_published"
    wires = {entry["type"] for entry in sharing.database.event_log.find()}
    assert {"sharing.granted.v1", "sharing.grant_revoked.v1", "sharing.decided.v1", "sharing.applied.v1"} <= wires


def drained(sharing: Sharing, queue: str, wanted: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with connect(sharing.url, "reader") as connection:
        channel = connection.channel()

        def take() -> bool:
            while message := channel.basic_get(queue, no_ack=True):
                found.append({"message": message.properties["message_id"], **json.loads(message.body)})
            return len(found) >= wanted

        eventually(take)
    return found


def test_subscriptions_are_served_and_stop(sharing: Sharing) -> None:
    sharing.published_dataset("s")
    grant = sharing.granted("s")
    pulled = sharing.ask(Subscribe(caller=consumer, grant=grant))
    queued = sharing.ask(Subscribe(caller=consumer, grant=grant, delivery="queue", idempotency_key="s"))
    assert sharing.ask(Subscribe(caller=consumer, grant=grant, delivery="queue", idempotency_key="s")).id == queued.id
    sharing.publish("s", *(event(number) for number in range(250)))

    got = drained(sharing, queued.queue, 250)
    assert [each["message"] for each in got] == [f"{queued.id}:{number}" for number in range(1, 251)]
    assert got[0]["data"] == {"household": "H0", "name": "欧*", "id_card": "230903****7719", "mobile": "139****7719"}
    assert (got[0]["id"], got[0]["type"], got[0]["sequence"]) == ("s:1", "household.changed", 1)

    page = sharing.ask(PullRecords(caller=consumer, subscription=pulled.id, limit=200))
    rest = sharing.ask(PullRecords(caller=consumer, subscription=pulled.id, limit=200, cursor=page.next))
    assert [item.sequence for item in [*page.items, *rest.items]] == list(range(1, 251))
    assert sharing.ask(PullRecords(caller=consumer, subscription=pulled.id)).items[0].sequence == 201
    assert sharing.ask(PullRecords(caller=consumer, subscription=pulled.id, cursor=rest.next)).items == []
    assert refusal(sharing, PullRecords(caller=stranger, subscription=pulled.id), NotFound)
    assert refusal(sharing, PullRecords(caller=consumer, subscription=queued.id), Refused)
    assert refusal(sharing, PullRecords(caller=consumer, subscription=pulled.id, cursor="x"), Invalid)

    sharing.ask(RevokeGrant(caller=provider, id=grant, reason="停止"))
    sharing.publish("s", event(1000))
    assert refusal(sharing, PullRecords(caller=consumer, subscription=pulled.id)).code == "grant_revoked"

    def suspended() -> bool:
        listed = sharing.ask(ListSubscriptions(caller=consumer)).items
        return {each.id: each.state for each in listed}[queued.id] == "suspended"

    eventually(suspended)
    with connect(sharing.url, "reader") as connection:
        assert connection.channel().basic_get(queued.queue) is None
    entries = sharing.ask(ListExchanges(caller=consumer, dataset="s")).items
    assert [entry.count for entry in entries if entry.action == "deliver"] == [50, 200]
    assert [entry.reason for entry in entries if entry.action == "refuse"] == ["grant_revoked", "grant_revoked"]
    assert sharing.ask(VerifyExchanges(caller=approver)).intact


def test_no_personal_value_leaves_but_through_a_grant(sharing: Sharing) -> None:
    sharing.published_dataset("p")
    grant = sharing.granted("p", "name", "id_card", "mobile")
    queue = sharing.ask(Subscribe(caller=consumer, grant=grant, delivery="queue")).queue
    bad = household(2, id_card=CANARY_ID_CARD + "9", mobile=CANARY_MOBILE)
    published = sharing.publish("p", event(1), event(2, bad), event(3, [CANARY_NAME]))
    drained(sharing, queue, 1)
    sharing.ask(query("p"))
    faults = [
        refusal(sharing, query("p", CANARY_MOBILE)),
        refusal(sharing, query("p", key=CANARY_ID_CARD)),
        refusal(sharing, query("p", cursor=CANARY_MOBILE), Invalid),
    ]
    tested = sharing.ask(TestSchema(caller=provider, json_schema=SCHEMA, record=bad))
    assert sharing.process
    told = [
        published.model_dump_json(),
        tested.model_dump_json(),
        *(json.dumps(fault.to_wire(), ensure_ascii=False) for fault in faults),
        sharing.process.log.read_text("utf-8"),
        *(
            json.dumps(document, default=str, ensure_ascii=False)
            for name in ("event_log", "exchange_log", "datasets", "subscriptions", "grants", "applications")
            for document in sharing.database[name].find()
        ),
    ]
    assert len(told) > 10
    for canary in (CANARY_NAME, CANARY_ID_CARD, CANARY_MOBILE):
        assert not any(canary in text for text in told)


def test_the_directory_is_listed(sharing: Sharing) -> None:
    sharing.published_dataset("l1")
    sharing.ask(saving("l2"))
    known = [{each.code for each in sharing.ask(ListDatasets(caller=who)).items} for who in (consumer, provider)]
    assert known[1] - known[0] >= {"l2"}
    assert "l1" in known[0]
    wrong = SaveDataset.model_validate({**saving("l3").model_dump(), "sharing_type": "denied"})
    assert refusal(sharing, wrong, Invalid).errors[0].pointer == "/denial_basis"
    assert refusal(sharing, PublishRecords(caller=stranger, dataset="l1", events=[event(1)])).code == "not_the_provider"
    assert refusal(sharing, PublishRecords(caller=provider, dataset="l2", events=[event(1)]), Refused)
