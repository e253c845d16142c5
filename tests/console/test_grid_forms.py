"""What the forms of the registry's pages say, in the shapes of its requests; and who is shown what."""

from contracts.shared import Scope
from services.console.ground import around
from services.console.pages.grids import PLACE, as_of, numbered, timed
from services.console.pages.imports import as_csv
from services.console.session import Session


def test_a_day_stands_for_its_end_and_a_time_for_itself() -> None:
    assert as_of("") == ""
    assert as_of("2026-03-01") == "2026-03-01T23:59:59+08:00"
    assert as_of("2026-03-01T08:00") == "2026-03-01T08:00:00+08:00"
    assert as_of("2026-03-01T00:00:00Z") == "2026-03-01T00:00:00+00:00"
    assert as_of("yesterday") == "yesterday"


def test_a_place_is_told_from_a_name() -> None:
    for text in ("131.005,45.705", "131.005\uff0c 45.705", "131.005  45.705", "-0.5, 12"):
        assert PLACE.fullmatch(text)
    for text in ("131.005", "第1网格", "131,45,1", "12a,3"):
        assert not PLACE.fullmatch(text)


def test_forms_become_requests() -> None:
    assert numbered({"households": "351", "population": "many", "name": "12"}) == {
        "households": 351,
        "population": "many",
        "name": "12",
    }
    assert timed({"until": "2026-03-01T08:00", "backup": "W2"}) == {
        "until": "2026-03-01T08:00:00+08:00",
        "backup": "W2",
    }


def test_what_lies_around_a_polygon() -> None:
    ring = [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 0.0]]
    assert around({"coordinates": [ring]}) == "-1.000000,-0.500000,3.000000,1.500000"
    assert around({"coordinates": [[ring]]}, margin=0) == "0.000000,0.000000,2.000000,1.000000"
    assert around({"coordinates": [[[-180.0, -90.0], [180.0, 90.0]]]}) == "-180.000000,-90.000000,180.000000,90.000000"


def test_no_cell_of_the_table_of_rejected_rows_becomes_a_formula() -> None:
    told = as_csv([{"line": 3, "key": "=1+1", "code": "row_invalid", "message": "字段 name, 缺"}])
    assert told.splitlines() == ["line,key,code,message", '3,\'=1+1,row_invalid,"字段 name, 缺"']


def test_an_administrator_does_not_read_personal_values() -> None:
    def may(*scopes: Scope) -> bool:
        return Session("k", "c", "n", "a", tuple(scopes)).may(Scope.PII_READ)

    assert [may(Scope.ADMIN), may(Scope.PII_READ), may(Scope.ADMIN, Scope.PII_READ)] == [False, True, True]
