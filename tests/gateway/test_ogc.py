"""OGC API Features on the real services: what the standard asks, and that GDAL and OWSLib read the same as we do."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from openapi_spec_validator import validate
from owslib.ogcapi.features import Features
from shapely.geometry import shape

from deploy.local.home import Home
from services.gateway.docs import geographic
from services.gateway.ogc import moment_of
from tests.gateway.conftest import Gateway
from tests.gateway.ground import BOUNDED, DRAFT, HOUSES, LARGE, LIVE, SUSPENDED, lay, served
from tests.grid.sources import CORNER, FIRST, STEP, middle

CODES = sorted([*LIVE, LARGE])
ITEMS = "/ogc/collections/grids/items"


@pytest.fixture(scope="module")
def client(home: Home, broker: str, store: str, gateway: Gateway) -> Iterator[httpx.Client]:
    """The administrator, before a gateway and a grid service that know some ground."""
    with served(home, broker, store, gateway) as admin:
        lay(admin)
        yield admin


@pytest.fixture(scope="module")
def header(gateway: Gateway) -> dict[str, str]:
    """All that a geographic program is told besides the address."""
    return {"Authorization": f"Bearer {gateway.keys['admin']}"}


def pages(client: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    """Every page, by its links alone."""
    following: str | None = path
    while following:
        answer = client.get(following)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/geo+json"
        document = answer.json()
        assert document["numberReturned"] == len(document["features"])
        yield document
        following = next((link["href"] for link in document["links"] if link["rel"] == "next"), None)


def ids(client: httpx.Client, path: str) -> list[str]:
    return [feature["id"] for document in pages(client, path) for feature in document["features"]]


def by_ogr(url: str, header: dict[str, str], tmp_path: Path, *arguments: str) -> dict[str, dict[str, Any]]:
    """What ogr2ogr makes of a layer: features by code."""
    written = tmp_path / "read.geojson"
    told = f"Authorization: {header['Authorization']}"
    subprocess.run(
        ["ogr2ogr", "-f", "GeoJSON", str(written), f"OAPIF:{url}/ogc", *arguments],
        env={"PATH": "/usr/bin:/bin", "GDAL_HTTP_HEADERS": told},
        check=True,
        capture_output=True,
        timeout=60,
    )
    features = json.loads(written.read_text("utf-8"))["features"]
    return {feature["properties"]["code"]: feature for feature in features}


def test_it_leads_from_the_landing_page_to_every_feature(client: httpx.Client) -> None:
    landing = client.get("/ogc").json()
    links = {link["rel"]: link["href"] for link in landing["links"]}
    assert {"self", "service-desc", "service-doc", "conformance", "data"} == links.keys()
    assert all(httpx.get(href, headers=client.headers, trust_env=False).status_code == 200 for href in links.values())
    assert any(one.endswith("/conf/geojson") for one in client.get(links["conformance"]).json()["conformsTo"])
    listed = {one["id"]: one for one in client.get(links["data"]).json()["collections"]}
    assert list(listed) == ["grids", "communities", "buildings"]
    for name, one in listed.items():
        own = {link["rel"]: link["href"] for link in one["links"]}
        assert client.get(own["self"]).json() == one
        assert (one["itemType"], one["crs"]) == ("feature", ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"])
        assert client.get(own["items"]).json()["type"] == "FeatureCollection", name
    west, south, east, north = listed["grids"]["extent"]["spatial"]["bbox"][0]
    assert (west, south, east, north) == pytest.approx((CORNER[0], 41.9, 123.6, 42.0))


def test_the_grids_are_those_that_are_shown_page_by_page(client: httpx.Client) -> None:
    documents = list(pages(client, f"{ITEMS}?limit=10"))
    assert [document["numberReturned"] for document in documents] == [10, 10, 6]
    features = {feature["id"]: feature for document in documents for feature in document["features"]}
    assert list(features) == CODES
    assert DRAFT not in features
    own = {one["code"]: one for one in client.get("/v1/grids?limit=200&geometries=true").json()["items"]}
    for code, feature in features.items():
        assert feature["geometry"] == own[code]["geometry"]
        assert feature["properties"].items() <= own[code].items()
    assert features[SUSPENDED]["properties"]["state"] == "suspended"
    assert features[LARGE]["properties"]["large"] is True
    first = documents[0]
    assert parse_qs(urlsplit(next(x["href"] for x in first["links"] if x["rel"] == "next")).query)["limit"] == ["10"]


def test_one_feature_and_where_else_it_is(client: httpx.Client) -> None:
    one = client.get(f"{ITEMS}/{LARGE}").json()
    links = {link["rel"]: link["href"] for link in one["links"]}
    assert (one["type"], one["id"], one["geometry"]["type"]) == ("Feature", LARGE, "MultiPolygon")
    assert client.get(links["alternate"]).json()["code"] == LARGE
    assert client.get(links["self"]).json()["id"] == LARGE
    for unknown in (f"{ITEMS}/{DRAFT}", f"{ITEMS}/$x", f"{ITEMS}/{'9' * 300}", "/ogc/collections/x", "/ogc/x/items"):
        answer = client.get(unknown)
        assert answer.status_code == 404, unknown
        assert answer.headers["content-type"] == "application/problem+json"


def test_communities_with_and_without_a_boundary(client: httpx.Client) -> None:
    path = "/ogc/collections/communities/items?limit=5"
    features = [feature for document in pages(client, path) for feature in document["features"]]
    assert len(features) == 23
    assert [feature["id"] for feature in features if feature["geometry"]] == [BOUNDED]
    assert {FIRST, BOUNDED} <= {feature["id"] for feature in features}
    assert ids(client, f"{path}&bbox=123,41,124,43") == [BOUNDED]


def test_buildings_with_and_without_a_place(client: httpx.Client) -> None:
    path = "/ogc/collections/buildings/items"
    features = {
        feature["id"]: feature for document in pages(client, f"{path}?limit=2") for feature in document["features"]
    }
    assert list(features) == list(HOUSES)
    first, second, third = HOUSES
    assert features[first]["geometry"] == {"type": "Point", "coordinates": list(middle(0, 0))}
    assert (features[first]["properties"]["compound"], features[third]["geometry"]) == ("桃南花园", None)
    x, y = middle(1, 0)
    assert ids(client, f"{path}?bbox={x - 1e-4},{y - 1e-4},{x + 1e-4},{y + 1e-4}") == [second]
    assert ids(client, f"{path}?bbox={x - 1e-4},-90,-170,90") == [second]
    assert client.get(f"{path}/{first}").json()["properties"]["grid"] == LIVE[0]
    assert client.get(f"{path}/{'9' * 20}").status_code == client.get(f"{path}/x").status_code == 404


def test_boxes(client: httpx.Client) -> None:
    x, y = middle(1, 1)
    near = f"{x},{y},{x + 0.0001},{y + 0.0001}"
    assert ids(client, f"{ITEMS}?bbox={near}") == [LIVE[6]]
    high = f"{x},{y},-50,{x + 0.0001},{y + 0.0001},900"
    assert ids(client, f"{ITEMS}?bbox={high}") == [LIVE[6]]
    wide = f"{x},{y},{x + STEP},{y + STEP}"
    assert ids(client, f"{ITEMS}?bbox={wide}&limit=3") == [LIVE[6], LIVE[7], LIVE[11], LIVE[12]]
    # from east of the city over the Pacific to its west: nothing but what reaches beyond either meridian
    assert ids(client, f"{ITEMS}?bbox=123.55,-90,-170,90") == [LARGE]
    assert ids(client, f"{ITEMS}?bbox=170,-90,-170,90") == []
    # in the hole of the large one
    assert ids(client, f"{ITEMS}?bbox=123.525,41.925,123.535,41.935") == []


@pytest.mark.parametrize("moment", ["2999-01-01T00:00:00Z", "2020-01-01T00:00:00+08:00/..", "../2999-01-01T00:00:00Z"])
def test_the_present_by_any_name(client: httpx.Client, moment: str) -> None:
    assert ids(client, f"{ITEMS}?limit=1000&datetime={moment}") == CODES


def test_of_an_interval_the_end_counts() -> None:
    early, late = "2026-01-01T00:00:00Z", "2026-03-01T08:00:00+08:00"
    end = moment_of(late)
    assert end is not None
    assert end.isoformat() == "2026-03-01T08:00:00+08:00"
    assert moment_of(f"{early}/{late}") == moment_of(f"../{late}") == moment_of(f"/{late}".replace("+", " ")) == end
    assert moment_of(f"{early}/..") is moment_of(f"{early}/") is moment_of(None) is None


BAD = [
    *(
        f"bbox={text}"
        for text in ("", "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,0,1,1", "0,5,1,4", "0,0,181,1", "0,0,1,91")
    ),
    *(f"limit={text}" for text in ("", "0", "-1", "x", "1.5")),
    *(
        f"datetime={text}"
        for text in ("", "..", "../..", "yesterday", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00")
    ),
    "datetime=2026-02-01T00:00:00Z/2026-01-01T00:00:00Z",
    "datetime=0001-01-01T00:00:00%2B08:00",
    "cursor=nonsense",
    "cursor=WzEsMl0",
    f"cursor={'x' * 501}",
    "bbox-crs=x",
    "Limit=3",
]


@pytest.mark.parametrize("query", BAD)
def test_what_is_not_understood_is_refused(client: httpx.Client, query: str) -> None:
    answer = client.get(f"{ITEMS}?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
    assert answer.json()["code"] in {"parameter_invalid", "parameter_unknown", "cursor_invalid"}


def test_more_than_the_most_is_the_most_and_a_misspelt_parameter_is_refused_everywhere(client: httpx.Client) -> None:
    for more in ("50000", "9" * 30):
        assert ids(client, f"{ITEMS}?limit={more}") == CODES
    for path in ("/ogc", "/ogc/conformance", "/ogc/collections", "/ogc/collections/grids", f"{ITEMS}/{LARGE}"):
        assert client.get(f"{path}?x=1").status_code == 400


def test_nothing_is_shown_without_a_key(gateway: Gateway, client: httpx.Client) -> None:
    with gateway.client(None) as stranger, gateway.client("device") as device:
        for path in ("/ogc", "/ogc/collections", ITEMS, f"{ITEMS}/{LARGE}"):
            assert stranger.get(path).status_code == 401
            assert device.get(path).status_code == 403
        assert stranger.get("/ogc/api").status_code == 200


def test_the_description_is_openapi_3_0(client: httpx.Client) -> None:
    document = client.get("/ogc/api")
    assert document.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert document.json() == json.loads(json.dumps(geographic()))
    validate(document.json())


def test_gdal_reads_the_same(gateway: Gateway, header: dict[str, str], client: httpx.Client, tmp_path: Path) -> None:
    found = by_ogr(gateway.url, header, tmp_path, "grids", "-oo", "PAGE_SIZE=7")
    own = {feature["id"]: feature for document in pages(client, ITEMS) for feature in document["features"]}
    assert found.keys() == own.keys()
    for code, feature in found.items():
        assert shape(feature["geometry"]).equals_exact(shape(own[code]["geometry"]), 1e-9)
        assert feature["properties"]["name"] == own[code]["properties"]["name"]
    x, y = middle(1, 1)
    part = by_ogr(gateway.url, header, tmp_path, "grids", "-oo", "PAGE_SIZE=2", "-spat", *map(str, (x, y, x + STEP, y)))
    assert sorted(part) == [LIVE[6], LIVE[7]]
    assert len(by_ogr(gateway.url, header, tmp_path, "communities")) == 23
    assert sorted(by_ogr(gateway.url, header, tmp_path, "buildings")) == list(HOUSES)


def test_ogrinfo_knows_the_layers(gateway: Gateway, header: dict[str, str], client: httpx.Client) -> None:
    told = subprocess.run(
        ["ogrinfo", "-ro", "-so", f"OAPIF:{gateway.url}/ogc", "grids"],
        env={"PATH": "/usr/bin:/bin", "GDAL_HTTP_HEADERS": f"Authorization: {header['Authorization']}"},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    assert "households: Integer" in told
    assert "123.6" in told


def test_owslib_reads_the_same(gateway: Gateway, header: dict[str, str], client: httpx.Client) -> None:
    read = Features(f"{gateway.url}/ogc", headers=header)
    assert read.feature_collections() == ["grids", "communities", "buildings"]
    assert read.collection("grids")["id"] == "grids"
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in read.conformance()["conformsTo"]
    assert "/ogc/collections/{collection}/items" in read.api()["paths"]
    first = read.collection_items("grids", limit=20)
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    rest = read.collection_items(
        "grids", **{name: each[0] for name, each in parse_qs(urlsplit(following).query).items()}
    )
    assert [feature["id"] for feature in [*first["features"], *rest["features"]]] == CODES
    x, y = middle(1, 1)
    part = read.collection_items("grids", bbox=[x, y, x + STEP, y])
    assert [feature["id"] for feature in part["features"]] == LIVE[6:8]
    assert read.collection_item("grids", LARGE)["properties"]["large"] is True
