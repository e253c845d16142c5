"""走访 and 查阅: who goes to a household, and who looks at what is private of it."""

from datetime import datetime

from contracts.faults import Conflict, Invalid
from contracts.grid import HouseholdLook, LookAtHousehold, RecordVisit, Visit
from services.chassis import context
from services.chassis.diary import OLDEST
from services.grid.domain import staff_unknown
from services.grid.dwellings.faults import household_unknown
from services.grid.housing import household
from services.grid.store import GridStore


def look(store: GridStore, command: LookAtHousehold) -> HouseholdLook:
    """Write the look down, then show what the entry says. NotFound household_unknown."""
    number, fields = command.household_no, set(command.fields)
    private = store.dwellings.households.private(number)
    if private is None:
        raise household_unknown(number)
    access = store.dwellings.accesses.record(command)
    if (access.household_no, access.purpose, set(access.fields)) != (number, command.purpose, fields):
        raise Conflict(
            "idempotency_mismatch", "该请求编号已用于另一次查阅", "this idempotency key was used for another look"
        )
    shown = {name: value for name, value in private._asdict().items() if name in fields}
    return HouseholdLook(household_no=number, access=access.id, **shown)


def record_visit(store: GridStore, command: RecordVisit) -> Visit:
    """A visit by somebody who works here, not in the future. NotFound household_unknown, staff_unknown."""
    earlier = store.dwellings.visits.recorded()
    if earlier:
        return earlier
    found = household(store, command.household_no, command.caller)
    if not store.staff.known([command.staff_no]):
        raise staff_unknown(command.staff_no)
    if command.visited_at and not OLDEST <= command.visited_at <= context.now():
        raise _impossible(command.visited_at)
    return store.dwellings.visits.record(command, found.grid)


def _impossible(at: datetime) -> Invalid:
    late = at > OLDEST
    return Invalid.field(
        "/visited_at",
        "visited_at_invalid",
        "走访时间不能晚于现在" if late else "走访时间过早",
        "a visit is not in the future" if late else "too long ago",
    )
