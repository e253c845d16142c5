"""规则 in the store, and how often each of them made an incident."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pymongo.database import Database

from contracts.alerts import Rule, RuleBody, SaveRule
from contracts.shared import Page
from services.alerts.shipped import SHIPPED
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, Document, New
from services.chassis.resting import Remembered

_REMEMBERED_S = 2.0
_BODY = set(RuleBody.model_fields)


class Rules:
    """The rules as they stand, read at most every two seconds.

    The counts stand apart, so that a rule that is busy may be edited.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._rules = Aggregates(database, "rules", silent=True)
        self._counts = Aggregates(database, "rule_counts", silent=True)
        self._remembered = Remembered(self._read, _REMEMBERED_S, _REMEMBERED_S)
        standing = {found["_id"] for found in self._rules.collection.find({}, {"_id": 1})}
        missing = [rule for rule in SHIPPED if rule.id not in standing]
        self._rules.insert_many([New(_document(rule, shipped=True)) for rule in missing])

    def live(self) -> Sequence[Rule]:
        """Those that are enabled, in their order."""
        return [rule for rule in self._remembered.get() if rule.enabled]

    def page(self) -> Page[Rule]:
        """All, in their order, with what they have made so far."""
        counts = {found["_id"]: found for found in self._counts.collection.find()}
        return Page(items=[_counted(rule, counts) for rule in self._read()])

    def save(self, command: SaveRule) -> Rule:
        """Write the whole of it."""
        found = self._rules.get(command.id)
        if found is None:
            if not self._rules.insert(_document(command, shipped=False)):
                return self.save(command)
        elif not context.applied(found):
            command.check_version(found["version"])
            self._rules.update(command.id, found["version"], Change(set=_body(command)))
        self._remembered.forget()
        counted = self._counts.get(command.id)
        return _counted(_rule(self._rules.get(command.id) or {}), {command.id: counted} if counted else {})

    def count(self, made: Mapping[str, Sequence[str]], now: datetime) -> bool:
        """These rules have made these incidents, each counted once ever; False: somebody else was at it."""
        self._counts.insert_many([New({"_id": rule, "matched": 0, "last_matched_at": None}) for rule in made])
        standing = {found["_id"]: found for found in self._counts.collection.find({"_id": {"$in": sorted(made)}})}
        changed = []
        for rule, incidents in made.items():
            new = [id for id in incidents if id not in standing[rule]["applied"]]
            if new:
                change = Change(inc={"matched": len(new)}, max={"last_matched_at": now})
                changed.append(Changed(rule, standing[rule]["version"], change, message_ids=new))
        return "stale" not in self._counts.update_many(changed)

    def _read(self) -> list[Rule]:
        found = [_rule(document) for document in self._rules.collection.find()]
        return sorted(found, key=lambda rule: (rule.order, rule.id))


def _document(rule: Rule | SaveRule, *, shipped: bool) -> Document:
    return {"_id": rule.id, "shipped": shipped, **_body(rule)}


def _body(rule: RuleBody) -> Document:
    return rule.model_dump(mode="json", include=_BODY)


def _rule(document: Document) -> Rule:
    return Rule.model_validate({**document, "id": document["_id"]})


def _counted(rule: Rule, counts: Mapping[str, Document]) -> Rule:
    found = counts.get(rule.id)
    if not found:
        return rule
    return rule.model_copy(update={"matched": found["matched"], "last_matched_at": found["last_matched_at"]})
