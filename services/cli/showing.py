"""How the command line shows what it was told: a table for people, JSON for scripts."""

import json
from typing import Any

import typer
from rich.table import Table

from services.cli.door import Door, out


def everything(door: Door, path: str, **params: str) -> list[dict[str, Any]]:
    """The items of all pages of a list."""
    items, cursor = list[dict[str, Any]](), dict[str, str]()
    while True:
        page = door.ask("GET", path, params={"limit": "200", **params, **cursor})
        items += page["items"]
        if not page.get("next"):
            return items
        cursor = {"cursor": page["next"]}


def show(context: typer.Context, told: dict[str, Any], columns: dict[str, str]) -> None:
    """`told` is one thing, or {"items": many}; `columns` maps a field to its heading."""
    if context.obj.as_json:
        show_json(told)
    else:
        table(columns, told.get("items", [told]))


def table(columns: dict[str, str], rows: list[dict[str, Any]], title: str | None = None) -> None:
    """Rows under headings; (无) without any."""
    drawn = Table(*columns.values(), title=title, title_justify="left", box=None, header_style="dim")
    for row in rows:
        drawn.add_row(*("" if row.get(name) is None else str(row[name]) for name in columns))
    out.print(drawn if rows else "(无)", markup=False, soft_wrap=not rows)


def show_json(value: Any) -> None:
    """For a script: no colours, no wrapping."""
    print(json.dumps(value, ensure_ascii=False))  # noqa: T201
