"""窗口 in the store: what each rule has lately seen of each group, and which incident takes further alerts.

A window decides: it is written from the version that was read, and names the incident before that stands.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from pymongo import IndexModel
from pymongo.database import Database

from contracts.alerts import Rule
from services.alerts.correlating import Member, Window
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, Document, New
from services.chassis.portions import by_key

_KEPT_BEYOND = timedelta(days=1)


class Windows:
    """The windows, by id. They go when nothing has come into them for a day longer than their rule looks back.

    That is by our clock and not by that of the alerts: a backlog of last week's is correlated all the same.
    """

    def __init__(self, database: Database[Document]) -> None:
        expiry = IndexModel("until", name="expiry", expireAfterSeconds=0)
        self._windows = Aggregates(database, "windows", [expiry], 1, silent=True)

    def read(self, ids: Iterable[str]) -> dict[str, Window]:
        """Those that stand."""
        return {found["_id"]: _window(found) for found in by_key(self._windows.collection, set(ids))}

    def write(self, before: Mapping[str, Window], after: Iterable[Window], rules: Mapping[str, Rule]) -> bool:
        """Write those that differ; False: somebody else has written one since it was read."""
        changed = [window for window in after if window != before.get(window.id)]
        new = [window for window in changed if not window.version]
        fresh = self._windows.insert_many([New({"_id": one.id, **_fields(one, rules[one.rule])}) for one in new])
        outcomes = self._windows.update_many(
            [Changed(one.id, one.version, Change(set=_fields(one, rules[one.rule]))) for one in changed if one.version]
        )
        return len(fresh) == len(new) and "stale" not in outcomes


def _fields(window: Window, rule: Rule) -> Document:
    newest = max(context.now(), *(member.at for member in window.members))
    return {
        "rule": window.rule,
        "group": dict(window.group),
        "members": [member._asdict() for member in window.members],
        "running": window.running,
        "begun": window.begun,
        "until": newest + timedelta(seconds=rule.window_s) + _KEPT_BEYOND,
    }


def _window(document: Document) -> Window:
    members = [Member(**member) for member in document["members"]]
    told = {name: document[name] for name in ("rule", "group", "running", "begun", "version")}
    return Window(id=document["_id"], members=members, **told)
