"""坐标系: GCJ-02 and BD-09 to WGS84 (CGCS2000 equals WGS84 at this precision).

The formulas are the published reverse-engineered ones, as in googollee/eviltransform (BSD) and wandergis/coordtransform
(MIT); the packages on the index are unmaintained since 2018 or bring numpy bindings for forty lines. The shift is
300 to 700 m in China and none outside. Inverted by iteration: within 0.1 mm of the forward formula.
"""

from collections.abc import Callable
from math import atan2, cos, pi, sin, sqrt

from contracts.faults import Invalid
from contracts.grid import Datum

Place = tuple[float, float]
KRASOVSKY_AXIS = 6378245.0
KRASOVSKY_E2 = 0.00669342162296594323
CHINA = (72.004, 0.8293, 137.8347, 55.8271)
BAIDU_TURN = pi * 3000 / 180
STEADY = 1e-9


def datum_of(text: object) -> Datum:
    """The datum of that name; Invalid datum_unknown."""
    try:
        return Datum(str(text).strip().lower())
    except ValueError:
        known = ", ".join(Datum)
        raise Invalid.field(
            "/datum", "datum_unknown", f"坐标系未知, 可用: {known}", f"unknown datum; one of {known}"
        ) from None


def to_wgs84(longitude: float, latitude: float, datum: Datum) -> Place:
    """(longitude, latitude) in WGS84 degrees."""
    match datum:
        case Datum.GCJ02:
            return _undo(gcj02_of, (longitude, latitude))
        case Datum.BD09:
            return _undo(gcj02_of, _undo(bd09_of, (longitude, latitude)))
        case _:
            return longitude, latitude


def gcj02_of(longitude: float, latitude: float) -> Place:
    """WGS84 → GCJ-02 火星坐标."""
    west, south, east, north = CHINA
    if not (west <= longitude <= east and south <= latitude <= north):
        return longitude, latitude
    x, y = longitude - 105.0, latitude - 35.0
    waves = 20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + 2 / 3 * (
        waves + 20 * sin(pi * y) + 40 * sin(pi / 3 * y) + 160 * sin(pi / 12 * y) + 320 * sin(pi / 30 * y)
    )  # fmt: skip
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + 2 / 3 * (
        waves + 20 * sin(pi * x) + 40 * sin(pi / 3 * x) + 150 * sin(pi / 12 * x) + 300 * sin(pi / 30 * x)
    )  # fmt: skip
    phi = latitude / 180 * pi
    flattening = 1 - KRASOVSKY_E2 * sin(phi) ** 2
    meridian = KRASOVSKY_AXIS * (1 - KRASOVSKY_E2) / (flattening * sqrt(flattening))
    parallel = KRASOVSKY_AXIS / sqrt(flattening) * cos(phi)
    return longitude + east_m * 180 / (parallel * pi), latitude + north_m * 180 / (meridian * pi)


def bd09_of(longitude: float, latitude: float) -> Place:
    """GCJ-02 → BD-09 百度坐标."""
    reach = sqrt(longitude**2 + latitude**2) + 0.00002 * sin(latitude * BAIDU_TURN)
    angle = atan2(latitude, longitude) + 0.000003 * cos(longitude * BAIDU_TURN)
    return reach * cos(angle) + 0.0065, reach * sin(angle) + 0.006


def _undo(forward: Callable[[float, float], Place], target: Place) -> Place:
    """The place that `forward` sends to the target: subtract the shift found there until it rests."""
    longitude, latitude = target
    for _ in range(20):
        east, north = forward(longitude, latitude)
        off_east, off_north = east - target[0], north - target[1]
        longitude, latitude = longitude - off_east, latitude - off_north
        if abs(off_east) < STEADY and abs(off_north) < STEADY:
            break
    return longitude, latitude
