"""共享申请与授权: who may apply, who may decide, and whether a use is covered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from contracts.faults import FieldFault, Forbidden, Invalid, Refused
from contracts.shared import Caller, Scope
from contracts.sharing import (
    ApplyForDataset,
    Dataset,
    DatasetApplication,
    DatasetState,
    DecideDatasetApplication,
    Grant,
    Mask,
    Purpose,
    SharingType,
)
from services.sharing.domain.datasets import department
from services.sharing.masks import may_replace

AUTOMATIC = "无条件共享, 自动授权 / shared unconditionally, granted automatically"
Decision = Literal["approve", "refuse"]
_ONGOING = frozenset({"active", "suspended"})


def check_application(command: ApplyForDataset, dataset: Dataset, now: datetime) -> dict[str, Mask]:
    """The fields asked for, under the dataset's masks. Raises Invalid, or Refused with the basis of a denial."""
    check_requestable(dataset, command.caller)
    known = {field.name: field.default_mask for field in dataset.fields}
    faults = [
        FieldFault(pointer=f"/fields/{index}", code="field_unknown", zh="字段不在数据集中", en="not in the dataset")
        for index, name in enumerate(command.fields)
        if name not in known
    ]
    if command.valid_until <= now:
        faults.append(
            FieldFault(
                pointer="/valid_until", code="not_in_future", zh="有效期必须晚于现在", en="must be in the future"
            )
        )
    if faults:
        raise Invalid("application_invalid", "申请内容不符合要求", "the application is not acceptable", faults)
    return {name: known[name] for name in command.fields}


def check_requestable(dataset: Dataset, caller: Caller) -> None:
    """Raises Refused for what is not shared and to the provider itself, Forbidden to who belongs to no department."""
    _check_shareable(dataset)
    if department(caller) == dataset.provider:
        raise Refused("own_dataset", "提供部门无需申请自己的数据", "the provider need not apply for its own dataset")


def _check_shareable(dataset: Dataset) -> None:
    if dataset.sharing_type is SharingType.DENIED:
        raise Refused(
            "sharing_denied",
            f"该数据集不予共享, 依据: {dataset.denial_basis}",
            "the dataset is not shared; the legal basis is in `basis`",
            basis=dataset.denial_basis,
        )
    if dataset.state is not DatasetState.PUBLISHED:
        raise Refused(
            "dataset_not_published", "数据集未发布", "the dataset is not published", state=dataset.state.value
        )


def is_automatic(dataset: Dataset) -> bool:
    """Whether an application is granted without anybody's decision."""
    return dataset.sharing_type is SharingType.UNCONDITIONAL


def check_governor(dataset: Dataset, caller: Caller) -> None:
    """Raises Forbidden unless the caller is the provider or approves datasets."""
    provides = caller.department == dataset.provider and caller.may(Scope.DATASETS_PUBLISH)
    if not provides and not caller.may(Scope.DATASETS_APPROVE):
        raise Forbidden(
            "not_the_provider",
            f"只有提供部门 {dataset.provider} 或审核人员可以进行此操作",
            f"only the provider {dataset.provider} or an approver may do this",
            dataset=dataset.code,
            provider=dataset.provider,
        )


def decided(
    application: DatasetApplication, command: DecideDatasetApplication, dataset: Dataset, now: datetime
) -> dict[str, Mask]:
    """The masks of the fields after a decision. Raises Forbidden, Refused (illegal_step), Invalid."""
    check_decision(application, command.decision, dataset, command.caller, now)
    if command.decision == "refuse":
        return application.fields
    return {**application.fields, **_stronger(application.fields, command.masks, dataset)}


def check_decision(
    application: DatasetApplication, decision: Decision, dataset: Dataset, caller: Caller, now: datetime
) -> None:
    """Raises Forbidden for the wrong hand, Refused (illegal_step) once it is decided or when it may not be approved."""
    check_governor(dataset, caller)
    if caller.department == application.applicant:
        raise Forbidden("own_application", "申请部门不得审批自己的申请", "the applicant may not decide its own")
    if application.state != "submitted":
        raise Refused("illegal_step", "该申请已经办结", "already decided", allowed_actions=[], state=application.state)
    if decision == "refuse":
        return
    _check_shareable(dataset)
    if application.valid_until <= now:
        raise Refused("application_expired", "申请的有效期已过", "the time asked for has passed")


