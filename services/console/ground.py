"""The city's grids as the map draws them: fetched with the operator's own key, and kept for a minute for that key."""

import asyncio
import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from services.console.door import Door
from services.console.session import Session

KEPT_S = 60.0
MOST_KEYS = 16
AT_ONCE = 200
GONE = frozenset({"draft", "cancelled", "retired"})
# a tenth of a metre, which is finer than any screen
DECIMALS = 6


@dataclass(frozen=True)
class Ground:
    """Names by grid code, and the GeoJSON of all live grids."""

    names: dict[str, str]
    document: bytes

    @property
    def tag(self) -> str:
        """What tells one document from another."""
        return f'"{sha256(self.document).hexdigest()[:16]}"'


class Grounds:
    """The last ground of each key."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, asyncio.Task[Ground]]] = OrderedDict()

    async def of(self, session: Session, door: Door) -> Ground:
        """What this key may see. Raises Problem."""
        whose, now = sha256(session.key.encode()).hexdigest(), time.monotonic()
        at, task = self._kept.get(whose, (0.0, None))
        if task is None or now - at > KEPT_S or (task.done() and task.exception()):
            task = asyncio.create_task(_fetch(door))
            self._kept[whose] = now, task
            self._kept.move_to_end(whose)
            while len(self._kept) > MOST_KEYS:
                self._kept.popitem(last=False)
        # who goes away must not take the answer from those who wait for the same
        return await asyncio.shield(task)


async def _fetch(door: Door) -> Ground:
    grids: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await door.get("/v1/grids", geometries="true", limit=AT_ONCE, cursor=cursor)
        grids += (one for one in page["items"] if one["geometry"] and one["state"] not in GONE)
        cursor = page["next"]
        if not cursor:
            break
    features = [
        {
            "type": "Feature",
            "id": one["code"],
            "properties": {"name": one["name"]},
            "geometry": {**one["geometry"], "coordinates": _rounded(one["geometry"]["coordinates"])},
        }
        for one in grids
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return Ground(
        {one["code"]: one["name"] for one in grids},
        json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode(),
    )


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, float | int):
        return round(coordinates, DECIMALS)
    return [_rounded(part) for part in coordinates]
