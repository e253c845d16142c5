"""Whatever a page shows of the contracts has its words."""

from collections.abc import Iterable
from typing import get_args

import pytest

from contracts.alerts import (
    AlertAction,
    AlertState,
    AlertType,
    ArmState,
    DeviceAction,
    DeviceState,
    Finding,
    IncidentAction,
    IncidentResult,
    IncidentState,
    Level,
    Matcher,
    Media,
    Report,
    Session,
    SessionAction,
    SessionState,
    SilenceAction,
    SilenceState,
    Verdict,
)
from contracts.cases import CaseAction, CaseState
from contracts.catalogue import (
    Application,
    ApplicationAction,
    ApplicationState,
    Channel,
    ItemAction,
    ItemState,
    ItemType,
)
from contracts.grid import (
    AssignmentAction,
    CareTag,
    Datum,
    Grid,
    GridAction,
    GridState,
    PlanKind,
    PlanState,
    Posting,
    Role,
    Vacancy,
)
from contracts.sharing import (
    DatasetAction,
    DatasetApplication,
    DatasetField,
    DatasetState,
    Exchange,
    Grant,
    Mask,
    Purpose,
    SharingType,
    Subscription,
)
from services.console import alert_words, device_words, ground_words, incident_words, session_words, wording
from services.console.pages.imports import KINDS
from services.gateway.intake import ADAPTERS
from services.gateway.sources import Source


def literals(model: type, field: str) -> Iterable[str]:
    """The words that a field may have."""
    annotation = model.__annotations__[field]
    options = [annotation, *get_args(annotation)]
    return [word for option in options for word in get_args(option) if isinstance(word, str)]


@pytest.mark.parametrize(
    ("words", "contract"),
    [
        (alert_words.ALERT_TYPES, AlertType),
        (alert_words.ALERT_STATES, AlertState),
        (alert_words.ALERT_ACTIONS, AlertAction),
        (alert_words.VERDICTS, Verdict),
        (alert_words.ADAPTERS, ADAPTERS),
        (alert_words.SOURCE_STATES, literals(Source, "state")),
        (device_words.DEVICE_STATES, DeviceState),
        (device_words.DEVICE_ACTIONS, DeviceAction),
        (device_words.ARM_STATES, ArmState),
        (device_words.CAUSES, literals(Finding, "cause")),
        (alert_words.SILENCE_STATES, SilenceState),
        (alert_words.SILENCE_ACTIONS, SilenceAction),
        (alert_words.MATCHED_FIELDS, literals(Matcher, "field")),
        (alert_words.MATCHERS, literals(Matcher, "op")),
        (incident_words.LEVELS, Level),
        (incident_words.INCIDENT_STATES, IncidentState),
        (incident_words.INCIDENT_ACTIONS, IncidentAction),
        (incident_words.INCIDENT_RESULTS, IncidentResult),
        (alert_words.REPORT_STATES, literals(Report, "state")),
        (alert_words.MEDIA_KINDS, literals(Media, "kind")),
        (wording.CASE_STATES, CaseState),
        (wording.CASE_ACTIONS, CaseAction),
        (wording.ITEM_TYPES, ItemType),
        (wording.ITEM_STATES, ItemState),
        (wording.ITEM_ACTIONS, ItemAction),
        (wording.CHANNELS, get_args(Channel)),
        (wording.APPLICATION_STATES, ApplicationState),
        (wording.APPLICATION_ACTIONS, ApplicationAction),
        (wording.DECISIONS, literals(Application, "decision")),
        (wording.URGENCY, literals(Application, "urgency")),
        (wording.SHARING_TYPES, SharingType),
        (wording.DATASET_STATES, DatasetState),
        (wording.DATASET_ACTIONS, DatasetAction),
        (wording.FIELD_TYPES, literals(DatasetField, "type")),
        (wording.PERSONAL, literals(DatasetField, "personal")),
        (wording.MASKS, Mask),
        (wording.PURPOSES, Purpose),
        (wording.DATASET_APPLICATION_STATES, literals(DatasetApplication, "state")),
        (wording.DATASET_DECISIONS, literals(DatasetApplication, "allowed_actions")),
        (wording.GRANT_STATES, literals(Grant, "state")),
        (wording.DELIVERIES, literals(Subscription, "delivery")),
        (wording.SUBSCRIPTION_STATES, literals(Subscription, "state")),
        (wording.GRID_STATES, GridState),
        (wording.ROLES, Role),
        (ground_words.DATUMS, Datum),
        (ground_words.GRID_KINDS, literals(Grid, "kind")),
        (ground_words.GRID_ACTIONS, GridAction),
        (ground_words.PLAN_KINDS, PlanKind),
        (ground_words.PLAN_STATES, PlanState),
        (ground_words.PLAN_ACTIONS, ("commit", "cancel")),
        (ground_words.POSTS, literals(Posting, "post")),
        (ground_words.POSTING_STATES, literals(Posting, "state")),
        (ground_words.ASSIGNMENT_ACTIONS, AssignmentAction),
        (ground_words.VACANCIES, literals(Vacancy, "reason")),
        (ground_words.CARE, CareTag),
        (ground_words.IMPORT_KINDS, KINDS),
        (session_words.SESSION_KINDS, literals(Session, "kind")),
        (session_words.SESSION_STATES, SessionState),
        (session_words.SESSION_ACTIONS, SessionAction),
        (wording.EXCHANGE_ACTIONS, literals(Exchange, "action")),
    ],
)
def test_every_word_of_the_contracts_has_its_entry(words: wording.Words, contract: Iterable[str]) -> None:
    listed = {str(word) for word in contract}
    assert listed
    assert listed <= set(words)
