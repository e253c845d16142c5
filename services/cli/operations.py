"""Dead letters and replays from a terminal: long work goes on page by page, with its progress on the screen."""

import time
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.cli.door import REFUSED, USAGE, Door, Trouble, err, out
from services.cli.showing import everything, show, show_json, table

LETTER = {
    "service": "服务",
    "id": "编号",
    "queue": "队列",
    "reason": "原因",
    "attempts": "次数",
    "redriven_count": "重投",
    "dead_at": "时间",
    "trace_id": "追踪号",
}
REDRIVE = {"at": "重投于", "by": "重投人", "reason": "此前死因", "attempts": "此前次数", "trace_id": "追踪号"}
COLUMNS = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(pulse_style="cyan"))
PAUSE_S = 0.5

dead_letters = typer.Typer(help="死信", no_args_is_help=True)

Queue = Annotated[str | None, typer.Option(help="只限此队列")]
Since = Annotated[str | None, typer.Option(help="自此刻起 (含), RFC 3339")]
Until = Annotated[str | None, typer.Option(help="至此刻止 (不含), RFC 3339")]


@dead_letters.command("list")
def list_dead_letters(
    context: typer.Context,
    service: str | None = None,
    *,
    state: Annotated[str, typer.Option(help="dead 待处理, redriven 已重投")] = "dead",
    queue: Queue = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """列出死信, 新的在前; 不指定服务时列出全部。"""
    told = {"service": service, "state": state, "queue": queue, "since": since, "until": until}
    letters = everything(
        Door(context.obj), "/v1/dead-letters", **{name: value for name, value in told.items() if value}
    )
    show(context, {"items": letters}, LETTER)


@dead_letters.command("look")
def look(context: typer.Context, service: str, id: Annotated[str, typer.Argument(help="死信编号")]) -> None:
    """显示一条死信的内容与经历; 查看本身会被记入审计。"""
    found = Door(context.obj).ask("POST", f"/v1/dead-letters/{service}/{id}:look")
    if context.obj.as_json:
        show_json(found)
        return
    table(LETTER, [found["letter"]])
    if found["redrives"]:
        table(REDRIVE, found["redrives"])
    out.print(found["content_type"], style="dim", markup=False)
    out.print(found["body"], markup=False, soft_wrap=True, highlight=False)


@dead_letters.command("redrive")
def redrive(
    context: typer.Context,
    service: str,
    ids: Annotated[list[str] | None, typer.Argument(help="死信编号")] = None,
    *,
    whole: Annotated[bool, typer.Option("--all", help="该服务的全部死信")] = False,
    queue: Queue = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """把死信放回原队列; 须指明编号、--queue、--since、--until 之一, 或 --all。"""
    if not (ids or whole or queue or since or until):
        raise Trouble("须指明重投哪些: 编号、--queue、--since、--until, 或 --all", USAGE)
    body: dict[str, Any] = {"service": service, "ids": ids or [], "all": whole}
    body |= {"queue": queue, "since": since, "until": until}
    door, done = Door(context.obj), {"redriven": 0, "refused": 0}
    with Progress(*COLUMNS, TextColumn("{task.completed} 条"), TimeElapsedColumn(), console=err, transient=True) as bar:
        task = bar.add_task(f"重投 {service}", total=None)
        while True:
            page = door.ask("POST", "/v1/dead-letters:redrive", json=body)
            done = {name: count + page[name] for name, count in done.items()}
            bar.update(task, completed=done["redriven"])
            if not page["next"]:
                break
            body["cursor"] = page["next"]
            # nothing went: the bus has no room yet
            time.sleep(0 if page["redriven"] else PAUSE_S)
    show(context, done, {"redriven": "已重投", "refused": "未能重投 (队列已不存在)"})
    if done["refused"]:
        raise typer.Exit(REFUSED)


def replay(context: typer.Context, service: str) -> None:
    """由事件日志重建一个服务的本地副本; 可随时中断, 再次运行即从断点继续。"""
    door = Door(context.obj)
    now = door.ask("POST", "/v1/replays", json={"service": service})
    with Progress(*COLUMNS, MofNCompleteColumn(), TimeElapsedColumn(), console=err, transient=True) as bar:
        task = bar.add_task(f"重放 {service}", total=None)
        while now["state"] != "done":
            before, now = now, door.ask("POST", f"/v1/replays/{service}:continue")
            left = [part["left"] for part in now["parts"]]
            whole = None if None in left else now["sent"] + sum(left)
            bar.update(
                task, completed=now["sent"], total=whole, description=f"重放 {service}, 待确认 {now['unconfirmed']}"
            )
            if now["state"] != "done" and (now["sent"], now["round"]) == (before["sent"], before["round"]):
                time.sleep(PAUSE_S)
    columns = {"sent": "重发事件", "removed": "清除的多余副本", "unconfirmed": "未能确认", "trace_id": "追踪号"}
    show(context, now, {**columns, "strays_shown": "多余副本", "stuck_shown": "未能确认的副本 (见死信)"})
    if now["unconfirmed"]:
        raise typer.Exit(REFUSED)
