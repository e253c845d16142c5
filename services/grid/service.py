"""网格底座, the registry of the city's ground: what it answers and what it does by itself."""

from contracts.grid import (
    Activated,
    ActivateGrids,
    ActOnGrid,
    Assign,
    GetGrid,
    GetGridFigures,
    GetTerritory,
    Grid,
    GridFigures,
    ImportGround,
    ListAssignments,
    ListGrids,
    ListStaff,
    ListTerritories,
    Locate,
    Located,
    LocatedMany,
    LocateMany,
    Posting,
    Responsible,
    SaveGrid,
    SaveStaff,
    StaffMember,
    Territory,
    WhoIsResponsible,
)
from contracts.shared import Done, ImportReport, Page, Point, Scope
from services.chassis.entrypoints import Stored, answers, every
from services.chassis.service import Service
from services.grid import answering, changing, importing, staffing
from services.grid.domain import national, territory_unknown
from services.grid.store import GridStore


class GridService(Service):
    """Territories, grids, staff, and who is responsible for a place."""

    name = "grid"
    store = Stored(GridStore)

    @answers(Locate, scope=Scope.GRID_READ)
    def locate(self, query: Locate) -> Located:
        point = Point(longitude=query.longitude, latitude=query.latitude)
        return answering.locate(self.store, [point], query.datum)[0]

    @answers(LocateMany, scope=Scope.GRID_READ)
    def locate_many(self, query: LocateMany) -> LocatedMany:
        return LocatedMany(items=answering.locate(self.store, query.points, query.datum))

    @answers(WhoIsResponsible, scope=Scope.GRID_READ)
    def who_is_responsible(self, query: WhoIsResponsible) -> Page[Responsible]:
        return answering.who_is_responsible(self.store, query)

    @answers(GetGridFigures, scope=Scope.GRID_READ)
    def get_grid_figures(self, _query: GetGridFigures) -> GridFigures:
        return answering.figures(self.store)

    @answers(ImportGround, scope=Scope.GRID_WRITE)
    def import_ground(self, command: ImportGround) -> ImportReport:
        return importing.carry_out(self.store, command)

    @answers(GetTerritory, scope=Scope.GRID_READ)
    def get_territory(self, query: GetTerritory) -> Territory:
        found = self.store.territories.one(national(query.code))
        if found is None:
            raise territory_unknown(national(query.code))
        return found

    @answers(ListTerritories, scope=Scope.GRID_READ)
    def list_territories(self, query: ListTerritories) -> Page[Territory]:
        return self.store.territories.page(query)

    @answers(GetGrid, scope=Scope.GRID_READ)
    def get_grid(self, query: GetGrid) -> Grid:
        return changing.held(self.store, query.code).grid

    @answers(ListGrids, scope=Scope.GRID_READ)
    def list_grids(self, query: ListGrids) -> Page[Grid]:
        return self.store.grids.page(query)

    @answers(SaveGrid, scope=Scope.GRID_WRITE)
    def save_grid(self, command: SaveGrid) -> Grid:
        return changing.save(self.store, command)

    @answers(ActOnGrid, scope=Scope.GRID_WRITE)
    def act_on_grid(self, command: ActOnGrid) -> Grid:
        return changing.act(self.store, command)

    @answers(ActivateGrids, scope=Scope.GRID_WRITE)
    def activate_grids(self, command: ActivateGrids) -> Activated:
        return changing.activate(self.store, command)

    @answers(SaveStaff, scope=Scope.GRID_WRITE)
    def save_staff(self, command: SaveStaff) -> StaffMember:
        return staffing.save_staff(self.store, command)

    @answers(ListStaff, scope=Scope.GRID_READ)
    def list_staff(self, query: ListStaff) -> Page[StaffMember]:
        private = query.caller.may(Scope.PII_READ)
        return self.store.staff.page(query.cursor, query.limit, private=private)

    @answers(Assign, scope=Scope.GRID_WRITE)
    def assign(self, command: Assign) -> Done:
        return staffing.assign(self.store, command)

    @answers(ListAssignments, scope=Scope.GRID_READ)
    def list_assignments(self, query: ListAssignments) -> Page[Posting]:
        return Page(items=list(self.store.rosters.postings([query.target]).get(query.target, ())))

    @every(2)
    def follow_the_ground(self) -> None:
        self.store.ground.refresh()
