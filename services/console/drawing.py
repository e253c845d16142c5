"""The service map as a drawing: the door on the left, services in the middle, the store on the right. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

WIDTH, ROW = 900, 90
BOX, HEIGHT, TOP = 130, 44, 20
LEFT, MIDDLE, RIGHT = ("gateway",), 1, ("store",)


@dataclass(frozen=True)
class Box:
    """A service, by its upper left corner."""

    name: str
    x: float
    y: float


@dataclass(frozen=True)
class Arrow:
    """A link as an SVG path, its width by how often it is gone."""

    link: Mapping[str, Any]
    path: str
    width: float


@dataclass(frozen=True)
class Drawing:
    """Everything to put on the canvas."""

    width: int
    height: int
    boxes: list[Box]
    arrows: list[Arrow]


def drawn(links: Sequence[Mapping[str, Any]]) -> Drawing:
    """Place the boxes and draw the arrows."""
    names = sorted({name for link in links for name in (link["caller"], link["callee"])})
    columns = [[name for name in names if _column(name) == column] for column in range(3)]
    height = max(1, *(len(column) for column in columns)) * ROW
    boxes = {
        name: Box(name, 20 + number * (WIDTH - BOX - 40) / 2, TOP + (place + 0.5) * height / len(column) - HEIGHT / 2)
        for number, column in enumerate(columns)
        for place, name in enumerate(column)
    }
    return Drawing(WIDTH, TOP + height, list(boxes.values()), [_arrow(link, boxes) for link in links])


def _column(name: str) -> int:
    return 0 if name in LEFT else 2 if name in RIGHT else MIDDLE


def _arrow(link: Mapping[str, Any], boxes: Mapping[str, Box]) -> Arrow:
    begin, end = boxes[link["caller"]], boxes[link["callee"]]
    width = 1 + log10(max(1, link["count"]))
    if begin.x == end.x:
        # within a column: a bow on its right side, the further the wider
        x, y1, y2 = begin.x + BOX, begin.y + HEIGHT / 2, end.y + HEIGHT / 2
        bow = x + 30 + abs(y2 - y1) / 4
        path = f"M{x:.0f} {y1:.0f} C{bow:.0f} {y1:.0f} {bow:.0f} {y2:.0f} {x:.0f} {y2:.0f}"
        return Arrow(link, path, width)
    if abs(end.x - begin.x) > WIDTH / 2:
        # over the column between: above all that stands there
        x1, x2 = begin.x + BOX / 2, end.x + BOX / 2
        y1, y2 = TOP / 2 - begin.y / 3, TOP / 2 - end.y / 3
        path = f"M{x1:.0f} {begin.y:.0f} C{x1:.0f} {y1:.0f} {x2:.0f} {y2:.0f} {x2:.0f} {end.y:.0f}"
        return Arrow(link, path, width)
    forward = end.x > begin.x
    x1, x2 = (begin.x + BOX, end.x) if forward else (begin.x, end.x + BOX)
    y1, y2 = begin.y + HEIGHT / 2, end.y + HEIGHT / 2
    middle = (x1 + x2) / 2
    path = f"M{x1:.0f} {y1:.0f} C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    return Arrow(link, path, width)
