"""What a directory, a grant and an exchange are."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue

from contracts.shared import Model


class Mask(StrEnum):
    """脱敏: how a field is shown."""

    SHOW = "show"
    HIDE = "hide"
    NAME = "name"
    ID_CARD = "id_card"
    MOBILE = "mobile"
    ADDRESS = "address"
    YEAR = "year"
    HASH = "hash"


class SharingType(StrEnum):
    """共享属性."""

    UNCONDITIONAL = "unconditional"
    CONDITIONAL = "conditional"
    DENIED = "denied"


class DatasetState(StrEnum):
    """draft → review → published → suspended → withdrawn."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class DatasetAction(StrEnum):
    """Steps of a dataset."""

    SUBMIT = "submit"
    PUBLISH = "publish"
    SUSPEND = "suspend"
    WITHDRAW = "withdraw"


class Purpose(StrEnum):
    """使用目的: the closed list."""

    PUBLIC_SECURITY = "public_security"
    SOCIAL_ASSISTANCE = "social_assistance"
    GRID_GOVERNANCE = "grid_governance"
    SERVICE_HANDLING = "service_handling"
    EMERGENCY = "emergency"
    STATISTICS = "statistics"


class DatasetField(Model):
    """数据项. `classification` L1 (open) to L4 (most sensitive)."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
    title_zh: str = Field(max_length=100)
    type: Literal["string", "integer", "number", "boolean", "date"] = "string"
    classification: Literal["L1", "L2", "L3", "L4"] = "L2"
    personal: Literal["none", "general", "sensitive"] = "none"
    default_mask: Mask = Mask.SHOW


class Dataset(Model):
    """资源目录 entry. `key_field` names the field that identifies a record.

    `records` counts all that was ever published, which is also the sequence of the newest one.
    `schema_version` is 0 until the schema is registered by the first publication.
    `allowed_actions` and `requestable` (可申请) say what the caller may do with it now.
    """

    code: str
    title: str
    provider: str
    sharing_type: SharingType
    denial_basis: str | None = None
    fields: list[DatasetField]
    key_field: str
    schema_version: int = 0
    state: DatasetState
    records: int = 0
    allowed_actions: list[DatasetAction] = []
    requestable: bool = False
    version: int = 1


class SchemaReply(Model):
    """A registered schema."""

    dataset: str
    schema_version: int
    json_schema: dict[str, JsonValue]


class RecordFault(Model):
    """Why one record of a batch was not taken; `pointer` is a JSON pointer into its data."""

    index: int
    id: str | None = None
    code: str
    pointer: str = ""
    message: str


class SchemaTest(Model):
    """Whether a record fits a schema."""

    valid: bool
    errors: list[RecordFault]


class CloudEvent(Model):
    """One CloudEvents 1.0 event as the door received it; extensions survive in `extensions`.

    NaN is let through to here so that it comes back as the fault of one event and not of the whole batch. `data` is
    whatever JSON was parsed: it is not walked here, for what it may be is said by the dataset's schema.
    """

    model_config = ConfigDict(allow_inf_nan=True, ser_json_inf_nan="constants")

    id: str = Field(min_length=1, max_length=200)
    source: str = Field(min_length=1, max_length=300)
    type: str = Field(min_length=1, max_length=200)
    subject: str | None = Field(default=None, max_length=200)
    time: AwareDatetime | None = None
    data: Any = None
    extensions: dict[str, JsonValue] = {}


class Published(Model):
    """What became of a batch: good ones went in, bad ones are kept as dead letters and named."""

    accepted: int
    duplicates: int
    rejected: list[RecordFault]


class DatasetApplication(Model):
    """共享申请.

    `allowed_actions` are the decisions that the caller may take now, `allowed_masks` what an approval may set.
    """

    id: str
    dataset: str
    applicant: str
    purpose: Purpose
    legal_basis: str
    fields: dict[str, Mask]
    valid_until: AwareDatetime
    state: Literal["submitted", "approved", "refused"]
    reason: str | None = None
    grant: str | None = None
    allowed_actions: list[Literal["approve", "refuse"]] = []
    allowed_masks: dict[str, list[Mask]] = {}
    version: int = 1


class Grant(Model):
    """授权: exactly these fields, so masked, for this purpose, until then; from `provider` to `department`."""

    id: str
    dataset: str
    department: str
    purpose: Purpose
    fields: dict[str, Mask]
    valid_until: AwareDatetime
    state: Literal["active", "suspended", "revoked", "expired"]
    provider: str | None = None
    revoked_at: AwareDatetime | None = None
    allowed_actions: list[Literal["revoke"]] = []
    version: int = 1


class Subscription(Model):
    """订阅. `queue` names the durable queue of a queue subscription."""

    id: str
    grant: str
    dataset: str
    department: str
    delivery: Literal["queue", "pull"]
    queue: str | None = None
    cursor: int = 0
    state: Literal["active", "paused", "suspended"]
    version: int = 1


class MaskedRecord(Model):
    """One record as the grant shows it.

    `id` is made of dataset and sequence, the same at each delivery. `key` is the value of the key field where the
    grant shows it in full, else a pseudonym that is stable for the department.
    """

    id: str
    sequence: int
    key: str
    published_at: AwareDatetime
    data: dict[str, JsonValue]


class Records(Model):
    """Records in order; `masked_fields` and `hidden_fields` name what was not shown in full."""

    items: list[MaskedRecord]
    next: str | None = None
    masked_fields: list[str] = []
    hidden_fields: list[str] = []
    exchange: str | None = Field(default=None, description="entry of the exchange log that proves this use")


class Exchange(Model):
    """交换日志 entry: who used what for which purpose; hash-chained.

    `hash` is the SHA-256 of the canonical JSON of all other fields (sorted keys, no spaces, `at` in UTC with
    milliseconds and Z). `response_hash` is keyed with the department's answer key, so that short personal values cannot
    be guessed from it. `grant` is empty where there was none; a purpose outside the closed list is `unknown`.
    """

    sequence: int
    at: AwareDatetime
    department: str
    actor: str
    grant: str
    purpose: Purpose | Literal["unknown"]
    dataset: str
    provider: str | None = None
    action: Literal["query", "pull", "deliver", "refuse"]
    count: int
    fields: list[str]
    masked_fields: list[str]
    reason: str | None = None
    response_hash: str
    trace_id: str | None = None
    previous_hash: str
    hash: str


class ChainVerdict(Model):
    """Whether the exchange log is unbroken; `first_bad` names the first entry that is not."""

    entries: int
    intact: bool
    first_bad: int | None = None
