"""What may be asked of the sharing service."""

from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue

from contracts.base import Command, Query
from contracts.shared import Cursor, Key, Limit, Page
from contracts.sharing.models import (
    ChainVerdict,
    CloudEvent,
    Dataset,
    DatasetAction,
    DatasetApplication,
    DatasetField,
    Exchange,
    Grant,
    Mask,
    Published,
    Purpose,
    Records,
    SchemaReply,
    SchemaTest,
    SharingType,
    Subscription,
)


class SaveDataset(Command[Dataset]):
    """A new draft, or other content of a draft. The caller's department becomes the provider."""

    code: Key
    title: str = Field(min_length=1, max_length=200)
    sharing_type: SharingType
    denial_basis: str | None = Field(default=None, max_length=500)
    fields: list[DatasetField] = Field(min_length=1, max_length=200)
    key_field: str
    json_schema: dict[str, JsonValue]


class ActOnDataset(Command[Dataset]):
    """One step of the dataset's machine."""

    code: Key
    action: DatasetAction
    note: str | None = Field(default=None, max_length=1000)


class GetDataset(Query[Dataset]):
    """By code."""

    code: Key


class ListDatasets(Query[Page[Dataset]]):
    """By code."""

    provider: str | None = Field(default=None, max_length=100)
    cursor: Cursor | None = None
    limit: Limit = 50


class GetSchema(Query[SchemaReply]):
    """The registered JSON Schema of a dataset, the newest without a version."""

    dataset: Key
    schema_version: int | None = Field(default=None, ge=1)


class TestSchema(Query[SchemaTest]):
    """Try a record against a schema; nothing is kept."""

    __test__ = False  # pytest would collect it

    json_schema: dict[str, JsonValue] | bool
    record: JsonValue = None


class PublishRecords(Command[Published]):
    """Up to 1,000 data events of one dataset, checked one by one."""

    dataset: Key
    events: list[CloudEvent] = Field(min_length=1, max_length=1000)


class ApplyForDataset(Command[DatasetApplication]):
    """Ask for fields of a dataset for one purpose."""

    dataset: Key
    purpose: Purpose
    legal_basis: str = Field(min_length=1, max_length=500)
    fields: list[str] = Field(min_length=1, max_length=200)
    valid_until: AwareDatetime


class DecideDatasetApplication(Command[DatasetApplication]):
    """Approve (with other masks where given, never weaker than the dataset's own) or refuse."""

    id: Key
    decision: Literal["approve", "refuse"]
    reason: str | None = Field(default=None, max_length=1000)
    masks: dict[str, Mask] = {}


class ListDatasetApplications(Query[Page[DatasetApplication]]):
    """Newest first: one's own, or those for one's datasets."""

    dataset: Key | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class ListGrants(Query[Page[Grant]]):
    """One's own grants, or those on one's datasets."""

    dataset: Key | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class RevokeGrant(Command[Grant]):
    """Ends it: queries, pulls and deliveries stop."""

    id: Key
    reason: str = Field(min_length=1, max_length=1000)


class Subscribe(Command[Subscription]):
    """Receive records under a grant, from the first on: a durable queue of one's own, or pull with a cursor."""

    grant: Key
    delivery: Literal["queue", "pull"] = "pull"


class ListSubscriptions(Query[Page[Subscription]]):
    """One's own."""

    cursor: Cursor | None = None
    limit: Limit = 50


class PullRecords(Command[Records]):
    """The next records of a subscription after `cursor`; the use is logged before it is answered.

    To give a cursor is to have what came before: without one it goes on from the last that was given.
    """

    subscription: Key
    cursor: Cursor | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class QueryRecords(Command[Records]):
    """Current records of a dataset for a purpose; the use is logged before it is answered.

    They come in the order in which their keys first appeared. `key` needs a grant that shows the key field in full.
    """

    dataset: Key
    purpose: str = Field(min_length=1, max_length=50)
    key: Key | None = None
    cursor: Cursor | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class ListExchanges(Query[Page[Exchange]]):
    """Newest first."""

    dataset: Key | None = None
    department: str | None = Field(default=None, max_length=100)
    cursor: Cursor | None = None
    limit: Limit = 50


class VerifyExchanges(Query[ChainVerdict]):
    """Check the whole chain."""
