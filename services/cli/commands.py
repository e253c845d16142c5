"""The commands of `yiwang`: what can be asked of a running city from a terminal."""

import mimetypes
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.chassis.file_types import BY_SUFFIX
from services.cli import operations
from services.cli.camera import camera
from services.cli.door import REFUSED, Door, Options, Trouble, city, err, out
from services.cli.showing import everything, show, show_json, table
from services.cli.sources import sources
from services.cli.waterfall import render

KINDS = "divisions aliases boundaries units grids staff assignments buildings rooms households devices categories items"
SHOWN_ROWS = 50


class Commands(typer.Typer):
    """Trouble becomes one line and an exit code."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the entry point calls."""
        try:
            return super().__call__(*args, **kwargs)
        except Trouble as trouble:
            err.print(str(trouble), style="red", markup=False, soft_wrap=True)
            sys.exit(trouble.code)


app = Commands(help="一网 Yiwang 命令行", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
keys = typer.Typer(help="接入方与密钥", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(sources, name="sources")
app.add_typer(camera, name="camera")
app.add_typer(operations.dead_letters, name="dead-letters")
app.command("replay")(operations.replay)


@app.callback()
def begin(
    context: typer.Context,
    gateway: Annotated[str, typer.Option(envvar="YIWANG_GATEWAY", help="网关地址")] = "",
    key: Annotated[str, typer.Option(envvar="YIWANG_KEY", help="密钥", show_envvar=True)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON, 供脚本使用")] = False,
) -> None:
    """地址与密钥默认取自 .yiwang/city.json (管理员)。"""
    # an address from elsewhere must never be sent the key of the embedded city
    local = {} if gateway else city()
    context.obj = Options(
        gateway or local.get("gateway") or "", key or local.get("keys", {}).get("admin") or "", as_json
    )


@app.command()
def trace(context: typer.Context, trace_id: Annotated[str, typer.Argument(help="32 位追踪号")]) -> None:
    """显示一条链路的瀑布图。"""
    found = Door(context.obj).ask("GET", f"/v1/traces/{trace_id}")
    if context.obj.as_json:
        show_json(found)
    else:
        out.print(render(found))


@app.command("import")
def import_file(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help=KINDS)],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查, 不写入")] = False,
) -> None:
    """导入 CSV、Excel (.xlsx)、JSON 或 GeoJSON 文件; 有被拒绝的行时退出码为 1。"""
    media_type = BY_SUFFIX.get(file.suffix.lower().removeprefix("."), "application/octet-stream")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(pulse_style="cyan"), TimeElapsedColumn())
    with (
        Progress(*columns, console=err, transient=True) as progress,
        progress.open(file, "rb", description=f"上传 {file.name}") as content,
    ):
        progress.add_task(f"{'核对' if dry_run else '导入'} {kind} 各行", total=None)
        told = {"params": {"dry_run": str(dry_run).lower()}, "content": content}
        report = Door(context.obj).ask("POST", f"/v1/imports/{kind}", headers={"Content-Type": media_type}, **told)
    if context.obj.as_json:
        show_json(report)
    else:
        _show_report(report)
    if report["rejected"]:
        raise typer.Exit(REFUSED)


@app.command()
def intake(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)],
    adapter: Annotated[str, typer.Option(help="hikvision dahua onvif gb28181 frigate …")] = "hikvision",
    source: Annotated[str, typer.Option(help="来源名")] = "terminal",
    content_type: Annotated[str, typer.Option(help="默认按文件后缀")] = "",
) -> None:
    """逐个上报文件中的原始报文。"""
    door, reports = Door(context.obj), list[dict[str, Any]]()
    with Progress(console=err, transient=True) as progress:
        for file in progress.track(files, description="上报"):
            kind = content_type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            path = f"/v1/intake/{adapter}/{source}"
            answer = door.ask("POST", path, content=file.read_bytes(), headers={"Content-Type": kind})
            reports.append({"file": str(file), **answer})
    show(context, {"items": reports}, {"file": "文件", "report": "报文号"})


