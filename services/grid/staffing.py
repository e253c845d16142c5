"""People, and where they may be posted."""

from contracts.faults import Fault
from contracts.grid import SaveStaff, StaffMember
from contracts.shared import Scope
from services.grid.domain import ENDED, grid_ended, grid_unknown, staff_unknown, territory_unknown
from services.grid.store import GridStore
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
