"""Collection `gaps`: _id community, area_m2, gap_m2 as they were last told."""

from collections.abc import Collection, Sequence
from typing import Any

from pymongo.database import Database

from contracts.grid import CoverageGapFound
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.portions import by_key
from services.grid.coverage import Gap


class Gaps(Aggregates):
    """What the city was told of gaps."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "gaps")

    def standing(self, communities: Collection[str]) -> dict[str, Gap]:
        """Of those of the communities that anything was written of."""
        found = by_key(self.collection, communities, {"area_m2": 1, "gap_m2": 1, "version": 1})
        return {one["_id"]: Gap(one["_id"], one["area_m2"], one["gap_m2"], one["version"]) for one in found}

    def tell(self, gaps: Sequence[Gap]) -> set[str]:
        """Write them, those that grew with their event; the communities where another copy was faster."""
        fresh = [gap for gap in gaps if not gap.version]
        known = [gap for gap in gaps if gap.version]
        inserted = self.insert_many([New({"_id": gap.community, **_fields(gap)}, _events(gap)) for gap in fresh])
        changed = [Changed(gap.community, gap.version, Change(set=_fields(gap)), _events(gap)) for gap in known]
        outcomes = zip(known, self.update_many(changed), strict=True)
        return {gap.community for gap in fresh if gap.community not in inserted} | {
            gap.community for gap, outcome in outcomes if outcome == "stale"
        }


def _fields(gap: Gap) -> dict[str, Any]:
    return {"area_m2": gap.area_m2, "gap_m2": gap.gap_m2}


def _events(gap: Gap) -> list[CoverageGapFound]:
    if not gap.grown:
        return []
    told = {"area_m2": gap.area_m2, "gap_m2": gap.gap_m2, "version": gap.version + 1}
    return [CoverageGapFound(community=gap.community, **told)]
