"""考核 read from the store: what is open, what the period brought and what it closed, and never the whole past."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from contracts.cases import Case, CaseFigures, CaseState, Category, Days, ListFigureCases
from contracts.shared import Page
from services.cases import figures
from services.cases.domain import OPEN
from services.cases.figures import Counted
from services.cases.store.documents import UNLISTED, Document, StoredCase
from services.cases.store.positions import Positions
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates
from services.chassis.cpu import heavy
from services.chassis.portions import by_key
from services.chassis.resting import Remembered

# or as many as the period has days: a year is dear to count, and changes slowly
_COUNTED_AGAIN_WITHIN_S = 30
_FIRST_WINDOW, _WIDER, _WIDEST = 200, 4, 3_200
_BATCH = 1_000
_FIELDS = dict.fromkeys(
    (
        *("position", "state", "category", "place.grid", "owner_org", "reported_at", "closed_at", "feedback"),
        *("clocks.overdue", "clocks.stopped_at", "unsolved_count", "reopened_count"),
    ),
    1,
)


class Count(NamedTuple):
    """Numbers, and the cases that were counted, newest first."""

    figures: CaseFigures
    cases: list[Counted]


class Figures:
    """Counts what the embedded store reads in 90 us a case; for each length of the period one answer is remembered."""

    def __init__(
        self, cases: Aggregates, positions: Positions, categories: Callable[[], Mapping[str, Category]]
    ) -> None:
        self._cases, self._positions, self._categories = cases.collection, positions, categories
        self._remembered = {
            days: Remembered(partial(self._count, days), max(_COUNTED_AGAIN_WITHIN_S, days)) for days in Days
        }

    def get(self, days: Days) -> CaseFigures:
        """As they were counted last."""
        return self._remembered[days].get().figures

    def page(self, query: ListFigureCases) -> Page[Case]:
        """The cases behind a number, as they stand now."""
        counted = self._remembered[query.days].get()
        found = heavy(figures.behind, counted.cases, query, counted.figures.since)
        if query.cursor:
            before = int(cursors.decode(query.cursor, 1)[0] or 0)
            found = [case for case in found if case.position < before]
        shown = found[: query.limit]
        documents = {one["_id"]: one for one in by_key(self._cases, [case.case_no for case in shown], UNLISTED)}
        items = [StoredCase(documents[case.case_no]).shown_to(query.caller) for case in shown]
        return Page[Case](items=items, next=cursors.encode(shown[-1].position) if len(found) > query.limit else None)

    def _count(self, days: Days) -> Count:
        now = context.now()
        since = figures.begin(days, now)
        recent, edge = self._recent(since)
        found = {case.position: case for case in recent}
        # in this order nothing is lost that is closed meanwhile
        for older in (self._waiting(edge), self._closed(edge, since, now)):
            found.update((case.position, case) for case in older)
        cases = sorted(found.values(), key=lambda case: case.position, reverse=True)
        names = {code: category.name for code, category in self._categories().items()}
        return Count(heavy(figures.count, cases, names, days, now), cases)

    def _recent(self, since: datetime) -> tuple[list[Counted], int]:
        """What was reported since, and up to which position that has not read what there is.

        It ends with a window of older ones only: numbers are taken in blocks, so that single ones come late.
        """
        found: list[Counted] = []
        top, window = self._positions.last(), _FIRST_WINDOW
        while top > 0:
            part = list(self._read({"position": {"$gt": top - window, "$lte": top}}))
            found += part
            top, window = top - window, min(window * _WIDER, _WIDEST)
            if part and all(case.reported_at < since for case in part):
                break
        return found, top

    def _waiting(self, edge: int) -> Iterator[Counted]:
        for state in OPEN:
            yield from self._read({"state": state, "position": {"$gt": 0, "$lte": edge}})

    def _closed(self, edge: int, since: datetime, now: datetime) -> Iterator[Counted]:
        during = {"$gte": since, "$lt": now + timedelta(days=1)}
        return self._read({"closed_at": during, "position": {"$lte": edge}})

    def _read(self, criteria: Document) -> Iterator[Counted]:
        return _counted(self._cases.find(criteria, _FIELDS, batch_size=_BATCH))


def _counted(documents: Iterable[Document]) -> Iterator[Counted]:
    for document in documents:
        feedback, clocks = document["feedback"] or {}, document["clocks"]
        yield Counted(
            case_no=document["_id"],
            position=document["position"],
            state=CaseState(document["state"]),
            # a year of a city is some 200,000 cases
            category=sys.intern(document["category"]),
            grid=_interned(document["place"].get("grid")),
            org=_interned(document["owner_org"]),
            reported_at=document["reported_at"],
            closed_at=document.get("closed_at"),
            late=any(clock["overdue"] and clock["stopped_at"] is None for clock in clocks),
            was_late=any(clock["overdue"] for clock in clocks),
            redone=bool(document["unsolved_count"] or document["reopened_count"]),
            responded=feedback.get("responded"),
            solved=feedback.get("solved"),
            satisfied=feedback.get("satisfied"),
        )


def _interned(code: str | None) -> str | None:
    return sys.intern(code) if code else None
