"""Deny by default, and every step by its table."""

import json
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from contracts.faults import Fault, Forbidden, Invalid, NotFound, Refused
from contracts.shared import Scope
from contracts.sharing import (
    ApplyForDataset,
    DatasetAction,
    DatasetApplication,
    DatasetField,
    DatasetState,
    DecideDatasetApplication,
    Grant,
    Mask,
    Purpose,
)
from services.sharing.domain import datasets, grants, offering
from tests.sharing.scene import (
    CONSUMER,
    FIELDS,
    NOW,
    PROVIDER,
    SCHEMA,
    approver,
    caller,
    consumer,
    dataset,
    grant,
    provider,
    saving,
    stranger,
)

LEGAL = {
    (DatasetState.DRAFT, DatasetAction.SUBMIT): DatasetState.REVIEW,
    (DatasetState.REVIEW, DatasetAction.PUBLISH): DatasetState.PUBLISHED,
    (DatasetState.SUSPENDED, DatasetAction.PUBLISH): DatasetState.PUBLISHED,
    (DatasetState.PUBLISHED, DatasetAction.SUSPEND): DatasetState.SUSPENDED,
    (DatasetState.DRAFT, DatasetAction.WITHDRAW): DatasetState.WITHDRAWN,
    (DatasetState.REVIEW, DatasetAction.WITHDRAW): DatasetState.WITHDRAWN,
    (DatasetState.PUBLISHED, DatasetAction.WITHDRAW): DatasetState.WITHDRAWN,
    (DatasetState.SUSPENDED, DatasetAction.WITHDRAW): DatasetState.WITHDRAWN,
}


@pytest.mark.parametrize(("state", "action"), list(product(DatasetState, DatasetAction)))
def test_the_machine_of_a_dataset(state: DatasetState, action: DatasetAction) -> None:
    who = approver if action is DatasetAction.PUBLISH else provider
    if (state, action) in LEGAL:
        assert datasets.step(dataset(state=state), action, who) is LEGAL[state, action]
        return
    with pytest.raises(Refused) as refused:
        datasets.step(dataset(state=state), action, who)
    assert refused.value.code == "illegal_step"
    assert set(refused.value.facts["allowed_actions"]) == {step for at, step in LEGAL if at is state}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("action", "who"),
    [
        (DatasetAction.SUBMIT, approver),
        (DatasetAction.SUSPEND, stranger),
        (DatasetAction.WITHDRAW, consumer),
        (DatasetAction.PUBLISH, provider),
        (DatasetAction.SUBMIT, caller(PROVIDER, Scope.DATASETS_READ)),
    ],
)
def test_the_wrong_hand(action: DatasetAction, who: Any) -> None:
    with pytest.raises(Forbidden):
        datasets.step(dataset(state=DatasetState.REVIEW), action, who)


def test_the_schema_is_registered_by_the_first_publication() -> None:
    review = dataset(state=DatasetState.REVIEW, schema_version=0, version=3)
    assert datasets.schema_version(review, DatasetState.PUBLISHED) == 1
    assert [event.model_dump() for event in datasets.announced(review, DatasetState.PUBLISHED)] == [
        {"code": "low-income", "provider": PROVIDER, "schema_version": 1, "version": 4}
    ]
    assert datasets.announced(review, DatasetState.WITHDRAWN) == []
    assert len(datasets.announced(dataset(), DatasetState.WITHDRAWN)) == 1


def pointers(fault: Fault) -> list[str]:
    return [error.pointer for error in fault.errors]


def test_content_is_checked_whole() -> None:
    bare = DatasetField(name="id_card", title_zh="身份证号", personal="sensitive")
    wrong = saving(sharing_type="denied", fields=[FIELDS[1], bare, FIELDS[1]], key_field="code", json_schema={})
    with pytest.raises(Invalid) as refused:
        datasets.check_content(wrong)
    assert pointers(refused.value) == [
        "/fields/1/default_mask",
        "/fields/2/name",
        "/key_field",
        "/json_schema/properties",
        "/denial_basis",
    ]
    datasets.check_content(saving())
    datasets.check_content(saving(sharing_type="denied", denial_basis="国家安全法"))


def test_only_a_draft_of_ones_own_is_changed() -> None:
    datasets.check_editable(dataset(state=DatasetState.DRAFT), provider)
    with pytest.raises(Refused):
        datasets.check_editable(dataset(), provider)
    with pytest.raises(Forbidden):
        datasets.check_editable(dataset(state=DatasetState.DRAFT), stranger)


