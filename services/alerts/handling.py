"""事件 machine: the steps of an incident, and the steps that a case takes for it. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from contracts.alerts import ActOnIncident, IncidentAction, IncidentResult, IncidentState, Verdict
from contracts.faults import Invalid
from services.alerts.domain import check_legal

S, A = IncidentState, IncidentAction
ENDED = frozenset({S.CLOSED, S.MERGED, S.REJECTED})
RUNNING = tuple(state for state in S if state not in ENDED)
# somebody has answered, or there is nothing left to answer: nobody further is told
SETTLED = ENDED | {S.HANDLING, S.RESOLVED}

FORWARD: Mapping[tuple[IncidentState, IncidentAction], IncidentState] = MappingProxyType(
    {
        (S.OPEN, A.DISPATCH): S.DISPATCHED,
        (S.DISPATCHED, A.ANSWER): S.HANDLING,
        (S.HANDLING, A.RESOLVE): S.RESOLVED,
        (S.RESOLVED, A.CLOSE): S.CLOSED,
    }
)
STEPS: Mapping[tuple[IncidentState, IncidentAction], IncidentState] = MappingProxyType(
    {
        (S.CANDIDATE, A.CONFIRM): S.OPEN,
        **FORWARD,
        (S.CANDIDATE, A.REJECT): S.REJECTED,
        **{(state, A.MERGE): S.MERGED for state in RUNNING},
    }
)
# one action that takes several steps: who answers need not wait for the case
AT_ONCE: Mapping[tuple[IncidentState, IncidentAction], Sequence[IncidentAction]] = MappingProxyType(
    {(S.OPEN, A.ANSWER): (A.DISPATCH, A.ANSWER)}
)
# how its alerts are judged when an incident closes
VERDICTS: Mapping[IncidentResult, Verdict] = MappingProxyType(
    {
        IncidentResult.HANDLED: Verdict.TRUE,
        IncidentResult.OVER: Verdict.TRUE,
        IncidentResult.FALSE: Verdict.FALSE,
    }
)


def allowed_actions(state: IncidentState) -> list[IncidentAction]:
    """What may be done now."""
    legal = {action for at, action in (*STEPS, *AT_ONCE) if at is state}
    return [action for action in IncidentAction if action in legal]


def walk(state: IncidentState, action: IncidentAction) -> Sequence[IncidentAction]:
    """The steps that a person's action takes. Refused when it is not legal now, with the legal ones."""
    check_legal(state, action, allowed_actions(state))
    return AT_ONCE.get((state, action), (action,))


def way(state: IncidentState, until: IncidentState) -> list[IncidentAction]:
    """The steps forward to a state; none where it is there or beyond, or has ended otherwise, or is a candidate."""
    steps: list[IncidentAction] = []
    while state is not until:
        ahead = next(((action, after) for (at, action), after in FORWARD.items() if at is state), None)
        if ahead is None:
            return []
        steps.append(ahead[0])
        state = ahead[1]
    return steps


def over(state: IncidentState) -> list[IncidentAction]:
    """The steps once all its alerts have ended; nobody is told any more of what nobody has confirmed."""
    return [A.REJECT] if state is S.CANDIDATE else way(state, S.RESOLVED)


def check(command: ActOnIncident) -> None:
    """Merging needs the other incident, closing a result; nothing else takes them. Raises Invalid."""
    _only(command.into is not None, command.action is A.MERGE, "/into", "合并", "merging")
    _only(command.result is not None, command.action is A.CLOSE, "/result", "关闭", "closing")
    if command.into == command.id:
        raise Invalid.field("/into", "into_itself", "不能并入自己", "it cannot be merged into itself")


def _only(given: bool, wanted: bool, field: str, zh: str, en: str) -> None:
    name = field.removeprefix("/")
    if wanted and not given:
        raise Invalid.field(field, f"{name}_missing", f"{zh}必须给出 {name}", f"{en} needs {name}")
    if given and not wanted:
        raise Invalid.field(field, f"{name}_unexpected", f"只有{zh}才有 {name}", f"only {en} takes {name}")
