"""楼栋, 房屋, 户: rows by the rules of single commands; the rows of one household are one write."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from contracts.faults import Fault, Invalid
from contracts.grid import ImportDwellings, Person
from contracts.shared import Caller, Model
from services.chassis.aggregates import Aggregates, New
from services.grid.dwellings.masks import refuse_masked
from services.grid.dwellings.sources import Said, department_of
from services.grid.housing import Decided, building_writes, household_writes, room_writes
from services.grid.importing.rows import BuildingRow, HouseholdRow, RoomRow
from services.grid.importing.tally import KEY_SHOWN, Places, Step, Tally
from services.grid.store import GridStore
from services.grid.store import buildings as building_documents
from services.grid.store import rooms as room_documents

ALIKE = ("room", "size", "care", "department", "do_not_recollect_until")
"""What the rows of one household say once, or alike."""
PARTICULARS = ("relation", "id_number", "phone")
MOST_PERSONS = 50
Own = Sequence[tuple[int, HouseholdRow]]


def buildings(store: GridStore, command: ImportDwellings, tally: Tally) -> None:
    """Facts of buildings by code; absent fields stay."""
    wanted: dict[str, Mapping[str, object]] = {}
    places: dict[str, Places] = {}
    for line, row in tally.firsts(tally.read(BuildingRow, command.rows, ["code", "id"]), lambda row: row.code):
        if (row.longitude is None) != (row.latitude is None):
            tally.reject(line, row.code, _half_a_point())
        else:
            wanted[row.code], places[row.code] = _given(row, building_documents.FACTS), [(line, row.code)]
    standing = store.dwellings.buildings.standing(wanted)
    decided = building_writes(store, wanted, standing, command.caller.who)
    _carry_out(store.dwellings.buildings, decided, places, tally)
    if not tally.dry_run:
        store.dwellings.follow(code for code in store.dwellings.buildings.moved() if code in wanted)


def rooms(store: GridStore, command: ImportDwellings, tally: Tally) -> None:
    """Rooms of known buildings by code; absent fields stay."""
    entries = tally.firsts(tally.read(RoomRow, command.rows, ["code"]), lambda row: row.code)
    wanted = {row.code: _given(row, room_documents.FACTS) for _, row in entries}
    decided = room_writes(store, wanted, store.dwellings.rooms.standing(wanted))
    _carry_out(store.dwellings.rooms, decided, {row.code: [(line, row.code)] for line, row in entries}, tally)


def households(store: GridStore, command: ImportDwellings, tally: Tally) -> None:
    """Households by number, each with the persons of all its rows.

    Of a household with a row that cannot be taken none is: some of its persons would replace them all.
    """
    gathered: dict[str, list[tuple[int, HouseholdRow]]] = defaultdict(list)
    for line, row in tally.read(HouseholdRow, command.rows, ["household_no"]):
        gathered[row.household_no].append((line, row))
    spoiled = {fault.key: fault.line for fault in tally.rejected}
    wanted: dict[str, Said] = {}
    for number, own in gathered.items():
        try:
            wanted[number] = _said(own, command.caller, spoiled.get(number[:KEY_SHOWN]))
        except Fault as fault:
            for line, _ in own:
                tally.reject(line, number, fault)
    standing = store.dwellings.households.standing(wanted)
    decided = household_writes(store, wanted, standing, command.caller.who)
    places = {number: [(line, number) for line, _ in gathered[number]] for number in wanted}
    _carry_out(store.dwellings.households, decided, places, tally)
    if not tally.dry_run:
        # a building may have been moved between the look at it and the write
        store.dwellings.follow(_lived_in(decided.values()))


def _said(own: Own, caller: Caller, spoiled: int | None) -> Said:
    """What all rows of a household say together; `spoiled`: the line of one that cannot be taken."""
    if spoiled is not None:
        raise Fault("household_incomplete", f"同一户的第 {spoiled} 行有误", f"line {spoiled} of the household is wrong")
    first: dict[str, tuple[int, object]] = {}
    for line, row in own:
        for name, value in _given(row, ALIKE).items():
            before, told = first.setdefault(name, (line, value))
            if told != value:
                raise Fault(
                    "household_contradicted",
                    f"字段 {name} 与第 {before} 行不一致",
                    f"{name} is not as line {before} has it",
                )
    whole = own[0][1].model_copy(update={name: value for name, (_, value) in first.items()})
    fields, persons = _given(whole, ("room", "size", "care")), _persons(own)
    if persons:
        fields["persons"] = persons
    return Said(fields, department_of(caller, whole.department), whole.do_not_recollect_until)


def _persons(own: Own) -> list[Person]:
    found = []
    for _, row in own:
        particulars = _given(row, PARTICULARS)
        if row.person_name:
            found.append(Person.model_validate({"name": row.person_name, **particulars}))
        elif particulars:
            raise Invalid.field("/person_name", "missing", "须写明 person_name", "person_name is needed")
    persons = list(dict.fromkeys(found))
    if len(persons) > MOST_PERSONS:
        raise Invalid("too_many_persons", f"一户最多 {MOST_PERSONS} 人", f"at most {MOST_PERSONS} persons")
    refuse_masked(persons)
    return persons


def _carry_out(
    aggregates: Aggregates, decided: Mapping[str, Decided], places: Mapping[str, Places], tally: Tally
) -> None:
    steps = []
    for key, write in decided.items():
        if isinstance(write, Fault):
            for line, _ in places[key]:
                tally.reject(line, key, write)
        elif write is None:
            tally.unchanged += len(places[key])
        elif isinstance(write, New):
            steps.append(Step(write, created=places[key]))
        else:
            steps.append(Step(write, changed=places[key]))
    tally.write(aggregates, steps)


def _lived_in(decided: Iterable[Decided]) -> set[str]:
    """The buildings that households have been put into."""
    fields: list[Mapping[str, object]] = [
        write.document if isinstance(write, New) else write.change.set
        for write in decided
        if write is not None and not isinstance(write, Fault)
    ]
    return {str(each["building"]) for each in fields if "building" in each}


def _given(row: Model, names: Sequence[str]) -> dict[str, object]:
    return {name: value for name in names if (value := getattr(row, name)) is not None}


def _half_a_point() -> Invalid:
    return Invalid.field(
        "/longitude", "row_invalid", "经度与纬度须一并给出", "longitude and latitude are given together"
    )
