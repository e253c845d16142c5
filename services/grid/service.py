"""网格底座, the registry of the city's ground: what it answers and what it does by itself."""

from contracts.cases import CaseClosed, CaseMoved, CaseRejected, CaseReopened, CaseReported, CaseWithdrawn
from contracts.grid import (
    Access,
    Activated,
    ActivateGrids,
    ActOnAssignment,
    ActOnGrid,
    Assign,
    Building,
    CancelChange,
    CommitChange,
    Extents,
    Feature,
    Features,
    GetBuilding,
    GetExtents,
    GetFeature,
    GetGrid,
    GetGridFigures,
    GetHousehold,
    GetPlan,
    GetTerritory,
    Grid,
    GridFigures,
    GridPeriod,
    Hierarchy,
    Household,
    HouseholdLook,
    ImportAliases,
    ImportDwellings,
    ImportGround,
    ImportUnits,
    ListAccesses,
    ListAssignments,
    ListBuildings,
    ListFeatures,
    ListGridHistory,
    ListGrids,
    ListHierarchies,
    ListHouseholds,
    ListPlans,
    ListRooms,
    ListStaff,
    ListTerritories,
    ListUnits,
    ListUnitsOver,
    ListVacancies,
    ListVisits,
    Locate,
    Located,
    LocatedMany,
    LocateMany,
    LookAtHousehold,
    Plan,
    PlanChange,
    Posted,
    RecordVisit,
    Responsible,
    Room,
    SaveBuilding,
    SaveGrid,
    SaveHierarchy,
    SaveHousehold,
    SaveRoom,
    SaveStaff,
    StaffMember,
    Territory,
    Unit,
    UnitOver,
    Vacancy,
    Visit,
    WhoIsResponsible,
)
from contracts.shared import Done, ImportReport, Page, Point, Scope
from services.chassis.entrypoints import Stored, answers, every, on
from services.chassis.messages import Received
from services.chassis.service import Service
from services.grid import (
    answering,
    changing,
    features,
    hierarchies,
    housing,
    importing,
    posting,
    recalling,
    staffing,
    vacancies,
    visiting,
)
from services.grid.domain import national, territory_unknown
from services.grid.levels import ADMIN
from services.grid.planning import deciding
from services.grid.planning.carrying import follow
from services.grid.store import GridStore


