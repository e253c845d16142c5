"""手册: what each alert means, where to look and what to do; `services/console/runbook/<alert>.md`."""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.console.pages import Page
from services.console.rendering import HERE, Viewed

page = Page("/runbook", "手册", "Runbook", place=85, scope=None)
router = page.router


@dataclass(frozen=True)
class Entry:
    """One alert: Chinese first, and what it means in a sentence or two of either language."""

    name: str
    title: str
    zh: Markup
    en: Markup
    zh_meaning: Markup
    en_meaning: Markup


def _read(path: Path) -> Entry:
    markdown = MarkdownIt("commonmark", {"html": False})
    zh, en = path.read_text("utf-8").split("\n---\n\n")
    title, zh_meaning, _ = zh.split("\n\n", 2)
    en_meaning, _, _ = en.partition("\n\n")
    shown = [*map(markdown.render, (zh, en)), *map(markdown.renderInline, (zh_meaning, en_meaning))]
    # its text is ours, and HTML in it is not taken as such
    return Entry(path.stem, title.removeprefix("# "), *(Markup(html) for html in shown))  # noqa: S704


ENTRIES = {path.stem: _read(path) for path in sorted((HERE / "runbook").glob("*.md"))}


@router.get("/runbook")
async def list_entries(view: Viewed) -> Response:
    """Every alert with its meaning."""
    return view.show("runbook.html", entries=ENTRIES.values())


@router.get("/runbook/{name}")
async def show_entry(view: Viewed, name: str) -> Response:
    """One alert. Raises HTTPException 404."""
    if name not in ENTRIES:
        raise HTTPException(404)
    return view.show("runbook_entry.html", entry=ENTRIES[name])
