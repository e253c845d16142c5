"""Scenes of the service items."""

from contracts import catalogue
from contracts.catalogue import Applicant, ApplicationAction, ItemAction, ItemType
from contracts.shared import Row
from tests.faults.scenes.grid import version
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage

ITEM = "9909010000001"


def _saving(code: str, name: str = "演练事项") -> catalogue.SaveItem:
    told = {"type": ItemType.PUBLIC_SERVICE, "department": "民政局"}
    return catalogue.SaveItem(caller=CALLER, code=code, name=name, **told)


def _step(code: str, action: ItemAction) -> catalogue.ActOnItem:
    return catalogue.ActOnItem(caller=CALLER, code=code, action=action)


def _drafting() -> catalogue.SaveDraft:
    return catalogue.SaveDraft(caller=CALLER, item_code=ITEM, applicant=Applicant(name="某人"))


async def stand(stage: Stage) -> None:
    """An item that may be applied for, and one draft."""
    await stage.ask(_saving(ITEM))
    for action in (ItemAction.SUBMIT, ItemAction.APPROVE, ItemAction.PUBLISH):
        await stage.ask(_step(ITEM, action))
    await stage.ask(_drafting())


def _number(stage: Stage) -> str:
    found = stage.database["applications"].find_one({})
    return str((found or {})["_id"])


async def _import(_: Stage, number: int) -> catalogue.ImportItems:
    values = {"item_code": f"99090200{number:05d}", "item_name": "导入事项", "department": "民政局"}
    return catalogue.ImportItems(caller=CALLER, rows=[Row(line=2, values=values)])


async def _save(stage: Stage, number: int) -> catalogue.SaveItem:
    code = f"99090300{number:05d}"
    await stage.ask(_saving(code))
    expected = version(stage, "items", code)
    return _saving(code, "另一名称").model_copy(update={"expected_version": expected})


async def _act(stage: Stage, number: int) -> catalogue.ActOnItem:
    code = f"99090400{number:05d}"
    await stage.ask(_saving(code))
    for action in (ItemAction.SUBMIT, ItemAction.APPROVE):
        await stage.ask(_step(code, action))
    expected = version(stage, "items", code)
    return _step(code, ItemAction.PUBLISH).model_copy(update={"expected_version": expected})


async def _draft(_: Stage, __: int) -> catalogue.SaveDraft:
    return _drafting()


async def _apply(stage: Stage, _: int) -> catalogue.ActOnApplication:
    drafted = await stage.ask(_drafting())
    expected = version(stage, "applications", drafted.app_no)
    told = {"app_no": drafted.app_no, "action": ApplicationAction.SUBMIT, "expected_version": expected}
    return catalogue.ActOnApplication(caller=CALLER, **told)


async def _item(_: Stage, __: int) -> catalogue.GetItem:
    return catalogue.GetItem(caller=CALLER, code=ITEM)


async def _search(_: Stage, __: int) -> catalogue.SearchItems:
    return catalogue.SearchItems(caller=CALLER, q="演练")


async def _application(stage: Stage, _: int) -> catalogue.GetApplication:
    return catalogue.GetApplication(caller=CALLER, app_no=_number(stage))


async def _timeline(stage: Stage, _: int) -> catalogue.GetApplicationTimeline:
    return catalogue.GetApplicationTimeline(caller=CALLER, app_no=_number(stage))


async def _applications(_: Stage, __: int) -> catalogue.ListApplications:
    return catalogue.ListApplications(caller=CALLER)


async def _figures(_: Stage, __: int) -> catalogue.GetCatalogueFigures:
    return catalogue.GetCatalogueFigures(caller=CALLER)


SCENES = [
    Scene(
        catalogue.ImportItems,
        _import,
        {"items": 1, "imports": 1, "catalogue.items_imported.v1": 1},
        answer={"read": 1, "created": 1, "changed": 0, "unchanged": 0, "rejected": []},
        more=("before_write:2", "after_write:2"),
    ),
    Scene(catalogue.SaveItem, _save, {"items": 1}, never=PUBLISHING),
    Scene(catalogue.ActOnItem, _act, {"items": 1, "catalogue.item_published.v1": 1}, answer={"state": "published"}),
    Scene(catalogue.SaveDraft, _draft, {"applications": 1}, answer={"state": "draft"}, never=PUBLISHING),
    Scene(
        catalogue.ActOnApplication,
        _apply,
        {"applications": 1, "catalogue.applied.v1": 1},
        answer={"state": "submitted"},
    ),
    Scene(catalogue.GetItem, _item, answer={"code": ITEM}),
    Scene(catalogue.SearchItems, _search),
    Scene(catalogue.GetApplication, _application, answer={"item_code": ITEM}),
    Scene(catalogue.GetApplicationTimeline, _timeline),
    Scene(catalogue.ListApplications, _applications),
    Scene(catalogue.GetCatalogueFigures, _figures),
]
