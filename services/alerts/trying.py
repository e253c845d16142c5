"""试算: what a rule would have done with the alerts of the last hours, by the same evaluation as live."""

from collections.abc import Sequence
from datetime import timedelta

from contracts.alerts import Rule, RuleBody, RuleTrial, TrialIncident, TryRule
from services.alerts.correlating import Correlation, Known, Seen, group, matches
from services.alerts.joining import seen_of
from services.alerts.store import AlertStore
from services.alerts.store.channels import key
from services.chassis import context, cpu
from services.chassis.aggregates import Document

MOST_READ = 20_000
_MOST_TOLD = 200
_MOST_ALERTS = 50
# a number plate is known by its keyed hash only, and not even that is told whole
_TOLD_OF_SUBJECT = 8


def tried(store: AlertStore, query: TryRule) -> RuleTrial:
    """Nothing is written. Incidents are taken to run as long as their windows do."""
    now = context.now()
    documents, complete = store.alerts.since(now - timedelta(hours=query.hours), now, MOST_READ)
    rule = Rule.model_validate(
        {**query.model_dump(include=set(RuleBody.model_fields)), "id": query.id, "enabled": True}
    )
    keys = {key(one["device"], one["channel"]) for one in documents}
    scenes = store.channels.scenes(keys) if rule.match.scenes else {}
    seen = [seen_of(one, scenes.get(key(one["device"], one["channel"]))) for one in documents]
    matched = [one for one in seen if matches(rule, one)]
    channels = store.channels.count_of({one.device for one in matched}) if rule.share else {}
    found = Correlation([rule], Known({}, channels=channels))
    cpu.heavy(found.run, matched)
    by_id = {one["_id"]: one for one in documents}
    seen_by_id = {one.id: one for one in matched}
    newest = sorted(found.taken.items())[-_MOST_TOLD:]
    return RuleTrial(
        rule=query.id,
        hours=query.hours,
        alerts_read=len(documents),
        alerts_matched=len(matched),
        groups=len(found.windows),
        complete=complete,
        incidents=[
            _incident(rule, seen_by_id[min(alerts)], [by_id[one] for one in sorted(alerts)]) for _, alerts in newest
        ],
    )


def _incident(rule: Rule, first: Seen, alerts: Sequence[Document]) -> TrialIncident:
    return TrialIncident(
        group=_told(group(rule, first) or {}),
        alerts=[one["_id"] for one in alerts[:_MOST_ALERTS]],
        alert_count=len(alerts),
        first_at=min(one["first_at"] for one in alerts),
        last_at=max(one["last_at"] for one in alerts),
    )


def _told(group: dict[str, str]) -> dict[str, str]:
    return {name: value[:_TOLD_OF_SUBJECT] if name == "subject" else value for name, value in group.items()}
