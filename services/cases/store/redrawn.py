"""Collection `redrawn`: grids that have ended, _id code, and what follows them; open cases are taken there."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pymongo.database import Database
from pymongo.errors import BulkWriteError

from contracts.cases import Place
from contracts.faults import Conflict
from contracts.grid import GridRedrawn, GroundRedrawn, Successor
from services.cases.domain import OPEN
from services.cases.moving import Redrawing, followed, moved
from services.cases.store.documents import UNLISTED, Document, StoredCase, shifted
from services.chassis import context
from services.chassis.aggregates import Aggregates, Changed
from services.chassis.cpu import heavy
from services.chassis.messages import Received
from services.chassis.portions import by_key, portions
from services.chassis.stores import already_there

R = TypeVar("R", bound=GroundRedrawn)


class Redrawn:
    """What became of grids. A code is never reused: what is known of an end holds for ever."""

    def __init__(self, database: Database[Document], cases: Aggregates) -> None:
        self._ended, self._cases = database["redrawn"], cases

    def hear(self, told: Sequence[Received[R]]) -> None:
        """Grids that ended: kept first, so that a case which is opened meanwhile is found here or found there."""
        self._keep([one.data for one in told])
        causes = {source: one for one in told for source in one.data.sources}
        ends = self.ends(causes)
        self._move({source: ends[source] for source in causes}, ends, causes)

    def adjust(self, told: Received[GridRedrawn]) -> None:
        """Borders that moved; their grids go on."""
        redrawing = heavy(Redrawing.to, told.data.successors, told.data.main)
        sources = told.data.sources
        self._move(dict.fromkeys(sources, redrawing), self.ends(redrawing.successors), dict.fromkeys(sources, told))

    def settled(self, places: Sequence[Place]) -> list[Place]:
        """The places in the grids that now hold them."""
        ends = self.ends({place.grid for place in places if place.grid})
        return [followed(place, ends[place.grid], ends) if place.grid in ends else place for place in places]

    def overtaken(self, places: Collection[Place]) -> bool:
        """After opening cases: take along what was opened in a grid that ended in this very moment."""
        ends = self.ends({place.grid for place in places if place.grid})
        self._move(ends, ends, {})
        return bool(ends)

    def ends(self, codes: Collection[str]) -> dict[str, Redrawing]:
        """How those of the codes ended that have, and the ends of what followed them; a look a generation."""
        found: dict[str, Redrawing] = {}
        asked = set(codes)
        while asked:
            met = {one["_id"]: _redrawing(one) for one in by_key(self._ended, asked)}
            found |= met
            asked = {code for one in met.values() for code in one.successors} - found.keys()
        return found

    def _keep(self, told: Sequence[GroundRedrawn]) -> None:
        ended = [
            {
                "_id": source,
                "plan": one.plan,
                "successors": [each.model_dump() for each in one.successors],
                "main": one.main,
                "at": one.at,
            }
            for one in told
            for source in one.sources
        ]
        try:
            self._ended.insert_many(ended, ordered=False)
        except BulkWriteError as error:
            already_there(error)

    def _move(
        self, firsts: Mapping[str, Redrawing], later: Mapping[str, Redrawing], causes: Mapping[str, Received[R]]
    ) -> None:
        """Every open case of the first grids. Conflict version_stale: somebody took a step meanwhile; again."""
        for sources in portions(firsts):
            # until a look finds none: a case may step past it from one state to another
            while changes := list(self._changes(sources, firsts, later, causes)):
                if "stale" in self._cases.update_many(changes):
                    raise Conflict(
                        "version_stale", "工单同时被他人更新", "cases were changed by somebody else meanwhile"
                    )

    def _changes(
        self,
        sources: Sequence[str],
        firsts: Mapping[str, Redrawing],
        later: Mapping[str, Redrawing],
        causes: Mapping[str, Received[R]],
    ) -> Iterator[Changed]:
        for case in self._waiting(sources):
            place = case.record.place
            source = place.grid or ""
            settled = followed(place, firsts[source], later)
            if settled != place:
                yield _change(case, settled, causes.get(source))

    def _waiting(self, grids: Sequence[str]) -> Iterator[StoredCase]:
        """The open cases of these grids. By state, so that what is read is what is open, and not all that ever was."""
        for state in OPEN:
            criteria = {"state": state, "position": {"$gt": 0}, "place.grid": {"$in": list(grids)}}
            yield from (StoredCase(found) for found in self._cases.collection.find(criteria, UNLISTED))


def _change(case: StoredCase, place: Place, cause: Received[Any] | None) -> Changed:
    trace_id = cause.trace_id if cause else context.trace_id()
    outcome = moved(case.record, place, context.now(), trace_id)
    ids = (cause.id,) if cause else ()
    return Changed(
        case.record.case_no, case.record.version, shifted(outcome), outcome.events, message_ids=ids, cause=cause
    )


def _redrawing(found: Document) -> Redrawing:
    return Redrawing.to([Successor.model_validate(one) for one in found["successors"]], found["main"])
