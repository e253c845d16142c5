"""Masks hide what they hide, and a field has one department."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.faults import Forbidden, Invalid, Refused
from contracts.grid import FieldSource, MaskedPerson, Person
from contracts.shared import Caller, Extent, Point
from services.grid.dwellings.cells import MOST_CELLS, cell_of, cells_of
from services.grid.dwellings.masks import STAR, masked, refuse_masked
from services.grid.dwellings.sources import Said, collected, department_of

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
UNTIL = NOW + timedelta(days=30)
NAMES = st.text(st.characters(exclude_characters=STAR, exclude_categories=("Cs", "Cc")), min_size=1, max_size=50)
NUMBERS = st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True)
PHONES = st.from_regex(r"[0-9]{5,15}", fullmatch=True)
DEGREES = st.floats(-179, 179)


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        (
            Person(name="李小明", relation="户主", id_number="23090219600101001X", phone="13900000000"),
            MaskedPerson(name="李**", relation="户*", id_number="230***********001X", phone="139****0000"),
        ),
        (Person(name="李", relation="妻", phone="12345"), MaskedPerson(name="*", relation="*", phone="***45")),
    ],
)
def test_a_person_is_masked(person: Person, shown: MaskedPerson) -> None:
    assert masked(person) == shown


@given(name=NAMES, relation=st.none() | NAMES, id_number=st.none() | NUMBERS, phone=st.none() | PHONES)
def test_a_mask_shows_that_a_value_is_there_and_never_the_value(
    name: str, relation: str | None, id_number: str | None, phone: str | None
) -> None:
    person = Person(name=name, relation=relation, id_number=id_number, phone=phone)
    shown = masked(person)
    assert shown == masked(person.model_copy())
    for field, value in person.model_dump().items():
        seen = getattr(shown, field)
        if value is None:
            assert seen is None
            continue
        assert len(seen) == len(value)
        assert STAR in seen
        assert value not in seen
        assert seen.count(STAR) >= min(3, len(value) - 1)
        assert all(one in (STAR, true) for one, true in zip(seen, value, strict=True))


def test_what_was_shown_masked_is_not_taken_for_the_value() -> None:
    with pytest.raises(Invalid) as fault:
        refuse_masked([Person(name="李"), Person(name="王**", relation="配*")])
    assert [one.pointer for one in fault.value.errors] == ["/persons/1/name", "/persons/1/relation"]
    assert "王" not in str(fault.value.to_wire())


def test_a_caller_speaks_for_its_own_department() -> None:
    own, city = Caller(client="a", department="民政局"), Caller(client="b")
    assert department_of(own, None) == department_of(own, "民政局") == department_of(city, "民政局") == "民政局"
    with pytest.raises(Forbidden, match="department_foreign"):
        department_of(own, "公安局")
    with pytest.raises(Invalid) as missing:
        department_of(city, None)
    assert missing.value.errors[0].pointer == "/department"


def source(department: str, until: datetime | None = None) -> FieldSource:
    return FieldSource(department=department, collected_at=NOW - timedelta(days=9), do_not_recollect_until=until)


def test_only_what_is_new_is_collected() -> None:
    standing = {"size": 2, "care": ["veteran"]}
    sources = {"size": source("民政局", UNTIL), "care": source("民政局")}
    again = collected(Said(standing, "民政局"), standing, sources, NOW)
    assert (again.fields, again.sources) == ({}, {})
    said = Said({"size": 3, "care": ["veteran"], "room": "r"}, "民政局")
    fresh = collected(said, standing, sources, NOW)
    assert fresh.fields == {"size": 3, "room": "r"}
    assert fresh.sources["size"] == FieldSource(department="民政局", collected_at=NOW, do_not_recollect_until=UNTIL)
    taken_over = collected(Said({"care": ["veteran"]}, "卫健委"), standing, sources, NOW)
    assert taken_over.sources["care"].department == "卫健委"
    longer = collected(Said({"size": 2}, "民政局", UNTIL + timedelta(days=1)), standing, sources, NOW)
    assert longer.fields == {"size": 2}


def test_what_another_department_has_is_not_asked_for_again() -> None:
    sources = {"size": source("民政局", UNTIL), "care": source("民政局", NOW), "room": source("公安局", UNTIL)}
    said = Said({"size": 2, "care": [], "room": "r", "persons": []}, "卫健委")
    with pytest.raises(Refused) as fault:
        collected(said, {"size": 2}, sources, NOW)
    assert (fault.value.code, fault.value.facts["fields"]) == ("do_not_recollect", ["size", "room"])
    assert [one.pointer for one in fault.value.errors] == ["/size", "/room"]
    assert "民政局" in fault.value.zh
    assert "2026-05-31" in fault.value.en
    collected(said, {}, sources, UNTIL)


@given(st.lists(DEGREES, min_size=2, max_size=2).map(sorted), st.floats(0, 0.05), st.floats(0, 1), st.floats(0, 1))
def test_the_squares_of_a_box_hold_every_point_of_it(corner: list[float], size: float, x: float, y: float) -> None:
    west, south = corner[0], corner[1] / 2
    box = Extent(west, south, west + size, south + size)
    point = Point(longitude=min(west + x * size, box.east), latitude=min(south + y * size, box.north))
    assert cell_of(point) in (cells_of(box) or [])


def test_a_large_box_has_too_many_squares() -> None:
    assert cells_of(Extent(-180, -90, 180, 90)) is None
    assert cells_of(Extent(1, 1, 0, 0)) == []
    assert len(cells_of(Extent(131, 45, 131.0999, 45.0999)) or []) == MOST_CELLS
