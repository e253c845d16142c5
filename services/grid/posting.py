"""Postings as people give, change and read them, and as the clock turns them."""

from collections.abc import Collection, Sequence

from contracts.grid import ActOnAssignment, Assign, AssignmentAction, ListAssignments, Posted, Posting
from contracts.shared import Done, Page
from services.chassis import context
from services.chassis.aggregates import Changed
from services.grid.domain import HOLDING, staff_unknown, stale
from services.grid.rosters import Roster, acted, advanced, allowed_actions, as_of, assigned, found, posting_unknown
from services.grid.staffing import target_faults
from services.grid.store import GridStore
from services.grid.store.rosters import Standing

ORDER = ("current", "on_leave", "planned", "ended", "cancelled")


def assign(store: GridStore, command: Assign) -> Done:
    """Put a person on the roster of a grid or territory; done already is done."""
    standing = _standing(store, command.target)
    if standing.done:
        return Done(id=command.target, version=standing.version)
    for fault in target_faults(store, {command.target}).values():
        raise fault
    _check_known(store, command.staff_no)
    after = assigned(command.target, standing.roster, Posting(**dict(command)), context.now())
    if after is None:
        return Done(id=command.target, version=standing.version)
    if standing.version:
        command.check_version(standing.version)
    _write(store, command.target, standing, after)
    return Done(id=command.target, version=standing.version + 1)


def act(store: GridStore, command: ActOnAssignment) -> Posted:
    """One step of a posting's machine."""
    standing = _standing(store, command.target)
    roster, version = standing.roster, standing.version
    if not standing.done:
        command.check_version(version)
        if command.backup:
            _check_known(store, command.backup)
        roster, version = acted(roster, command, context.now()), version + 1
        _write(store, command.target, standing, roster)
    if command.action in (AssignmentAction.END, AssignmentAction.CANCEL):
        roster = Roster(past=roster.past)
    posting = found(roster, (command.staff_no, command.role, command.post))
    if posting is None:
        raise posting_unknown(command)
    return _posted(store, command.target, [posting], version, now=True)[0]


def listed(store: GridStore, query: ListAssignments) -> Page[Posted]:
    """The roster of one target, who left last at the end; of another time those postings that had begun by then."""
    standing = _standing(store, query.target)
    if query.at:
        postings = as_of(standing.roster, query.at)
    else:
        present = advanced(standing.roster, context.now())
        postings = [*present.postings, *reversed(present.past)]
    postings.sort(key=lambda one: ORDER.index(one.state))
    return Page(items=_posted(store, query.target, postings, standing.version, now=query.at is None))


def turn_with_the_clock(store: GridStore) -> None:
    """Planned postings begin and those with an end are over, a hundred rosters at a time."""
    while due := store.rosters.due(now := context.now()):
        manned = active(store, due)
        writes = [
            store.rosters.next(target, standing, advanced(standing.roster, now), active=target in manned)
            for target, standing in due.items()
        ]
        store.rosters.update_many([write for write in writes if isinstance(write, Changed)])


def active(store: GridStore, targets: Collection[str]) -> set[str]:
    """Those of the targets that are grids which somebody has to look after."""
    states = store.grids.states([target for target in targets if len(target) == 15])
    return {target for target, state in states.items() if state in HOLDING}


def _standing(store: GridStore, target: str) -> Standing:
    return store.rosters.standing([target]).get(target, Standing())


def _check_known(store: GridStore, staff_no: str) -> None:
    if not store.staff.known([staff_no]):
        raise staff_unknown(staff_no)


def _write(store: GridStore, target: str, standing: Standing, after: Roster) -> None:
    write = store.rosters.next(target, standing, after, active=target in active(store, {target}))
    if isinstance(write, Changed):
        store.rosters.update(write.id, write.version, write.change, write.events)
    elif not store.rosters.insert(write.document, write.events):
        raise stale()


def _posted(store: GridStore, target: str, postings: Sequence[Posting], version: int, *, now: bool) -> list[Posted]:
    """With the names of people; what was at another time allows nothing."""
    names = store.staff.names({one.staff_no for one in postings})
    return [
        Posted(
            **dict(one),
            target=target,
            name=names.get(one.staff_no),
            allowed_actions=allowed_actions(one) if now else [],
            version=version,
        )
        for one in postings
    ]
