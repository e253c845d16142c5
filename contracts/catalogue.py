"""一网通办: the service items of a city, and what people apply for."""

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue

from contracts.base import Command, Event, Query
from contracts.shared import Cursor, ImportReport, Key, Limit, Model, Page, Row, Timeline, TimelineEntry


class ItemType(StrEnum):
    """事项类型."""

    PERMISSION = "permission"
    GRANT = "grant"
    CONFIRMATION = "confirmation"
    AWARD = "award"
    RULING = "ruling"
    OTHER = "other"
    PUBLIC_SERVICE = "public_service"


class ItemState(StrEnum):
    """draft → in_review → approved → published ⇄ suspended → retired."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class ItemAction(StrEnum):
    """Steps of an item."""

    SUBMIT = "submit"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    PUBLISH = "publish"
    SUSPEND = "suspend"
    RESUME = "resume"
    RETIRE = "retire"


class ApplicationState(StrEnum):
    """办件状态."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CORRECTING = "correcting"
    CORRECTED = "corrected"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    REVIEWING = "reviewing"
    APPROVED = "approved"
    REFUSED = "refused"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"


class ApplicationAction(StrEnum):
    """Steps of an application."""

    SUBMIT = "submit"
    ACCEPT = "accept"
    ASK_CORRECTION = "ask_correction"
    CORRECT = "correct"
    NOT_ACCEPT = "not_accept"
    REVIEW = "review"
    DECIDE = "decide"
    DELIVER = "deliver"
    WITHDRAW = "withdraw"


Channel = Literal["window", "web", "mobile", "kiosk", "cabinet", "home_visit"]


class Item(Model):
    """事项 实施清单. Limits in working days; the timeline is shown to those who handle items."""

    code: str
    version_no: int = Field(default=1, description="version of the item's content, pinned by applications")
    name: str
    type: ItemType
    department: str
    body_code: str | None = None
    area_code: str | None = None
    main_item: str | None = Field(default=None, description="主项")
    themes: list[str] = []
    object: str | None = None
    case_type: Literal["instant", "promised"] = "promised"
    legal_limit_days: int | None = Field(default=None, ge=0, le=3650)
    promised_limit_days: int | None = Field(default=None, ge=0, le=3650)
    visits: int | None = Field(default=None, ge=0, le=20)
    online_depth: Literal["I", "II", "III", "IV"] | None = None
    channels: list[Channel] = []
    link: str | None = None
    materials: list[str] = []
    form_schema: dict[str, JsonValue] | None = None
    state: ItemState
    allowed_actions: list[ItemAction] = []
    version: int = 1
    timeline: list[TimelineEntry] = []


class Found(Model):
    """One hit: `matched` says where (name, initials, department, theme)."""

    code: str
    name: str
    type: ItemType
    department: str
    matched: str
    score: float


class Applicant(Model):
    """申请人: private; masked on reading, never in an event, a log or a span."""

    name: str = Field(min_length=1, max_length=100)
    id_number: str | None = Field(default=None, max_length=30)
    phone: str | None = Field(default=None, max_length=30)


class Application(Model):
    """办件, pinned to one version of its item.

    `urgency` says how its clock stands while it runs; soon is due by the end of the next working day.
    """

    app_no: str
    item_code: str
    item_version_no: int
    item_name: str
    applicant: Applicant | None = None
    channel: Channel = "web"
    form: dict[str, JsonValue] = {}
    materials: list[str] = []
    state: ApplicationState
    due_at: AwareDatetime | None = None
    urgency: Literal["in_time", "soon", "overdue"] | None = None
    clock_fault: str | None = None
    correction: list[str] = []
    decision: Literal["approved", "refused"] | None = None
    decision_reason: str | None = None
    delivery: str | None = None
    allowed_actions: list[ApplicationAction] = []
    created_at: AwareDatetime
    version: int = 1
    timeline: list[TimelineEntry] = []
    trace_id: str | None = None


class CatalogueFigures(Model):
    """Numbers that are computed from the catalogue, never typed in.

    `items` and `applications` count by state, `types` and `by_department` the published items. `online_rate` 0..1 is
    the share of published items of depth III or IV or with the channel web, null where no item says either.
    """

    items: dict[str, int]
    departments: int
    online_rate: float | None
    applications: dict[str, int]
    types: dict[str, int] = {}
    by_department: dict[str, int] = {}


class ImportItems(Command[ImportReport]):
    """Rows of items, merged by item_code; twice the same file changes nothing. Items arrive published.

    `source` names the list and its publisher for the record.
    """

    rows: list[Row] = Field(max_length=20_000)
    source: str = Field(default="", max_length=300)
    dry_run: bool = False


