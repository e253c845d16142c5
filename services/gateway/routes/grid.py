"""网格底座: territories, grids, staff, and who is responsible for a place."""

from contracts import grid
from contracts.shared import Scope
from services.gateway.area import Area

READ, WRITE = Scope.GRID_READ, Scope.GRID_WRITE
GRID = "230902001001001"
SQUARE = [[[131.0, 45.7], [131.01, 45.7], [131.01, 45.71], [131.0, 45.71], [131.0, 45.7]]]

WEST = [[[131.0, 45.7], [131.005, 45.7], [131.005, 45.71], [131.0, 45.71], [131.0, 45.7]]]
EAST = [[[131.005, 45.7], [131.01, 45.7], [131.01, 45.71], [131.005, 45.71], [131.005, 45.7]]]

SPLIT = {
    "kind": "split",
    "sources": [GRID],
    "grids": [
        {"code": "230902001001008", "name": "桃南社区第八网格", "geometry": {"type": "Polygon", "coordinates": WEST}},
        {"code": "230902001001009", "name": "桃南社区第九网格", "geometry": {"type": "Polygon", "coordinates": EAST}},
    ],
    "note": "住户超过 400 户",
}

area = Area("grid", "网格底座: 区域、网格、人员、定位")

area.ask("GET", "/v1/territories", grid.ListTerritories, READ)
area.ask("GET", "/v1/territories/{code}", grid.GetTerritory, READ)

area.ask("GET", "/v1/grids", grid.ListGrids, READ)
area.ask(
    "POST",
    "/v1/grids",
    grid.SaveGrid,
    WRITE,
    name="create_grid",
    status=201,
    location="/v1/grids/{code}",
    fixed={"create": True},
    example={
        "code": GRID,
        "name": "桃南社区第一网格",
        "households": 342,
        "geometry": {"type": "Polygon", "coordinates": SQUARE},
    },
)
area.ask("POST", "/v1/grids:activate", grid.ActivateGrids, WRITE, example={"codes": [GRID]}, timeout=120.0)
area.ask("GET", "/v1/grids/{code}", grid.GetGrid, READ)
area.ask(
    "PATCH",
    "/v1/grids/{code}",
    grid.SaveGrid,
    WRITE,
    name="change_grid",
    fixed={"create": False},
    example={"households": 351},
)
area.ask("POST", "/v1/grids/{code}:{action}", grid.ActOnGrid, WRITE, example={"note": "边界核对无误"})
area.ask("GET", "/v1/grids/{grid}/responsible", grid.WhoIsResponsible, READ)
area.ask("GET", "/v1/grids/{code}/history", grid.ListGridHistory, READ)
area.ask("GET", "/v1/grids/{grid}/units", grid.ListUnitsOver, READ)

area.ask(
    "POST",
    "/v1/plans:assess",
    grid.PlanChange,
    WRITE,
    name="assess_change",
    fixed={"dry_run": True},
    example=SPLIT,
    timeout=60.0,
)
area.ask(
    "POST",
    "/v1/plans",
    grid.PlanChange,
    WRITE,
    status=201,
    location="/v1/plans/{id}",
    fixed={"dry_run": False},
    example=SPLIT,
    timeout=60.0,
)
area.ask("GET", "/v1/plans", grid.ListPlans, READ)
area.ask("GET", "/v1/plans/{id}", grid.GetPlan, READ)
area.ask("POST", "/v1/plans/{id}:commit", grid.CommitChange, WRITE, timeout=60.0)
area.ask("POST", "/v1/plans/{id}:cancel", grid.CancelChange, WRITE)

area.ask("GET", "/v1/hierarchies", grid.ListHierarchies, READ)
area.ask(
    "POST",
    "/v1/hierarchies",
    grid.SaveHierarchy,
    WRITE,
    example={
        "key": "police",
        "name": "公安警务",
        "levels": [
            {"key": "station", "name_zh": "派出所", "order": 1},
            {"key": "beat", "name_zh": "警务区", "order": 2},
        ],
    },
)
area.ask("GET", "/v1/units", grid.ListUnits, READ)

area.ask("GET", "/v1/locate", grid.Locate, READ, names={"longitude": "lon", "latitude": "lat"})
area.ask(
    "POST",
    "/v1/locate",
    grid.LocateMany,
    READ,
    example={"points": [{"longitude": 131.005, "latitude": 45.705}], "datum": "gcj02"},
)

area.ask("GET", "/v1/staff", grid.ListStaff, READ)
area.ask(
    "POST",
    "/v1/staff",
    grid.SaveStaff,
    WRITE,
    example={"staff_no": "W0001", "name": "李一", "phone": "13900000000", "role": "worker", "org": "桃南社区"},
)
area.ask("GET", "/v1/assignments", grid.ListAssignments, READ)
area.ask(
    "POST",
    "/v1/assignments",
    grid.Assign,
    WRITE,
    example={"staff_no": "W0001", "target": GRID, "role": "worker", "primary": True},
)
area.ask(
    "POST",
    "/v1/assignments:act",
    grid.ActOnAssignment,
    WRITE,
    example={"staff_no": "W0001", "target": GRID, "role": "worker", "action": "start_leave", "backup": "W0002"},
)
area.ask("GET", "/v1/vacancies", grid.ListVacancies, READ)

area.ask("GET", "/v1/figures/grid", grid.GetGridFigures, READ)
