"""接诉即办: cases from report to rating."""

from contracts import cases
from contracts.shared import Scope
from services.gateway.area import Area

READ, HANDLE = Scope.CASES_READ, Scope.CASES_HANDLE
# a year of cases is counted in less
COUNTING_S = 30.0

area = Area("cases", "接诉即办: 工单、分类")

area.ask("GET", "/v1/cases", cases.ListCases, READ)
area.ask(
    "POST",
    "/v1/cases",
    cases.ReportCase,
    Scope.CASES_REPORT,
    status=201,
    location="/v1/cases/{case_no}",
    example={
        "source": "12345",
        "category": "0101",
        "description": "小区门口井盖破损, 夜间有行人绊倒",
        "urgency": "urgent",
        "place": {"point": {"longitude": 131.005, "latitude": 45.705}, "address": "大同街 12 号门前"},
    },
)
area.ask("GET", "/v1/cases/{case_no}", cases.GetCase, READ)
area.ask(
    "POST",
    "/v1/cases/{case_no}:{action}",
    cases.ActOnCase,
    None,
    example={"org": "城市管理局", "note": "转市政维护"},
)
area.ask("GET", "/v1/cases/{case_no}/timeline", cases.GetCaseTimeline, READ)
area.ask("GET", "/v1/figures/cases", cases.GetCaseFigures, READ, timeout=COUNTING_S)
area.ask("GET", "/v1/figures/cases/{figure}", cases.ListFigureCases, READ, timeout=COUNTING_S)
area.ask("GET", "/v1/categories", cases.ListCategories, None)
