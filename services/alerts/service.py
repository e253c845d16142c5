"""视联网告警 alerts: takes what the video network reports, loses none of it, and makes few, located alerts of it."""

from contracts.alerts import (
    ActOnAlert,
    ActOnDevice,
    ActOnIncident,
    ActOnSession,
    ActOnSilence,
    AdapterResult,
    Alert,
    AlertFigures,
    AlertSettings,
    Channel,
    CreateSilence,
    DeleteTypeMapping,
    Device,
    Diagnosis,
    GetAlert,
    GetAlertFigures,
    GetAlertSettings,
    GetDevice,
    GetDiagnosis,
    GetIncident,
    GetReport,
    GetSession,
    ImportCatalog,
    ImportDevices,
    Incident,
    ListAlerts,
    ListChannels,
    ListDevices,
    ListIncidents,
    ListMediaViews,
    ListRules,
    ListSessions,
    ListSilences,
    ListTypeMappings,
    LookAtMedia,
    MediaLook,
    MediaView,
    OpenSession,
    Report,
    ReportReceived,
    Rule,
    RuleTrial,
    SaveAlertSettings,
    SaveChannel,
    SaveDevice,
    SaveRule,
    SaveTypeMapping,
    Session,
    Silence,
    SilenceTrial,
    TestAdapter,
    TryRule,
    TrySilence,
    TypeMapping,
    TypeMappings,
)
from contracts.cases import CaseClosed, CaseRejected, CaseReported, CaseResolved, CaseSigned, CaseWithdrawn
from contracts.grid import GridAdjusted, GridPublished, GridStaffed
from contracts.shared import Done, ImportReport, Page, Scope
from services.alerts import (
    cataloguing,
    diagnosing,
    following,
    intake,
    joining,
    locating,
    reading,
    registering,
    trying,
    watching,
)
from services.alerts.store import AlertStore
from services.chassis import context
from services.chassis.entrypoints import Stored, answers, every, on
from services.chassis.messages import Received
from services.chassis.service import Service


