"""An official list against what stands: twice is nothing, and nothing is changed under a reviewer's eyes."""

import pytest
from pydantic import JsonValue

from contracts.catalogue import ItemState, ItemType
from contracts.shared import Row
from services.catalogue.domain.items import Content
from services.catalogue.domain.merging import Merge, Standing, merge
from services.catalogue.rows import read_rows

PLAIN: dict[str, JsonValue] = {"department": "区民政局", "name": "临时救助", "item_code": "A", "task_type": "5"}
CONTENT = Content(name="临时救助", type=ItemType.GRANT, department="区民政局")


def merged(standing: dict[str, Standing], *rows: dict[str, JsonValue]) -> Merge:
    taken, rejected = read_rows([Row(line=line, values=values) for line, values in enumerate(rows, 2)])
    assert rejected == []
    return merge(taken, standing)


def after(result: Merge, standing: dict[str, Standing]) -> dict[str, Standing]:
    """What stands when the writes are done."""
    written = {
        write.code: Standing(write.content, write.before.state if write.before else ItemState.PUBLISHED)
        for write in result.writes
    }
    return {**standing, **written}


def test_the_real_list_twice(whole_list: list[Row]) -> None:
    taken, _ = read_rows(whole_list)
    once = merge(taken, {})
    assert (once.created, once.changed, once.unchanged, once.rejected, once.repaired) == (651, 0, 0, [], [])
    twice = merge(taken, after(once, {}))
    assert (twice.created, twice.changed, twice.unchanged, twice.writes) == (0, 0, 651, [])


def test_the_same_name_under_two_codes_is_two_items() -> None:
    assert merged({}, PLAIN, {**PLAIN, "item_code": "B"}).created == 2


def test_only_the_columns_of_the_file_are_taken_over() -> None:
    standing = {"A": Standing(CONTENT.model_copy(update={"legal_limit_days": 20}), ItemState.PUBLISHED)}
    result = merged(standing, {**PLAIN, "name": "临时救助申请", "task_type": None})
    (write,) = result.writes
    assert (result.changed, result.repaired) == (1, [])
    assert write.content == standing["A"].content.model_copy(update={"name": "临时救助申请"})
    assert not write.keeps_name


def test_no_type_is_other_and_noted() -> None:
    result = merged({}, {**PLAIN, "task_type": ""})
    assert result.writes[0].content.type is ItemType.OTHER
    assert [note.code for note in result.repaired] == ["type_missing"]


@pytest.mark.parametrize("state", ItemState)
def test_the_list_never_moves_an_item_through_its_machine(state: ItemState) -> None:
    standing = {"A": Standing(CONTENT, state)}
    result = merged(standing, {**PLAIN, "name": "新名"})
    closed = state in {ItemState.IN_REVIEW, ItemState.APPROVED, ItemState.RETIRED}
    assert (result.changed, result.unchanged) == ((0, 1) if closed else (1, 0))
    assert [note.code for note in result.repaired] == (["item_closed"] if closed else [])
    assert after(result, standing)["A"].state is state


def test_the_rules_between_fields_reject_a_row() -> None:
    rows = [
        {**PLAIN, "法定时限": "5", "承诺时限": "6"},
        {**PLAIN, "item_code": "B", "网办深度": "IV", "到现场次数": "1", "法定时限": "1", "承诺时限": "2"},
        {**PLAIN, "item_code": "C", "到现场次数": "21"},
    ]
    result = merged({}, *rows)
    assert [(fault.line, fault.key, fault.code) for fault in result.rejected] == [
        (2, "A", "promised_over_legal"),
        (3, "B", "promised_over_legal"),
        (4, "C", "value_invalid"),
    ]
    assert result.writes == []


def test_what_an_interrupted_run_has_done_counts_as_done_by_it() -> None:
    standing = {
        "A": Standing(CONTENT, ItemState.PUBLISHED, done="created"),
        "B": Standing(CONTENT, ItemState.PUBLISHED, done="changed"),
    }
    result = merged(standing, PLAIN, {**PLAIN, "item_code": "B"}, {**PLAIN, "item_code": "C"})
    assert (result.created, result.changed, result.unchanged, len(result.writes)) == (2, 1, 0, 1)