class SaveItem(Command[Item]):
    """A draft, or other content of one."""

    code: Key
    name: str = Field(min_length=1, max_length=300)
    type: ItemType
    department: str = Field(min_length=1, max_length=200)
    body_code: str | None = Field(default=None, max_length=30)
    area_code: str | None = Field(default=None, max_length=12)
    main_item: str | None = Field(default=None, max_length=300)
    themes: list[str] = Field(default=[], max_length=50)
    object: str | None = Field(default=None, max_length=200)
    case_type: Literal["instant", "promised"] = "promised"
    legal_limit_days: int | None = Field(default=None, ge=0, le=3650)
    promised_limit_days: int | None = Field(default=None, ge=0, le=3650)
    visits: int | None = Field(default=None, ge=0, le=20)
    online_depth: Literal["I", "II", "III", "IV"] | None = None
    channels: list[Channel] = Field(default=[], max_length=6)
    link: str | None = Field(default=None, max_length=2000)
    materials: list[str] = Field(default=[], max_length=100)
    form_schema: dict[str, JsonValue] | None = None


class ActOnItem(Command[Item]):
    """One step of the item's machine."""

    code: Key
    action: ItemAction
    note: str | None = Field(default=None, max_length=1000)


class SearchItems(Query[Page[Found]]):
    """Chinese words, pinyin initials, department; best first. An empty `q` lists by code."""

    q: str = Field(default="", max_length=300)
    department: str | None = Field(default=None, max_length=200)
    type: ItemType | None = None
    cursor: Cursor | None = None
    limit: Limit = 20


class GetItem(Query[Item]):
    """The published version, or the one asked for."""

    code: Key
    version_no: int | None = Field(default=None, ge=1)


class SaveDraft(Command[Application]):
    """A new draft of an application, or the whole next content of one (`app_no`).

    An absent `applicant` keeps the one that is stored (readers see it masked); a given `item_code` pins the item's
    current version anew.
    """

    app_no: str | None = Field(default=None, max_length=40)
    item_code: Key | None = None
    applicant: Applicant | None = None
    channel: Channel = "web"
    form: dict[str, JsonValue] = {}
    materials: list[str] = Field(default=[], max_length=100)


class ActOnApplication(Command[Application]):
    """One step of the application's machine; which of the fields it needs is the step's own condition."""

    app_no: str = Field(max_length=40)
    action: ApplicationAction
    decision: Literal["approved", "refused"] | None = None
    reason: str | None = Field(default=None, max_length=2000)
    missing: list[str] = Field(default=[], max_length=50, description="一次性告知: all that is missing")
    delivery: str | None = Field(default=None, max_length=200)
    form: dict[str, JsonValue] | None = None
    materials: list[str] | None = Field(default=None, max_length=100)


class GetApplication(Query[Application]):
    """One application, applicant masked."""

    app_no: str = Field(max_length=40)


class ListApplications(Query[Page[Application]]):
    """Newest first."""

    state: ApplicationState | None = None
    item_code: Key | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class GetApplicationTimeline(Query[Timeline]):
    """Every step since the draft."""

    app_no: str = Field(max_length=40)


class GetCatalogueFigures(Query[CatalogueFigures]):
    """Items, online rate, applications."""


class ItemsImported(Event, wire="catalogue.items_imported.v1", public=True):
    """An import of items ended."""

    created: int
    changed: int
    rejected: int


class ItemPublished(Event, wire="catalogue.item_published.v1", public=True):
    """An item may be applied for."""

    code: str
    version_no: int
    department: str
    version: int


class ItemRetired(Event, wire="catalogue.item_retired.v1", public=True):
    """An item may no longer be applied for."""

    code: str
    version: int


class ApplicationStep(Event):
    """What every event of an application says."""

    app_no: str
    item_code: str
    item_version_no: int
    department: str
    state: ApplicationState
    version: int


class Applied(ApplicationStep, wire="catalogue.applied.v1", public=True):
    """申请已提交."""


class Accepted(ApplicationStep, wire="catalogue.accepted.v1", public=True):
    """受理."""


class CorrectionAsked(ApplicationStep, wire="catalogue.correction_asked.v1", public=True):
    """补正告知."""


class Corrected(ApplicationStep, wire="catalogue.corrected.v1", public=True):
    """已补正."""


class NotAccepted(ApplicationStep, wire="catalogue.not_accepted.v1", public=True):
    """不予受理."""


class Decided(ApplicationStep, wire="catalogue.decided.v1", public=True):
    """办结决定."""

    decision: Literal["approved", "refused"]


class Delivered(ApplicationStep, wire="catalogue.delivered.v1", public=True):
    """送达."""


class Withdrawn(ApplicationStep, wire="catalogue.withdrawn.v1", public=True):
    """撤回."""
