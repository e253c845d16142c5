"""Real input as rows, and a made-up block of grids over a real community."""

import csv
import json
from pathlib import Path
from typing import Any

from contracts.grid import ImportGround
from contracts.shared import Caller, ImportReport, Row, Scope
from services.grid.importing import carry_out
from services.grid.store import GridStore

DATA = Path(__file__).parents[2] / "deploy/local/data"
DAOYI = "210113004000"
COMMUNITY = "210113004016"
FIRST = "210113004004"
CORNER = (123.40, 41.93)
STEP = 0.004
OPERATOR = Caller(client="import", actor="录入员", scopes=frozenset({Scope.ADMIN}))


def division_rows(file: str = "shenbei_210113.csv") -> list[Row]:
    with (DATA / file).open(encoding="utf-8", newline="") as lines:
        return [Row(line=at, values=dict(row)) for at, row in enumerate(csv.DictReader(lines), start=2)]


def daoyi_rows() -> list[Row]:
    """One street 街道 with its 23 communities and villages, and the units above it."""
    return [
        row
        for row in division_rows()
        if str(row.values["code"])[:9] in {DAOYI[:9], "210000000", "210100000", "210113000"}
    ]


def feature_rows(file: str = "qitaihe_counties.geojson") -> list[Row]:
    features = json.loads((DATA / file).read_text("utf-8"))["features"]
    return [
        Row(line=at, values={**one["properties"], "id": one["id"], "geometry": one["geometry"]})
        for at, one in enumerate(features, start=1)
    ]


def cell(column: int, row: int, *, grown: float = 0.0) -> dict[str, Any]:
    """A square of the block, some 330 by 440 m; `grown` moves its east edge, in degrees."""
    west, south = CORNER[0] + column * STEP, CORNER[1] + row * STEP
    east, north = round(west + STEP + grown, 9), round(south + STEP, 9)
    west, south = round(west, 9), round(south, 9)
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def middle(column: int, row: int) -> tuple[float, float]:
    return CORNER[0] + (column + 0.5) * STEP, CORNER[1] + (row + 0.5) * STEP


def code(number: int, community: str = FIRST) -> str:
    return f"{community}{number:03d}"


def grid_rows(columns: int = 3, rows: int = 2, community: str = FIRST) -> list[Row]:
    """Grids 001, 002, … of a community, from the south-west, row by row."""
    places = [(column, row) for row in range(rows) for column in range(columns)]
    return [
        Row(
            line=at,
            values={
                "code": code(at, community),
                "name": f"第{at}网格",
                "households": 350,
                "population": 900,
                "geometry": cell(*place),
            },
        )
        for at, place in enumerate(places, start=1)
    ]


def rows(*values: dict[str, Any]) -> list[Row]:
    return [Row(line=at, values=one) for at, one in enumerate(values, start=2)]


def chiefs(codes: list[str]) -> list[Row]:
    return rows(*({"staff_no": "S1", "target": one, "role": "chief", "primary": True} for one in codes))


def person(staff_no: str, role: str = "chief") -> dict[str, Any]:
    return {"staff_no": staff_no, "name": "王某", "phone": "138 1234-5678", "role": role}


def load(store: GridStore, kind: str, given: list[Row], *, dry_run: bool = False, **more: Any) -> ImportReport:
    command = ImportGround(caller=OPERATOR, kind=kind, rows=given, dry_run=dry_run, **more)  # type: ignore[arg-type]
    return carry_out(store, command)


def numbers(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.changed, report.unchanged, len(report.rejected)