def test_what_is_not_on_the_directory_is_not_known() -> None:
    draft = dataset(state=DatasetState.DRAFT)
    assert datasets.visible(draft, provider) is datasets.visible(draft, approver) is draft
    with pytest.raises(NotFound):
        datasets.visible(draft, consumer)
    assert datasets.visible(dataset(), consumer)


def applying(**other: Any) -> ApplyForDataset:
    told: dict[str, Any] = {
        "caller": consumer,
        "dataset": "low-income",
        "purpose": Purpose.GRID_GOVERNANCE,
        "legal_basis": "社会救助暂行办法",
        "fields": ["household", "name"],
        "valid_until": NOW + timedelta(days=90),
    }
    return ApplyForDataset(**{**told, **other})


def test_an_application_takes_the_masks_of_the_dataset() -> None:
    fields = grants.check_application(applying(), dataset(), NOW)
    assert fields == {"household": Mask.SHOW, "name": Mask.NAME}


@pytest.mark.parametrize(
    ("command", "of", "code"),
    [
        (applying(), dataset(sharing_type="denied", denial_basis="保密法"), "sharing_denied"),
        (applying(), dataset(state=DatasetState.SUSPENDED), "dataset_not_published"),
        (applying(caller=provider), dataset(), "own_dataset"),
        (applying(caller=approver), dataset(), "department_missing"),
        (applying(fields=["name", "income"], valid_until=NOW), dataset(), "application_invalid"),
    ],
)
def test_an_application_that_is_not_taken(command: ApplyForDataset, of: Any, code: str) -> None:
    with pytest.raises(Fault) as refused:
        grants.check_application(command, of, NOW)
    assert refused.value.code == code
    if code == "sharing_denied":
        assert refused.value.facts["basis"] == "保密法"
    if code == "application_invalid":
        assert pointers(refused.value) == ["/fields/1", "/valid_until"]


def application(**other: Any) -> DatasetApplication:
    told: dict[str, Any] = {
        "id": "A-1",
        "dataset": "low-income",
        "applicant": CONSUMER,
        "purpose": Purpose.GRID_GOVERNANCE,
        "legal_basis": "社会救助暂行办法",
        "fields": {"household": Mask.SHOW, "name": Mask.NAME},
        "valid_until": NOW + timedelta(days=90),
        "state": "submitted",
    }
    return DatasetApplication(**{**told, **other})


def deciding(who: Any = provider, decision: str = "approve", **other: Any) -> DecideDatasetApplication:
    return DecideDatasetApplication(caller=who, id="A-1", decision=decision, **other)


def test_masks_are_only_made_stronger() -> None:
    given = deciding(masks={"household": Mask.HASH})
    assert grants.decided(application(), given, dataset(), NOW) == {"household": Mask.HASH, "name": Mask.NAME}
    with pytest.raises(Invalid) as refused:
        grants.decided(application(), deciding(masks={"name": Mask.SHOW, "mobile": Mask.HIDE}), dataset(), NOW)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/masks/name", "mask_weaker"),
        ("/masks/mobile", "field_unknown"),
    ]


@pytest.mark.parametrize(
    ("command", "standing", "of", "code"),
    [
        (deciding(consumer), application(), dataset(), "not_the_provider"),
        (deciding(stranger), application(), dataset(), "not_the_provider"),
        (deciding(caller(CONSUMER, Scope.ADMIN)), application(), dataset(), "own_application"),
        (deciding(), application(state="refused"), dataset(), "illegal_step"),
        (deciding(), application(valid_until=NOW), dataset(), "application_expired"),
        (deciding(), application(), dataset(state=DatasetState.WITHDRAWN), "dataset_not_published"),
    ],
)
def test_a_decision_that_is_not_taken(command: Any, standing: Any, of: Any, code: str) -> None:
    with pytest.raises(Fault) as refused:
        grants.decided(standing, command, of, NOW)
    assert refused.value.code == code


def test_an_approver_may_decide_and_a_withdrawn_dataset_may_be_refused() -> None:
    assert grants.decided(application(), deciding(approver), dataset(), NOW)
    gone = dataset(state=DatasetState.WITHDRAWN)
    assert grants.decided(application(), deciding(decision="refuse"), gone, NOW) == application().fields


REVOKED = grant("G-r", state="revoked", revoked_at=NOW)
EXPIRED = grant("G-e", state="expired", valid_until=NOW)


