"""Point → grid → responsible person, and the ground in numbers."""

from collections.abc import Sequence
from datetime import datetime

from contracts.grid import Datum, GridFigures, Located, Responsible, Role, WhoIsResponsible
from contracts.shared import Page, Point
from services.chassis.cpu import heavy
from services.grid.coverage import gaps
from services.grid.datum import datum_of, to_wgs84
from services.grid.domain import grid_unknown, level_of, moment
from services.grid.index import Snapshot, Spot
from services.grid.planning.carrying import follow
from services.grid.rosters import responsible
from services.grid.store import GridStore

MANY = 50
RULE_HOUSEHOLDS = range(300, 401)


def locate(store: GridStore, points: Sequence[Point], datum: Datum | str) -> list[Located]:
    """Where each point lies and who answers for it; the people of all points in one look."""
    return _located(store, _snapshot(store), _places(points, datum))


def locate_then(store: GridStore, point: Point, datum: Datum | str, at: datetime) -> Located:
    """Where a point lay at that time, and who answered for it."""
    [place] = _places([point], datum)
    chronicle = store.chronicle.refresh()
    then = moment(at)
    return _located(store, heavy(chronicle.around, _snapshot(store), then, place), [place], then)[0]


def who_is_responsible(store: GridStore, query: WhoIsResponsible) -> Page[Responsible]:
    """Worker → chief → supervisor → community."""
    if query.grid not in store.grids.states([query.grid]):
        raise grid_unknown(query.grid)
    rosters = store.rosters.postings([query.grid, query.grid[:12]], query.at)
    places = [(query.grid, None), (query.grid[:12], "community")]
    return Page(items=responsible(places, rosters, query.role, query.at))


def figures(store: GridStore) -> GridFigures:
    """The ground in numbers; what grids lack is said of the small ones that are active."""
    flagged = list(store.grids.flagged())
    active = [one for one in flagged if not one.large]
    with_chief, with_worker = store.rosters.with_role(Role.CHIEF), store.rosters.with_role(Role.WORKER)
    buildings, households = store.dwellings.counts.get()
    without_chief = [one.code for one in active if one.code not in with_chief]
    without_worker = [one.code for one in active if one.code not in with_worker]
    return GridFigures(
        territories=store.territories.counts(),
        grids=store.grids.counts(),
        staff=store.staff.count(),
        outside_300_400_households=sum(
            one.households is not None and one.households not in RULE_HOUSEHOLDS for one in active
        ),
        without_chief=without_chief,
        without_worker=without_worker,
        without_party_branch=sum(not one.has_party_branch for one in active),
        buildings=buildings,
        registered_households=households,
        vacancies=len(without_chief) + len(without_worker),
        large_grids=len(flagged) - len(active),
        coverage=gaps(store.coverages.of(store.ground.snapshot)),
    )


def _places(points: Sequence[Point], datum: Datum | str) -> list[tuple[float, float]]:
    read_as = datum_of(datum)
    return [to_wgs84(point.longitude, point.latitude, read_as) for point in points]


def _snapshot(store: GridStore) -> Snapshot:
    return store.ground.snapshot if store.ground.built else follow(store)


def _located(
    store: GridStore, snapshot: Snapshot, places: Sequence[tuple[float, float]], at: datetime | None = None
) -> list[Located]:
    spots = heavy(snapshot.locate, places) if len(places) > MANY else snapshot.locate(places)
    ladders = [_ladder(spot) for spot in spots]
    rosters = store.rosters.postings({code for ladder in ladders for code, _ in ladder}, at)
    return [
        Located(
            grid=spot.grid,
            grid_name=spot.grid_name,
            path=list(spot.path),
            on_boundary=spot.on_boundary,
            responsible=responsible(ladder, rosters, at=at),
            nearest=spot.nearest,
            nearest_m=spot.nearest_m,
            point=Point(longitude=place[0], latitude=place[1]),
            index_version=snapshot.version,
        )
        for place, spot, ladder in zip(places, spots, ladders, strict=True)
    ]


def _ladder(spot: Spot) -> list[tuple[str, str | None]]:
    """Whose rosters may name somebody: the grid's and its community's; outside of all grids the territory's."""
    if spot.grid:
        return [(spot.grid, None), (spot.grid[:12], "community")]
    return [(code, level_of(code).value) for code in spot.path[-1:]]
