"""部门数据共享: publish once, use many times, prove every use."""

import json
from uuid import uuid4

from contracts.faults import NotFound, Refused
from contracts.shared import Caller, Page, Scope
from contracts.sharing import (
    ActOnDataset,
    ApplyForDataset,
    ChainVerdict,
    Dataset,
    DatasetApplication,
    DatasetDecided,
    DecideDatasetApplication,
    Exchange,
    GetDataset,
    GetSchema,
    Grant,
    ListDatasetApplications,
    ListDatasets,
    ListExchanges,
    ListGrants,
    ListSubscriptions,
    Published,
    PublishRecords,
    PullRecords,
    QueryRecords,
    Records,
    RecordsPublished,
    RevokeGrant,
    SaveDataset,
    SchemaReply,
    SchemaTest,
    Subscribe,
    Subscription,
    TestSchema,
    VerifyExchanges,
)
from services.chassis import context
from services.chassis.entrypoints import Stored, answers, every, on
from services.chassis.messages import Received
from services.chassis.outlets import outlet
from services.chassis.service import Service
from services.sharing import intake, schemas
from services.sharing.delivery import Pump
from services.sharing.domain import datasets, grants, offering
from services.sharing.publishing import Publishing
from services.sharing.store import SharingStore
from services.sharing.store.record_log import Batch
from services.sharing.store.typed import new_id
from services.sharing.use import Use, place


