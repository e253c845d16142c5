"""What cases are asked."""

from pydantic import AwareDatetime, Field

from contracts.base import Command, Query
from contracts.cases.figures import CaseFigure, CaseFigures, Days
from contracts.cases.models import (
    Case,
    CaseAction,
    CaseSource,
    CaseState,
    Category,
    Evidence,
    Feedback,
    Place,
    Reporter,
    Urgency,
)
from contracts.shared import Cursor, ImportReport, Limit, Page, Row, Text, Timeline


class ReportCase(Command[Case]):
    """上报: opens a case."""

    source: CaseSource = CaseSource.RESIDENT
    category: str = Field(max_length=50)
    description: Text
    urgency: Urgency = "normal"
    place: Place = Place()
    occurred_at: AwareDatetime | None = None
    reporter: Reporter | None = None
    media: list[Evidence] = Field(default=[], max_length=9)


class ActOnCase(Command[Case]):
    """One step of the machine; which of the fields it needs is the step's own condition.

    verify: `confirmed` (false rejects: reason, result) · reject: reason, result (the reply to the one who asked) ·
    dispatch: org (the grid's community without one), assignee · return: reason · transfer: org, reason ·
    extend: hours, reason · suspend: hours (the most), reason · resolve: result, evidence where the category wants it ·
    fail: reason · call_back: feedback.solved.
    """

    case_no: str = Field(max_length=40)
    action: CaseAction
    note: str | None = Field(default=None, max_length=2000)
    reason: str | None = Field(default=None, max_length=2000)
    confirmed: bool = Field(default=True, description="whether the matter was found on the spot")
    org: str | None = Field(default=None, max_length=100, description="a territory code that covers the place")
    assignee: str | None = Field(default=None, max_length=100)
    result: str | None = Field(default=None, max_length=5000)
    evidence: list[Evidence] = Field(default=[], max_length=9)
    hours: int | None = Field(
        default=None, ge=1, le=2000, description="working hours of an extension, or the most of a suspension"
    )
    feedback: Feedback | None = None


class GetCase(Query[Case]):
    """With the actions that are legal now."""

    case_no: str = Field(max_length=40)


class ListCases(Query[Page[Case]]):
    """Newest first."""

    state: CaseState | None = None
    grid: str | None = Field(default=None, max_length=15)
    assignee: str | None = Field(default=None, max_length=100)
    alert: str | None = Field(default=None, max_length=100)
    category: str | None = Field(default=None, max_length=50)
    cursor: Cursor | None = None
    limit: Limit = 50


class GetCaseTimeline(Query[Timeline]):
    """Every step since the report."""

    case_no: str = Field(max_length=40)


class ListCategories(Query[Page[Category]]):
    """All, by code."""


class ImportCategories(Command[ImportReport]):
    """Rows by code: name, parent, {dispatch,sign,handling,callback}_hours, {site_check,evidence}_required.

    A field that a row does not hold stays as it was.
    """

    rows: list[Row] = Field(max_length=20_000)
    dry_run: bool = False


class GetCaseFigures(Query[CaseFigures]):
    """考核: how many cases wait and how many are late, where and with whom; what the last days brought."""

    days: Days = Days.MONTH


class ListFigureCases(Query[Page[Case]]):
    """The cases behind one number of the figures, newest first: those that were counted when the number was.

    `org` is that of a row of the figures, `none` that of the cases which are with no organisation.
    """

    figure: CaseFigure
    days: Days = Days.MONTH
    org: str | None = Field(default=None, max_length=100)
    grid: str | None = Field(default=None, max_length=15)
    category: str | None = Field(default=None, max_length=50)
    cursor: Cursor | None = None
    limit: Limit = 50
