"""网格人员 and 任职: who works here, and where each is posted."""

from collections import defaultdict
from collections.abc import Sequence

from contracts.faults import Fault
from contracts.grid import ImportGround, Posting
from services.chassis import context
from services.grid.domain import staff_unknown
from services.grid.importing.rows import AssignmentRow, StaffRow
from services.grid.importing.tally import Step, Tally
from services.grid.posting import active
from services.grid.rosters import assigned, period, seat
from services.grid.staffing import target_faults
from services.grid.store import GridStore
from services.grid.store.rosters import Standing
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

    Who gives up being primary goes before who becomes it, and who was there before who comes, so the order of rows does
    not matter.
    """
    rows = tally.read(AssignmentRow, command.rows, ["target"])
    entries = tally.firsts(rows, lambda row: f"{row.staff_no} {row.target} {row.role} {row.post}")
    faults = target_faults(store, {row.target for _, row in entries})
    people = store.staff.known({row.staff_no for _, row in entries})
    wanted: dict[str, list[tuple[int, Posting]]] = defaultdict(list)
    postings = [(line, row.target, Posting(**dict(row))) for line, row in entries]
    for line, target, posting in sorted(postings, key=lambda one: (one[2].primary, period(one[2])[0], one[0])):
        fault = faults.get(target) or (None if posting.staff_no in people else staff_unknown(posting.staff_no))
        if fault:
            tally.reject(line, target, fault)
        else:
            wanted[target].append((line, posting))
    standing, manned = store.rosters.standing(list(wanted)), active(store, wanted)
    steps = [
        step
        for target, posted in wanted.items()
        if (step := _roster(store, target, standing.get(target, Standing()), posted, tally, active=target in manned))
    ]
    tally.write(store.rosters, steps)


def _roster(
    store: GridStore,
    target: str,
    standing: Standing,
    posted: Sequence[tuple[int, Posting]],
    tally: Tally,
    *,
    active: bool,
) -> Step | None:
    roster, now = standing.roster, context.now()
    created: list[tuple[int, str]] = []
    changed: list[tuple[int, str]] = []
    for line, wanted in posted:
        try:
            after = assigned(target, roster, wanted, now)
        except Fault as fault:
            tally.reject(line, target, fault)
            continue
        if after is None:
            tally.unchanged += 1
            continue
        known = any(seat(one) == seat(wanted) for one in standing.roster.postings)
        (changed if known else created).append((line, target))
        roster = after
    if not created and not changed:
        return None
    write = store.rosters.next(target, standing, roster, active=active)
    return Step(write, created=created, changed=changed)
