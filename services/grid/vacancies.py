"""空缺: chiefs and workers that active grids lack."""

from bisect import bisect_left

from contracts.grid import ListVacancies, Vacancy
from contracts.shared import Page
from services.chassis import context, cursors
from services.grid.domain import national, significant
from services.grid.rosters import vacancies
from services.grid.store import GridStore

LOOKED_AT = 200
"""Grids for each page: two portions of rosters, some 0.2 s of the embedded store (m), however many grids there are."""


def listed(store: GridStore, query: ListVacancies) -> Page[Vacancy]:
    """By code of the grid, the chief before the worker."""
    prefix = significant(national(query.parent)) if query.parent else ""
    after, role = map(str, cursors.decode(query.cursor, 2)) if query.cursor else (prefix, "")
    codes = store.ground.snapshot.grids.codes
    begins, ends = bisect_left(codes, max(after, prefix)), bisect_left(codes, f"{prefix}:")
    looked_at = codes[begins : min(ends, begins + LOOKED_AT)]
    rosters, now = store.rosters.postings(looked_at), context.now()
    found = [
        one
        for code in looked_at
        for one in vacancies(code, rosters.get(code, ()), now)
        if (one.target, one.role) > (after, role)
    ]
    items, following = found[: query.limit], None
    if len(found) > query.limit:
        following = cursors.encode(items[-1].target, items[-1].role)
    elif begins + LOOKED_AT < ends:
        following = cursors.encode(looked_at[-1], "~")
    return Page(items=items, next=following)
