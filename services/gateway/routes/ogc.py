"""地理要素服务: OGC API Features Part 1, as QGIS, GDAL and OWSLib read it."""

from datetime import UTC, datetime
from typing import Any, cast

from pydantic import ValidationError
from starlette.responses import Response

from contracts.faults import Invalid, NotFound
from contracts.grid import Features, GetExtents, GetFeature, ListFeatures
from contracts.grid.features import Collection
from contracts.shared import Extent, Scope
from services.gateway import ogc
from services.gateway.area import Area
from services.gateway.door import Call, Rule
from services.gateway.ogc import GEOJSON, JSON, About, Links
from services.gateway.problems import Turned

READ = Rule(Scope.GRID_READ)
COLLECTIONS: dict[Collection, About] = {
    "grids": About(
        "网格 Grids", "启用、调整中与暂停的网格 / grids that are active, changing or suspended", "/v1/grids"
    ),
    "communities": About(
        "社区 Communities", "社区与村, 无边界者几何为空 / without a boundary: null", "/v1/territories"
    ),
    "buildings": About("楼栋 Buildings", "登记的楼栋 / registered buildings", "/v1/buildings"),
}
ITEMS = ("bbox", "datetime", "limit", "cursor")
COLLECTION: dict[str, Any] = {
    "name": "collection",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": list(COLLECTIONS)},
}
NUMBERS = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
QUERY: list[dict[str, Any]] = [
    {
        "name": "bbox",
        "in": "query",
        "description": "west,south,east,north in degrees, or with heights, which say nothing; west > east: across 180°",
        "style": "form",
        "explode": False,
        "schema": NUMBERS,
    },
    {
        "name": "datetime",
        "in": "query",
        "description": "RFC 3339: an instant, or an interval a/b, a/.., ../b, of which the end counts (grids)",
        "schema": {"type": "string"},
    },
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": ogc.MOST, "default": 100}},
    {"name": "cursor", "in": "query", "description": "of a next link", "schema": {"type": "string", "maxLength": 500}},
]

area = Area("ogc", "地理要素服务: OGC API Features (QGIS, GDAL, OWSLib)")


@area.route("GET", "/ogc/", READ, name="ogc_landing_slash")
@area.route("GET", "/ogc", READ)
async def ogc_landing(call: Call) -> Response:
    """The landing page: where everything is."""
    ogc.parameters(call)
    links = Links(call)
    listed = [
        links.itself(JSON),
        links.to("/ogc/api", "service-desc", ogc.OPENAPI, "OpenAPI 3.0"),
        links.to("/docs", "service-doc", "text/html", "接口文档 Documentation"),
        links.to("/ogc/conformance", "conformance", JSON, "Conformance"),
        links.to("/ogc/collections", "data", JSON, "图层 Collections"),
    ]
    title, description = "一网 · 网格底座 Yiwang", "网格、社区、楼栋 / grids, communities, buildings (WGS84, CGCS2000)"
    return ogc.shown({"title": title, "description": description, "links": listed})


@area.route("GET", "/ogc/conformance", READ)
async def ogc_conformance(call: Call) -> Response:
    """The classes of the standard that this follows."""
    ogc.parameters(call)
    return ogc.shown({"conformsTo": ogc.CONFORMS_TO})


@area.route("GET", "/ogc/collections", READ)
async def ogc_collections(call: Call) -> Response:
    """All collections."""
    ogc.parameters(call)
    links, boxes = Links(call), await _boxes(call)
    listed = [ogc.collection(name, about, boxes.get(name), links) for name, about in COLLECTIONS.items()]
    return ogc.shown({"links": [links.itself(JSON)], "collections": listed})


@area.route("GET", "/ogc/collections/{collection}", READ, more=[COLLECTION])
async def ogc_collection(call: Call) -> Response:
    """One collection: its extent and where its features are."""
    ogc.parameters(call)
    name, about = _named(call)
    return ogc.shown(ogc.collection(name, about, (await _boxes(call)).get(name), Links(call)))


@area.route("GET", "/ogc/collections/{collection}/items", READ, more=[COLLECTION, *QUERY], media_type=GEOJSON)
async def ogc_items(call: Call) -> Response:
    """Features by id, a page at a time; the link `next` leads to the rest, also where a page holds less than limit."""
    name, about = _named(call)
    told, links = ogc.parameters(call, ITEMS), Links(call)
    found = await _features(call, name, told)
    listed = [
        links.itself(GEOJSON, told),
        links.to(about.path, "alternate", JSON, about.title),
        links.to(f"/ogc/collections/{name}", "collection", JSON, about.title),
    ]
    if found.next:
        path = f"/ogc/collections/{name}/items"
        listed.append(links.to(path, "next", GEOJSON, "下一页 Next page", {**told, "cursor": found.next}))
    document = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "numberReturned": len(found.items),
        "links": listed,
        "features": [ogc.feature(each) for each in found.items],
    }
    return ogc.shown(document, GEOJSON)


@area.route("GET", "/ogc/collections/{collection}/items/{id}", READ, more=[COLLECTION], media_type=GEOJSON)
async def ogc_item(call: Call) -> Response:
    """One feature."""
    ogc.parameters(call)
    name, about = _named(call)
    id, links = call.request.path_params["id"], Links(call)
    try:
        asked = GetFeature(caller=call.caller, collection=name, id=id)
    except ValidationError:
        raise NotFound("feature_unknown", "没有此要素", "no such feature") from None
    found = await call.ask(asked)
    listed = [
        links.to(ogc.item_path(name, found.id), "self", GEOJSON, found.id),
        links.to(f"{about.path}/{found.id}", "alternate", JSON, found.id),
        links.to(f"/ogc/collections/{name}", "collection", JSON, about.title),
    ]
    return ogc.shown(ogc.feature(found, listed), GEOJSON)


def _named(call: Call) -> tuple[Collection, About]:
    name = cast("Collection", call.request.path_params["collection"])
    if name not in COLLECTIONS:
        listed = ", ".join(COLLECTIONS)
        raise NotFound("collection_unknown", f"没有此图层; 可用: {listed}", f"no such collection; there are: {listed}")
    return name, COLLECTIONS[name]


async def _boxes(call: Call) -> dict[Collection, Extent]:
    return (await call.ask(GetExtents(caller=call.caller))).boxes


async def _features(call: Call, name: Collection, told: dict[str, str]) -> Features:
    try:
        asked = ListFeatures(
            caller=call.caller,
            collection=name,
            bbox=ogc.bbox_of(told.get("bbox")),
            at=ogc.moment_of(told.get("datetime")),
            cursor=told.get("cursor"),
            limit=ogc.limit_of(told.get("limit")),
        )
        return await call.ask(asked)
    except (Invalid, ValidationError):
        # all but the cursor has been looked at
        raise Turned(400, "cursor_invalid", "游标无效, 请从第一页重新开始", "not a cursor of this list") from None
