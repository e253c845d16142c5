"""一楼一册, 一户一档: buildings, rooms, households, visits."""

from contracts import grid
from contracts.shared import Scope
from services.gateway.area import Area

READ, WRITE = Scope.GRID_READ, Scope.GRID_WRITE
BUILDING = "23090200100100100001"
ROOM = f"{BUILDING}-1-302"

area = Area("dwellings", "一楼一册、一户一档: 楼栋、房屋、户、走访")

area.ask("GET", "/v1/buildings", grid.ListBuildings, READ)
area.ask(
    "POST",
    "/v1/buildings",
    grid.SaveBuilding,
    WRITE,
    example={
        "code": BUILDING,
        "compound": "桃南花园",
        "point": {"longitude": 131.005, "latitude": 45.705},
        "floors": 6,
    },
)
area.ask("GET", "/v1/buildings/{code}", grid.GetBuilding, READ)
area.ask("GET", "/v1/rooms", grid.ListRooms, READ)
area.ask("POST", "/v1/rooms", grid.SaveRoom, WRITE, example={"code": ROOM, "floor": 3, "use": "dwelling"})

area.ask("GET", "/v1/households", grid.ListHouseholds, READ)
area.ask(
    "POST",
    "/v1/households",
    grid.SaveHousehold,
    WRITE,
    example={"household_no": "H0001", "room": ROOM, "size": 2, "care": ["living_alone"], "department": "民政局"},
)
area.ask("GET", "/v1/households/{household_no}", grid.GetHousehold, READ)
area.ask(
    "POST",
    "/v1/households/{household_no}:look",
    grid.LookAtHousehold,
    Scope.PII_READ,
    example={"purpose": "核实低保申请", "fields": ["persons"]},
)
area.ask("GET", "/v1/accesses", grid.ListAccesses, Scope.OPS)
area.ask("GET", "/v1/visits", grid.ListVisits, READ)
area.ask(
    "POST",
    "/v1/visits",
    grid.RecordVisit,
    WRITE,
    example={"household_no": "H0001", "staff_no": "W0001", "purpose": "独居老人月访"},
)
