"""Where a channel or a report is: the service's own ground, swapped in one step, and what a place is worth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from contracts.shared import Point
from services.chassis.ground import Ground


class Spot(NamedTuple):
    """A grid and the territories above it."""

    grid: str | None = None
    path: Sequence[str] = ()


_NOWHERE = Spot()


@dataclass(frozen=True, slots=True)
class Bound:
    """A channel as far as its place goes; `point` None: nobody has bound it yet."""

    key: str
    name: str | None = None
    point: Point | None = None
    spot: Spot = _NOWHERE


class Wanted(NamedTuple):
    """A channel as somebody wants it bound."""

    device: str
    channel: str
    name: str | None
    point: Point


@dataclass(frozen=True, slots=True)
class Placed:
    """The place of an alert. `channel` is the key of its channel."""

    channel: str
    channel_name: str | None
    point: Point | None
    grid: str | None
    path: Sequence[str]
    quality: Sequence[str]


@dataclass(frozen=True)
class City:
    """地面: the grids of the city as this service knows them. Immutable."""

    ground: Ground = field(default_factory=Ground)
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, grids: Iterable[tuple[str, Mapping[str, Any], Sequence[str]]]) -> "City":
        """From (code, GeoJSON geometry, path) of the live grids. CPU-heavy: some milliseconds a grid."""
        known = {code: (geometry, path) for code, geometry, path in grids}
        return cls(
            Ground((code, geometry) for code, (geometry, _) in known.items()),
            {code: tuple(path) for code, (_, path) in known.items()},
        )

    def spot(self, point: Point) -> Spot:
        """The grid of a place; empty outside all grids."""
        hit = self.ground.locate(point.longitude, point.latitude)
        return Spot(hit.code, self.paths[hit.code]) if hit else Spot()

    def spots(self, points: Sequence[Point]) -> list[Spot]:
        """The same for many at once."""
        hits = self.ground.locate_many([(point.longitude, point.latitude) for point in points])
        return [Spot(hit.code, self.paths[hit.code]) if hit else Spot() for hit in hits]

    def placed(self, channel: Bound, reported: Point | None) -> Placed:
        """The reported place where it lies in the city, else the channel's own; what was given up is said."""
        quality: list[str] = []
        if reported:
            spot = self.spot(reported)
            if spot.grid:
                return Placed(channel.key, channel.name, reported, spot.grid, spot.path, quality)
            if not self.paths:
                return Placed(channel.key, channel.name, reported, None, (), ["grid_unknown"])
            quality.append("place_outside_city")
        if channel.point is None:
            return Placed(channel.key, channel.name, None, None, (), [*quality, "channel_unbound"])
        if channel.spot.grid is None:
            quality.append("grid_unknown")
        return Placed(channel.key, channel.name, channel.point, channel.spot.grid, channel.spot.path, quality)
