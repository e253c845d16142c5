"""导入: a file of rows is tried first, which writes nothing, and then taken over. The console keeps no file."""

import csv
import io
from collections.abc import Iterable, Mapping
from secrets import token_hex

from starlette.responses import Response

from contracts.shared import Scope
from services.chassis.file_types import BY_SUFFIX
from services.console.door import at
from services.console.guard import MOST_FILE
from services.console.pages import Page
from services.console.rendering import Viewed
from services.console.standings import safe

page = Page("/imports", "导入", "Import", place=17, scope=Scope.GRID_WRITE)
router = page.router
GROUND = (
    *("divisions", "boundaries", "aliases", "grids", "staff", "assignments", "units"),
    *("buildings", "rooms", "households"),
)
# no table: a platform's own message, which names the platform nowhere
CATALOG = "catalog"
KINDS = {
    **dict.fromkeys(GROUND, Scope.GRID_WRITE),
    "devices": Scope.ALERTS_HANDLE,
    CATALOG: Scope.ALERTS_HANDLE,
    "items": Scope.CATALOGUE_HANDLE,
    "categories": Scope.ADMIN,
}
# where the numbers of a position mean something
PLACED = ("boundaries", "grids", "units")
SHOWN = 200
PASSED = ("content-type", "content-length", "idempotency-key")


@router.get("/imports")
async def show_form(view: Viewed) -> Response:
    """What may be imported by this operator."""
    kinds = [kind for kind, scope in KINDS.items() if view.session.may(scope)]
    return view.show("imports.html", kinds=kinds, placed=PLACED, catalog=CATALOG, types=BY_SUFFIX, most=MOST_FILE)


@router.post("/imports/{kind}")
async def import_file(view: Viewed, kind: str) -> Response:
    """The body is the file, and goes on as it comes in. The answer to a dry run brings the key of the import."""
    request = view.request
    passed = {name: request.headers[name] for name in PASSED if name in request.headers}
    query = {name: text for name, text in view.asked("dry_run", "datum", "platform").items() if text}
    path = "/v1/devices:catalog" if kind == CATALOG else at("/v1/imports/{}", kind)
    report = await view.door.carry(path, request.stream(), passed, **query)
    rejected = report["rejected"]
    return view.show("import_part.html", one=report, shown=SHOWN, key=token_hex(16), file=as_csv(rejected))


def as_csv(faults: Iterable[Mapping[str, object]]) -> str:
    """Every row that was not taken, as a table; no cell of it becomes a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["line", "key", "code", "message"])
    for fault in faults:
        writer.writerow([fault["line"], *(safe(str(fault[name])) for name in ("key", "code", "message"))])
    return out.getvalue()
