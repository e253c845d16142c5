"""Who answers for a place, worker before chief before supervisor before the community, and which roles nobody fills."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from contracts.grid import Posting, Responsible, Role, Vacancy
from services.chassis import context
from services.grid.rosters.timing import leave_at, present, stands

LADDER = (Role.WORKER, Role.CHIEF, Role.SUPERVISOR)
MANNED = (Role.CHIEF, Role.WORKER)
"""The roles that every active grid needs."""
Postings = Sequence[Posting]


def roles_held(postings: Postings) -> list[Role]:
    """The roles in which somebody is there, by themselves or as a stand-in; each once, sorted."""
    return sorted({one.role for one in postings if one.state == "current"})


def lost(before: Postings, after: Postings) -> list[Role]:
    """The roles that an active grid needs and that nobody fills any more."""
    gone = set(roles_held(before)) - set(roles_held(after))
    return [role for role in MANNED if role in gone]


def vacancies(target: str, postings: Postings, at: datetime) -> list[Vacancy]:
    """The roles that an active grid needs and nobody fills, with who is on leave from them."""
    filled = {one.role for one in postings if present(one, at)}
    return [_vacancy(target, role, postings, at) for role in MANNED if role not in filled]


def responsible(
    places: Iterable[tuple[str, str | None]],
    rosters: Mapping[str, Postings],
    role: Role | None = None,
    at: datetime | None = None,
) -> list[Responsible]:
    """Who answers (`at` that time, now without one): at the first of the places where somebody does.

    `places` are (code, rule) pairs from the grid upwards; a rule of None is named after the role that was found
    (`worker`), the others say how far up one had to go (`community`). Who stands in for somebody on leave says so and
    their rule too (`worker_backup`). With `role` its holders are looked for first and the ladder is climbed from there.
    Primary holders and their stand-ins stand first, then by staff number. Rosters of another time than the present hold
    the postings that are over.
    """
    moment = at or context.now()
    start = LADDER.index(role) if role in LADDER else 0
    wanted = [role, *LADDER[start:]] if role else list(LADDER)
    for code, rule in places:
        there = [one for one in rosters.get(code, ()) if present(one, moment)]
        for sought in dict.fromkeys(wanted):
            holders = [one for one in there if one.role is sought]
            if holders:
                return [_answer(one, code, rule) for one in _in_order(holders, rosters[code], moment)]
        wanted = list(LADDER)
    return []


def _in_order(holders: Postings, roster: Postings, at: datetime) -> list[Posting]:
    """Each person once."""
    leading = {(one.staff_no, one.role, one.post) for one in roster if one.primary and stands(one, at)}

    def rank(one: Posting) -> tuple[bool, str, bool]:
        return (one.backup_for or one.staff_no, one.role, one.post) not in leading, one.staff_no, not one.backup_for

    first: dict[str, Posting] = {}
    for one in sorted(holders, key=rank):
        first.setdefault(one.staff_no, one)
    return list(first.values())


def _answer(posting: Posting, code: str, rule: str | None) -> Responsible:
    named = rule or posting.role.value
    return Responsible(
        staff_no=posting.staff_no,
        role=posting.role,
        at=code,
        rule=f"{named}_backup" if posting.backup_for else named,
        stands_in_for=posting.backup_for,
    )


def _vacancy(target: str, role: Role, postings: Postings, at: datetime) -> Vacancy:
    away = [one for one in postings if one.role is role and stands(one, at) and leave_at(one, at)]
    if not away:
        return Vacancy(target=target, role=role, reason="nobody")
    first = min(away, key=lambda one: (not one.primary, one.staff_no))
    return Vacancy(target=target, role=role, reason="on_leave", staff_no=first.staff_no)
