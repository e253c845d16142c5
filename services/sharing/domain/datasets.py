"""资源目录: who may do what with a dataset, and when."""

from collections.abc import Iterator
from typing import NamedTuple

from contracts.base import Event
from contracts.faults import FieldFault, Forbidden, Invalid, NotFound, Refused
from contracts.shared import Caller, Scope
from contracts.sharing import (
    Dataset,
    DatasetAction,
    DatasetPublished,
    DatasetState,
    DatasetWithdrawn,
    Mask,
    SaveDataset,
    SharingType,
)


class Step(NamedTuple):
    """From which states a step may be taken and where it leads."""

    sources: frozenset[DatasetState]
    target: DatasetState


STEPS: dict[DatasetAction, Step] = {
    DatasetAction.SUBMIT: Step(frozenset({DatasetState.DRAFT}), DatasetState.REVIEW),
    DatasetAction.PUBLISH: Step(frozenset({DatasetState.REVIEW, DatasetState.SUSPENDED}), DatasetState.PUBLISHED),
    DatasetAction.SUSPEND: Step(frozenset({DatasetState.PUBLISHED}), DatasetState.SUSPENDED),
    DatasetAction.WITHDRAW: Step(frozenset(DatasetState) - {DatasetState.WITHDRAWN}, DatasetState.WITHDRAWN),
}
ON_DIRECTORY = frozenset({DatasetState.PUBLISHED, DatasetState.SUSPENDED})


def department(caller: Caller) -> str:
    """The department that the caller acts for. Raises Forbidden."""
    if not caller.department:
        raise Forbidden("department_missing", "该账号不属于任何部门", "the caller belongs to no department")
    return caller.department


def party(caller: Caller) -> str | None:
    """Whose matters the caller may list: its department's; None means everybody's, for approvers."""
    return None if caller.may(Scope.DATASETS_APPROVE) else department(caller)


def owned(dataset: Dataset, caller: Caller) -> None:
    """Raises Forbidden unless the caller publishes for the provider."""
    if caller.department != dataset.provider or not caller.may(Scope.DATASETS_PUBLISH):
        raise Forbidden(
            "not_the_provider",
            f"只有提供部门 {dataset.provider} 可以进行此操作",
            f"only the provider {dataset.provider} may do this",
            dataset=dataset.code,
            provider=dataset.provider,
        )


def visible(dataset: Dataset, caller: Caller) -> Dataset:
    """The dataset; one that is not on the directory is known to its provider and to approvers alone."""
    if dataset.state in ON_DIRECTORY or caller.may(Scope.DATASETS_APPROVE) or caller.department == dataset.provider:
        return dataset
    raise unknown(dataset.code)


def unknown(code: str) -> NotFound:
    """No such dataset."""
    return NotFound("dataset_unknown", "数据集不存在", "no such dataset", dataset=code)


def check_content(command: SaveDataset) -> None:
    """Raises Invalid naming every field that is wrong."""
    faults = list(_content_faults(command))
    if faults:
        raise Invalid("dataset_invalid", "数据集内容不符合要求", "the dataset is not acceptable", faults)


def _content_faults(command: SaveDataset) -> Iterator[FieldFault]:
    names = [field.name for field in command.fields]
    for index, field in enumerate(command.fields):
        if field.name in names[:index]:
            yield FieldFault.at(f"/fields/{index}/name", "field_duplicate", "字段名重复", "the name stands twice")
        if field.personal == "sensitive" and field.default_mask is Mask.SHOW:
            yield FieldFault.at(
                f"/fields/{index}/default_mask",
                "sensitive_shown",
                "敏感个人信息的默认脱敏方式不得为明文",
                "a sensitive personal field is never shown by default",
            )
    properties = command.json_schema.get("properties")
    if command.key_field not in names:
        yield FieldFault.at("/key_field", "field_unknown", "主键字段不在字段清单中", "not one of the fields")
    if not isinstance(properties, dict) or command.key_field not in properties:
        yield FieldFault.at(
            "/json_schema/properties",
            "key_undeclared",
            "模式未声明主键字段",
            "the schema does not declare the key field",
        )
    if command.sharing_type is SharingType.DENIED and not command.denial_basis:
        yield FieldFault.at(
            "/denial_basis", "basis_missing", "不予共享必须注明法律依据", "a denial names its legal basis"
        )


def check_editable(dataset: Dataset, caller: Caller) -> None:
    """Raises Forbidden for others than the provider, Refused once the draft was submitted."""
    owned(dataset, caller)
    if dataset.state is not DatasetState.DRAFT:
        raise _illegal("只有草稿可以修改", "only a draft can be changed", dataset.state)


def step(dataset: Dataset, action: DatasetAction, caller: Caller) -> DatasetState:
    """The state after a step. Raises Forbidden for the wrong hand, Refused (illegal_step) for the wrong time."""
    if action is DatasetAction.PUBLISH:
        if not caller.may(Scope.DATASETS_APPROVE):
            raise Forbidden(
                "scope_missing", "发布需要审核权限", "publishing needs datasets:approve", scope=Scope.DATASETS_APPROVE
            )
    else:
        owned(dataset, caller)
    if dataset.state not in STEPS[action].sources:
        raise _illegal(f"当前状态不能执行 {action}", f"{action} is not possible now", dataset.state)
    return STEPS[action].target


def _illegal(zh: str, en: str, state: DatasetState) -> Refused:
    allowed = [action.value for action, legal in STEPS.items() if state in legal.sources]
    return Refused("illegal_step", zh, en, allowed_actions=list(allowed), state=state.value)


def schema_version(dataset: Dataset, target: DatasetState) -> int:
    """The first publication registers the schema, which no later step changes."""
    return max(dataset.schema_version, 1) if target is DatasetState.PUBLISHED else dataset.schema_version


def announced(dataset: Dataset, target: DatasetState) -> list[Event]:
    """What a step tells the world."""
    version = dataset.version + 1
    if target is DatasetState.PUBLISHED:
        registered = schema_version(dataset, target)
        return [
            DatasetPublished(code=dataset.code, provider=dataset.provider, schema_version=registered, version=version)
        ]
    if target is DatasetState.WITHDRAWN and dataset.state in ON_DIRECTORY:
        return [DatasetWithdrawn(code=dataset.code, version=version)]
    return []


def check_publishing(dataset: Dataset, caller: Caller) -> None:
    """Raises Forbidden for others than the provider, Refused while the dataset is not published."""
    owned(dataset, caller)
    if dataset.state is not DatasetState.PUBLISHED:
        raise Refused(
            "dataset_not_published",
            "数据集未发布, 不接收数据",
            "the dataset is not published and takes no records",
            state=dataset.state.value,
        )
