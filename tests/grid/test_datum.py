"""Known pairs of the Chinese datums, and their inverses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.faults import Invalid
from contracts.grid import Datum
from services.grid.datum import bd09_of, datum_of, gcj02_of, to_wgs84

# WGS84 and GCJ-02 of Shanghai, Shenzhen and Beijing: test values of googollee/eviltransform
WGS_GCJ = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
]
# GCJ-02 and BD-09 near Tian'anmen: test value of wandergis/coordtransform
GCJ_BD = ((116.404, 39.915), (116.41036949371029, 39.92133699351021))
# the same place read as BD-09: its GCJ-02 and WGS84 by that library, whose inverses are good to a metre or two
BD_GCJ = ((116.404, 39.915), (116.39762729119315, 39.90865673957631))
BD_WGS = ((116.404, 39.915), (116.3913836995125, 39.907253214522164))


@pytest.mark.parametrize(("wgs84", "gcj02"), WGS_GCJ)
def test_gcj02_pairs(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert gcj02_of(*wgs84) == pytest.approx(gcj02, abs=1e-10)
    assert to_wgs84(*gcj02, Datum.GCJ02) == pytest.approx(wgs84, abs=1e-9)


def test_bd09_pairs() -> None:
    gcj02, bd09 = GCJ_BD
    assert bd09_of(*gcj02) == pytest.approx(bd09, abs=1e-10)
    assert gcj02_of(*to_wgs84(*BD_GCJ[0], Datum.BD09)) == pytest.approx(BD_GCJ[1], abs=2e-6)
    assert to_wgs84(*BD_WGS[0], Datum.BD09) == pytest.approx(BD_WGS[1], abs=2e-5)


@given(st.floats(73.6, 135), st.floats(3.9, 53.5))
def test_the_way_back_is_the_way(longitude: float, latitude: float) -> None:
    gcj02 = gcj02_of(longitude, latitude)
    assert to_wgs84(*gcj02, Datum.GCJ02) == pytest.approx((longitude, latitude), abs=2e-9)
    assert to_wgs84(*bd09_of(*gcj02), Datum.BD09) == pytest.approx((longitude, latitude), abs=5e-9)


def test_plain_datums_stay() -> None:
    assert to_wgs84(131.0, 45.8, Datum.WGS84) == (131.0, 45.8)
    assert to_wgs84(131.0, 45.8, Datum.CGCS2000) == (131.0, 45.8)
    assert to_wgs84(-104.9903, 39.7392, Datum.GCJ02) == (-104.9903, 39.7392)


def test_an_unknown_datum_is_named() -> None:
    assert datum_of(" GCJ02 ") is Datum.GCJ02
    with pytest.raises(Invalid) as refusal:
        datum_of("beijing54")
    assert refusal.value.code == "datum_unknown"
