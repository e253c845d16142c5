"""What happens in the sharing of data; never a value of a record."""

from typing import Literal

from pydantic import AwareDatetime

from contracts.base import Event
from contracts.sharing.models import Purpose


class DatasetPublished(Event, wire="sharing.dataset_published.v1", public=True):
    """A dataset is on the directory."""

    code: str
    provider: str
    schema_version: int
    version: int


class DatasetWithdrawn(Event, wire="sharing.dataset_withdrawn.v1", public=True):
    """A dataset left the directory."""

    code: str
    version: int


class DatasetApplied(Event, wire="sharing.applied.v1", public=True):
    """A department asked for a dataset."""

    application: str
    dataset: str
    applicant: str
    purpose: Purpose
    version: int


class DatasetDecided(Event, wire="sharing.decided.v1", public=True):
    """The provider answered."""

    application: str
    dataset: str
    decision: Literal["approve", "refuse"]
    version: int


class GrantGiven(Event, wire="sharing.granted.v1", public=True):
    """A grant became active."""

    grant: str
    dataset: str
    department: str
    purpose: Purpose
    valid_until: AwareDatetime
    version: int


class GrantRevoked(Event, wire="sharing.grant_revoked.v1", public=True):
    """A grant ended early."""

    grant: str
    dataset: str
    department: str
    version: int


class RecordsPublished(Event, wire="sharing.records_published.v1"):
    """New records stand in the log of a dataset, from one sequence to another. Never their values."""

    dataset: str
    first: int
    last: int
    count: int
