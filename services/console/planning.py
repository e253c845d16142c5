"""调整方案: from what a form says to the order of a plan, and from a plan to what its maps show. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from services.console.door import Problem
from services.console.ground import Feature, feature
from services.console.wording import word

SPACES = re.compile(r"[\s,;、\uff0c\uff1b]+")
# rows of new grids that a form has
ROWS = 2


def codes(text: str) -> list[str]:
    """What a person typed, each once."""
    return [*dict.fromkeys(part for part in SPACES.split(text) if part)]


def order_of(told: Mapping[str, str], language: str) -> dict[str, Any]:
    """The request of a form: new grids from GeoJSON where there is some, else from its rows, with the cut.

    Raises Problem 422 for what cannot be read at all; everything else is the registry's to judge.
    """
    order: dict[str, Any] = {"kind": told.get("kind", ""), "sources": codes(told.get("sources", ""))}
    if told.get("geojson"):
        order["grids"] = drawn(told["geojson"], language)
    else:
        rows = ({name: told.get(f"{name}.{row}") for name in ("code", "name")} for row in range(ROWS))
        order["grids"] = [{name: text for name, text in row.items() if text} for row in rows if row["code"]]
        if told.get("cut"):
            order["cut"] = line(told["cut"], language)
    if told.get("successors"):
        order["successors"] = codes(told["successors"])
    if told.get("note"):
        order["note"] = told["note"]
    return order


def drawn(text: str, language: str) -> list[dict[str, Any]]:
    """Planned grids of a FeatureCollection: code by `id` or the property `code`, and `name`."""
    try:
        features = json.loads(text)["features"]
        planned = [{**(one.get("properties") or {}), "feature": one} for one in features]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _unreadable(
            language, "GeoJSON 须为 FeatureCollection", "GeoJSON: a FeatureCollection is needed"
        ) from None
    return [
        {
            "code": str(one["feature"].get("id") or one.get("code") or ""),
            **({"name": one["name"]} if one.get("name") else {}),
            "geometry": one["feature"].get("geometry"),
        }
        for one in planned
    ]


def line(text: str, language: str) -> list[dict[str, float]]:
    """Points, one a line: 131.005,45.705."""
    points = []
    for number, told in enumerate(filter(str.strip, text.splitlines()), 1):
        try:
            longitude, latitude = map(float, SPACES.split(told.strip()))
        except ValueError:
            raise _unreadable(
                language, f"分割线第 {number} 个点须为 经度,纬度", f"point {number} of the cut: longitude,latitude"
            ) from None
        points.append({"longitude": longitude, "latitude": latitude})
    return points


def following(taken: Iterable[str], community: str, count: int) -> list[str]:
    """Codes that no grid of the community has had."""
    last = max((int(code[12:]) for code in taken if code.startswith(community)), default=0)
    return [f"{community}{last + number:03d}" for number in range(1, count + 1) if last + number < 1000]


def pictured(
    plan: Mapping[str, Any], sources: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
) -> list[Feature]:
    """What the maps before and after show: `part` is before, after, other, overlap or gap."""
    before = [one for one in sources if one["geometry"]]
    after = [{**one, "name": one["name"] or one["code"]} for one in plan["grids"] if one["geometry"]]
    beside = [one for one in others if one["geometry"]]
    shapes = {part: [_solid(one["geometry"]) for one in found] for part, found in (("after", after), ("other", beside))}
    overlaps = [mine.intersection(theirs) for mine in shapes["after"] for theirs in shapes["other"]]
    gap = shapely.difference(
        shapely.union_all([_solid(one["geometry"]) for one in before]), shapely.union_all(shapes["after"])
    )
    return [
        *(feature(one, part="other") for one in beside),
        *(feature(one, part="before") for one in before),
        *(feature(one, part="after") for one in after),
        *(_part(one, "overlap") for one in overlaps if one.area),
        *([_part(gap, "gap")] if gap.area else []),
    ]


def _solid(geometry: Mapping[str, Any]) -> BaseGeometry:
    return shapely.make_valid(shape(geometry))


def _part(found: BaseGeometry, part: str) -> Feature:
    return feature({"code": part, "name": "", "geometry": mapping(_polygons(found))}, part=part)


def _polygons(found: BaseGeometry) -> BaseGeometry:
    """Without the lines and points at which ground merely touches."""
    parts = shapely.get_parts(found)
    return shapely.multipolygons([part for part in shapely.get_parts(parts) if part.geom_type == "Polygon"])


def _unreadable(language: str, zh: str, en: str) -> Problem:
    return Problem(422, "form_unreadable", word(language, zh, en))
