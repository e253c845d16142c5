"""`yiwang sources`: URLs for devices that can be given nothing else."""

from typing import Annotated

import typer

from services.cli.door import Door
from services.cli.showing import everything, show

MADE = {"source": "来源", "url": "填入设备的地址 (只显示一次)"}

sources = typer.Typer(help="接入源: 只能填地址的设备", no_args_is_help=True)


@sources.command("list")
def list_sources(context: typer.Context) -> None:
    """列出接入源、令牌前缀与最近上报。"""
    found = everything(Door(context.obj), "/v1/sources")
    for one in found:
        one["prefixes"] = " ".join(key["prefix"] for key in one["keys"] if not key["revoked_at"])
    columns = {"source": "来源", "adapter": "接入格式", "state": "状态", "prefixes": "令牌"}
    show(context, {"items": found}, {**columns, "last_used_at": "最近上报", "reports": "上报数", "note": "备注"})


@sources.command("create")
def create_source(
    context: typer.Context,
    source: str,
    adapter: Annotated[str | None, typer.Option(help="只限此接入格式")] = None,
    note: Annotated[str | None, typer.Option(help="备注")] = None,
    expires_at: Annotated[str | None, typer.Option(help="到期时间, RFC 3339")] = None,
) -> None:
    """新建接入源; 地址只显示这一次。"""
    body = {"source": source, "adapter": adapter, "note": note, "expires_at": expires_at}
    show(context, Door(context.obj).ask("POST", "/v1/sources", json=body), MADE)


@sources.command("rotate")
def rotate_token(context: typer.Context, source: str, overlap_hours: float = 24) -> None:
    """换发地址; 旧地址在重叠期后失效。"""
    told = {"overlap_hours": overlap_hours}
    show(context, Door(context.obj).ask("POST", f"/v1/sources/{source}:rotate", json=told), MADE)


@sources.command("revoke")
def revoke_source(context: typer.Context, source: str, prefix: str | None = None) -> None:
    """吊销一个令牌 (--prefix), 或整个接入源。"""
    ended = Door(context.obj).ask("POST", f"/v1/sources/{source}:revoke", json={"prefix": prefix})
    show(context, ended, {"source": "来源", "state": "状态"})
