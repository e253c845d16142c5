"""共享: the directory, who asked for what, who was granted it, and the log that proves every use."""

import asyncio

from starlette.responses import RedirectResponse, Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import Viewed

page = Page("/sharing", "共享", "Sharing", place=50, scope=Scope.DATASETS_READ)
router = page.router
FIELDS = ("dataset", "cursor")
# what the form of an approval calls the mask of a field
MASK = "mask."


@router.get("/sharing")
async def list_datasets(view: Viewed) -> Response:
    """The directory, by code."""
    return await view.show_list("datasets", view.asked("provider", "cursor"))


@router.get("/sharing/datasets/{code}")
async def show_dataset(view: Viewed, code: str) -> Response:
    """One dataset: its fields, its schema, who asked for it and who may use it."""
    # a department's own, or all of them
    party = view.session.department or view.session.may(Scope.DATASETS_APPROVE)
    lists = ("/v1/dataset-applications", "/v1/grants") if party else ()
    one, schema, *found = await asyncio.gather(
        view.door.get(at("/v1/datasets/{}", code)),
        view.door.get(at("/v1/datasets/{}/schemas", code)),
        *(view.door.get(path, dataset=code) for path in lists),
    )
    applications, grants = found or (None, None)
    told = {"one": one, "schema": schema["json_schema"], "applications": applications, "grants": grants}
    return view.show("dataset.html", **told)


@router.post("/sharing/datasets/{code}/{action}")
async def act(view: Viewed, code: str, action: str) -> Response:
    """One step of a dataset, in the operator's name."""
    await view.door.post(at("/v1/datasets/{}:{}", code, action), await view.filled("note"))
    return RedirectResponse(at("/sharing/datasets/{}", code), 303)


@router.get("/sharing/applications")
async def list_applications(view: Viewed) -> Response:
    """Newest first."""
    return await view.show_list("dataset-applications", view.asked(*FIELDS))


@router.post("/sharing/applications")
async def apply(view: Viewed) -> Response:
    """Ask for fields of a dataset, until the end of a day of the city."""
    told = {"until": "", **await view.filled("dataset", "purpose", "legal_basis", "until")}
    fields = [str(name) for name in (await view.request.form()).getlist("fields")]
    until = f"{told.pop('until')}T23:59:59+08:00"
    body = {**told, "fields": fields, "valid_until": until}
    return to_dataset(await view.door.post("/v1/dataset-applications", body))


@router.post("/sharing/applications/{id}/{decision}")
async def decide(view: Viewed, id: str, decision: str) -> Response:
    """Approve, with the masks chosen, or refuse."""
    names = [name for name in await view.request.form() if name.startswith(MASK)]
    masks = {name.removeprefix(MASK): mask for name, mask in (await view.filled(*names)).items()}
    body = {**await view.filled("reason"), "masks": masks}
    return to_dataset(await view.door.post(at("/v1/dataset-applications/{}:{}", id, decision), body))


@router.get("/sharing/grants")
async def list_grants(view: Viewed) -> Response:
    """Newest first."""
    return await view.show_list("grants", view.asked(*FIELDS))


@router.post("/sharing/grants/{id}/revoke")
async def revoke(view: Viewed, id: str) -> Response:
    """End it."""
    return to_dataset(await view.door.post(at("/v1/grants/{}:revoke", id), await view.filled("reason")))


@router.get("/sharing/subscriptions")
async def list_subscriptions(view: Viewed) -> Response:
    """One's own department's."""
    return await view.show_list("subscriptions", view.asked("cursor"))


@router.get("/sharing/exchanges")
async def list_exchanges(view: Viewed) -> Response:
    """Newest first; `verify` checks the whole chain before."""
    verdict = await view.door.get("/v1/exchange-log:verify") if view.asked("verify")["verify"] else None
    told = view.asked(*FIELDS, "department")
    return await view.show_list("exchange-log", told, verdict=verdict)


def to_dataset(told: dict[str, str]) -> Response:
    """On to the dataset of an application or a grant."""
    return RedirectResponse(at("/sharing/datasets/{}", told["dataset"]), 303)