@pytest.mark.parametrize(
    ("of", "held", "purpose", "code", "named"),
    [
        (dataset(), [], "grid_governance", "no_grant", None),
        (dataset(), [grant()], "statistics", "purpose_not_granted", "G-1"),
        (dataset(), [grant()], "curiosity", "purpose_not_granted", "G-1"),
        (dataset(), [REVOKED], "grid_governance", "grant_revoked", "G-r"),
        (dataset(), [EXPIRED, REVOKED], "grid_governance", "grant_expired", "G-e"),
        (dataset(), [grant(state="suspended")], "grid_governance", "grant_suspended", "G-1"),
        (dataset(state=DatasetState.SUSPENDED), [grant()], "grid_governance", "dataset_not_published", None),
        (dataset(sharing_type="denied"), [grant()], "grid_governance", "sharing_denied", None),
    ],
)
def test_a_use_that_is_not_covered(of: Any, held: list[Grant], purpose: str, code: str, named: str | None) -> None:
    with pytest.raises(Forbidden) as refused:
        grants.covering(of, held, purpose)
    assert (refused.value.code, refused.value.facts["grant"]) == (code, named)
    if named:
        assert refused.value.facts["valid_until"]
    assert json.dumps(refused.value.to_wire())


def test_a_use_is_covered_by_the_active_grant_for_its_purpose() -> None:
    active = grant("G-2")
    assert grants.covering(dataset(), [REVOKED, active, EXPIRED], "grid_governance") is active


def test_a_key_is_looked_up_only_where_it_is_shown() -> None:
    grants.check_key(dataset(), grant())
    for mask in (Mask.HASH, Mask.HIDE, Mask.ID_CARD):
        with pytest.raises(Forbidden):
            grants.check_key(dataset(), grant(fields={"household": mask}))


def test_a_grant_ends_once_and_by_its_governors() -> None:
    grants.check_revocation(grant(), dataset(), provider)
    grants.check_revocation(grant(), dataset(), approver)
    with pytest.raises(Forbidden):
        grants.check_revocation(grant(), dataset(), consumer)
    with pytest.raises(Refused):
        grants.check_revocation(REVOKED, dataset(), provider)


@pytest.mark.parametrize(
    ("who", "state", "steps", "requestable"),
    [
        (provider, DatasetState.DRAFT, ["submit", "withdraw"], False),
        (provider, DatasetState.REVIEW, ["withdraw"], False),
        (provider, DatasetState.PUBLISHED, ["suspend", "withdraw"], False),
        (approver, DatasetState.REVIEW, ["publish"], False),
        (approver, DatasetState.PUBLISHED, [], False),
        (consumer, DatasetState.PUBLISHED, [], True),
        (consumer, DatasetState.SUSPENDED, [], False),
        (caller(CONSUMER, Scope.DATASETS_READ), DatasetState.PUBLISHED, [], False),
    ],
)
def test_a_dataset_offers_what_its_caller_may_do(who: Any, state: Any, steps: list[str], requestable: bool) -> None:
    offered = offering.for_dataset(dataset(state=state), who)
    assert (offered.allowed_actions, offered.requestable) == (steps, requestable)


@pytest.mark.parametrize(
    ("who", "standing", "of", "steps"),
    [
        (provider, application(), dataset(), ["approve", "refuse"]),
        (approver, application(), dataset(), ["approve", "refuse"]),
        (consumer, application(), dataset(), []),
        (provider, application(state="approved"), dataset(), []),
        (provider, application(valid_until=NOW), dataset(), ["refuse"]),
        (provider, application(), dataset(state=DatasetState.WITHDRAWN), ["refuse"]),
    ],
)
def test_an_application_offers_what_would_be_admitted(who: Any, standing: Any, of: Any, steps: list[str]) -> None:
    offered = offering.for_application(standing, of, who, NOW)
    assert offered.allowed_actions == steps
    for name, masks in offered.allowed_masks.items():
        for mask in masks:
            assert grants.decided(standing, deciding(who, masks={name: mask}), of, NOW)[name] is mask
    assert set(offered.allowed_masks) == ({"household", "name"} if "approve" in steps else set())


def test_a_grant_offers_its_end_to_its_governors() -> None:
    offered = [offering.for_grant(grant(), dataset(), who).allowed_actions for who in (provider, approver, consumer)]
    assert offered == [["revoke"], ["revoke"], []]
    assert offering.for_grant(REVOKED, dataset(), provider).allowed_actions == []


def test_the_scene_fits_its_own_rules() -> None:
    assert set(SCHEMA["properties"]) == {field.name for field in FIELDS}