@keys.command("list")
def list_keys(context: typer.Context) -> None:
    """列出接入方及其密钥前缀。"""
    clients = everything(Door(context.obj), "/v1/clients")
    for client in clients:
        live = [key["prefix"] for key in client["keys"] if not key["revoked_at"]]
        client["prefixes"], client["may"] = " ".join(live), " ".join(client["scopes"])
    columns = {"client": "接入方", "name": "名称", "department": "部门", "may": "权限", "state": "状态"}
    show(context, {"items": clients}, {**columns, "prefixes": "密钥"})


@keys.command("create")
def create_key(
    context: typer.Context,
    client: str,
    name: Annotated[str, typer.Option(help="名称")],
    scope: Annotated[list[str], typer.Option(help="权限, 可重复")],
    department: Annotated[str | None, typer.Option(help="部门")] = None,
) -> None:
    """新建接入方; 密钥只显示这一次。"""
    body = {"client": client, "name": name, "scopes": scope, "department": department}
    made = Door(context.obj).ask("POST", "/v1/clients", json=body)
    show(context, made, {"client": "接入方", "key": "密钥 (只显示一次)"})


@keys.command("rotate")
def rotate_key(context: typer.Context, client: str, overlap_hours: float = 24) -> None:
    """换发密钥; 旧密钥在重叠期后失效。"""
    made = Door(context.obj).ask("POST", f"/v1/clients/{client}:rotate", json={"overlap_hours": overlap_hours})
    show(context, made, {"client": "接入方", "key": "密钥 (只显示一次)"})


@keys.command("revoke")
def revoke_key(context: typer.Context, client: str, prefix: str | None = None) -> None:
    """吊销一个密钥 (--prefix), 或整个接入方。"""
    ended = Door(context.obj).ask("POST", f"/v1/clients/{client}:revoke", json={"prefix": prefix})
    show(context, ended, {"client": "接入方", "state": "状态"})


@app.command()
def doctor(context: typer.Context) -> None:
    """检查 city.json、网关与各项依赖; 有问题时退出码为 1。"""
    found = city()
    rows = [("city.json", bool(found), found.get("gateway") or "未找到 (可用 --gateway 指定)")]
    try:
        ready = Door(context.obj).send("GET", "/readyz").json()
        rows += [
            ("网关", True, context.obj.gateway),
            ("数据库", ready["database"] == "ok", ready["database"]),
            ("消息总线", ready["broker"] == "ok", f"{ready['broker']}, 暂存 {ready['spooled']}"),
            *((f"服务 {name}", state == "ok", state) for name, state in ready["services"].items()),
        ]
        rows.append(("密钥", *_try_key(context)))
    except (Trouble, ValueError, KeyError) as error:
        rows.append(("网关", False, str(error)))
    checks = [{"check": name, "ok": ok, "detail": detail} for name, ok, detail in rows]
    sound = all(ok for name, ok, _ in rows if name != "city.json" or not context.obj.gateway)
    marked = [{**check, "ok": "✓" if check["ok"] else "✗"} for check in checks]
    told = {"items": checks if context.obj.as_json else marked}
    show(context, told, {"ok": "", "check": "检查", "detail": "结果"})
    if not sound:
        raise typer.Exit(REFUSED)


def _try_key(context: typer.Context) -> tuple[bool, str]:
    try:
        bus = Door(context.obj).ask("GET", "/v1/bus")
    except Trouble as trouble:
        return False, str(trouble)
    died = sum(service["dead_letters"] for service in bus["services"])
    return True, f"可用; 死信 {died}"


def _show_report(report: dict[str, Any]) -> None:
    told = {**report, "rejected": len(report["rejected"]), "repaired": len(report["repaired"])}
    title = f"{report['kind']}: 试运行, 未写入" if report["dry_run"] else report["kind"]
    heads = {"read": "读取", "created": "新增", "changed": "更新", "unchanged": "未变"}
    table({**heads, "rejected": "拒绝", "repaired": "修复"}, [told], title)
    for title, rows in (("被拒绝的行", report["rejected"]), ("已修复的行", report["repaired"])):
        if rows:
            table({"line": "行", "key": "键", "code": "代码", "message": "原因"}, rows[:SHOWN_ROWS], title)
        if len(rows) > SHOWN_ROWS:
            out.print(f"另有 {len(rows) - SHOWN_ROWS} 行, 用 --json 查看全部")
