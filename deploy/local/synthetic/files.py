"""The synthetic city as the very bytes that `POST /v1/imports/{kind}` takes."""

import csv
import io
import json
from collections.abc import Iterable, Sequence

from shapely.geometry import mapping

from deploy.local.synthetic.ground import DATA, Tile
from deploy.local.synthetic.people import Worker
from deploy.local.synthetic.points import Camera

CSV = "text/csv; charset=utf-8"
GEOJSON = "application/geo+json"


def divisions(file: str = "qitaihe_2309.csv") -> bytes:
    """The real division tree, CSV: code, level, name, parent_code."""
    return (DATA / file).read_bytes()


def boundaries() -> bytes:
    """The real county borders, GeoJSON, three of the four with rings that cross themselves."""
    return (DATA / "qitaihe_counties.geojson").read_bytes()


def items() -> bytes:
    """The real service items of a district, CSV."""
    return (DATA / "items_guangan.csv").read_bytes()


def grids(tiles: Iterable[Tile]) -> bytes:
    """GeoJSON, a feature for each grid."""
    features = [
        {
            "type": "Feature",
            "id": tile.code,
            "properties": {
                "code": tile.code,
                "name": tile.name,
                "households": tile.households,
                "population": tile.population,
                "party_branch": tile.party_branch,
                "responsible_body": "社区居民委员会(合成)",
            },
            "geometry": mapping(tile.area),
        }
        for tile in tiles
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def staff(workers: Iterable[Worker]) -> bytes:
    """CSV: staff_no, name, phone, role, org."""
    return table(
        ("staff_no", "name", "phone", "role", "org"), ((w.staff_no, w.name, w.phone, w.role, w.org) for w in workers)
    )


def assignments(workers: Iterable[Worker]) -> bytes:
    """CSV: staff_no, target, role, post, primary."""
    rows = ((w.staff_no, w.target, w.role, "B", str(w.primary).lower()) for w in workers)
    return table(("staff_no", "target", "role", "post", "primary"), rows)


def devices(cameras: Iterable[Camera]) -> bytes:
    """CSV, a row for each channel."""
    columns = (
        "device",
        "name",
        "vendor",
        "gb_code",
        "owner",
        "channel",
        "channel_name",
        "longitude",
        "latitude",
        "datum",
    )
    rows = (
        (c.device, c.name, c.vendor, c.gb_code, c.owner, c.channel, c.name, c.longitude, c.latitude, "wgs84")
        for c in cameras
    )
    return table(columns, rows)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """CSV with a heading, UTF-8."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return written.getvalue().encode()
