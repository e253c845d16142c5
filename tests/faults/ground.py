"""A small piece of the synthetic city: enough ground, people and cameras for every story."""

import asyncio
from dataclasses import dataclass, replace

from deploy.local.demo.ground import invent
from deploy.local.synthetic import files
from deploy.local.synthetic.ground import Tile
from deploy.local.synthetic.people import Worker
from deploy.local.synthetic.points import Camera
from tests.faults.client import Client

STREET = "230903016"
CAMERAS = 12


@dataclass(frozen=True)
class Piece:
    """Grids of one street, who works there, and cameras that stand in them."""

    tiles: list[Tile]
    workers: list[Worker]
    cameras: list[Camera]


def piece(cameras: int = CAMERAS) -> Piece:
    """The same every time."""
    whole = invent("230903")
    tiles = [tile for tile in whole.tiles if tile.code.startswith(STREET)]
    codes = {tile.code for tile in tiles}
    targets = {*codes, *(tile.community for tile in tiles)}
    own = [camera for camera in whole.cameras if camera.vendor == "hikvision"][:cameras]
    standing = []
    for camera, tile in zip(own, tiles * (cameras // len(tiles) + 1), strict=False):
        inside = tile.area.representative_point()
        standing.append(replace(camera, grid=tile.code, longitude=round(inside.x, 6), latitude=round(inside.y, 6)))
    return Piece(tiles, [worker for worker in whole.workers if worker.target in targets], standing)


async def lay(client: Client, ground: Piece) -> None:
    """Tree, grids, staff, cameras; returns when every camera is known to stand in its grid."""
    await _load(client, "divisions", files.divisions(), files.CSV)
    await _load(client, "grids", files.grids(ground.tiles), files.GEOJSON)
    await _load(client, "staff", files.staff(ground.workers), files.CSV)
    await _load(client, "assignments", files.assignments(ground.workers), files.CSV)
    codes = [tile.code for tile in ground.tiles]
    done = await client.order("/v1/grids:activate", {"codes": codes})
    assert done and not done["rejected"], done
    await _load(client, "devices", files.devices(ground.cameras), files.CSV)
    wanted = {camera.device: camera.grid for camera in ground.cameras}
    async with asyncio.timeout(60):
        while True:
            page = await client.get("/v1/channels", limit=200)
            if wanted.items() <= {one["device"]: one["grid"] for one in page["items"]}.items():
                return
            await asyncio.sleep(0.1)


async def _load(client: Client, kind: str, body: bytes, content_type: str) -> None:
    told = await client.order("/v1/imports/{kind}", body, kind=kind, headers={"Content-Type": content_type})
    assert told and not told["rejected"], told
