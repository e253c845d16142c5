"""Where a channel or a report is: the service's own ground, swapped in one step, and what a place is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contracts.shared import Point
from services.chassis.grid_copies import Spot, Terrain

_NOWHERE = Spot()


@dataclass(frozen=True, slots=True)
class Bound:
    """A channel as far as its place goes; `point` None: nobody has bound it yet."""

    key: str
    name: str | None = None
    point: Point | None = None
    spot: Spot = _NOWHERE


class Wanted(NamedTuple):
    """A channel as somebody wants it; what is None stays as it is, without a place it goes on waiting."""

    device: str
    channel: str
    name: str | None
    point: Point | None
    gb_code: str | None = None
    scene: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """The place of an alert. `channel` is the key of its channel."""

    channel: str
    channel_name: str | None
    point: Point | None
    grid: str | None
    path: Sequence[str]
    quality: Sequence[str]


def placed(terrain: Terrain, channel: Bound, reported: Point | None) -> Placed:
    """The reported place where it lies in the city, else the channel's own; what was given up is said."""
    quality: list[str] = []
    if reported:
        spot = terrain.spot(reported)
        if spot.grid:
            return Placed(channel.key, channel.name, reported, spot.grid, spot.path, quality)
        if not terrain.paths:
            return Placed(channel.key, channel.name, reported, None, (), ["grid_unknown"])
        quality.append("place_outside_city")
    if channel.point is None:
        return Placed(channel.key, channel.name, None, None, (), [*quality, "channel_unbound"])
    if channel.spot.grid is None:
        quality.append("grid_unknown")
    return Placed(channel.key, channel.name, channel.point, channel.spot.grid, channel.spot.path, quality)
