"""接诉即办: cases from report to rating."""

from uuid import uuid4

from contracts.alerts import IncidentOpened
from contracts.cases import (
    ActOnCase,
    Case,
    CaseFigures,
    Category,
    GetCase,
    GetCaseFigures,
    GetCaseTimeline,
    ImportCategories,
    ListCases,
    ListCategories,
    ListFigureCases,
    ReportCase,
)
from contracts.grid import (
    GridAdjusted,
    GridMerged,
    GridPublished,
    GridRedrawn,
    GridRetired,
    GridSplit,
    GridStaffed,
)
from contracts.shared import ImportReport, Page, Scope, Timeline
from services.cases.categories import merge
from services.cases.intake import Identity, Known, from_command, from_incident
from services.cases.machine import act, look
from services.cases.store import CaseStore
from services.chassis import context
from services.chassis.cpu import heavy
from services.chassis.entrypoints import Stored, answers, every, on
from services.chassis.messages import Received
from services.chassis.service import Service

SCAN_EVERY_S = 15


class CasesService(Service):
    name = "cases"
    store = Stored(CaseStore)

    @on(IncidentOpened, batch=100)
    def open_for_incidents(self, incidents: list[Received[IncidentOpened]]) -> None:
        grids = self.store.grids(one.data.grid for one in incidents)
        table = self.store.categories()
        reports = [from_incident(one.data, grids, table, one.trace_id) for one in incidents]
        self.store.open_many(reports, incidents)

    @on(GridPublished, batch=200)
    def keep_published(self, grids: list[Received[GridPublished]]) -> None:
        self.store.absorb_grids(grids)

    @on(GridAdjusted, batch=200)
    def keep_adjusted(self, grids: list[Received[GridAdjusted]]) -> None:
        self.store.absorb_grids(grids)

    @on(GridStaffed, batch=200)
    def keep_rosters(self, rosters: list[Received[GridStaffed]]) -> None:
        self.store.rosters.absorb(rosters)

    @on(GridSplit, batch=20)
    def follow_split(self, plans: list[Received[GridSplit]]) -> None:
        self.store.redrawn.hear(plans)

    @on(GridMerged, batch=20)
    def follow_merger(self, plans: list[Received[GridMerged]]) -> None:
        self.store.redrawn.hear(plans)

    @on(GridRetired, batch=20)
    def follow_retirement(self, plans: list[Received[GridRetired]]) -> None:
        self.store.redrawn.hear(plans)

    @on(GridRedrawn, batch=20)
    def follow_borders(self, plans: list[Received[GridRedrawn]]) -> None:
        for plan in plans:
            self.store.redrawn.adjust(plan)

    @answers(ReportCase, scope=Scope.CASES_REPORT)
    def report_case(self, command: ReportCase) -> Case:
        identity = Identity(context.message_id() or uuid4().hex, context.trace_id())
        opened = self.store.of_origin(identity.origin)
        if opened is None:
            place = self.store.located(command.place)
            known = Known(
                self.store.categories([command.category]).get(command.category),
                self.store.grids([place.grid]).get(place.grid or ""),
                self.store.extent,
            )
            report = from_command(command.model_copy(update={"place": place}), known, context.now(), identity)
            opened = self.store.open(report)
        return opened.shown_to(command.caller)

    @answers(ActOnCase, scope=None)
    def act_on_case(self, command: ActOnCase) -> Case:
        standing = self.store.get(command.case_no)
        if not standing.has_applied(context.message_id()):
            command.check_version(standing.record.version)
            standing = self.store.write(
                standing, act(standing.record, command, self.store.setting(standing.record, command))
            )
        return standing.shown_to(command.caller)

    @answers(GetCase, scope=Scope.CASES_READ)
    def get_case(self, query: GetCase) -> Case:
        return self.store.get(query.case_no).shown_to(query.caller)

    @answers(ListCases, scope=Scope.CASES_READ)
    def list_cases(self, query: ListCases) -> Page[Case]:
        return self.store.page(query)

    @answers(GetCaseTimeline, scope=Scope.CASES_READ)
    def get_case_timeline(self, query: GetCaseTimeline) -> Timeline:
        return Timeline(items=self.store.get(query.case_no).timeline)

    @answers(GetCaseFigures, scope=Scope.CASES_READ)
    def get_case_figures(self, query: GetCaseFigures) -> CaseFigures:
        return self.store.figures.get(query.days)

    @answers(ListFigureCases, scope=Scope.CASES_READ)
    def list_figure_cases(self, query: ListFigureCases) -> Page[Case]:
        return self.store.figures.page(query)

    @answers(ListCategories, scope=None)
    def list_categories(self, _query: ListCategories) -> Page[Category]:
        return Page[Category](items=list(self.store.categories().values()))

    @answers(ImportCategories, scope=Scope.ADMIN)
    def import_categories(self, command: ImportCategories) -> ImportReport:
        merged = heavy(merge, self.store.categories(), command.rows)
        if not command.dry_run:
            self.store.write_categories(merged.written)
        return merged.report(len(command.rows), dry_run=command.dry_run)

    @every(1)
    def follow_ground(self) -> None:
        self.store.follow_ground()

    @every(SCAN_EVERY_S)
    def watch_clocks(self) -> None:
        while due := self.store.due(now := context.now()):
            self.store.write_looks([look(record, now) for record in due], now)
