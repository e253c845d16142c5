"""事项: the machine of an item, and the rules that its content has to meet."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, JsonValue

from contracts.catalogue import (
    Channel,
    ItemAction,
    ItemPublished,
    ItemRetired,
    ItemState,
    ItemType,
    SaveItem,
)
from contracts.faults import Conflict, FieldFault, Invalid, Refused
from contracts.shared import Caller, Model, Scope
from services.catalogue.forms import check_schema
from services.catalogue.identifiers import is_credit_code

STEPS: dict[ItemState, dict[ItemAction, ItemState]] = {
    ItemState.DRAFT: {ItemAction.SUBMIT: ItemState.IN_REVIEW},
    ItemState.IN_REVIEW: {ItemAction.APPROVE: ItemState.APPROVED, ItemAction.SEND_BACK: ItemState.DRAFT},
    ItemState.APPROVED: {ItemAction.PUBLISH: ItemState.PUBLISHED},
    ItemState.PUBLISHED: {ItemAction.SUSPEND: ItemState.SUSPENDED, ItemAction.RETIRE: ItemState.RETIRED},
    ItemState.SUSPENDED: {ItemAction.RESUME: ItemState.PUBLISHED, ItemAction.RETIRE: ItemState.RETIRED},
    ItemState.RETIRED: {},
}
SERVED = frozenset({ItemState.PUBLISHED, ItemState.SUSPENDED, ItemState.RETIRED})


class Content(Model):
    """What an item says, apart from its place in the machine; each version that was served is kept."""

    name: str = Field(min_length=1, max_length=300)
    type: ItemType
    department: str = Field(min_length=1, max_length=200)
    body_code: str | None = Field(default=None, max_length=30)
    area_code: str | None = Field(default=None, max_length=12)
    main_item: str | None = Field(default=None, max_length=300)
    themes: list[str] = []
    object: str | None = Field(default=None, max_length=200)
    case_type: Literal["instant", "promised"] = "promised"
    legal_limit_days: int | None = Field(default=None, ge=0, le=3650)
    promised_limit_days: int | None = Field(default=None, ge=0, le=3650)
    visits: int | None = Field(default=None, ge=0, le=20)
    online_depth: Literal["I", "II", "III", "IV"] | None = None
    channels: list[Channel] = []
    link: str | None = Field(default=None, max_length=2000)
    materials: list[str] = []
    form_schema: dict[str, JsonValue] | None = None

    @classmethod
    def of(cls, command: SaveItem) -> Self:
        """What the command wants saved. Raises Invalid with everything that is wrong."""
        content = cls.model_validate(command.model_dump(include=set(cls.model_fields)))
        faults = [*check_limits(content), *_check_body(content), *check_schema(content.form_schema or _NO_FORM)]
        if faults:
            raise Invalid("item_invalid", "事项内容有误", "the item is not right", faults)
        return content

    @property
    def limit_days(self) -> int | None:
        """The working days that a decision may take: promised, else legal."""
        return self.legal_limit_days if self.promised_limit_days is None else self.promised_limit_days


_NO_FORM: dict[str, JsonValue] = {"type": "object"}


def check_limits(content: Content) -> list[FieldFault]:
    """Rules between fields: no promise beyond the law, nobody is called to a counter for what is done online."""
    faults = []
    if (
        content.promised_limit_days is not None
        and content.legal_limit_days is not None
        and content.promised_limit_days > content.legal_limit_days
    ):
        faults.append(
            FieldFault(
                pointer="/promised_limit_days",
                code="promised_over_legal",
                zh=f"承诺时限 {content.promised_limit_days} 个工作日超过法定时限 {content.legal_limit_days} 个工作日",
                en=f"{content.promised_limit_days} working days promised, the law allows {content.legal_limit_days}",
            )
        )
    if content.online_depth == "IV" and content.visits:
        faults.append(
            FieldFault(
                pointer="/visits",
                code="visits_not_needed",
                zh="网办深度为四级 (全程网办) 的事项, 到现场次数应为 0",
                en="an item of online depth IV needs no visit",
            )
        )
    return faults


def is_wrong_credit_code(code: str | None) -> bool:
    """Whether it has the length of a credit code and the wrong check character; other codes of bodies are free."""
    return code is not None and len(code) == 18 and not is_credit_code(code)


def _check_body(content: Content) -> list[FieldFault]:
    if not is_wrong_credit_code(content.body_code):
        return []
    return [
        FieldFault(
            pointer="/body_code",
            code="credit_code_invalid",
            zh="统一社会信用代码校验位不符 (GB 32100)",
            en="the check character of the credit code is wrong (GB 32100)",
        )
    ]


def allowed(state: ItemState) -> list[ItemAction]:
    """The steps that lead on from a state."""
    return list(STEPS[state])


def take_step(state: ItemState, action: ItemAction) -> ItemState:
    """The state that the step leads to. Raises Refused (illegal_step) with the legal ones."""
    if action not in STEPS[state]:
        raise illegal(state, action)
    return STEPS[state][action]


def illegal(state: ItemState, action: str) -> Refused:
    """The refusal of a step that the machine does not know."""
    return Refused(
        "illegal_step",
        f"事项处于 {state} 状态, 不能执行 {action}",
        f"an item in state {state} cannot take the step {action}",
        allowed_actions=[*allowed(state)],
        state=state,
    )


def step_events(
    code: str, content: Content, version_no: int, to: ItemState, version: int
) -> Sequence[ItemPublished | ItemRetired]:
    """What the others hear of a step; `version` is the one after the write."""
    if to is ItemState.PUBLISHED:
        return [ItemPublished(code=code, version_no=version_no, department=content.department, version=version)]
    if to is ItemState.RETIRED:
        return [ItemRetired(code=code, version=version)]
    return []


def check_editable(state: ItemState) -> None:
    """Only a draft takes other content; a served item gets it from the official list. Raises Refused."""
    if state is not ItemState.DRAFT:
        raise illegal(state, "save")


def is_visible(state: ItemState, caller: Caller) -> bool:
    """Whether the caller may know of it: what was never served is for those who handle items."""
    return state in SERVED or caller.may(Scope.CATALOGUE_HANDLE)


def check_available(code: str, state: ItemState, current_no: int, pinned_no: int) -> None:
    """Whether this version may be applied for now. Raises Conflict (item_not_available) with the current one."""
    if state is ItemState.PUBLISHED and pinned_no == current_no:
        return
    why = "已更新" if state is ItemState.PUBLISHED else f"处于 {state} 状态"
    raise Conflict(
        "item_not_available",
        f"事项 {code} {why}, 当前版本为 {current_no}, 不能按版本 {pinned_no} 申请",
        f"item {code} is {state}, its current version is {current_no}: version {pinned_no} cannot be applied for",
        item_code=code,
        item_state=state,
        current_version_no=current_no,
        pinned_version_no=pinned_no,
    )
