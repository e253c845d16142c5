"""What an import has read, refused, mended and written so far."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from contracts.faults import Fault
from contracts.shared import ImportReport, Model, Row, RowFault
from services.chassis import context
from services.chassis.aggregates import Aggregates, Changed, New
from services.chassis.cpu import heavy
from services.grid.domain import both, stale

M = TypeVar("M", bound=Model)


Places = Sequence[tuple[int, str]]
KEY_SHOWN = 50
"""Characters of what names an unreadable row."""


class Step(NamedTuple):
    """One write that an import has decided on, and the rows it carries out: (line, key) by what they amount to."""

    write: New | Changed
    created: Places = ()
    changed: Places = ()


class Tally:
    """Counts rows; a dry run gives the same numbers and writes nothing."""

    def __init__(self, kind: str, *, dry_run: bool, read: int) -> None:
        self.kind, self.dry_run, self.rows_read = kind, dry_run, read
        self.created = self.changed = self.unchanged = 0
        self.rejected: list[RowFault] = []
        self.repaired: list[RowFault] = []

    def reject(self, line: int, key: str, fault: Fault) -> None:
        """A row that is not taken."""
        self.rejected.append(RowFault(line=line, key=key, code=fault.code, message=both(fault)))

    def mend(self, line: int, key: str, told: tuple[str, str]) -> None:
        """A row that is taken after a repair."""
        self.repaired.append(RowFault(line=line, key=key, code="geometry_repaired", message=" / ".join(told)))

    def read(
        self, model: type[M], rows: Sequence[Row], keys: Sequence[str], codes: Mapping[str, str] | None = None
    ) -> list[tuple[int, M]]:
        """The rows as typed values; unreadable ones are rejected. `codes`: the fault's code by field name.

        `keys` are the fields that may name a row to people. Empty text counts as absent. No other value is repeated.
        """
        good, bad = heavy(_read, model, rows)
        for line, said, error in bad:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            field = str(first["loc"][0]) if first["loc"] else keys[0]
            key = next((str(said[name])[:KEY_SHOWN] for name in keys if name in said), "")
            code = (codes or {}).get(field, "row_invalid")
            message = f"字段 {field} 不符合要求 / {field}: {first['msg']}"
            self.rejected.append(RowFault(line=line, key=key, code=code, message=message))
        return good

    def firsts(
        self,
        entries: Sequence[tuple[int, M]],
        key: Callable[[M], str],
        name: Callable[[M], str | None] = lambda _: None,
    ) -> list[tuple[int, M]]:
        """The first row of each key; a later one of the same key is rejected as its duplicate.

        `name` is what people call it; none for rows about persons.
        """
        firsts: dict[str, tuple[int, M]] = {}
        for line, entry in sorted(entries, key=lambda pair: pair[0]):
            at, first = firsts.setdefault(key(entry), (line, entry))
            if first is not entry:
                own, before = (f"{name(one) or ''} ".lstrip() for one in (entry, first))
                fault = Fault(
                    "duplicate_code", f"{own}与第 {at} 行 {before}重复", f"{own}repeats line {at} {before}".rstrip()
                )
                self.reject(line, key(entry), fault)
        return list(firsts.values())

    def write(self, aggregates: Aggregates, steps: Sequence[Step]) -> None:
        """Carry the steps out in two round trips; what somebody else changed meanwhile is rejected, not overwritten."""
        lost = set() if self.dry_run else _lost(aggregates, steps)
        for at, step in enumerate(steps):
            if at in lost:
                for line, key in (*step.created, *step.changed):
                    self.reject(line, key, stale())
            else:
                self.created += len(step.created)
                self.changed += len(step.changed)

    def report(self) -> ImportReport:
        """The numbers, faults by line."""
        return ImportReport(
            kind=self.kind,
            dry_run=self.dry_run,
            read=self.rows_read,
            created=self.created,
            changed=self.changed,
            unchanged=self.unchanged,
            rejected=sorted(self.rejected, key=lambda fault: fault.line),
            repaired=sorted(self.repaired, key=lambda fault: fault.line),
        )


def _lost(aggregates: Aggregates, steps: Sequence[Step]) -> set[int]:
    """Write; the steps that somebody else was faster than."""
    new = [(at, step.write) for at, step in enumerate(steps) if isinstance(step.write, New)]
    changed = [(at, step.write) for at, step in enumerate(steps) if isinstance(step.write, Changed)]
    message = context.message_id()
    marked = [write._replace(message_ids=(message,)) if message else write for _, write in changed]
    fresh = aggregates.insert_many([write for _, write in new])
    outcomes = aggregates.update_many(marked)
    return {at for at, write in new if write.document["_id"] not in fresh} | {
        at for (at, _), outcome in zip(changed, outcomes, strict=True) if outcome == "stale"
    }


def _read(
    model: type[M], rows: Sequence[Row]
) -> tuple[list[tuple[int, M]], list[tuple[int, dict[str, object], ValidationError]]]:
    good, bad = [], []
    for row in rows:
        values = {name: _plain(value) for name, value in row.values.items()}
        said = {name: value for name, value in values.items() if value is not None}
        try:
            good.append((row.line, model.model_validate(said)))
        except ValidationError as error:
            bad.append((row.line, said, error))
    return good, bad


def _plain(value: object) -> object:
    return (value.strip() or None) if isinstance(value, str) else value
