"""任职: who stands on the roster of a grid or territory, and who answers for it."""

from collections.abc import Iterable, Mapping, Sequence

from contracts.faults import Conflict
from contracts.grid import Posting, Responsible, Role

LADDER = (Role.WORKER, Role.CHIEF, Role.SUPERVISOR)
Roster = Sequence[Posting]


def assigned(target: str, roster: Roster, posting: Posting) -> list[Posting] | None:
    """The roster with this posting on it; None when it stands so already.

    The same person in the same role and post is one posting: giving it again may change `primary`. Conflict
    assignment_overlap where another holds the role as primary.
    """
    others = [one for one in roster if _seat(one) != _seat(posting)]
    same = [one for one in roster if _seat(one) == _seat(posting)]
    if same and same[0].state == "current" and same[0].primary == posting.primary:
        return None
    holder = next((one for one in others if posting.primary and _is_primary(one) and one.role is posting.role), None)
    if holder:
        raise Conflict(
            "assignment_overlap",
            f"{target} 已有主责 {posting.role}: 工号 {holder.staff_no}",
            f"{target} already has a primary {posting.role}: staff number {holder.staff_no}",
            target=target,
            role=posting.role.value,
            holder=holder.staff_no,
        )
    return sorted([*others, posting], key=lambda one: (one.role, one.staff_no, one.post))


def roles_held(roster: Roster) -> list[Role]:
    """The roles that somebody holds now, each once, sorted."""
    return sorted({one.role for one in roster if one.state == "current"})


def responsible(
    places: Iterable[tuple[str, str | None]], rosters: Mapping[str, Roster], role: Role | None = None
) -> list[Responsible]:
    """Who answers: at the first of the places where somebody does, worker before chief before supervisor.

    `places` are (code, rule) pairs from the grid upwards; a rule of None is named after the role that was found
    (`worker`), the others say how far up one had to go (`community`). With `role` its holders are looked for first
    and the ladder is climbed from there. Primary holders stand first, then by staff number.
    """
    start = LADDER.index(role) if role in LADDER else 0
    wanted = [role, *LADDER[start:]] if role else list(LADDER)
    for code, rule in places:
        present = [one for one in rosters.get(code, ()) if one.state == "current"]
        for sought in dict.fromkeys(wanted):
            holders = sorted(
                (one for one in present if one.role is sought), key=lambda one: (not one.primary, one.staff_no)
            )
            if holders:
                return [
                    Responsible(staff_no=one.staff_no, role=one.role, at=code, rule=rule or sought) for one in holders
                ]
        wanted = list(LADDER)
    return []


def _seat(posting: Posting) -> tuple[str, Role, str]:
    return posting.staff_no, posting.role, posting.post


def _is_primary(posting: Posting) -> bool:
    return posting.primary and posting.state in ("current", "planned", "on_leave")
