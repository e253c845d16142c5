"""任职: who stands on the roster of a grid or territory, and who answers for it; now, and at any time."""

from services.grid.rosters.ladder import lost, responsible, roles_held, vacancies
from services.grid.rosters.machine import allowed_actions, assigned, found, seat
from services.grid.rosters.steps import acted, posting_unknown
from services.grid.rosters.timing import Roster, advanced, as_of, next_at, period

__all__ = [
    "Roster",
    "acted",
    "advanced",
    "allowed_actions",
    "as_of",
    "assigned",
    "found",
    "lost",
    "next_at",
    "period",
    "posting_unknown",
    "responsible",
    "roles_held",
    "seat",
    "vacancies",
]
