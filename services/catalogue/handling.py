"""Applications: drafts and steps — read, decide, write."""

from contracts.catalogue import (
    ActOnApplication,
    Application,
    ApplicationAction,
    ApplicationState,
    ListApplications,
    SaveDraft,
)
from contracts.faults import Invalid, NotFound
from contracts.shared import Caller, Page, Scope
from services.catalogue.domain.applications import (
    Pinned,
    check_actor,
    clock,
    illegal,
    is_visible,
    take_step,
)
from services.catalogue.domain.items import check_available
from services.catalogue.domain.items import is_visible as is_item_visible
from services.catalogue.domain.privacy import check_applicant
from services.catalogue.forms import check_form
from services.catalogue.store import CatalogueStore
from services.catalogue.store.applications import Draft, StoredApplication
from services.catalogue.workdays import PUBLISHED_YEARS, fault_of
from services.chassis import context, records


def save_draft(store: CatalogueStore, command: SaveDraft) -> Application:
    """A new draft of an application, or the whole next content of one."""
    check_actor(command.caller)
    faults = check_form(None, command.form)
    if faults:
        raise Invalid("form_invalid", "表单有误", "the form is not right", faults)
    app_no = _redraft(store, command) if command.app_no else _draft(store, command)
    return read_application(store, app_no, command.caller)


def act_on_application(store: CatalogueStore, command: ActOnApplication) -> Application:
    """One step of the application's machine."""
    check_actor(command.caller, command.action)
    standing = find_application(store, command.app_no, command.caller)
    if not standing.done:
        command.check_version(standing.version)
        matter = store.applications.matter(standing)
        if command.action is ApplicationAction.SUBMIT and standing.state is ApplicationState.DRAFT:
            _check_still_available(store, matter.pinned)
        step = take_step(matter, command, context.now())
        entry = records.entry(command.caller.who, command.action, standing.state, step.to, step.note)
        store.applications.move(standing, step, entry, step.event(matter, standing.version + 1))
    return read_application(store, command.app_no, command.caller)


def find_application(store: CatalogueStore, app_no: str, caller: Caller) -> StoredApplication:
    """The application, if the caller may know of it. Raises NotFound, Forbidden."""
    check_actor(caller)
    found = store.applications.get(app_no)
    if found is None or not is_visible(found.client, caller):
        raise NotFound("no_such_application", "没有这个编号的办件, 请核对", "no application has this number")
    return found


def read_application(store: CatalogueStore, app_no: str, caller: Caller) -> Application:
    """The application as this caller may see it. Raises NotFound, Forbidden."""
    return find_application(store, app_no, caller).shown(in_full=caller.may(Scope.PII_READ))


def list_applications(store: CatalogueStore, query: ListApplications) -> Page[Application]:
    """Newest first: all to those who handle, to others what their client opened."""
    check_actor(query.caller)
    client = None if query.caller.may(Scope.CATALOGUE_HANDLE) else query.caller.client
    found, following = store.applications.page(query.state, query.item_code, client, query.cursor, query.limit)
    in_full = query.caller.may(Scope.PII_READ)
    return Page(items=[application.shown(in_full=in_full) for application in found], next=following)


def mend_clocks(store: CatalogueStore) -> None:
    """Set the clocks that waited for a year's calendar which is published now."""
    store.applications.mend_clocks([fault_of(year) for year in sorted(PUBLISHED_YEARS)], clock)


def _draft(store: CatalogueStore, command: SaveDraft) -> str:
    if command.item_code is None:
        raise Invalid.field("/item_code", "needed", "必须指明申请的事项", "the item must be given")
    pinned = _pin(store, command.item_code, command.caller)
    entry = records.entry(command.caller.who, "save_draft", None, ApplicationState.DRAFT)
    return store.applications.add(_content(command, pinned), command.caller.client, entry)


def _redraft(store: CatalogueStore, command: SaveDraft) -> str:
    standing = find_application(store, str(command.app_no), command.caller)
    if standing.done:
        return standing.app_no
    command.check_version(standing.version)
    matter = store.applications.matter(standing)
    if standing.state is not ApplicationState.DRAFT:
        raise illegal(standing.state, matter.pinned.instant, "save_draft")
    pinned = _pin(store, command.item_code, command.caller) if command.item_code else matter.pinned
    content = _content(command, pinned)
    if content.applicant is None:
        content = content._replace(applicant=standing.applicant)
    entry = records.entry(command.caller.who, "save_draft", standing.state, standing.state)
    store.applications.save(standing, content, entry)
    return standing.app_no


def _content(command: SaveDraft, pinned: Pinned) -> Draft:
    applicant = check_applicant(command.applicant) if command.applicant else None
    return Draft(pinned, applicant, command.channel, command.form, command.materials)


def _pin(store: CatalogueStore, code: str, caller: Caller) -> Pinned:
    """The version that is served now. Raises NotFound, Conflict (item_not_available)."""
    item = store.items.get(code)
    if item is None or not is_item_visible(item.state, caller):
        raise NotFound("no_such_item", f"没有编码为 {code} 的事项", f"no item has the code {code}", item_code=code)
    check_available(code, item.state, item.version_no, item.version_no)
    return Pinned(code, item.version_no, item.content)


def _check_still_available(store: CatalogueStore, pinned: Pinned) -> None:
    item = store.items.get(pinned.code)
    if item:
        check_available(item.code, item.state, item.version_no, pinned.version_no)
