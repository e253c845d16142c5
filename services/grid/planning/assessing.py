"""What a plan would do, and what stands against it."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import shapely
from shapely.geometry import shape

from contracts.faults import Conflict, Fault
from contracts.grid import Assessment, Grid, Overlap, PlanFault, PlanKind
from services.grid.activation import Claims, Shapes, outsiders, parted
from services.grid.domain import both, grid_exists, grid_overlap
from services.grid.geometry import area_m2, overlaps
from services.grid.index import GRIDS, LARGE, Snapshot
from services.grid.planning.laying import Laid, ground_of, shares, weights
from services.grid.planning.moving import Registered, destinations, main_of, moved
from services.grid.planning.rules import overlay_of


class Setting(NamedTuple):
    """What surrounds a plan: the ground as it stands, shapes of communities, new codes that are taken, open cases.

    `followers`: the ground of the grids that follow those that are retired; `registered`: the sources' buildings.
    """

    ground: Snapshot
    communities: Shapes
    taken: Collection[str]
    open_cases: Mapping[str, int]
    followers: Shapes
    registered: Sequence[Registered]


def assess(
    kind: PlanKind, laid: Sequence[Laid], sources: Sequence[Grid], setting: Setting
) -> tuple[Assessment, list[Fault]]:
    """What a plan would do, and what stands against it, the gravest first. CPU-heavy."""
    candidates = {one.code: one.ground.geometry for one in laid}
    leaving = {source.code for source in sources} - candidates.keys()
    claims = _claims(candidates, sources)
    rivals = setting.ground.layer(LARGE if claims.large else GRIDS)
    met = overlaps(candidates, rivals) if candidates else []
    crossing = [found for found in met if found[1] not in leaving]
    objections: list[tuple[str, Fault]] = [(code, grid_exists(code)) for code in sorted(setting.taken)]
    objections += [(code, grid_overlap(code, other, shared)) for code, other, shared in crossing]
    objections += [*outsiders(candidates, setting.communities).items(), *parted(claims, setting.ground).items()]
    if kind is PlanKind.RETIRE and not setting.followers:
        objections += [(code, _grid_in_use(code, count)) for code, count in setting.open_cases.items() if count]
    main = main_of(kind, {one.code: one.ground.area_m2 for one in laid} or dict.fromkeys(setting.followers, 0.0))
    going = destinations(setting.registered, candidates or setting.followers, main)
    before = [shape(ground_of(source)) for source in sources]
    after = [shape(one.ground.geometry) for one in laid]
    left = shapely.difference(shapely.union_all(before), shapely.union_all(after))
    assessment = Assessment(
        area_before_m2=round(sum(area_m2(one) for one in before), 1),
        area_after_m2=round(sum(one.ground.area_m2 for one in laid), 1),
        gap_m2=round(area_m2(left), 1),
        overlaps=[Overlap(code=code, other=other, area_m2=shared) for code, other, shared in crossing],
        households_before=_total([source.households for source in sources]),
        households_after=_total([one.households for one in laid]),
        moved=moved(homes_moved(kind, laid, sources), setting.registered, going),
        open_cases={source.code: setting.open_cases.get(source.code, 0) for source in sources},
        faults=[PlanFault(code=fault.code, grid=code, message=both(fault)) for code, fault in objections],
    )
    return assessment, [fault for _, fault in objections]


def homes_moved(kind: PlanKind, laid: Sequence[Laid], sources: Sequence[Grid]) -> dict[tuple[str, str], int]:
    """How many households go from each source to each other grid, by the grids' own numbers."""
    found: dict[tuple[str, str], int] = {}
    for source, row in zip(sources, weights(laid, sources), strict=True):
        of_split = [one.households or 0 for one in laid]
        going = of_split if kind is PlanKind.SPLIT else shares(source.households or 0, row) if row else []
        found |= {
            (source.code, one.code): count
            for one, count in zip(laid, going, strict=True)
            if count and one.code != source.code
        }
    return found


def _claims(candidates: Shapes, sources: Sequence[Grid]) -> Claims:
    """What follows large grids is large; what follows small ones fills the large grid that they fill."""
    large = candidates if any(source.large for source in sources) else ()
    over = overlay_of(sources)
    own = {source.code: source.overlay_of for source in sources if source.overlay_of and source.code in candidates}
    return Claims(candidates, large, own if own or not over else dict.fromkeys(candidates, over))


def _total(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _grid_in_use(code: str, count: int) -> Conflict:
    return Conflict(
        "grid_in_use",
        f"网格 {code} 还有 {count} 件未结工单, 须指定承接网格",
        f"grid {code} has {count} open cases; name a grid that follows it",
        grid=code,
        open_cases=count,
    )
