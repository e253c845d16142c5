"""`make demo`: a city from the first import to the closed case, through its public gateway only, on real input.

The city is one of its own below `.yiwang/demo`, fresh each time: one that runs already is not touched, and servers
named by AMQP_URL or MONGODB_URL are left alone.
"""

import asyncio
import os
import shutil
import sys
from typing import Any

import httpx
from rich.console import Console

from deploy.local import city
from deploy.local.demo import alarms, exchange, ground, services
from deploy.local.demo.door import Door, Unexpected
from deploy.local.demo.journey import show_journey
from deploy.local.demo.record import Record
from deploy.local.home import CITY, ROOT, Home
from deploy.local.stop import down
from deploy.local.synthetic import people

RESULT = ROOT / "build" / "demo.json"


def main(*, keep: bool = False) -> int:
    """Returns 0 when everything came out as it must; else 1, having named what did not. `keep` leaves the city up."""
    console = Console() if sys.stdout.isatty() else Console(width=140)
    record = Record(console)
    for elsewhere in ("AMQP_URL", "MONGODB_URL"):
        os.environ.pop(elsewhere, None)
    home = Home(Home.of_environment().path / "demo")
    down(home)
    shutil.rmtree(home.path, ignore_errors=True)
    fault: str | None = "未完成 / not finished"
    try:
        with record.progress:
            with record.step("up", "启动整座城") as found:
                told = city.up(home, say=lambda line: console.print(f"[dim]{line}[/dim]", highlight=False))
                found["网关"] = told["gateway"]
            asyncio.run(story(record, told))
        fault = None
    except* (city.NotReady, Unexpected, httpx.HTTPError) as errors:
        fault = named(errors)
    finally:
        if fault or not keep:
            down(home)
    record.write(RESULT, ok=fault is None, fault=fault)
    record.show()
    if fault:
        console.print("未达预期 / not as expected:", fault, style="red", markup=False, highlight=False)
        console.print("日志 / logs:", str(home.logs), highlight=False)
        return 1
    how = "仍在运行" if keep else "已停止"
    console.print(
        f"[green]全部符合预期[/green] {record.seconds:.0f} s, {how}, 结果在 {RESULT.relative_to(ROOT)}", highlight=False
    )
    if keep:
        at = home.path.relative_to(ROOT) if home.path.is_relative_to(ROOT) else home.path
        console.print(f"控制台 / console {told['console']}   密钥 operator 在 {at / CITY}", highlight=False)
        console.print(
            f"接口文档 / API {told['gateway']}/docs   停止 / stop: YIWANG_HOME={at} make down", highlight=False
        )
    else:
        console.print("make demo keep=1 演示后不停止; make up 启动自己的一座城, 控制台地址在其输出中", highlight=False)
    return 0


def named(errors: BaseExceptionGroup[Exception]) -> str:
    """The first of the errors, in words."""
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return str(first) or type(first).__name__


async def story(record: Record, told: dict[str, Any]) -> None:
    """Ground, services and exchange side by side; then the cameras."""
    invented = ground.invent()
    persons = list(people.persons(invented.tiles, exchange.RECORDS, ground.SEED))
    async with Door(told["gateway"], told["keys"]) as door:
        async with asyncio.TaskGroup() as parts:
            parts.create_task(ground.lay(door, record, invented))
            parts.create_task(services.serve(door, record, persons[0]))
            parts.create_task(exchange.share(door, record, persons))
        await ground.place_cameras(door, record, invented)
        await alarms.watch(door, record, invented)
        await show_journey(door, record)
