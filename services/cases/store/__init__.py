"""The database `cases`: the only place that knows the fields of its documents."""

from services.cases.store.cases import CaseStore

__all__ = ["CaseStore"]