def _stronger(asked: Mapping[str, Mask], given: Mapping[str, Mask], dataset: Dataset) -> Mapping[str, Mask]:
    defaults = {field.name: field.default_mask for field in dataset.fields if field.name in asked}
    faults = []
    for name, mask in given.items():
        if name not in defaults:
            zh, en = "该字段不在申请中", "not a field of the application"
            faults.append(FieldFault(pointer=f"/masks/{name}", code="field_unknown", zh=zh, en=en))
        elif not may_replace(defaults[name], mask):
            zh, en = f"脱敏不得弱于默认方式 {defaults[name]}", f"weaker than the dataset's own {defaults[name]}"
            faults.append(FieldFault(pointer=f"/masks/{name}", code="mask_weaker", zh=zh, en=en))
    if faults:
        raise Invalid("masks_invalid", "脱敏方式不符合要求", "the masks are not acceptable", faults)
    return given


def check_revocation(grant: Grant, dataset: Dataset, caller: Caller) -> None:
    """Raises Forbidden for others than provider and approvers, Refused (illegal_step) when it has ended."""
    check_governor(dataset, caller)
    if grant.state not in _ONGOING:
        raise Refused("illegal_step", "授权已经终止", "the grant has ended", allowed_actions=[], state=grant.state)


def covering(dataset: Dataset, grants: Sequence[Grant], purpose: str) -> Grant:
    """The grant that covers a use: dataset, sharing type, purpose, state and time, in this order.

    `grants` are those of one department on this dataset, newest first, their states as of now.
    Raises Forbidden naming the grant and the date that matters.
    """
    if dataset.state is not DatasetState.PUBLISHED:
        raise _forbidden("dataset_not_published", "数据集已停止共享", "the dataset is not being shared", dataset)
    if dataset.sharing_type is SharingType.DENIED:
        raise _forbidden("sharing_denied", "该数据集不予共享", "the dataset is not shared", dataset)
    if not grants:
        raise _forbidden("no_grant", "没有该数据集的授权", "there is no grant on this dataset", dataset)
    fitting = [grant for grant in grants if grant.purpose == purpose]
    if not fitting:
        raise _forbidden(
            "purpose_not_granted", "使用目的不在授权范围内", "no grant for this purpose", dataset, grants[0]
        )
    for grant in fitting:
        if grant.state == "active":
            return grant
    last = fitting[0]
    zh, en = {
        "revoked": ("授权已撤销", "the grant was revoked"),
        "expired": ("授权已过期", "the grant has expired"),
        "suspended": ("授权已暂停", "the grant is suspended"),
    }[last.state]
    raise _forbidden(f"grant_{last.state}", zh, en, dataset, last)


def check_key(dataset: Dataset, grant: Grant) -> None:
    """Raises Forbidden unless the grant shows the key field in full: a look-up by key would otherwise unmask it."""
    if grant.fields.get(dataset.key_field) is not Mask.SHOW:
        raise _forbidden(
            "key_not_shown",
            "授权未以明文提供主键字段, 不能按主键查询",
            "the grant does not show the key field",
            dataset,
            grant,
        )


def _forbidden(code: str, zh: str, en: str, dataset: Dataset, grant: Grant | None = None) -> Forbidden:
    facts: dict[str, JsonValue] = {"dataset": dataset.code, "grant": None}
    if grant:
        facts |= {
            "grant": grant.id,
            "purpose": grant.purpose.value,
            "valid_until": grant.valid_until.isoformat(),
            "revoked_at": grant.revoked_at.isoformat() if grant.revoked_at else None,
        }
    return Forbidden(code, zh, en, (), **facts)


def stated(purpose: str) -> Purpose | None:
    """The purpose, when it is one of the closed list."""
    return Purpose(purpose) if purpose in set(Purpose) else None
