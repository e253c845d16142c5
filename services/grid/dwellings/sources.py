"""一数一源, 不重复采集: every field of a household has one department that it is from."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from contracts.faults import FieldFault, Forbidden, Invalid, Refused
from contracts.grid import FieldSource
from contracts.shared import Caller

FIELDS = ("room", "size", "care", "persons")


class Said(NamedTuple):
    """What a department says of a household: values by field, and until when nobody is to ask for them again."""

    fields: Mapping[str, object]
    department: str
    do_not_recollect_until: datetime | None = None


class Collected(NamedTuple):
    """What of it is new: values and their sources by field."""

    fields: Mapping[str, object]
    sources: Mapping[str, FieldSource]


def department_of(caller: Caller, claimed: str | None) -> str:
    """Whose word it is. Forbidden for another department's, Invalid where nobody's is known."""
    if caller.department and claimed not in (None, caller.department):
        raise Forbidden.field(
            "/department", "department_foreign", "不能以其他部门的名义填报", "another department's word is not yours"
        )
    department = claimed or caller.department
    if not department:
        raise Invalid.field("/department", "missing", "必须写明数据来源部门", "the department must be named")
    return department


def collected(
    said: Said, standing: Mapping[str, object], sources: Mapping[str, FieldSource], now: datetime
) -> Collected:
    """The fields that are said otherwise than they stand, or by another department.

    Refused do_not_recollect names each field that belongs to another department for a while yet, also where the value
    would be the same: it is the asking again that is forbidden.
    """
    kept = {name: sources[name] for name in said.fields if name in sources}
    closed = {
        name: source.do_not_recollect_until
        for name, source in kept.items()
        if source.department != said.department
        and source.do_not_recollect_until
        and source.do_not_recollect_until > now
    }
    if closed:
        raise _do_not_recollect({name: (kept[name].department, until) for name, until in closed.items()})
    fresh = {}
    for name, value in said.fields.items():
        own = kept[name] if name in kept and kept[name].department == said.department else None
        until = said.do_not_recollect_until or (own and own.do_not_recollect_until)
        if own is None or own.do_not_recollect_until != until or standing.get(name) != value:
            fresh[name] = FieldSource(department=said.department, collected_at=now, do_not_recollect_until=until)
    return Collected({name: said.fields[name] for name in fresh}, fresh)


def _do_not_recollect(closed: Mapping[str, tuple[str, datetime]]) -> Refused:
    faults = [
        FieldFault(
            pointer=f"/{name}",
            code="do_not_recollect",
            zh=f"字段 {name} 已由 {department} 采集, {until:%Y-%m-%d} 前不重复采集",
            en=f"{name} was collected by {department} and is not to be asked for again before {until:%Y-%m-%d}",
        )
        for name, (department, until) in closed.items()
    ]
    return Refused(
        "do_not_recollect",
        "; ".join(fault.zh for fault in faults),
        "; ".join(fault.en for fault in faults),
        faults,
        fields=[*closed],
    )
