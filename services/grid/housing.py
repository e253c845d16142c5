"""楼栋, 房屋, 户: what is written of them, for one command or for a whole file at once."""

from collections.abc import Mapping, Sequence

from contracts.faults import Fault, Forbidden
from contracts.grid import (
    Building,
    Household,
    ListBuildings,
    ListHouseholds,
    ListRooms,
    Room,
    SaveBuilding,
    SaveHousehold,
    SaveRoom,
)
from contracts.shared import Caller, Page, Point, Scope
from services.chassis import context
from services.chassis.aggregates import Aggregates, Changed, New
from services.chassis.cpu import heavy
from services.grid.domain import ENDED, grid_ended, stale
from services.grid.dwellings.faults import (
    building_code_invalid,
    building_unknown,
    household_unknown,
    room_missing,
    room_unknown,
)
from services.grid.dwellings.masks import refuse_masked
from services.grid.dwellings.sources import FIELDS, Said, collected, department_of
from services.grid.store import GridStore
from services.grid.store import buildings as building_documents
from services.grid.store import households as household_documents
from services.grid.store import rooms as room_documents

MANY = 50
Decided = New | Changed | Fault | None
"""A write, why there can be none, or None where all is so already."""


def save_building(store: GridStore, command: SaveBuilding) -> Building:
    """A new building, or other facts of a known one; its households follow it into another grid."""
    facts, code = _given(command, building_documents.FACTS), command.code
    buildings = store.dwellings.buildings
    standing = buildings.standing([code])
    if code not in standing or not standing[code].done:
        if code in standing:
            command.check_version(standing[code].building.version)
        _carry_out(buildings, building_writes(store, {code: facts}, standing, command.caller.who)[code])
    saved = buildings.standing([code])[code]
    if saved.moved:
        store.dwellings.follow([code])
    return saved.building


def building_writes(
    store: GridStore,
    wanted: Mapping[str, Mapping[str, object]],
    standing: Mapping[str, building_documents.Standing],
    actor: str,
) -> dict[str, Decided]:
    """Facts by code → writes.

    A building is in the grid that holds its point. Where none does, and without a point, it is in the one that its
    code names, and later stays where it is.
    """
    differing = {code: _differing(facts, standing.get(code)) for code, facts in wanted.items()}
    states = store.grids.states({code[:15] for code in wanted if code not in standing})
    points = {code: facts["point"] for code, facts in differing.items() if "point" in facts}
    located = _located(store, points)
    decided: dict[str, Decided] = {}
    for code, facts in differing.items():
        if code in standing:
            before = standing[code].building
            grid = located.get(code) or before.grid
            decided[code] = store.dwellings.buildings.changed(before, facts, grid, actor) if facts else None
        elif code[:15] not in states:
            decided[code] = building_code_invalid(code)
        elif states[code[:15]] in ENDED:
            decided[code] = grid_ended(code[:15], states[code[:15]])
        else:
            decided[code] = store.dwellings.buildings.new(code, facts, located.get(code) or code[:15], actor)
    return decided


def building(store: GridStore, code: str) -> Building:
    """By code; NotFound building_unknown."""
    found = store.dwellings.buildings.standing([code])
    if code not in found:
        raise building_unknown(code)
    return found[code].building


def list_buildings(store: GridStore, query: ListBuildings) -> Page[Building]:
    """By grid and code, within a small box by place."""
    return store.dwellings.buildings.page(query, store.ground.snapshot.grid_codes)


def save_room(store: GridStore, command: SaveRoom) -> Room:
    """A new room, or other facts of a known one."""
    facts, code = _given(command, room_documents.FACTS), command.code
    rooms = store.dwellings.rooms
    standing = rooms.standing([code])
    if code not in standing or not standing[code].done:
        if code in standing:
            command.check_version(standing[code].version)
        _carry_out(rooms, room_writes(store, {code: facts}, standing)[code])
    return rooms.one(code, store.dwellings.homes([code])[code].grid)


def room_writes(
    store: GridStore, wanted: Mapping[str, Mapping[str, object]], standing: Mapping[str, room_documents.Standing]
) -> dict[str, Decided]:
    """Facts by code → writes; a new room belongs to a known building."""
    rooms, decided = store.dwellings.rooms, dict[str, Decided]()
    named = {code: code[: room_documents.BUILDING_DIGITS] for code in wanted if code not in standing}
    known = store.dwellings.buildings.grids(set(named.values()))
    for code, facts in wanted.items():
        if code in standing:
            before = standing[code]
            differing = {name: value for name, value in facts.items() if before.facts[name] != value}
            decided[code] = rooms.changed(code, before, differing) if differing else None
        else:
            decided[code] = rooms.new(code, facts) if named[code] in known else building_unknown(named[code])
    return decided


