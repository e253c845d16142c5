"""People and their postings, one at a time."""

from contracts.faults import Fault
from contracts.grid import Assign, Posting, SaveStaff, StaffMember
from contracts.shared import Done, Scope
from services.grid.domain import ENDED, grid_ended, grid_unknown, staff_unknown, stale, territory_unknown
from services.grid.rosters import assigned
from services.grid.store import GridStore
from services.grid.store.rosters import Roster
from services.grid.store.staff import Person


def save_staff(store: GridStore, command: SaveStaff) -> StaffMember:
    """A new person, or other fields of a known one; an absent phone or organisation stays."""
    person = Person(command.staff_no, command.name, command.role, command.phone, command.org)
    new = store.staff.new(person)
    if not store.staff.insert(new.document) and not store.staff.done(command.staff_no):
        standing = store.staff.standing([command.staff_no])[command.staff_no]
        command.check_version(standing.version)
        changed = store.staff.changed(person, standing)
        if changed:
            store.staff.update(changed.id, changed.version, changed.change)
    saved = store.staff.one(command.staff_no, private=command.caller.may(Scope.PII_READ))
    if saved is None:
        raise staff_unknown(command.staff_no)
    return saved


def assign(store: GridStore, command: Assign) -> Done:
    """Put a person on the roster of a grid or territory; done already is done."""
    for fault in target_faults(store, {command.target}).values():
        raise fault
    if not store.staff.known([command.staff_no]):
        raise staff_unknown(command.staff_no)
    standing = store.rosters.standing([command.target]).get(command.target, Roster())
    posting = Posting(staff_no=command.staff_no, role=command.role, post=command.post, primary=command.primary)
    after = assigned(command.target, standing.postings, posting)
    if after is None:
        return Done(id=command.target, version=standing.version)
    if standing.version:
        command.check_version(standing.version)
        write = store.rosters.changed(command.target, standing.version, after)
        store.rosters.update(write.id, write.version, write.change, write.events)
    elif not store.rosters.insert(*store.rosters.new(command.target, after)[:2]):
        raise stale()
    return Done(id=command.target, version=standing.version + 1)


def target_faults(store: GridStore, targets: set[str]) -> dict[str, Fault]:
    """Why nobody can be posted at these: no such grid or territory, or a grid that has ended."""
    states = store.grids.states([target for target in targets if len(target) == 15])
    territories = store.territories.standing([target for target in targets if len(target) == 12])
    faults: dict[str, Fault] = {}
    for target in targets:
        if len(target) == 12 and target not in territories:
            faults[target] = territory_unknown(target)
        elif len(target) == 15 and target not in states:
            faults[target] = grid_unknown(target)
        elif states.get(target) in ENDED:
            faults[target] = grid_ended(target, states[target])
    return faults