class AlertsService(Service):
    """Intake, folding, the alert desk, and the register of devices and channels."""

    name = "alerts"
    store = Stored(AlertStore)

    @on(ReportReceived, batch=500, wait=0.2, at_once=2)
    def take_reports(self, reports: list[Received[ReportReceived]]) -> None:
        rejected = intake.take(self.store, reports)
        self.operations.letters.file(intake.letters(rejected, reports))

    @on(GridPublished, batch=100)
    def take_new_grids(self, grids: list[Received[GridPublished]]) -> None:
        self.store.grids.absorb(grids)

    @on(GridAdjusted, batch=100)
    def take_adjusted_grids(self, grids: list[Received[GridAdjusted]]) -> None:
        self.store.grids.absorb(grids)

    @on(GridStaffed, batch=100)
    def keep_rosters(self, rosters: list[Received[GridStaffed]]) -> None:
        self.store.rosters.absorb(rosters)

    @on(CaseReported)
    def note_case(self, reported: Received[CaseReported]) -> None:
        following.follow_case(self.store, reported.data)
        following.take_evidence(self.store, reported)

    @on(CaseSigned)
    def note_answer(self, signed: Received[CaseSigned]) -> None:
        following.follow_case(self.store, signed.data)

    @on(CaseResolved)
    def note_result(self, resolved: Received[CaseResolved]) -> None:
        following.follow_case(self.store, resolved.data)

    @on(CaseClosed)
    def close_by_case(self, closed: Received[CaseClosed]) -> None:
        following.follow_case(self.store, closed.data)

    @on(CaseRejected)
    def note_rejection(self, rejected: Received[CaseRejected]) -> None:
        following.follow_case(self.store, rejected.data)

    @on(CaseWithdrawn)
    def note_withdrawal(self, withdrawn: Received[CaseWithdrawn]) -> None:
        following.follow_case(self.store, withdrawn.data)

    @every(1)
    def follow_ground(self) -> None:
        locating.follow(self.store)

    @every(0.2)
    def fold(self) -> None:
        intake.fold_when_due(self.store)

    @every(15)
    def finish_left_behind(self) -> None:
        intake.finish_left_behind(self.store)

    @every(0.2)
    def correlate(self) -> None:
        joining.correlate_when_due(self.store)

    @every(5)
    def correlate_left_behind(self) -> None:
        joining.correlate(self.store)

    @every(5)
    def spread(self) -> None:
        following.spread(self.store)

    @every(5)
    def resolve_ended(self) -> None:
        following.resolve_ended(self.store)

    @every(2)
    def climb(self) -> None:
        self.store.incidents.climb(context.now())

    @every(2)
    def write_heard(self) -> None:
        intake.write_heard_when_due(self.store)

    @every(2)
    def write_unmapped(self) -> None:
        self.store.mappings.write_met()

    @every(5)
    def watch_devices(self) -> None:
        watching.watch(self.store, intake.silent_before(self.store, context.now()))

    @every(5)
    def end_quiet(self) -> None:
        self.store.alerts.end_quiet(intake.silent_before(self.store, context.now()))

    @every(5)
    def end_silences(self) -> None:
        self.store.silences.end_due(context.now())

    @every(600)
    def expire_reports(self) -> None:
        self.store.reports.expire(context.now())

    @answers(GetReport, scope=None)
    def get_report(self, query: GetReport) -> Report:
        return self.store.reports.get(query.report)

    @answers(TestAdapter, scope=Scope.ALERTS_REPORT)
    def test_adapter(self, query: TestAdapter) -> AdapterResult:
        return reading.tried(query.adapter, query.body, query.content_type, self.store.mappings.meanings())

    @answers(ListAlerts, scope=Scope.ALERTS_READ)
    def list_alerts(self, query: ListAlerts) -> Page[Alert]:
        return self.store.desk.page(query)

    @answers(GetAlert, scope=Scope.ALERTS_READ)
    def get_alert(self, query: GetAlert) -> Alert:
        return self.store.desk.get(query.id)

    @answers(GetAlertFigures, scope=Scope.ALERTS_READ)
    def get_alert_figures(self, _query: GetAlertFigures) -> AlertFigures:
        return self.store.figures.get()

    @answers(GetAlertSettings, scope=Scope.ALERTS_READ)
    def get_alert_settings(self, _query: GetAlertSettings) -> AlertSettings:
        return self.store.settings.get()

    @answers(SaveAlertSettings, scope=Scope.ALERTS_HANDLE)
    def save_alert_settings(self, command: SaveAlertSettings) -> AlertSettings:
        return self.store.settings.save(command)

    @answers(ListTypeMappings, scope=Scope.ALERTS_READ)
    def list_type_mappings(self, _query: ListTypeMappings) -> TypeMappings:
        return self.store.mappings.page()

    @answers(SaveTypeMapping, scope=Scope.ALERTS_HANDLE)
    def save_type_mapping(self, command: SaveTypeMapping) -> TypeMapping:
        return self.store.mappings.save(command)

    @answers(DeleteTypeMapping, scope=Scope.ALERTS_HANDLE)
    def delete_type_mapping(self, command: DeleteTypeMapping) -> Done:
        return self.store.mappings.delete(command)

    @answers(CreateSilence, scope=Scope.ALERTS_HANDLE)
    def create_silence(self, command: CreateSilence) -> Silence:
        return self.store.silences.create(command)

    @answers(ActOnSilence, scope=Scope.ALERTS_HANDLE)
    def act_on_silence(self, command: ActOnSilence) -> Silence:
        return self.store.silences.act(command)

    @answers(ListSilences, scope=Scope.ALERTS_READ)
    def list_silences(self, query: ListSilences) -> Page[Silence]:
        return self.store.silences.page(query)

    @answers(TrySilence, scope=Scope.ALERTS_READ)
    def try_silence(self, query: TrySilence) -> SilenceTrial:
        return self.store.desk.try_silence(query)

    @answers(ActOnAlert, scope=Scope.ALERTS_HANDLE)
    def act_on_alert(self, command: ActOnAlert) -> Alert:
        return self.store.desk.act(command)

    @answers(ListIncidents, scope=Scope.ALERTS_READ)
    def list_incidents(self, query: ListIncidents) -> Page[Incident]:
        return self.store.incidents.page(query)

    @answers(GetIncident, scope=Scope.ALERTS_READ)
    def get_incident(self, query: GetIncident) -> Incident:
        return following.look(self.store, query.id)

    @answers(ActOnIncident, scope=Scope.ALERTS_HANDLE)
    def act_on_incident(self, command: ActOnIncident) -> Incident:
        return following.act(self.store, command)

    @answers(ListRules, scope=Scope.ALERTS_READ)
    def list_rules(self, _query: ListRules) -> Page[Rule]:
        return self.store.rules.page()

    @answers(SaveRule, scope=Scope.ALERTS_HANDLE)
    def save_rule(self, command: SaveRule) -> Rule:
        return self.store.rules.save(command)

    @answers(TryRule, scope=Scope.ALERTS_READ)
    def try_rule(self, query: TryRule) -> RuleTrial:
        return trying.tried(self.store, query)

    @answers(LookAtMedia, scope=Scope.ALERTS_HANDLE)
    def look_at_media(self, command: LookAtMedia) -> MediaLook:
        return self.store.media_views.look(command)

    @answers(ListMediaViews, scope=Scope.ADMIN)
    def list_media_views(self, query: ListMediaViews) -> Page[MediaView]:
        return self.store.media_views.listed(query)

    @answers(SaveDevice, scope=Scope.ALERTS_HANDLE)
    def save_device(self, command: SaveDevice) -> Device:
        return registering.save(self.store, command)

    @answers(ActOnDevice, scope=Scope.ALERTS_HANDLE)
    def act_on_device(self, command: ActOnDevice) -> Device:
        return registering.act(self.store, command)

    @answers(GetDevice, scope=Scope.ALERTS_READ)
    def get_device(self, query: GetDevice) -> Device:
        return self.store.devices.get(query.id)

    @answers(GetDiagnosis, scope=Scope.ALERTS_READ)
    def get_diagnosis(self, query: GetDiagnosis) -> Diagnosis:
        return diagnosing.diagnose(self.store, query)

    @answers(ListDevices, scope=Scope.ALERTS_READ)
    def list_devices(self, query: ListDevices) -> Page[Device]:
        return self.store.devices.page(query)

    @answers(SaveChannel, scope=Scope.ALERTS_HANDLE)
    def save_channel(self, command: SaveChannel) -> Channel:
        return registering.bind(self.store, command)

    @answers(ListChannels, scope=Scope.ALERTS_READ)
    def list_channels(self, query: ListChannels) -> Page[Channel]:
        return self.store.channels.page(query)

    @answers(ImportDevices, scope=Scope.ALERTS_HANDLE)
    def import_devices(self, command: ImportDevices) -> ImportReport:
        return registering.import_rows(self.store, command.rows, dry_run=command.dry_run)

    @answers(ImportCatalog, scope=Scope.ALERTS_HANDLE)
    def import_catalog(self, command: ImportCatalog) -> ImportReport:
        return cataloguing.take(self.store, command)

    @answers(OpenSession, scope=Scope.ALERTS_HANDLE)
    def open_session(self, command: OpenSession) -> Session:
        return self.store.sessions.open(command)

    @answers(ActOnSession, scope=Scope.ALERTS_HANDLE)
    def act_on_session(self, command: ActOnSession) -> Session:
        return self.store.sessions.act(command)

    @answers(GetSession, scope=Scope.ALERTS_READ)
    def get_session(self, query: GetSession) -> Session:
        return self.store.sessions.get(query.id)

    @answers(ListSessions, scope=Scope.ALERTS_READ)
    def list_sessions(self, query: ListSessions) -> Page[Session]:
        return self.store.sessions.page(query)
