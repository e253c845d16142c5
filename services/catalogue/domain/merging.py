"""事项导入: rows of an official list against the items that stand, merged by code.

New items arrive published. One that stands takes what the list says about it in whatever state it is, but for a
retired one, which is final, and one under review, which must not change under the reviewer's eyes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pydantic import JsonValue, ValidationError

from contracts.catalogue import ItemState, ItemType
from contracts.shared import ImportReport, RowFault
from services.catalogue.domain.items import Content, check_limits
from services.catalogue.rows import ItemRow, row_fault

Effect = Literal["created", "changed"]
_CLOSED = frozenset({ItemState.IN_REVIEW, ItemState.APPROVED, ItemState.RETIRED})


class Standing(NamedTuple):
    """An item as it stands; `done` is what this very import has already done to it, before it was interrupted."""

    content: Content
    state: ItemState
    version: int = 1
    version_no: int = 1
    done: Effect | None = None


class Write(NamedTuple):
    """One item to write: `before` is what it said until now, absent for a new one."""

    line: int
    code: str
    content: Content
    before: Standing | None

    @property
    def keeps_name(self) -> bool:
        """Whether its spelling stands already."""
        return self.before is not None and self.before.content.name == self.content.name


@dataclass
class Merge:
    """What an import does to the catalogue, and what it says about it."""

    writes: list[Write] = field(default_factory=list)
    rejected: list[RowFault] = field(default_factory=list)
    repaired: list[RowFault] = field(default_factory=list)
    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def report(self, read: int, dry_run: bool) -> ImportReport:
        """The numbers and every row that was not taken as it came."""
        return ImportReport(
            kind="items",
            dry_run=dry_run,
            read=read,
            created=self.created,
            changed=self.changed,
            unchanged=self.unchanged,
            rejected=sorted(self.rejected, key=lambda fault: fault.line),
            repaired=sorted(self.repaired, key=lambda fault: fault.line),
        )


def merge(rows: Sequence[ItemRow], standing: Mapping[str, Standing]) -> Merge:
    """Decide for every row: create, change, leave, or reject because the rules between fields forbid it."""
    result = Merge()
    for row in rows:
        before = standing.get(row.code)
        notes = list(row.notes)
        if before is None and "type" not in row.given:
            notes.append(row_fault(row.line, row.code, "type_missing", "缺少事项类型, 按其他类处理", "no type: other"))
        given = row.given if before else {"type": ItemType.OTHER, **row.given}
        content, faults = _combined(row, given, before)
        if content is None:
            result.rejected.extend(faults)
            continue
        result.repaired.extend(notes)
        if before is None:
            result.created += 1
            result.writes.append(Write(row.line, row.code, content, None))
        elif before.done:
            result.created += before.done == "created"
            result.changed += before.done == "changed"
        elif content == before.content:
            result.unchanged += 1
        elif before.state in _CLOSED:
            result.unchanged += 1
            zh = f"事项处于 {before.state} 状态, 清单内容未采用"
            en = f"the item is {before.state}: left as it is"
            result.repaired.append(row_fault(row.line, row.code, "item_closed", zh, en))
        else:
            result.changed += 1
            result.writes.append(Write(row.line, row.code, content, before))
    return result


def _combined(
    row: ItemRow, given: Mapping[str, JsonValue], before: Standing | None
) -> tuple[Content | None, list[RowFault]]:
    """What the item says with the row's columns over what it said; else why the row is rejected (one entry a row)."""
    said = before.content.model_dump(mode="json") if before else {}
    try:
        content = Content.model_validate({**said, **given})
    except ValidationError as error:
        names = ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors()}))
        return None, [row_fault(row.line, row.code, "value_invalid", f"{names} 超出允许范围", f"{names} out of range")]
    faults = check_limits(content)
    if not faults:
        return content, []
    zh, en = "; ".join(fault.zh for fault in faults), "; ".join(fault.en for fault in faults)
    return None, [row_fault(row.line, row.code, faults[0].code, zh, en)]
