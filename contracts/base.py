"""What every message is made of: events (past tense), queries and commands (verb first), and their envelope.

Readers ignore unknown fields, writers build typed models. A version never changes meaning: optional additions
only, anything else is a `.v2` beside it.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, cast
from uuid import uuid4

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from contracts.faults import Conflict
from contracts.shared import Caller, Model

WIRE = re.compile(r"^[a-z]+\.[a-z_]+\.v[1-9]\d*$")
R = TypeVar("R", bound=BaseModel)

EVENTS: dict[str, type["Event"]] = {}
REQUESTS: dict[str, type["Request[BaseModel]"]] = {}


class Event(Model):
    """Something that happened. Subclass as `class AlertRaised(Event, wire="alerts.raised.v1")`.

    `public=True` marks an event that is promised to outsiders although no service of ours listens.
    No field of an event holds a personal value.
    """

    wire: ClassVar[str]
    public: ClassVar[bool]

    def __init_subclass__(cls, *, wire: str = "", public: bool = False) -> None:
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(cls, *, wire: str = "", public: bool = False, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not wire:
            return
        if not WIRE.match(wire) or wire in EVENTS:
            raise TypeError(f"{cls.__name__}: {wire!r} is not a free wire name <owner>.<what_happened>.v<N>")
        cls.wire, cls.public = wire, public
        EVENTS[wire] = cls

    @classmethod
    def owner(cls) -> str:
        """The service that alone may publish it."""
        return cls.wire.partition(".")[0]


class Delivery(Event):
    """An event whose data is a body in somebody else's format, carried untouched (CloudEvents binary mode).

    The fields travel as message headers, `body` as the message body.
    """

    body: bytes = b""


class Request(Model, Generic[R]):
    """A question or an order to one service, answered with an `R`.

    The owning service decides from `caller` whether it may.
    """

    caller: Caller
    service: ClassVar[str]
    method: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__pydantic_generic_metadata__["origin"] or cls.__pydantic_generic_metadata__["parameters"]:
            return
        cls.service = cls.__module__.split(".")[1]
        cls.method = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        REQUESTS[f"{cls.service}.{cls.method}"] = cast("type[Request[BaseModel]]", cls)

    @classmethod
    def reply(cls) -> type[R]:
        """The model of its answer."""
        for base in cls.__mro__:
            metadata = getattr(base, "__pydantic_generic_metadata__", None)
            if metadata and metadata["args"]:
                return cast("type[R]", metadata["args"][0])
        raise TypeError(f"{cls.__name__} names no reply")


class Query(Request[R], Generic[R]):
    """Opens nothing and writes nothing."""


class Command(Request[R], Generic[R]):
    """Changes something, once for each `idempotency_key`, and only from `expected_version` where one is given."""

    idempotency_key: str | None = Field(default=None, max_length=200)
    expected_version: int | None = Field(default=None, ge=1)

    def check_version(self, current: int) -> None:
        """Refuse when the caller expected another version; the answer names the current one."""
        if self.expected_version not in (None, current):
            raise Conflict(
                "version_stale",
                f"内容已被他人更新, 当前版本为 {current}",
                f"changed by somebody else; the current version is {current}",
                current_version=current,
            )


def _wire_name(value: str) -> str:
    if not WIRE.match(value):
        raise ValueError("not a wire name")
    return value


class Envelope(Model):
    """CloudEvents 1.0 around an event. `id` is the dedupe key, `subject` the aggregate, `sequence` its version."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(default_factory=lambda: uuid4().hex, min_length=1, max_length=200)
    source: str
    type: Annotated[str, AfterValidator(_wire_name)]
    subject: str
    time: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    datacontenttype: str = "application/json"
    sequence: int = Field(default=0, ge=0)
    traceparent: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    data: JsonValue = None
