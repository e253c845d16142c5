"""网格人员 and 任职: who works here, and where each is posted."""

from collections import defaultdict
from collections.abc import Sequence

from contracts.faults import Fault
from contracts.grid import ImportGround, Posting
from services.grid.domain import staff_unknown
from services.grid.importing.rows import AssignmentRow, StaffRow
from services.grid.importing.tally import Step, Tally
from services.grid.rosters import assigned
from services.grid.staffing import target_faults
from services.grid.store import GridStore
from services.grid.store.rosters import Roster
from services.grid.store.staff import Person


def staff(store: GridStore, command: ImportGround, tally: Tally) -> None:
    """People by staff number; an absent phone or organisation stays."""
    entries = tally.firsts(tally.read(StaffRow, command.rows, ["staff_no"]), lambda row: row.staff_no)
    standing = store.staff.standing([row.staff_no for _, row in entries])
    steps = []
    for line, row in entries:
        person = Person(row.staff_no, row.name, row.role, row.phone, row.org)
        place = [(line, row.staff_no)]
        if row.staff_no not in standing:
            steps.append(Step(store.staff.new(person), created=place))
        elif changed := store.staff.changed(person, standing[row.staff_no]):
            steps.append(Step(changed, changed=place))
        else:
            tally.unchanged += 1
    tally.write(store.staff, steps)


def assignments(store: GridStore, command: ImportGround, tally: Tally) -> None:
    """Postings, gathered into one roster and one event a target.

    Who gives up being primary goes before who becomes it, so the order of rows does not matter.
    """
    rows = tally.read(AssignmentRow, command.rows, ["target"])
    entries = tally.firsts(rows, lambda row: f"{row.staff_no} {row.target} {row.role} {row.post}")
    faults = target_faults(store, {row.target for _, row in entries})
    people = store.staff.known({row.staff_no for _, row in entries})
    wanted: dict[str, list[tuple[int, AssignmentRow]]] = defaultdict(list)
    for line, row in sorted(entries, key=lambda entry: (entry[1].primary, entry[0])):
        fault = faults.get(row.target) or (None if row.staff_no in people else staff_unknown(row.staff_no))
        if fault:
            tally.reject(line, row.target, fault)
        else:
            wanted[row.target].append((line, row))
    standing = store.rosters.standing(list(wanted))
    steps = [
        step
        for target, posted in wanted.items()
        if (step := _roster(store, target, standing.get(target, Roster()), posted, tally))
    ]
    tally.write(store.rosters, steps)


def _roster(
    store: GridStore, target: str, standing: Roster, posted: Sequence[tuple[int, AssignmentRow]], tally: Tally
) -> Step | None:
    postings = standing.postings
    created: list[tuple[int, str]] = []
    changed: list[tuple[int, str]] = []
    for line, row in posted:
        seat = (row.staff_no, row.role, row.post)
        known = any((one.staff_no, one.role, one.post) == seat for one in standing.postings)
        try:
            after = assigned(
                target, postings, Posting(staff_no=row.staff_no, role=row.role, post=row.post, primary=row.primary)
            )
        except Fault as fault:
            tally.reject(line, target, fault)
            continue
        if after is None:
            tally.unchanged += 1
            continue
        (changed if known else created).append((line, target))
        postings = after
    if postings is standing.postings:
        return None
    if standing.version == 0:
        return Step(store.rosters.new(target, postings), created=created, changed=changed)
    return Step(store.rosters.changed(target, standing.version, postings), created=created, changed=changed)
