"""The real store: imports in few round trips, an interrupted one, the list in memory of two copies, numbers, pages."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient, monitoring
from pymongo.database import Database

from contracts.catalogue import (
    ActOnApplication,
    ActOnItem,
    Applicant,
    ApplicationAction,
    ImportItems,
    ItemAction,
    ItemState,
    ListApplications,
    SaveDraft,
    SaveItem,
    SearchItems,
)
from contracts.faults import Conflict, NotFound, Refused
from contracts.shared import Caller, Row
from services.catalogue import handling
from services.catalogue.editing import act_on_item, import_items, read_item, save_item
from services.catalogue.handling import act_on_application, list_applications, mend_clocks, read_application, save_draft
from services.catalogue.paging import search_page
from services.catalogue.store import CatalogueStore
from services.catalogue.store.numbers import Numbers
from services.chassis import context


class Trips(monitoring.CommandListener):
    """Counts what is sent to the store."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.sent.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to count."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to count."""


def found(catalogue: CatalogueStore, caller: Caller, text: str) -> list[str]:
    page = search_page(catalogue.listing.index(), SearchItems(caller=caller, q=text, limit=200))
    return [hit.name for hit in page.items]


def draft(catalogue: CatalogueStore, caller: Caller, code: str, **told: Any) -> str:
    applicant = Applicant(name="王小明")
    return save_draft(catalogue, SaveDraft(caller=caller, item_code=code, applicant=applicant, **told)).app_no


def events(catalogue: CatalogueStore) -> list[str]:
    """What waits in the outboxes, by type."""
    aggregates = (catalogue.item_documents, catalogue.import_documents, catalogue.application_documents)
    pending = [document for found in aggregates for document in found.collection.find({"pending": True})]
    return sorted(event["type"] for document in pending for event in document["outbox"])


def test_the_whole_list_in_few_round_trips_and_twice_is_nothing(
    store: str, database: Database[dict[str, Any]], whole_list: list[Row], office: Caller
) -> None:
    trips = Trips()
    with MongoClient[dict[str, Any]](store, tz_aware=True, retryWrites=False, event_listeners=[trips]) as client:
        catalogue = CatalogueStore(client[database.name])
        trial = import_items(catalogue.items, ImportItems(caller=office, rows=whole_list, dry_run=True))
        assert (trial.created, trial.changed, catalogue.item_documents.collection.count_documents({})) == (651, 0, 0)
        trips.sent.clear()
        once = import_items(catalogue.items, ImportItems(caller=office, rows=whole_list, source="广安区事项清单"))
        assert len(trips.sent) <= 12
        twice = import_items(catalogue.items, ImportItems(caller=office, rows=whole_list))
        assert once == trial.model_copy(update={"dry_run": False})
        assert (twice.created, twice.changed, twice.unchanged, twice.rejected) == (0, 0, 651, [])
        assert events(catalogue) == ["catalogue.items_imported.v1"] * 2
        figures = catalogue.listing.figures({})
        assert (figures.items, figures.departments, figures.online_rate) == ({"published": 651}, 17, None)
        assert figures.types["permission"] == 444
        assert sum(figures.by_department.values()) == 651
        item = read_item(catalogue.items, found_code(catalogue, office, "结婚登记预约"), None, office)
        assert [(entry.action, entry.to_state, entry.note) for entry in item.timeline] == [
            ("import", "published", "广安区事项清单, 第 " + item.timeline[0].note.split("第 ")[1])
        ]


def found_code(catalogue: CatalogueStore, caller: Caller, text: str) -> str:
    return search_page(catalogue.listing.index(), SearchItems(caller=caller, q=text)).items[0].code


def test_an_interrupted_import_ends_with_the_numbers_of_one_run(
    catalogue: CatalogueStore, sample: list[Row], office: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        """The process is gone."""

    def die(*_: object) -> None:
        raise Killed

    command = ImportItems(caller=office, rows=sample)
    import_items(catalogue.items, ImportItems(caller=office, rows=sample[:10]))
    renamed = [Row(line=row.line, values={**row.values, "name": f"{row.values['name']}(新)"}) for row in sample[:5]]
    command = ImportItems(caller=office, rows=[*renamed, *sample[5:]])
    with context.applying("office:import_items:1", None), monkeypatch.context() as patched:
        patched.setattr(catalogue.items, "end_import", die)
        with pytest.raises(Killed):
            import_items(catalogue.items, command)
    with context.applying("office:import_items:1", None):
        report = import_items(catalogue.items, command)
        assert import_items(catalogue.items, command) == report
    assert (report.created, report.changed, report.unchanged) == (30, 5, 5)
    assert events(catalogue) == ["catalogue.items_imported.v1"] * 2
    code = str(sample[0].values["item_code"])
    assert read_item(catalogue.items, code, None, office).version_no == 2
    assert read_item(catalogue.items, code, 1, office).name == sample[0].values["name"]
    with pytest.raises(NotFound):
        read_item(catalogue.items, code, 3, office)


def test_another_copy_sees_what_one_wrote(
    catalogue: CatalogueStore, database: Database[dict[str, Any]], sample: list[Row], office: Caller
) -> None:
    other = CatalogueStore(database)
    assert found(other, office, "") == []
    import_items(catalogue.items, ImportItems(caller=office, rows=sample))
    assert len(found(catalogue, office, "")) == 40
    other.listing.outdated()  # its half second is over
    index = other.listing.index()
    assert len(found(other, office, "")) == 40
    other.listing.outdated()
    assert other.listing.index() is not None
    code = str(sample[0].values["item_code"])
    act_on_item(catalogue.items, ActOnItem(caller=office, code=code, action=ItemAction.SUSPEND))
    assert len(found(catalogue, office, "")) == 39
    other.listing.outdated()
    assert len(found(other, office, "")) == 39
    assert other.listing.index() is not index
    assert other.listing.figures({}).items == {"published": 39, "suspended": 1}


def test_a_draft_becomes_a_served_item(catalogue: CatalogueStore, office: Caller, citizen: Caller) -> None:
    told = {"name": "老年人优待证办理", "type": "public_service", "department": "区民政局", "online_depth": "III"}
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "$defs": {"a.b": True}}
    command = SaveItem.model_validate({"caller": office, "code": "LN1", **told, "form_schema": schema})
    with context.applying("one", None):
        item = save_item(catalogue.items, command)
        assert save_item(catalogue.items, command) == item
    assert (item.state, item.version, item.form_schema) == (ItemState.DRAFT, 1, schema)
    with pytest.raises(NotFound):
        read_item(catalogue.items, "LN1", None, citizen)
    renamed = save_item(catalogue.items, command.model_copy(update={"name": "老年优待证办理"}))
    assert (renamed.version, renamed.version_no) == (2, 1)
    with pytest.raises(Conflict):
        save_item(catalogue.items, command.model_copy(update={"expected_version": 1}))
    for action in (ItemAction.SUBMIT, ItemAction.APPROVE):
        act_on_item(catalogue.items, ActOnItem(caller=office, code="LN1", action=action))
    assert found(catalogue, office, "lnyd") == []
    publish = ActOnItem(caller=office, code="LN1", action=ItemAction.PUBLISH, note="审核通过")
    with context.applying("publish", None):
        served = act_on_item(catalogue.items, publish)
        assert act_on_item(catalogue.items, publish) == served
    assert found(catalogue, citizen, "lnyd") == ["老年优待证办理"]
    assert catalogue.listing.figures({}).online_rate == 1.0
    assert events(catalogue) == ["catalogue.item_published.v1"]
    assert [entry.action for entry in served.timeline] == ["save", "save", "submit", "approve", "publish"]
    assert read_item(catalogue.items, "LN1", None, citizen).timeline == []
    with pytest.raises(Refused):
        save_item(catalogue.items, command)


@pytest.fixture(scope="module")
def stocked(mongo: MongoClient[dict[str, Any]], sample: list[Row], office: Caller) -> CatalogueStore:
    """A catalogue with 40 real items, each test takes one of its own."""
    catalogue = CatalogueStore(mongo[f"t{uuid4().hex}"])
    import_items(catalogue.items, ImportItems(caller=office, rows=sample))
    return catalogue


def test_an_application_is_opened_once_for_each_command(
    stocked: CatalogueStore, sample: list[Row], office: Caller, citizen: Caller
) -> None:
    catalogue = stocked
    code = str(sample[0].values["item_code"])
    with context.applying("portal:save_draft:1", None):
        first = draft(catalogue, citizen, code, form={"$where": {"a.b": 2**70}})
        assert draft(catalogue, citizen, code) == first
    assert read_application(catalogue, first, citizen).form == {"$where": {"a.b": 2**70}}
    assert draft(catalogue, citizen, code) != first
    with pytest.raises(NotFound):
        read_application(catalogue, first[:-1] + str(9 - int(first[-1])), office)
    stranger = citizen.model_copy(update={"client": "elsewhere"})
    with pytest.raises(NotFound):
        read_application(catalogue, first, stranger)


def test_an_item_that_changed_under_a_draft_is_pinned_anew(
    stocked: CatalogueStore, sample: list[Row], office: Caller, citizen: Caller
) -> None:
    catalogue = stocked
    code = str(sample[1].values["item_code"])
    app_no = draft(catalogue, citizen, code, form={"a": 1})
    row = Row(line=2, values={**sample[1].values, "承诺时限": "3"})
    assert import_items(catalogue.items, ImportItems(caller=office, rows=[row])).changed == 1
    submit = ActOnApplication(caller=citizen, app_no=app_no, action=ApplicationAction.SUBMIT)
    with pytest.raises(Conflict) as conflict:
        act_on_application(catalogue, submit)
    assert (conflict.value.code, conflict.value.facts["current_version_no"]) == ("item_not_available", 2)
    again = save_draft(catalogue, SaveDraft(caller=citizen, app_no=app_no, item_code=code, form={"a": 2}))
    assert (again.item_version_no, again.form, again.applicant) == (2, {"a": 2}, Applicant(name="王**"))
    assert act_on_application(catalogue, submit).state == "submitted"
    act_on_item(catalogue.items, ActOnItem(caller=office, code=code, action=ItemAction.RETIRE))
    with pytest.raises(Conflict) as conflict:
        draft(catalogue, citizen, code)
    assert (conflict.value.code, conflict.value.facts["item_state"]) == ("item_not_available", "retired")


def test_a_clock_that_lacked_a_calendar_is_set_when_it_is_published(
    stocked: CatalogueStore, sample: list[Row], office: Caller, citizen: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = stocked
    row = Row(line=2, values={**sample[2].values, "承诺时限": "3650"})
    import_items(catalogue.items, ImportItems(caller=office, rows=[row]))
    app_no = draft(catalogue, citizen, str(row.values["item_code"]))
    for action in (ApplicationAction.SUBMIT, ApplicationAction.ACCEPT):
        accepted = act_on_application(catalogue, ActOnApplication(caller=office, app_no=app_no, action=action))
    assert accepted.due_at is None
    assert accepted.clock_fault is not None
    mend_clocks(catalogue)
    assert read_application(catalogue, app_no, office) == accepted
    due = datetime(2041, 1, 2, tzinfo=UTC)
    year = int(accepted.clock_fault[-4:])
    monkeypatch.setattr(handling, "PUBLISHED_YEARS", {year})
    monkeypatch.setattr(handling, "clock", lambda *_: {"due_at": due})
    mend_clocks(catalogue)
    mend_clocks(catalogue)
    mended = read_application(catalogue, app_no, office)
    assert (mended.due_at, mended.clock_fault, mended.version) == (due, None, accepted.version + 1)
    assert mended.timeline[-1].action == "set_clock"


def test_pages_of_applications_hold_each_once_newest_first(
    catalogue: CatalogueStore, sample: list[Row], office: Caller, citizen: Caller
) -> None:
    import_items(catalogue.items, ImportItems(caller=office, rows=sample[:2]))
    codes = [str(row.values["item_code"]) for row in sample[:2]]
    opened = [draft(catalogue, citizen, codes[place % 2]) for place in range(12)]
    shifted = catalogue.application_documents.collection
    old, tied = opened[:4], opened[4:8]  # some long ago, some in the very same millisecond
    shifted.update_many({"_id": {"$in": old}}, {"$set": {"created_at": datetime(2021, 1, 1, tzinfo=UTC)}})
    shifted.update_many({"_id": {"$in": tied}}, {"$set": {"created_at": datetime(2026, 1, 1, tzinfo=UTC)}})
    expected = [*reversed(opened[8:]), *sorted(tied, reverse=True), *sorted(old, reverse=True)]

    def listed(caller: Caller, **asked: Any) -> list[str]:
        numbers: list[str] = []
        cursor = None
        while True:
            page = list_applications(catalogue, ListApplications(caller=caller, cursor=cursor, limit=3, **asked))
            numbers += [application.app_no for application in page.items]
            cursor = page.next
            if cursor is None:
                return numbers

    assert listed(office) == listed(citizen) == expected
    assert listed(office, item_code=codes[0]) == [app_no for app_no in expected if app_no in opened[::2]]
    assert listed(office, state="accepted") == []
    assert listed(citizen.model_copy(update={"client": "elsewhere"})) == []
    assert catalogue.applications.counts() == {"draft": 12}


def test_numbers_are_never_given_twice(database: Database[dict[str, Any]]) -> None:
    copies = [Numbers(database["counters"], "applications") for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda place: copies[place % 4].take(), range(200)))
    assert len(set(taken)) == 200
    assert min(taken) == 1
    assert max(taken) <= 200 + 4 * 20
