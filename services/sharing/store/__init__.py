"""What sharing keeps, in its own database. Only this package knows the fields of documents."""

from typing import Any

from pymongo.database import Database

from services.sharing.store.applications import Applications
from services.sharing.store.current_records import CurrentRecords
from services.sharing.store.datasets import Datasets
from services.sharing.store.exchange_log import ExchangeLog
from services.sharing.store.grants import Grants
from services.sharing.store.record_log import RecordLog
from services.sharing.store.rejected_records import RejectedRecords
from services.sharing.store.secrets import hash_secret
from services.sharing.store.subscriptions import Subscriptions


class SharingStore:
    """The collections of sharing; built once in each process."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.datasets = Datasets(database)
        self.applications = Applications(database)
        self.grants = Grants(database)
        self.subscriptions = Subscriptions(database)
        self.log = RecordLog(database)
        self.records = CurrentRecords(self.log)
        self.rejected = RejectedRecords(database)
        self.exchanges = ExchangeLog(database)
        self.secret = hash_secret(database)
