"""一网通办: one entry, one application, one answer."""

from contracts.catalogue import (
    ActOnApplication,
    ActOnItem,
    Application,
    CatalogueFigures,
    Found,
    GetApplication,
    GetApplicationTimeline,
    GetCatalogueFigures,
    GetItem,
    ImportItems,
    Item,
    ListApplications,
    SaveDraft,
    SaveItem,
    SearchItems,
)
from contracts.shared import ImportReport, Page, Scope, Timeline
from services.catalogue.editing import act_on_item, import_items, read_item, save_item
from services.catalogue.handling import (
    act_on_application,
    find_application,
    list_applications,
    mend_clocks,
    read_application,
    save_draft,
)
from services.catalogue.paging import search_page
from services.catalogue.store import CatalogueStore
from services.chassis.entrypoints import Stored, answers, every
from services.chassis.service import Service


class CatalogueService(Service):
    name = "catalogue"
    store = Stored(CatalogueStore)

    @answers(ImportItems, scope=Scope.CATALOGUE_HANDLE)
    def import_items(self, command: ImportItems) -> ImportReport:
        return import_items(self.store.items, command)

    @answers(SaveItem, scope=Scope.CATALOGUE_HANDLE)
    def save_item(self, command: SaveItem) -> Item:
        return save_item(self.store.items, command)

    @answers(ActOnItem, scope=Scope.CATALOGUE_HANDLE)
    def act_on_item(self, command: ActOnItem) -> Item:
        return act_on_item(self.store.items, command)

    @answers(GetItem, scope=Scope.CATALOGUE_READ)
    def get_item(self, query: GetItem) -> Item:
        return read_item(self.store.items, query.code, query.version_no, query.caller)

    @answers(SearchItems, scope=Scope.CATALOGUE_READ)
    def search_items(self, query: SearchItems) -> Page[Found]:
        return search_page(self.store.listing.index(), query)

    # applicants and the office share these: handling.py tells what each may see and do
    @answers(SaveDraft, scope=None)
    def save_draft(self, command: SaveDraft) -> Application:
        return save_draft(self.store, command)

    @answers(ActOnApplication, scope=None)
    def act_on_application(self, command: ActOnApplication) -> Application:
        return act_on_application(self.store, command)

    @answers(GetApplication, scope=None)
    def get_application(self, query: GetApplication) -> Application:
        return read_application(self.store, query.app_no, query.caller)

    @answers(ListApplications, scope=None)
    def list_applications(self, query: ListApplications) -> Page[Application]:
        return list_applications(self.store, query)

    @answers(GetApplicationTimeline, scope=None)
    def get_application_timeline(self, query: GetApplicationTimeline) -> Timeline:
        return Timeline(items=find_application(self.store, query.app_no, query.caller).timeline)

    @answers(GetCatalogueFigures, scope=Scope.CATALOGUE_READ)
    def get_catalogue_figures(self, _query: GetCatalogueFigures) -> CatalogueFigures:
        return self.store.listing.figures(self.store.applications.counts())

    @every(600)
    def mend_clocks(self) -> None:
        mend_clocks(self.store)
