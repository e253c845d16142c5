"""一网通办: service items, and what people apply for."""

from contracts import catalogue
from contracts.shared import Scope
from services.gateway.area import Area

READ, HANDLE = Scope.CATALOGUE_READ, Scope.CATALOGUE_HANDLE
DRAFT = {"channel": "web", "form": {"reason": "首次申领"}, "materials": ["身份证复印件"]}

area = Area("catalogue", "一网通办: 事项、办件")

area.ask("GET", "/v1/items", catalogue.SearchItems, READ)
area.ask(
    "POST",
    "/v1/items",
    catalogue.SaveItem,
    HANDLE,
    example={
        "code": "0123456789012",
        "name": "老年人优待证办理",
        "type": "public_service",
        "department": "民政局",
        "legal_limit_days": 20,
        "promised_limit_days": 5,
    },
)
area.ask("GET", "/v1/items/{code}", catalogue.GetItem, READ)
area.ask("GET", "/v1/items/{code}/versions/{version_no}", catalogue.GetItem, READ, name="get_item_version")
area.ask("POST", "/v1/items/{code}:{action}", catalogue.ActOnItem, HANDLE, example={"note": "材料齐全"})

area.ask("GET", "/v1/applications", catalogue.ListApplications, None)
area.ask(
    "POST",
    "/v1/applications",
    catalogue.SaveDraft,
    None,
    name="create_draft",
    status=201,
    location="/v1/applications/{app_no}",
    example={"item_code": "0123456789012", "applicant": {"name": "王某"}, **DRAFT},
)
area.ask("GET", "/v1/applications/{app_no}", catalogue.GetApplication, None)
area.ask("PUT", "/v1/applications/{app_no}", catalogue.SaveDraft, None, name="change_draft", example=DRAFT)
area.ask(
    "POST",
    "/v1/applications/{app_no}:{action}",
    catalogue.ActOnApplication,
    None,
    example={"missing": ["近期免冠照片一张"]},
)
area.ask("GET", "/v1/applications/{app_no}/timeline", catalogue.GetApplicationTimeline, None)
area.ask("GET", "/v1/figures/catalogue", catalogue.GetCatalogueFigures, READ)
