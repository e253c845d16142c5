"""`yiwang camera`: plays cameras against a gateway, and says what came of it."""

import asyncio
import mimetypes
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.cli.door import REFUSED, USAGE, Door, Options, Trouble, err
from services.cli.payloads import EVENTS, Payload
from services.cli.posting import Poster, Timed, Totals, paced, poster
from services.cli.showing import show_json, table
from services.cli.stream import Mix, stream

RATE = re.compile(r"(\d+(?:\.\d+)?)(?:/(s|min))?")
COLUMNS = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(pulse_style="cyan"), MofNCompleteColumn())
SHOWN_ROWS = 20

camera = typer.Typer(help="扮演摄像机上报", no_args_is_help=True)


def per_second(told: str) -> float:
    """`20/s`, `1000/min`; a bare number is a second's. Raises Trouble."""
    found = RATE.fullmatch(told)
    rate = float(found[1]) / (60 if found[2] == "min" else 1) if found else 0.0
    if rate <= 0:
        raise Trouble("速率写作 20/s 或 1000/min", USAGE)
    return rate


Rate = Annotated[str, typer.Option(help="上报速率, 如 20/s 或 1000/min")]
Wait = Annotated[bool, typer.Option("--wait", help="发完后逐份追踪报文, 列出与应有结果不符的")]


@camera.command("play")
def play(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, readable=True)],
    *,
    adapter: Annotated[str, typer.Option(help="hikvision dahua onvif gb28181 frigate …")],
    source: Annotated[str, typer.Option(help="来源名或令牌")],
    rate: Rate = "10/s",
    content_type: Annotated[str, typer.Option(help="默认按文件后缀")] = "",
    wait: Wait = False,
) -> None:
    """按文件名顺序上报一个文件夹中的原始报文。"""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    payloads = [Payload(adapter, source, content_type or _type_of(path), path.read_bytes(), None) for path in files]
    if not payloads:
        raise Trouble(f"{folder} 中没有文件", USAGE)
    _finish(context, asyncio.run(_play(context.obj, paced(payloads, per_second(rate)), len(payloads), wait=wait)))


@camera.command("stream")
def stream_cameras(
    context: typer.Context,
    *,
    devices: Annotated[int, typer.Option(min=1, max=100_000, help="设备数")] = 500,
    rate: Rate = "1000/min",
    minutes: Annotated[float, typer.Option(min=0.01, help="时长")] = 10,
    seed: Annotated[int, typer.Option(help="同一种子, 同一流")] = 7,
    vendors: Annotated[list[str] | None, typer.Option("--vendor", help=f"可重复: {' '.join(EVENTS)}")] = None,
    heartbeats: Annotated[float, typer.Option(min=0, max=1, help="心跳的份额")] = 0.1,
    garbage: Annotated[float, typer.Option(min=0, max=1, help="坏报文的份额")] = 0.01,
    stops: Annotated[float, typer.Option(min=0, max=1, help="停止的份额")] = 0.05,
    repeats: Annotated[float, typer.Option(min=0, max=1, help="告警中属于重复的份额")] = 0.8,
    wait: Wait = False,
) -> None:
    """由种子生成许多设备的上报: 重复、停止、心跳、坏报文; 有丢失时退出码为 1。"""
    chosen = vendors or list(Mix.vendors)
    if unknown := set(chosen) - set(EVENTS):
        raise Trouble(f"没有这种设备: {' '.join(sorted(unknown))}; 可用: {' '.join(EVENTS)}", USAGE)
    mix = Mix(devices, per_second(rate), 60 * minutes, seed, chosen, heartbeats, garbage, stops, repeats)
    _finish(context, asyncio.run(_play(context.obj, stream(mix, datetime.now(UTC)), mix.posts, wait=wait)))


async def _play(options: Options, timed: Timed, count: int, *, wait: bool) -> Totals:
    # nobody plays to an empty house
    Door(options).send("GET", "/healthz")
    with Progress(*COLUMNS, TimeElapsedColumn(), console=err, transient=True) as progress:
        async with poster(options) as posting:
            task = progress.add_task("上报", total=count)
            totals = await posting.post(timed, lambda: progress.advance(task))
            if wait:
                await _settle(posting, totals, progress)
    return totals


async def _settle(posting: Poster, totals: Totals, progress: Progress) -> None:
    task = progress.add_task("追踪", total=len(totals.accepted))
    await posting.settle(totals, lambda: progress.advance(task))


def _finish(context: typer.Context, totals: Totals) -> None:
    told: dict[str, Any] = {
        "sent": totals.sent,
        "accepted": len(totals.accepted),
        "refused": dict(totals.refused),
        "seconds": round(totals.seconds, 1),
        "alarms": len(totals.alarms),
        "should": dict(totals.should),
        "became": dict(totals.became),
        "lost": totals.lost,
        "differs": totals.differs,
    }
    if context.obj.as_json:
        show_json(told)
    else:
        _show(told)
    if totals.lost or totals.differs:
        raise typer.Exit(REFUSED)


def _show(told: dict[str, Any]) -> None:
    heads = {"sent": "上报", "accepted": "已收", "lost": "丢失", "alarms": "不同告警", "seconds": "秒"}
    table(heads, [told])
    if told["refused"]:
        table({"code": "拒收原因", "count": "次数"}, _rows("code", told["refused"]))
    rows = [
        {"state": state, "should": told["should"].get(state, 0), "became": told["became"].get(state, "–")}
        for state in sorted({*told["should"], *told["became"]})
    ]
    if rows:
        table({"state": "结果", "should": "应为", "became": "实为"}, rows)
    if told["differs"]:
        heads = {"report": "报文", "source": "来源", "should": "应为", "became": "实为"}
        table(heads, told["differs"][:SHOWN_ROWS], f"不符 {len(told['differs'])} 份")


def _rows(name: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [{name: key, "count": count} for key, count in counts.items()]


def _type_of(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
