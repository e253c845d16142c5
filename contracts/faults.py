"""The only exceptions that cross the bus, and how they are written on the wire.

A fault names its reason in a stable `code`, in Chinese and in English, and points at the fields it is about.
It never holds a personal value.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Self

from pydantic import BaseModel, JsonValue


class FieldFault(BaseModel):
    """One field that is wrong. `pointer` is an RFC 6901 JSON pointer into the caller's body."""

    pointer: str
    code: str
    zh: str
    en: str

    @classmethod
    def at(cls, pointer: str, code: str, zh: str, en: str) -> Self:
        """What is wrong at a place."""
        return cls(pointer=pointer, code=code, zh=zh, en=en)


class Fault(Exception):
    """A refusal with a reason that the caller can act on.

    `facts` are further machine-readable members (legal actions, the current version, …).
    """

    kind: ClassVar[str] = "fault"
    retryable: ClassVar[bool] = False

    def __init__(self, code: str, zh: str, en: str, errors: Iterable[FieldFault] = (), **facts: JsonValue) -> None:
        super().__init__(code, en)
        self.code, self.zh, self.en = code, zh, en
        self.errors = tuple(errors)
        self.facts: dict[str, JsonValue] = facts

    def to_wire(self) -> dict[str, JsonValue]:
        """The JSON form that travels in a reply."""
        return {
            "kind": self.kind,
            "code": self.code,
            "zh": self.zh,
            "en": self.en,
            "errors": [error.model_dump() for error in self.errors],
            "facts": self.facts,
        }

    @classmethod
    def field(cls, pointer: str, code: str, zh: str, en: str) -> Self:
        """A fault about one field."""
        return cls(code, zh, en, errors=[FieldFault.at(pointer, code, zh, en)])

    @classmethod
    def fields(cls, code: str, zh: str, en: str, faults: Sequence[FieldFault]) -> Self:
        """A fault about several fields, all of them named in its text."""
        each_zh, each_en = "; ".join(one.zh for one in faults), "; ".join(one.en for one in faults)
        return cls(code, f"{zh}: {each_zh}", f"{en}: {each_en}", errors=faults)


class NotFound(Fault):
    """No such thing, or none that the caller may know of."""

    kind = "not_found"


class Refused(Fault):
    """A rule of the domain forbids it (an illegal step names the legal ones in `facts`)."""

    kind = "refused"


class Conflict(Fault):
    """Somebody else was faster: stale version, duplicate key, other body under the same key."""

    kind = "conflict"


class Invalid(Fault):
    """The input is wrong; `errors` lists every field at once."""

    kind = "invalid"


class Forbidden(Fault):
    """The caller may not do this."""

    kind = "forbidden"


class Unavailable(Fault):
    """A dependency is away; trying again later is right."""

    kind = "unavailable"
    retryable = True


KINDS: dict[str, type[Fault]] = {
    fault.kind: fault for fault in (NotFound, Refused, Conflict, Invalid, Forbidden, Unavailable)
}


class WireFault(BaseModel):
    """A fault as it stands in a reply."""

    kind: str
    code: str
    zh: str
    en: str
    errors: list[FieldFault] = []
    facts: dict[str, JsonValue] = {}

    def to_fault(self) -> Fault:
        """The exception; an unknown kind of a newer service is read as `Unavailable`."""
        return KINDS.get(self.kind, Unavailable)(self.code, self.zh, self.en, self.errors, **self.facts)
