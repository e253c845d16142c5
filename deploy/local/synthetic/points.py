"""Made-up cameras 点位, each inside a grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from deploy.local.synthetic.ground import Tile

CAMERAS = 160
# of them, cameras that a GB/T 28181 platform reports for: their device is named by its national code 国标编码
NATIONAL = 50
# industry 00 (社会治安路面接入), type 132 (网络摄像机), network 0
KIND_OF_CAMERA = "001320"
SCENES = ("小区南门", "小区北门", "主路口", "菜市场", "学校门前", "河堤", "停车场", "单元楼前", "公交站", "健身广场")


@dataclass(frozen=True)
class Camera:
    """One camera with one channel. WGS84 degrees; `device` is what its reports are filed under."""

    device: str
    channel: str
    vendor: str
    gb_code: str
    name: str
    owner: str
    grid: str
    longitude: float
    latitude: float


def cameras(tiles: Sequence[Tile], seed: int) -> list[Camera]:
    """One camera each in so many of the grids."""
    random = Random(seed)
    found = []
    for serial, tile in enumerate(random.sample(tiles, CAMERAS), 1):
        gb_code = f"{tile.code[:8]}{KIND_OF_CAMERA}{serial:06d}"
        national = serial > CAMERAS - NATIONAL
        inside = tile.area.representative_point()
        found.append(
            Camera(
                device=gb_code if national else f"hik-{serial:04d}",
                channel=gb_code if national else "1",
                vendor="gb28181" if national else "hikvision",
                gb_code=gb_code,
                name=f"{tile.name.removesuffix('(合成)')}{random.choice(SCENES)}(合成)",
                owner=random.choice(("公安局", "城管局", "物业公司")),
                grid=tile.code,
                longitude=round(inside.x, 6),
                latitude=round(inside.y, 6),
            )
        )
    return found
