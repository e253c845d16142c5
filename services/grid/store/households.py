"""Collection `households` 户: _id number, room, building, grid, size, care[], sources{}, persons[] masked, timeline[].

The persons themselves are in private.persons and nowhere else.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.database import Database

from contracts.grid import CareTag, FieldSource, Household, HouseholdChanged, ListHouseholds, Person
from contracts.shared import Page
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.portions import by_key, portions
from services.chassis.records import entry
from services.grid.dwellings.masks import masked
from services.grid.dwellings.sources import FIELDS, Collected
from services.grid.store.walks import Way, walk

INDEXES = [
    IndexModel([("grid", 1)], name="grid"),
    IndexModel([("building", 1)], name="building"),
    IndexModel([("care", 1), ("grid", 1)], name="care"),
]
PUBLIC = {"private": 0, "applied": 0, "outbox": 0}
UNLISTED = {**PUBLIC, "timeline": 0}


class Home(NamedTuple):
    """Where a household lives."""

    room: str
    building: str
    grid: str


class Standing(NamedTuple):
    """A household as it stands: its values by field, also the private ones, and whether this command was applied."""

    home: Home
    values: Mapping[str, object]
    sources: Mapping[str, FieldSource]
    version: int
    done: bool


class Private(NamedTuple):
    """What only a look shows."""

    care: list[CareTag]
    persons: list[Person]


class Households(Aggregates):
    """The households of the city. Private fields are read for comparing and for a look that has been written down."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "households", INDEXES)

    def one(self, household_no: str, *, care: bool) -> Household | None:
        """Masked; its care tags only when `care`."""
        found = self.collection.find_one({"_id": household_no}, PUBLIC)
        return _household(found, care=care) if found else None

    def page(self, query: ListHouseholds, grids: Sequence[str], *, care: bool) -> Page[Household]:
        """By grid and number, masked. `grids`: all there are, ascending."""

        def meets(found: dict[str, Any]) -> bool:
            return query.grid in (None, found["grid"]) and (query.care is None or query.care in found["care"])

        if query.building:
            way = Way("building", [query.building])
        else:
            way = Way("grid", [query.grid] if query.grid else grids, {"care": query.care} if query.care else {})
        found, following = walk(self.collection, way, query.cursor, limit=query.limit, hidden=UNLISTED, meets=meets)
        return Page(items=[_household(one, care=care) for one in found], next=following)

    def standing(self, numbers: Collection[str]) -> dict[str, Standing]:
        """Those of the numbers that exist, with their private fields, for comparing."""
        return {one["_id"]: _standing(one) for one in by_key(self.collection, numbers, {"timeline": 0, "outbox": 0})}

    def private(self, household_no: str) -> Private | None:
        """Unmasked."""
        found = self.collection.find_one({"_id": household_no}, {"care": 1, "private": 1})
        return Private(found["care"], _persons(found)) if found else None

    def of_buildings(self, codes: Iterable[str]) -> dict[str, tuple[Home, int]]:
        """The households of these buildings: where each lives and its version, by number."""
        fields = {"room": 1, "building": 1, "grid": 1, "version": 1}
        return {
            one["_id"]: (_home(one), one["version"])
            for part in portions(codes)
            for one in self.collection.find({"building": {"$in": part}}, fields)
        }

    def new(self, household_no: str, home: Home, said: Collected, actor: str) -> New:
        """A household that nobody has entered yet."""
        document = {
            "_id": household_no,
            "care": [],
            **_fields(said.fields),
            **home._asdict(),
            "sources": {name: source.model_dump(exclude_none=True) for name, source in said.sources.items()},
            "timeline": [_entry(actor, "create", said.fields)],
        }
        return New(document, [_told(household_no, home, said.fields, 1)])

    def changed(self, household_no: str, standing: Standing, home: Home, said: Collected, actor: str) -> Changed:
        """Other values of some fields, or values from another department."""
        state = {**_fields(said.fields), **(home._asdict() if home != standing.home else {})}
        state |= {f"sources.{name}": source.model_dump(exclude_none=True) for name, source in said.sources.items()}
        change = Change(set=state, push={"timeline": [_entry(actor, "change", said.fields)]})
        told = _told(household_no, home, said.fields, standing.version + 1)
        return Changed(household_no, standing.version, change, [told])

    def regridded(self, household_no: str, home: Home, version: int, grid: str) -> Changed:
        """It is in another grid with its building."""
        told = _told(household_no, home._replace(grid=grid), ["grid"], version + 1)
        change = Change(set={"grid": grid}, push={"timeline": [_entry("system", "regrid", ["grid"])]})
        return Changed(household_no, version, change, [told])

    def counts(self, grids: Iterable[str]) -> dict[str, int]:
        """How many households in each building of these grids."""
        found: dict[str, int] = {}
        for part in portions(grids):
            by_building = {"$group": {"_id": "$building", "count": {"$sum": 1}}}
            for one in self.collection.aggregate([{"$match": {"grid": {"$in": part}}}, by_building]):
                found[one["_id"]] = found.get(one["_id"], 0) + one["count"]
        return found


def _told(household_no: str, home: Home, fields: Iterable[str], version: int) -> HouseholdChanged:
    return HouseholdChanged(
        household_no=household_no, building=home.building, grid=home.grid, fields=list(fields), version=version
    )


def _fields(fields: Mapping[str, object]) -> dict[str, Any]:
    document = {name: value for name, value in fields.items() if name != "persons"}
    persons = fields.get("persons")
    if isinstance(persons, list):
        document["persons"] = [masked(one).model_dump(exclude_none=True) for one in persons]
        document["private"] = {"persons": [one.model_dump(exclude_none=True) for one in persons]}
    return document


def _entry(actor: str, action: str, fields: Iterable[str]) -> dict[str, Any]:
    """Names of fields, never a value."""
    return entry(actor, action, note=", ".join(fields)).model_dump()


def _home(found: Mapping[str, Any]) -> Home:
    return Home(found["room"], found["building"], found["grid"])


def _persons(found: Mapping[str, Any]) -> list[Person]:
    return [Person.model_validate(one) for one in found.get("private", {}).get("persons", [])]


def _sources(found: Mapping[str, Any]) -> dict[str, FieldSource]:
    return {name: FieldSource.model_validate(source) for name, source in found["sources"].items()}


def _standing(found: Mapping[str, Any]) -> Standing:
    values = {**{name: found.get(name) for name in FIELDS}, "persons": _persons(found)}
    return Standing(_home(found), values, _sources(found), found["version"], context.applied(found))


def _household(found: Mapping[str, Any], *, care: bool) -> Household:
    return Household(
        household_no=found["_id"],
        **_home(found)._asdict(),
        size=found.get("size"),
        care=found["care"] if care else [],
        persons=found.get("persons", []),
        sources=_sources(found),
        version=found["version"],
        timeline=found.get("timeline", []),
    )
