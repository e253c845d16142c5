"""The catalogue's documents: the only package that knows their fields."""

from typing import Any

from pymongo.database import Database

from services.catalogue.store.applications import INDEXES as APPLICATION_INDEXES
from services.catalogue.store.applications import ApplicationStore
from services.catalogue.store.items import INDEXES as ITEM_INDEXES
from services.catalogue.store.items import ItemStore
from services.catalogue.store.listing import Listing
from services.catalogue.store.numbers import Numbers
from services.chassis.aggregates import Aggregates


class CatalogueStore:
    """Database `catalogue`: items, imports, applications, counters."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        # the chassis relays the outboxes of the aggregates that it finds here
        self.item_documents = Aggregates(database, "items", ITEM_INDEXES)
        self.import_documents = Aggregates(database, "imports")
        self.application_documents = Aggregates(database, "applications", APPLICATION_INDEXES)
        self.listing = Listing(self.item_documents.collection)
        self.items = ItemStore(self.item_documents, self.import_documents, self.listing)
        self.applications = ApplicationStore(
            self.application_documents, Numbers(database["counters"], "applications"), self.items
        )
