"""网格底座: territories, grids, staff, and who is responsible for a place."""

from contracts import grid
from contracts.shared import Scope
from services.gateway.area import Area

READ, WRITE = Scope.GRID_READ, Scope.GRID_WRITE
GRID = "230902001001001"
SQUARE = [[[131.0, 45.7], [131.01, 45.7], [131.01, 45.71], [131.0, 45.71], [131.0, 45.7]]]

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

area.ask("GET", "/v1/figures/grid", grid.GetGridFigures, READ)
