"""网格底座: a real division tree and borders, then a synthetic city of 810 grids laid over them."""

from dataclasses import dataclass

from deploy.local.demo.door import Door, expect, until
from deploy.local.demo.record import Record
from deploy.local.synthetic import files, people, points
from deploy.local.synthetic.ground import Tile
from deploy.local.synthetic.ground import tiles as synthetic_tiles

SEED = 2309
# a request has ten seconds
ACTIVATED_AT_ONCE = 100
# tiles whose own middle is looked up
LOOKED_UP = 40


@dataclass(frozen=True)
class Ground:
    """The synthetic city, as it was imported."""

    tiles: list[Tile]
    workers: list[people.Worker]
    cameras: list[points.Camera]

    @property
    def worker_of(self) -> dict[str, str]:
        """The staff number of each grid's worker."""
        return {worker.target: worker.staff_no for worker in self.workers if worker.role == "worker"}


def invent(within: str = "") -> Ground:
    """The same city every time, or the part of it whose codes begin so."""
    found = [tile for tile in synthetic_tiles(SEED) if tile.code.startswith(within)]
    return Ground(found, people.staff(found, SEED), points.cameras(found, SEED))


async def lay(door: Door, record: Record, ground: Ground) -> None:
    """Everything that has to stand before a camera can be located and a case has somebody to go to."""
    await import_divisions(door, record)
    await import_boundaries(door, record)
    await import_ground(door, record, ground)
    await activate(door, record, ground)
    await locate(door, record, ground)


async def import_divisions(door: Door, record: Record) -> None:
    """The tree of a whole city, and once more: nothing changes."""
    with record.step("divisions", "导入七台河区划树, 再导一遍") as found:
        first = await door.load("divisions", files.divisions(), files.CSV)
        again = await door.load("divisions", files.divisions(), files.CSV)
        expect("首次导入区划 divisions", (first["created"], first["rejected"]), (369, []))
        expect("再次导入区划 divisions again", (again["created"], again["changed"], again["unchanged"]), (0, 0, 369))
        found |= {"新增": first["created"], "再导新增": again["created"], "再导变更": again["changed"]}


async def import_boundaries(door: Door, record: Record) -> None:
    """Four county polygons, three of which cross themselves."""
    with record.step("boundaries", "导入区县边界, 自动修复") as found:
        report = await door.load("boundaries", files.boundaries(), files.GEOJSON)
        expect("边界 boundaries", (report["created"], report["rejected"]), (4, []))
        expect("修复的边界 repaired", sorted(fault["key"][:6] for fault in report["repaired"]), REPAIRED)
        found |= {"边界": report["created"], "修复": len(report["repaired"])}


REPAIRED = ["230902", "230904", "230921"]


async def import_ground(door: Door, record: Record, ground: Ground) -> None:
    """810 drafts, the people, and who stands where."""
    with record.step("grids", "导入网格草稿") as found:
        report = await door.load("grids", files.grids(ground.tiles), files.GEOJSON)
        expect("网格 grids", (report["created"], report["rejected"]), (len(ground.tiles), []))
        found["网格"] = report["created"]
    with record.step("staff", "导入五级网格人员") as found:
        report = await door.load("staff", files.staff(ground.workers), files.CSV)
        expect("人员 staff", (report["created"], report["rejected"]), (len(ground.workers), []))
        found["人员"] = report["created"]
    with record.step("assignments", "导入任职") as found:
        report = await door.load("assignments", files.assignments(ground.workers), files.CSV)
        expect("任职 assignments", (report["created"], report["rejected"]), (len(ground.workers), []))
        found["任职"] = report["created"]


async def activate(door: Door, record: Record, ground: Ground) -> None:
    """Part by part: valid, without overlap, staffed."""
    with record.step("activate", "启用网格") as found:
        codes, found["启用"] = [tile.code for tile in ground.tiles], 0
        for part in (codes[at : at + ACTIVATED_AT_ONCE] for at in range(0, len(codes), ACTIVATED_AT_ONCE)):
            done = await door.post("/v1/grids:activate", {"codes": part})
            expect("启用 activated", (done["activated"], done["rejected"]), (len(part), []))
            found["启用"] += done["activated"]
        figures = await door.get("/v1/figures/grid")
        lacking = len(figures["without_chief"]), len(figures["without_worker"]), figures["without_party_branch"]
        without_branch = sum(tile.party_branch is None for tile in ground.tiles)
        expect("无网格长、无网格员、无党支部的网格", lacking, (0, 0, without_branch))
        outside = figures["outside_300_400_households"]
        found |= {"户数在 300–400 之外": outside, "无党支部": without_branch}


async def locate(door: Door, record: Record, ground: Ground) -> None:
    """A point → its grid → the one who answers for it."""
    with record.step("locate", "坐标定位到网格与责任人") as found:
        asked = ground.tiles[:: len(ground.tiles) // LOOKED_UP]
        inside = [tile.area.representative_point() for tile in asked]
        body = {"points": [{"longitude": point.x, "latitude": point.y} for point in inside]}
        located = (await door.post("/v1/locate", body))["items"]
        expect("定位到的网格 located", [one["grid"] for one in located], [tile.code for tile in asked])
        first = await door.get("/v1/locate", params={"lon": inside[0].x, "lat": inside[0].y})
        answering = [one["staff_no"] for one in first["responsible"]]
        expect("责任人 responsible", answering[:1], [ground.worker_of[asked[0].code]])
        nowhere = await door.get("/v1/locate", params={"lon": 125.0, "lat": 45.7})
        expect("城外的点 a point outside", nowhere["grid"], None)
        found |= {"点": len(asked), "责任人": answering[0]}


async def place_cameras(door: Door, record: Record, ground: Ground) -> None:
    """Each camera in its grid, by its own copy of the ground."""
    with record.step("devices", "登记摄像机并落格") as found:
        report = await door.load("devices", files.devices(ground.cameras), files.CSV)
        expect("摄像机 devices", report["rejected"], [])
        wanted = {camera.device: camera.grid for camera in ground.cameras}

        async def grids() -> dict[str, str | None]:
            return {channel["device"]: channel["grid"] for channel in await door.pages("/v1/channels")}

        placed = await until("摄像机落格 cameras located", grids, lambda known: None not in known.values())
        expect("摄像机所在网格 grids of the cameras", placed, wanted)
        found |= {"摄像机": len(placed)}