def list_rooms(store: GridStore, query: ListRooms) -> Page[Room]:
    """By code, of a known building."""
    return store.dwellings.rooms.page(query, building(store, query.building).grid)


def save_household(store: GridStore, command: SaveHousehold) -> Household:
    """A new household, or other fields of a known one, each from its department."""
    number, said = command.household_no, said_by(command)
    households = store.dwellings.households
    standing = households.standing([number])
    if number not in standing or not standing[number].done:
        if number in standing:
            command.check_version(standing[number].version)
        _carry_out(households, household_writes(store, {number: said}, standing, command.caller.who)[number])
    saved = household(store, number, command.caller)
    if store.dwellings.buildings.grids([saved.building])[saved.building] != saved.grid:
        # the building was moved between the look at it and the write
        store.dwellings.follow([saved.building])
        return household(store, number, command.caller)
    return saved


def said_by(command: SaveHousehold) -> Said:
    """The fields that a command gives, and whose word they are."""
    fields = _given(command, FIELDS)
    if command.care is not None:
        fields["care"] = sorted(set(command.care))
    refuse_masked(command.persons or [])
    return Said(fields, department_of(command.caller, command.department), command.do_not_recollect_until)


def household_writes(
    store: GridStore,
    wanted: Mapping[str, Said],
    standing: Mapping[str, household_documents.Standing],
    actor: str,
) -> dict[str, Decided]:
    """What is said of each household → writes."""
    rooms = {str(said.fields["room"]) for said in wanted.values() if "room" in said.fields}
    households, homes, decided = store.dwellings.households, store.dwellings.homes(rooms), dict[str, Decided]()
    for number, said in wanted.items():
        before = standing.get(number)
        try:
            home = _home(said, before, homes)
            values, sources = (before.values, before.sources) if before else ({}, {})
            fresh = collected(said, values, sources, context.now())
        except Fault as fault:
            decided[number] = fault
            continue
        if before is None:
            decided[number] = households.new(number, home, fresh, actor)
        else:
            decided[number] = households.changed(number, before, home, fresh, actor) if fresh.fields else None
    return decided


def household(store: GridStore, number: str, caller: Caller) -> Household:
    """Masked; NotFound household_unknown."""
    found = store.dwellings.households.one(number, care=caller.may(Scope.GRID_WRITE))
    if found is None:
        raise household_unknown(number)
    return found


def list_households(store: GridStore, query: ListHouseholds) -> Page[Household]:
    """By grid and number, masked. Who needs care is a question for those who visit."""
    care = query.caller.may(Scope.GRID_WRITE)
    if query.care and not care:
        raise Forbidden.field("/care", "scope_missing", "没有权限按关爱标签查询", "care tags need the scope grid:write")
    return store.dwellings.households.page(query, store.ground.snapshot.grid_codes, care=care)


def _home(
    said: Said,
    standing: household_documents.Standing | None,
    homes: Mapping[str, household_documents.Home],
) -> household_documents.Home:
    room = said.fields.get("room")
    if room is None and standing:
        return standing.home
    if room is None:
        raise room_missing()
    if room not in homes:
        raise room_unknown(str(room))
    return homes[str(room)]


def _given(command: SaveBuilding | SaveRoom | SaveHousehold, names: Sequence[str]) -> dict[str, object]:
    return {name: value for name in names if (value := getattr(command, name)) is not None}


def _differing(facts: Mapping[str, object], standing: building_documents.Standing | None) -> dict[str, object]:
    if standing is None:
        return dict(facts)
    return {name: value for name, value in facts.items() if getattr(standing.building, name) != value}


def _located(store: GridStore, points: Mapping[str, object]) -> dict[str, str | None]:
    places = [(point.longitude, point.latitude) for point in points.values() if isinstance(point, Point)]
    locate = store.ground.snapshot.locate
    spots = heavy(locate, places) if len(places) > MANY else locate(places)
    return {code: spot.grid for code, spot in zip(points, spots, strict=True)}


def _carry_out(aggregates: Aggregates, decided: Decided) -> None:
    if isinstance(decided, Fault):
        raise decided
    if isinstance(decided, New):
        if not aggregates.insert(decided.document, decided.events):
            raise stale()
    elif decided:
        aggregates.update(decided.id, decided.version, decided.change, decided.events)
