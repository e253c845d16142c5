"""How far a replay is, told once or twice."""

from typing import Any, cast

from pymongo.database import Database

from contracts.grid import GridAdjusted, GridPublished
from contracts.operations import NoteReplayed
from services.chassis.copies import LocalCopy
from services.chassis.rebuilding import Rebuilding
from services.chassis.room import Room

from .conftest import CALLER


def test_a_page_that_is_told_twice_is_counted_once(database: Database[dict[str, Any]]) -> None:
    copy = LocalCopy(database, "grid_copies", fed_by=(GridPublished, GridAdjusted))
    rebuilding = Rebuilding(database, "alerts", [copy], cast("Room", None))
    begun = rebuilding.begin("tester")

    def told(sent: int, cursor: str | None) -> int:
        page = NoteReplayed(
            caller=CALLER, id=begun.id, round=begun.round, owner="grid", sent=sent, cursor=cursor, left=0, found=[]
        )
        return rebuilding.note(page).sent

    assert [told(500, "a"), told(500, "a"), told(40, "b"), told(40, "b"), told(7, None), told(7, None)] == [
        500,
        500,
        540,
        540,
        547,
        547,
    ]
