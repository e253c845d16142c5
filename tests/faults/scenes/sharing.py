"""Scenes of the departments' data."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from contracts import sharing
from contracts.shared import Caller
from contracts.sharing import DatasetAction, DatasetDecided, Purpose, RecordsPublished
from services.chassis.links import Outgoing
from tests.faults.scenes.grid import version
from tests.faults.scenes.scene import PUBLISHING, WRITING, AtLeast, Scene
from tests.faults.stage import Stage
from tests.sharing.scene import approver, consumer, event, provider, saving

NEVER = (*WRITING, *PUBLISHING)
CODE = "stand"
FIELDS = ["household", "name"]


def _acting(code: str, action: DatasetAction, caller: Caller) -> sharing.ActOnDataset:
    return sharing.ActOnDataset(caller=caller, code=code, action=action)


def _applying() -> sharing.ApplyForDataset:
    return sharing.ApplyForDataset(
        caller=consumer,
        dataset=CODE,
        purpose=Purpose.GRID_GOVERNANCE,
        legal_basis="演练",
        fields=FIELDS,
        valid_until=datetime.now(UTC) + timedelta(days=30),
    )


def _publishing(dataset: str, first: int, count: int = 3) -> sharing.PublishRecords:
    told = [event(number) for number in range(first, first + count)]
    return sharing.PublishRecords(caller=provider, dataset=dataset, events=told, idempotency_key=uuid4().hex)


async def dataset(stage: Stage, code: str) -> None:
    """On the directory."""
    await stage.ask(saving(code))
    await stage.ask(_acting(code, DatasetAction.SUBMIT, provider))
    await stage.ask(_acting(code, DatasetAction.PUBLISH, approver))


async def granted(stage: Stage) -> str:
    """A grant to the consumer, approved by the provider."""
    applied = await stage.ask(_applying())
    decision = sharing.DecideDatasetApplication(caller=provider, id=applied.id, decision="approve")
    decided = await stage.ask(decision)
    return str(decided.grant)


async def stand(stage: Stage) -> None:
    """A dataset with three records, a grant on it and a subscription."""
    await dataset(stage, CODE)
    await stage.ask(_publishing(CODE, 0))
    grant = await granted(stage)
    await stage.ask(sharing.Subscribe(caller=consumer, grant=grant))


async def _save(stage: Stage, number: int) -> sharing.SaveDataset:
    code = f"d{number}"
    await stage.ask(saving(code))
    return saving(code, title="另一标题", expected_version=version(stage, "datasets", code))


async def _act(stage: Stage, number: int) -> sharing.ActOnDataset:
    code = f"d{number}"
    await stage.ask(saving(code))
    await stage.ask(_acting(code, DatasetAction.SUBMIT, provider))
    expected = version(stage, "datasets", code)
    return _acting(code, DatasetAction.PUBLISH, approver).model_copy(update={"expected_version": expected})


async def _publish(stage: Stage, number: int) -> sharing.PublishRecords:
    await dataset(stage, f"d{number}")
    return _publishing(f"d{number}", 0)


async def _published(stage: Stage, number: int) -> Outgoing:
    """A nudge to those who deliver: nobody has subscribed here, so that nothing comes of it."""
    code = f"d{number}"
    await dataset(stage, code)
    await stage.ask(_publishing(code, 0))
    return stage.heard(RecordsPublished(dataset=code, first=1, last=3, count=3), code, 4)


async def _apply(_: Stage, __: int) -> sharing.ApplyForDataset:
    return _applying()


async def _decide(stage: Stage, _: int) -> sharing.DecideDatasetApplication:
    applied = await stage.ask(_applying())
    told: dict[str, Any] = {"id": applied.id, "decision": "approve", "expected_version": applied.version}
    return sharing.DecideDatasetApplication(caller=provider, **told)


async def _decided(stage: Stage, _: int) -> Outgoing:
    """Approved, and the grant that the command gave is gone: what a crash between the two would leave."""
    grant = await granted(stage)
    await stage.settled()
    stage.database["grants"].delete_one({"_id": grant})
    id = f"A{grant.removeprefix('G')}"
    return stage.heard(DatasetDecided(application=id, dataset=CODE, decision="approve", version=2), id, 2)


async def _revoke(stage: Stage, _: int) -> sharing.RevokeGrant:
    grant = await granted(stage)
    expected = version(stage, "grants", grant)
    return sharing.RevokeGrant(caller=provider, id=grant, reason="演练", expected_version=expected)


async def _subscribe(stage: Stage, _: int) -> sharing.Subscribe:
    return sharing.Subscribe(caller=consumer, grant=await granted(stage))


async def _pull(stage: Stage, _: int) -> sharing.PullRecords:
    found = stage.database["subscriptions"].find_one({})
    return sharing.PullRecords(caller=consumer, subscription=str((found or {})["_id"]))


async def _query(_: Stage, __: int) -> sharing.QueryRecords:
    return sharing.QueryRecords(caller=consumer, dataset=CODE, purpose=Purpose.GRID_GOVERNANCE)


def _asking(query: type[Any], caller: Caller = consumer, answer: dict[str, Any] | None = None, **told: Any) -> Scene:
    async def order(_: Stage, __: int) -> Any:
        return query(caller=caller, **told)

    return Scene(query, order, answer=answer or {})


USED = {"exchange_log": AtLeast(1)}
SCENES = [
    Scene(sharing.SaveDataset, _save, {"datasets": 1}, never=PUBLISHING),
    Scene(
        sharing.ActOnDataset,
        _act,
        {"datasets": 1, "sharing.dataset_published.v1": 1},
        answer={"state": "published"},
    ),
    Scene(
        sharing.PublishRecords,
        _publish,
        {"record_log": 1, "datasets": 1, "sharing.records_published.v1": 1},
        answer={"accepted": 3, "duplicates": 0, "rejected": []},
    ),
    Scene(RecordsPublished, _published, never=NEVER),
    Scene(
        sharing.ApplyForDataset,
        _apply,
        {"applications": 1, "sharing.applied.v1": 1},
        answer={"state": "submitted"},
    ),
    Scene(
        sharing.DecideDatasetApplication,
        _decide,
        {"applications": 1, "grants": 1, "sharing.decided.v1": 1, "sharing.granted.v1": 1},
        answer={"state": "approved"},
        more=("before_write:2", "after_write:2"),
    ),
    Scene(DatasetDecided, _decided, {"grants": 1, "sharing.granted.v1": 1}),
    Scene(
        sharing.RevokeGrant,
        _revoke,
        {"grants": 1, "sharing.grant_revoked.v1": 1},
        answer={"state": "revoked"},
    ),
    Scene(sharing.Subscribe, _subscribe, {"subscriptions": 1}, answer={"state": "active"}, never=PUBLISHING),
    Scene(sharing.PullRecords, _pull, USED, never=NEVER),
    Scene(sharing.QueryRecords, _query, USED, never=NEVER),
    _asking(sharing.GetDataset, answer={"records": 3}, code=CODE),
    _asking(sharing.ListDatasets),
    _asking(sharing.GetSchema, dataset=CODE),
    _asking(sharing.TestSchema, answer={"valid": True}, json_schema=True, record={}),
    _asking(sharing.ListDatasetApplications),
    _asking(sharing.ListGrants),
    _asking(sharing.ListSubscriptions),
    _asking(sharing.ListExchanges, approver),
    _asking(sharing.VerifyExchanges, approver, {"intact": True}),
]