class SharingService(Service):
    """Departments publish data events; others use exactly what they were granted."""

    name = "sharing"
    store = Stored(SharingStore)
    outlet = outlet()
    pump = Pump()
    publishing = Publishing()

    # the directory

    @answers(SaveDataset, scope=Scope.DATASETS_PUBLISH)
    def save_dataset(self, command: SaveDataset) -> Dataset:
        provider = datasets.department(command.caller)
        schemas.registered(command.json_schema)
        datasets.check_content(command)
        if not self.store.datasets.create(command, provider):
            standing, done = self.store.datasets.load(command.code)
            if not done:
                datasets.check_editable(standing, command.caller)
                command.check_version(standing.version)
                self.store.datasets.rewrite(standing, command)
        return self._dataset(command.code, command.caller)

    @answers(ActOnDataset, scope=None)
    def act_on_dataset(self, command: ActOnDataset) -> Dataset:
        dataset, done = self.store.datasets.load(command.code)
        if not done:
            datasets.visible(dataset, command.caller)
            command.check_version(dataset.version)
            target = datasets.step(dataset, command.action, command.caller)
            version, events = datasets.schema_version(dataset, target), datasets.announced(dataset, target)
            self.store.datasets.move(dataset, target, version, command, events)
        return self._dataset(command.code, command.caller)

    @answers(GetDataset, scope=Scope.DATASETS_READ)
    def get_dataset(self, query: GetDataset) -> Dataset:
        return self._dataset(query.code, query.caller)

    def _dataset(self, code: str, caller: Caller) -> Dataset:
        return offering.for_dataset(self._visible(code, caller), caller)

    @answers(ListDatasets, scope=Scope.DATASETS_READ)
    def list_datasets(self, query: ListDatasets) -> Page[Dataset]:
        found = self.store.datasets.page(query.caller, query.provider, query.cursor, query.limit)
        return Page(items=[offering.for_dataset(each, query.caller) for each in found.items], next=found.next)

    @answers(GetSchema, scope=Scope.DATASETS_READ)
    def get_schema(self, query: GetSchema) -> SchemaReply:
        dataset = self._visible(query.dataset, query.caller)
        if query.schema_version not in (None, dataset.schema_version):
            raise NotFound("schema_unknown", "没有该版本的模式", "no such version", newest=dataset.schema_version)
        schema = json.loads(self.store.datasets.content(dataset.code)[1])
        return SchemaReply(dataset=dataset.code, schema_version=dataset.schema_version, json_schema=schema)

    @answers(TestSchema, scope=Scope.DATASETS_READ)
    def test_schema(self, query: TestSchema) -> SchemaTest:
        return schemas.test(query.json_schema, query.record)

    # publishing

    @answers(PublishRecords, scope=Scope.DATASETS_PUBLISH)
    def publish_records(self, command: PublishRecords) -> Published:
        dataset, schema = self.store.datasets.content(command.dataset)
        datasets.owned(dataset, command.caller)
        good, bad = intake.examine(command.events, schemas.compiled(schema), dataset.key_field)
        origin, now = context.message_id() or uuid4().hex, context.now()
        appended = self.publishing.run(self.store, command.caller, Batch(dataset.code, good, origin, now))
        self.store.rejected.keep(dataset.code, origin, command.events, bad, now)
        return Published(accepted=appended.accepted, duplicates=appended.duplicates, rejected=bad)

    @on(RecordsPublished, batch=100, wait=0.02)
    def deliver_records(self, _published: list[Received[RecordsPublished]]) -> None:
        self.pump.run(self.store, self.outlet)

    @every(30)
    def announce_what_a_crash_left(self) -> None:
        left = self.store.log.unannounced(self.store.datasets.ends())
        self.store.datasets.announce(self.store.datasets.among(left), {code: self.store.log.end(code) for code in left})

    # applying and granting

    @answers(ApplyForDataset, scope=Scope.DATASETS_USE)
    def apply_for_dataset(self, command: ApplyForDataset) -> DatasetApplication:
        dataset = self._visible(command.dataset, command.caller)
        fields = grants.check_application(command, dataset, context.now())
        applicant = datasets.department(command.caller)
        application = self.store.applications.find(self.store.applications.file(command, dataset, applicant, fields))
        self._grant(application, dataset)
        return offering.for_application(application, dataset, command.caller, context.now())

    @answers(DecideDatasetApplication, scope=None)
    def decide_dataset_application(self, command: DecideDatasetApplication) -> DatasetApplication:
        application, done = self.store.applications.load(command.id)
        dataset = self.store.datasets.find(application.dataset)
        if not done:
            fields = grants.decided(application, command, dataset, context.now())
            command.check_version(application.version)
            self.store.applications.decide(application, command, fields)
            application = self.store.applications.find(command.id)
        self._grant(application, dataset)
        return offering.for_application(application, dataset, command.caller, context.now())

    @on(DatasetDecided)
    def grant_what_a_crash_left(self, decided: Received[DatasetDecided]) -> None:
        application = self.store.applications.find(decided.data.application)
        self._grant(application, self.store.datasets.find(application.dataset))

    def _grant(self, application: DatasetApplication, dataset: Dataset) -> None:
        if application.state == "approved":
            self.store.grants.give(application, dataset)

    @answers(ListDatasetApplications, scope=Scope.DATASETS_READ)
    def list_dataset_applications(self, query: ListDatasetApplications) -> Page[DatasetApplication]:
        party, now = datasets.party(query.caller), context.now()
        found = self.store.applications.newest(query.cursor, query.limit, parties=party, dataset=query.dataset)
        of = self.store.datasets.among(each.dataset for each in found.items)
        items = [offering.for_application(each, of[each.dataset], query.caller, now) for each in found.items]
        return Page(items=items, next=found.next)

    @answers(ListGrants, scope=Scope.DATASETS_READ)
    def list_grants(self, query: ListGrants) -> Page[Grant]:
        party = datasets.party(query.caller)
        found = self.store.grants.newest(query.cursor, query.limit, parties=party, dataset=query.dataset)
        of = self.store.datasets.among(each.dataset for each in found.items)
        items = [offering.for_grant(each, of[each.dataset], query.caller) for each in found.items]
        return Page(items=items, next=found.next)

    @answers(RevokeGrant, scope=None)
    def revoke_grant(self, command: RevokeGrant) -> Grant:
        grant, done = self.store.grants.load(command.id)
        dataset = self.store.datasets.find(grant.dataset)
        if not done:
            grants.check_revocation(grant, dataset, command.caller)
            command.check_version(grant.version)
            self.store.grants.revoke(grant, command)
            grant = self.store.grants.find(command.id)
        return offering.for_grant(grant, dataset, command.caller)

    # using

    @answers(QueryRecords, scope=Scope.DATASETS_USE)
    def query_records(self, command: QueryRecords) -> Records:
        dataset = self._visible(command.dataset, command.caller)
        department = datasets.department(command.caller)
        use = Use(self.store, dataset, department, command.caller.who, command.purpose)
        grant = use.covered(self.store.grants.held(dataset.code, department), by_key=command.key is not None)
        if command.key is not None:
            return use.answer(
                "query", grant, self.store.records.one(dataset.code, command.key, dataset.records)
            ).reply()
        after = place(command.cursor) if command.cursor else 0
        found, following = self.store.records.page(dataset.code, after, dataset.records, command.limit)
        return use.answer("query", grant, found).reply(following)

    @answers(PullRecords, scope=Scope.DATASETS_USE)
    def pull_records(self, command: PullRecords) -> Records:
        subscription = self._pulled_subscription(command)
        dataset = self.store.datasets.find(subscription.dataset)
        grant = self.store.grants.find(subscription.grant)
        use = Use(self.store, dataset, subscription.department, command.caller.who, grant.purpose)
        use.covered([grant])
        after = subscription.cursor
        if command.cursor:
            after = min(place(command.cursor), dataset.records)
            self.store.subscriptions.acknowledge(subscription, after)
        found = self.store.log.read(dataset.code, after, min(command.limit, dataset.records - after))
        return use.answer("pull", grant, found).reply(found[-1].sequence if found else after)

    def _pulled_subscription(self, command: PullRecords) -> Subscription:
        subscription = self.store.subscriptions.find(command.subscription)
        if subscription.department != datasets.department(command.caller):
            raise self.store.subscriptions.unknown(command.subscription)
        if subscription.delivery != "pull":
            raise Refused(
                "delivered_by_queue", "该订阅通过队列送达", "it is delivered to its queue", queue=subscription.queue
            )
        return subscription

    def _visible(self, code: str, caller: Caller) -> Dataset:
        return datasets.visible(self.store.datasets.find(code), caller)

    # subscriptions

    @answers(Subscribe, scope=Scope.DATASETS_USE)
    def subscribe(self, command: Subscribe) -> Subscription:
        grant = self.store.grants.find(command.grant)
        if grant.department != datasets.department(command.caller):
            raise self.store.grants.unknown(command.grant)
        dataset = self.store.datasets.find(grant.dataset)
        Use(self.store, dataset, grant.department, command.caller.who, grant.purpose).covered([grant])
        id = new_id("S")
        queue = f"sharing.subscription.{id}" if command.delivery == "queue" else None
        if queue:
            self.outlet.open(queue)
        self.store.subscriptions.open(id, command, grant, queue)
        return self.store.subscriptions.find(id)

    @answers(ListSubscriptions, scope=Scope.DATASETS_USE)
    def list_subscriptions(self, query: ListSubscriptions) -> Page[Subscription]:
        own = datasets.department(query.caller)
        return self.store.subscriptions.newest(query.cursor, query.limit, department=own)

    @every(1)
    def serve_queues(self) -> None:
        self.pump.run(self.store, self.outlet)

    # proof

    @answers(ListExchanges, scope=Scope.DATASETS_READ)
    def list_exchanges(self, query: ListExchanges) -> Page[Exchange]:
        return self.store.exchanges.page(datasets.party(query.caller), query)

    @answers(VerifyExchanges, scope=Scope.DATASETS_READ)
    def verify_exchanges(self, _query: VerifyExchanges) -> ChainVerdict:
        return self.store.exchanges.verify()

    @every(5)
    def anchor_exchanges(self) -> None:
        self.store.exchanges.anchor()
