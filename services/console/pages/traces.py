"""链路: lists and search, one trace as a waterfall, and the service map."""

from starlette.responses import RedirectResponse, Response

from contracts.shared import Scope
from services.console.door import at
from services.console.drawing import drawn
from services.console.pages import Page
from services.console.rendering import Viewed
from services.console.waterfall import waterfall

page = Page("/traces", "链路", "Traces", place=70, scope=Scope.OPS)
router = page.router
FIELDS = ("service", "operation", "min_ms", "attribute", "subject", "failed", "cursor")
TRACE_DIGITS = 32


@router.get("/traces")
async def list_traces(view: Viewed) -> Response:
    """Newest first; a trace id in the search field leads straight to it."""
    told = view.asked(*FIELDS)
    if len(told["subject"]) == TRACE_DIGITS and all(digit in "0123456789abcdef" for digit in told["subject"]):
        return RedirectResponse(f"/traces/{told['subject']}", 303)
    return await view.show_list("traces", told)


@router.get("/traces:map")
async def show_map(view: Viewed) -> Response:
    """Who calls whom."""
    found = await view.door.get("/v1/traces:map")
    return view.show("trace_map.html", found=found, drawing=drawn(found["links"]))


@router.get("/traces/{trace}")
async def show_trace(view: Viewed, trace: str) -> Response:
    """One trace: where its time went, and where it failed."""
    return view.show("trace.html", trace=trace, found=waterfall(await view.door.get(at("/v1/traces/{}", trace))))
