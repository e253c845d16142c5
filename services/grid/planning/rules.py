"""What a plan must say, and when it may be prepared, committed or cancelled."""

from collections.abc import Iterator, Sequence

from contracts.faults import FieldFault, Invalid, Refused
from contracts.grid import Grid, GridState, PlanChange, PlanKind, PlanState, Posting
from services.grid.domain import ENDED, grid_ended, grid_planned

ALLOWED = {PlanState.PREPARED: ("commit", "cancel")}
MOST_HOUSEHOLDS = 1_000_000
STANDING = frozenset({"current", "on_leave", "planned"})


def check(command: PlanChange) -> None:
    """Whether a plan says what its kind needs; Invalid names every field at once."""
    faults = [*_numbers(command), *_repeats(command), *_grids(command)]
    if faults:
        raise Invalid.fields("plan_invalid", "方案有误", "the plan is not acceptable", faults)


def ready(source: Grid, plan: str | None = None) -> None:
    """Whether a grid may be changed: it is active and in no plan, or waits for this one."""
    if source.state is (GridState.CHANGING if plan else GridState.ACTIVE) and source.plan == plan:
        return
    if source.plan:
        raise grid_planned(source.code, source.plan)
    if source.state in ENDED:
        raise grid_ended(source.code, source.state)
    raise Refused(
        "grid_not_active",
        f"网格 {source.code} 处于 {source.state}, 只有启用中的网格可以调整",
        f"grid {source.code} is {source.state}; only an active grid can be changed",
        state=source.state.value,
    )


def step(id: str, state: PlanState, action: str) -> None:
    """Only a prepared plan can be committed or cancelled; Refused illegal_step names what is legal."""
    allowed = ALLOWED.get(state, ())
    if action not in allowed:
        raise Refused(
            "illegal_step",
            f"方案 {id} 处于 {state}, 不能 {action}",
            f"plan {id} is {state}; {action} is not possible",
            state=state.value,
            allowed_actions=[*allowed],
        )


def alike(sources: Sequence[Grid]) -> None:
    """Whether grids are large or small together; Invalid sources_invalid where a plan mixes them."""
    if len({source.large for source in sources}) > 1:
        raise Invalid.field(
            "/sources",
            "sources_invalid",
            "大网格与小网格不能在同一方案中调整",
            "a plan takes large or small grids, not both",
        )


def overlay_of(sources: Sequence[Grid]) -> str | None:
    """The large grid that all the sources fill, if it is one."""
    over = {source.overlay_of for source in sources}
    return over.pop() if len(over) == 1 else None


def inherited(rosters: Sequence[Sequence[Posting]]) -> list[Posting]:
    """The roster of a grid that follows others: everybody of theirs, and the primaries of the first that has any."""
    seats: dict[tuple[str, str, str], Posting] = {}
    led: set[str] = set()
    for one in (posting for roster in rosters for posting in roster if posting.state in STANDING):
        seat = (one.staff_no, one.role, one.post)
        if seat not in seats:
            seats[seat] = one.model_copy(update={"primary": one.primary and one.role not in led})
            led |= {one.role} if one.primary else set()
    return sorted(seats.values(), key=lambda one: (one.role, one.staff_no, one.post))


def _numbers(command: PlanChange) -> Iterator[FieldFault]:
    kind, sources, grids = command.kind, command.sources, command.grids
    if kind is PlanKind.SPLIT and len(sources) != 1:
        yield FieldFault.at("/sources", "sources_invalid", "拆分只针对一个网格", "a split has one source")
    if kind is PlanKind.SPLIT and len(grids) < 2:
        yield FieldFault.at("/grids", "grids_invalid", "拆分须有两个以上新网格", "a split makes two grids at least")
    if kind is PlanKind.MERGE and len(sources) < 2:
        yield FieldFault.at("/sources", "sources_invalid", "合并须有两个以上网格", "a merger has two sources at least")
    if kind is PlanKind.MERGE and len(grids) != 1:
        yield FieldFault.at("/grids", "grids_invalid", "合并只成为一个新网格", "a merger makes one grid")
    if kind is PlanKind.ADJUST and {one.code for one in grids} != set(sources):
        yield FieldFault.at("/grids", "grids_invalid", "调界须列出原有网格", "an adjustment lists its own sources")
    if kind is PlanKind.RETIRE and grids:
        yield FieldFault.at("/grids", "grids_invalid", "撤销不产生新网格", "a retirement makes no grids")
    if command.successors and kind is not PlanKind.RETIRE:
        yield FieldFault.at(
            "/successors", "successors_invalid", "只有撤销可指定承接网格", "only who retires names successors"
        )
    if set(command.successors) & set(sources):
        yield FieldFault.at(
            "/successors", "successors_invalid", "承接网格不能同时撤销", "a source cannot follow itself"
        )
    whole = kind is PlanKind.SPLIT and len(grids) == 2 and not any(one.geometry for one in grids)
    if command.cut and not whole:
        yield FieldFault.at(
            "/cut", "cut_invalid", "切割线只用于拆成两个未绘图的网格", "a cut makes two grids without geometry"
        )


def _repeats(command: PlanChange) -> Iterator[FieldFault]:
    listed = {
        "sources": command.sources,
        "grids": [one.code for one in command.grids],
        "successors": command.successors,
    }
    for name, codes in listed.items():
        if len(set(codes)) < len(codes):
            yield FieldFault.at(f"/{name}", "duplicate_code", "编码重复", "a code stands twice")


def _grids(command: PlanChange) -> Iterator[FieldFault]:
    new = command.kind in (PlanKind.SPLIT, PlanKind.MERGE)
    for at, one in enumerate(command.grids):
        if new and not one.name:
            yield FieldFault.at(f"/grids/{at}/name", "missing", "新网格必须有名称", "a new grid needs a name")
        if (one.households or 0) > MOST_HOUSEHOLDS:
            yield FieldFault.at(
                f"/grids/{at}/households", "households_invalid", "户数过大", "more than a million households"
            )
        if command.kind is PlanKind.SPLIT and one.geometry is None and command.cut is None:
            yield FieldFault.at(
                f"/grids/{at}/geometry", "missing", "拆分须有图形或切割线", "a geometry or a cut is needed"
            )
    if command.kind is PlanKind.ADJUST and command.grids and not any(one.geometry for one in command.grids):
        yield FieldFault.at("/grids", "missing", "调界须至少有一个新图形", "an adjustment moves one border at least")
