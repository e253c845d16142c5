"""Search over the real list: every item by its name, by any piece of it, by its initials; ranking, pages, speed."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.catalogue import Found, ItemType
from services.catalogue.search import Entry, Index
from services.catalogue.words import plain

MOST = 2000


@pytest.fixture(scope="module")
def index(entries: list[Entry]) -> Index:
    return Index(entries)


def names(found: list[Found]) -> list[str]:
    return [hit.name for hit in found]


def first(index: Index, text: str, limit: int = 5) -> list[Found]:
    return index.search(text, after=None, limit=limit)[0]


def codes(index: Index, text: str) -> list[str]:
    return [hit.code for hit in index.search(text, after=None, limit=MOST)[0]]


def test_every_item_is_found_by_its_whole_name_first(index: Index, entries: list[Entry]) -> None:
    wrong = [entry.name for entry in entries if plain(first(index, entry.name, 1)[0].name) != plain(entry.name)]
    assert wrong == []


def test_every_item_is_found_by_its_initials_and_by_its_pinyin(index: Index, entries: list[Entry]) -> None:
    assert [entry.name for entry in entries if entry.code not in codes(index, entry.initials)] == []
    assert [entry.name for entry in entries if entry.code not in codes(index, entry.pinyin)] == []
    assert [entry.name for entry in entries if first(index, entry.initials, 1)[0].matched != "initials"] == []


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_item_is_found_by_any_four_characters_of_its_name(
    index: Index, entries: list[Entry], data: st.DataObject
) -> None:
    entry = data.draw(st.sampled_from(entries))
    begin = data.draw(st.integers(0, max(0, len(entry.name) - 4)))
    piece = entry.name[begin : begin + 4]
    assert entry.code in codes(index, piece)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_pages_hold_every_hit_once_and_in_order(index: Index, entries: list[Entry], data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(entries))
    text = data.draw(st.sampled_from(["", entry.name[:2], entry.initials[:2], entry.department, "许可 变更"]))
    size = data.draw(st.integers(15, 200))
    whole = index.search(text, after=None, limit=MOST)[0]
    paged: list[Found] = []
    after = None
    while True:
        part, after = index.search(text, after=after, limit=size)
        paged += part
        if after is None:
            break
    assert paged == whole
    if text:
        assert all(before.score >= behind.score for before, behind in pairwise(whole))
    else:
        assert [hit.code for hit in whole] == sorted(entry.code for entry in entries)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_has_an_answer(index: Index, text: str) -> None:
    found, _ = index.search(text, after=None, limit=20)
    assert len({hit.code for hit in found}) == len(found)


def test_the_whole_name_before_its_beginning_before_words_before_pieces() -> None:
    listed = ["施工许可", "施工许可变更", "建筑工程施工许可", "施工的许可", "施工许延可", "建筑许可", "离婚登记"]
    index = Index(Entry(str(place), name, ItemType.OTHER, "局", [], "", "") for place, name in enumerate(listed))
    assert names(first(index, "施工许可")) == ["施工许可", "施工许可变更", "建筑工程施工许可"]
    index = Index(Entry(str(place), name, ItemType.OTHER, "局", [], "", "") for place, name in enumerate(listed[1:]))
    assert names(first(index, "施工许可")) == ["施工许可变更", "建筑工程施工许可", "施工的许可", "施工许延可"]
    assert names(first(index, "许可，施工")) == ["施工的许可", "施工许可变更", "建筑工程施工许可"]


@pytest.mark.parametrize(
    ("text", "name", "matched"),
    [
        ("结婚", "结婚登记预约", "name"),
        ("jhdj", "结婚登记预约", "initials"),
        ("ＪＨＤＪ", "结婚登记预约", "initials"),
        ("jiehun", "结婚登记预约", "pinyin"),
        ("住建局 施工许可", "建筑工程施工许可证核发", "department"),
        ("sgxk 住建局", "建筑工程施工许可证核发", "department"),
        ("住建局施工许可", "建筑工程施工许可证核发", "name"),
        ("开办幼儿园", "幼儿园筹设审批", "name"),
        ("食品经营许可证", "食品(含保健食品)经营许可核发", "name"),
        ("机动车驾驶员培训备案", "教练车备案证办理（变更）", "theme"),
    ],
)
def test_what_people_type(index: Index, text: str, name: str, matched: str) -> None:
    assert (name, matched) in [(hit.name, hit.matched) for hit in first(index, text, 20)]


def test_department_and_type_narrow(index: Index, entries: list[Entry]) -> None:
    found, _ = index.search("", department="区民政局", type=ItemType.GRANT, after=None, limit=MOST)
    wanted = [entry.code for entry in entries if (entry.department, entry.type) == ("区民政局", "grant")]
    assert sorted(wanted) == [hit.code for hit in found]
    assert index.search("许可", department="没有的局", after=None, limit=5) == ([], None)


def test_a_search_in_1135_items_takes_milliseconds(entries: list[Entry]) -> None:
    more = [entry._replace(code=f"{entry.code}#2") for entry in entries]
    index = Index([*entries, *more][:1135])
    texts = [entry.name[:4] for entry in entries[::9]] + ["许可", "证", "sg", "区行政审批局 登记"]
    took = []
    for text in texts:
        began = time.perf_counter()
        index.search(text, after=None, limit=20)
        took.append(time.perf_counter() - began)
    assert sorted(took)[len(took) // 2] < 0.002
    assert sorted(took)[len(took) * 9 // 10] < 0.020
