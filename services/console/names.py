"""What codes are called: asked of the gateway, and kept for a while by the whole process."""

import asyncio
import time
from collections.abc import Iterable, Mapping

from contracts.shared import Scope
from services.console.door import Door, Problem, at
from services.console.session import Session

CATEGORIES_KEPT_S = 60.0
# a territory is renamed by decree
TERRITORIES_KEPT_S = 600.0
MOST_ASKED = 50


class Names:
    """Of categories, which everybody may read, and of territories, for those who may read the ground."""

    def __init__(self) -> None:
        self._categories: Mapping[str, str] = {}
        self._categories_until = 0.0
        self._territories: dict[str, str] = {}
        self._territories_until = 0.0

    async def categories(self, door: Door) -> Mapping[str, str]:
        """All of them, by code."""
        if time.monotonic() >= self._categories_until:
            found = await door.get("/v1/categories")
            self._categories = {one["code"]: one["name"] for one in found["items"]}
            self._categories_until = time.monotonic() + CATEGORIES_KEPT_S
        return self._categories

    async def territories(self, session: Session, door: Door, codes: Iterable[str | None]) -> Mapping[str, str]:
        """Those that have one, by code. Of those not asked lately no more than fifty are asked."""
        if not session.may(Scope.GRID_READ):
            return {}
        if time.monotonic() >= self._territories_until:
            self._territories, self._territories_until = {}, time.monotonic() + TERRITORIES_KEPT_S
        known = self._territories
        wanted = [code for code in dict.fromkeys(codes) if code and code not in known][:MOST_ASKED]
        names = await asyncio.gather(*(_name(door, code) for code in wanted))
        known.update({code: name for code, name in zip(wanted, names, strict=True) if name})
        return known


async def _name(door: Door, code: str) -> str | None:
    try:
        return str((await door.get(at("/v1/territories/{}", code)))["name"])
    except Problem as problem:
        if problem.status >= 500:
            raise
        return None