class GridService(Service):
    """Territories, grids, staff, and who is responsible for a place."""

    name = "grid"
    store = Stored(GridStore)

    @answers(Locate, scope=Scope.GRID_READ)
    def locate(self, query: Locate) -> Located:
        point = Point(longitude=query.longitude, latitude=query.latitude)
        if query.at:
            return answering.locate_then(self.store, point, query.datum, query.at)
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

    @answers(ImportAliases, scope=Scope.GRID_WRITE)
    def import_aliases(self, command: ImportAliases) -> ImportReport:
        return importing.carry_out(self.store, command)

    @answers(ImportUnits, scope=Scope.GRID_WRITE)
    def import_units(self, command: ImportUnits) -> ImportReport:
        return importing.carry_out(self.store, command)

    @answers(GetTerritory, scope=Scope.GRID_READ)
    def get_territory(self, query: GetTerritory) -> Territory:
        found = self.store.territories.known_as(national(query.code))
        if found is None:
            raise territory_unknown(national(query.code))
        return found

    @answers(ListTerritories, scope=Scope.GRID_READ)
    def list_territories(self, query: ListTerritories) -> Page[Territory]:
        return self.store.territories.page(query)

    @answers(GetGrid, scope=Scope.GRID_READ)
    def get_grid(self, query: GetGrid) -> Grid:
        return recalling.grid(self.store, query)

    @answers(ListGrids, scope=Scope.GRID_READ)
    def list_grids(self, query: ListGrids) -> Page[Grid]:
        return recalling.grids(self.store, query)

    @answers(ListGridHistory, scope=Scope.GRID_READ)
    def list_grid_history(self, query: ListGridHistory) -> Page[GridPeriod]:
        return recalling.history(self.store, query)

    @answers(SaveGrid, scope=Scope.GRID_WRITE)
    def save_grid(self, command: SaveGrid) -> Grid:
        return changing.save(self.store, command)

    @answers(ActOnGrid, scope=Scope.GRID_WRITE)
    def act_on_grid(self, command: ActOnGrid) -> Grid:
        return changing.act(self.store, command)

    @answers(ActivateGrids, scope=Scope.GRID_WRITE)
    def activate_grids(self, command: ActivateGrids) -> Activated:
        return changing.activate(self.store, command)

    @answers(PlanChange, scope=Scope.GRID_WRITE)
    def plan_change(self, command: PlanChange) -> Plan:
        return deciding.prepare(self.store, command)

    @answers(CommitChange, scope=Scope.GRID_WRITE)
    def commit_change(self, command: CommitChange) -> Plan:
        return deciding.commit(self.store, command)

    @answers(CancelChange, scope=Scope.GRID_WRITE)
    def cancel_change(self, command: CancelChange) -> Plan:
        return deciding.cancel(self.store, command)

    @answers(GetPlan, scope=Scope.GRID_READ)
    def get_plan(self, query: GetPlan) -> Plan:
        return deciding.one(self.store, query.id).plan

    @answers(ListPlans, scope=Scope.GRID_READ)
    def list_plans(self, query: ListPlans) -> Page[Plan]:
        return self.store.plans.page(query)

    @answers(SaveStaff, scope=Scope.GRID_WRITE)
    def save_staff(self, command: SaveStaff) -> StaffMember:
        return staffing.save_staff(self.store, command)

    @answers(ListStaff, scope=Scope.GRID_READ)
    def list_staff(self, query: ListStaff) -> Page[StaffMember]:
        private = query.caller.may(Scope.PII_READ)
        return self.store.staff.page(query.cursor, query.limit, private=private)

    @answers(Assign, scope=Scope.GRID_WRITE)
    def assign(self, command: Assign) -> Done:
        return posting.assign(self.store, command)

    @answers(ListAssignments, scope=Scope.GRID_READ)
    def list_assignments(self, query: ListAssignments) -> Page[Posted]:
        return posting.listed(self.store, query)

    @answers(ActOnAssignment, scope=Scope.GRID_WRITE)
    def act_on_assignment(self, command: ActOnAssignment) -> Posted:
        return posting.act(self.store, command)

    @answers(ListVacancies, scope=Scope.GRID_READ)
    def list_vacancies(self, query: ListVacancies) -> Page[Vacancy]:
        return vacancies.listed(self.store, query)

    @every(2)
    def turn_postings(self) -> None:
        posting.turn_with_the_clock(self.store)

    @answers(ImportDwellings, scope=Scope.GRID_WRITE)
    def import_dwellings(self, command: ImportDwellings) -> ImportReport:
        return importing.carry_out(self.store, command)

    @answers(SaveBuilding, scope=Scope.GRID_WRITE)
    def save_building(self, command: SaveBuilding) -> Building:
        return housing.save_building(self.store, command)

    @answers(GetBuilding, scope=Scope.GRID_READ)
    def get_building(self, query: GetBuilding) -> Building:
        return housing.building(self.store, query.code)

    @answers(ListBuildings, scope=Scope.GRID_READ)
    def list_buildings(self, query: ListBuildings) -> Page[Building]:
        return housing.list_buildings(self.store, query)

    @answers(SaveRoom, scope=Scope.GRID_WRITE)
    def save_room(self, command: SaveRoom) -> Room:
        return housing.save_room(self.store, command)

    @answers(ListRooms, scope=Scope.GRID_READ)
    def list_rooms(self, query: ListRooms) -> Page[Room]:
        return housing.list_rooms(self.store, query)

    @answers(SaveHousehold, scope=Scope.GRID_WRITE)
    def save_household(self, command: SaveHousehold) -> Household:
        return housing.save_household(self.store, command)

    @answers(GetHousehold, scope=Scope.GRID_READ)
    def get_household(self, query: GetHousehold) -> Household:
        return housing.household(self.store, query.household_no, query.caller)

    @answers(ListHouseholds, scope=Scope.GRID_READ)
    def list_households(self, query: ListHouseholds) -> Page[Household]:
        return housing.list_households(self.store, query)

    @answers(LookAtHousehold, scope=Scope.PII_READ)
    def look_at_household(self, command: LookAtHousehold) -> HouseholdLook:
        return visiting.look(self.store, command)

    @answers(ListAccesses, scope=Scope.OPS)
    def list_accesses(self, query: ListAccesses) -> Page[Access]:
        return self.store.dwellings.accesses.listed(query)

    @answers(RecordVisit, scope=Scope.GRID_WRITE)
    def record_visit(self, command: RecordVisit) -> Visit:
        return visiting.record_visit(self.store, command)

    @answers(ListVisits, scope=Scope.GRID_READ)
    def list_visits(self, query: ListVisits) -> Page[Visit]:
        return self.store.dwellings.visits.listed(query, private=query.caller.may(Scope.PII_READ))

    @every(5)
    def follow_moved_buildings(self) -> None:
        self.store.dwellings.follow_moved()

    @answers(ListFeatures, scope=Scope.GRID_READ)
    def list_features(self, query: ListFeatures) -> Features:
        return features.page(self.store, query)

    @answers(GetFeature, scope=Scope.GRID_READ)
    def get_feature(self, query: GetFeature) -> Feature:
        return features.one(self.store, query)

    @answers(GetExtents, scope=Scope.GRID_READ)
    def get_extents(self, _query: GetExtents) -> Extents:
        return features.extents(self.store)

    @answers(SaveHierarchy, scope=Scope.GRID_WRITE)
    def save_hierarchy(self, command: SaveHierarchy) -> Hierarchy:
        return hierarchies.save(self.store, command)

    @answers(ListHierarchies, scope=Scope.GRID_READ)
    def list_hierarchies(self, _query: ListHierarchies) -> Page[Hierarchy]:
        return Page(items=[ADMIN, *self.store.hierarchies.all()])

    @answers(ListUnits, scope=Scope.GRID_READ)
    def list_units(self, query: ListUnits) -> Page[Unit]:
        return hierarchies.units(self.store, query)

    @answers(ListUnitsOver, scope=Scope.GRID_READ)
    def list_units_over(self, query: ListUnitsOver) -> Page[UnitOver]:
        return hierarchies.units_over(self.store, query)

    @on(CaseReported, batch=200)
    def note_reported(self, cases: list[Received[CaseReported]]) -> None:
        self.store.open_cases.absorb(cases)

    @on(CaseMoved, batch=200)
    def note_moved(self, cases: list[Received[CaseMoved]]) -> None:
        self.store.open_cases.absorb(cases)

    @on(CaseClosed, batch=200)
    def note_closed(self, cases: list[Received[CaseClosed]]) -> None:
        self.store.open_cases.absorb(cases)

    @on(CaseRejected, batch=200)
    def note_rejected(self, cases: list[Received[CaseRejected]]) -> None:
        self.store.open_cases.absorb(cases)

    @on(CaseWithdrawn, batch=200)
    def note_withdrawn(self, cases: list[Received[CaseWithdrawn]]) -> None:
        self.store.open_cases.absorb(cases)

    @on(CaseReopened, batch=200)
    def note_reopened(self, cases: list[Received[CaseReopened]]) -> None:
        self.store.open_cases.absorb(cases)

    @every(5)
    def look_for_gaps(self) -> None:
        self.store.gap_watch.look(self.store.coverages.of(follow(self.store)))

    @every(2)
    def follow_the_ground(self) -> None:
        follow(self.store)
        self.store.overlays.refresh()
