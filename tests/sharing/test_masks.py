"""A mask shows what it says and nothing more, whatever it is given."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.sharing import Mask
from services.sharing.districts import district_end
from services.sharing.masks import STARS, Masker, derive, keyed_hash, may_replace

KEY = derive(b"a secret of the service", "mask", "网格中心")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PARTS = [Mask.NAME, Mask.ID_CARD, Mask.MOBILE, Mask.ADDRESS, Mask.YEAR]


def shown(mask: Mask, value: Any) -> Any:
    return Masker({"f": mask}, KEY)({"f": value}).get("f", "hidden")


@pytest.mark.parametrize(
    ("mask", "value", "seen"),
    [
        (Mask.NAME, "欧阳锋", "欧*"),
        (Mask.NAME, "张", "*"),
        (Mask.NAME, "", "*"),
        (Mask.ID_CARD, "23090319900101771X", "230903****771X"),
        (Mask.ID_CARD, 230903199001017719, "230903****7719"),
        (Mask.ID_CARD, "230903900101771", "230903****1771"),
        (Mask.ID_CARD, "E12345678", STARS),
        (Mask.MOBILE, "+86 139-0000-7719", "139****7719"),
        (Mask.MOBILE, 13900007719, "139****7719"),
        (Mask.MOBILE, "8261234", STARS),
        (Mask.MOBILE, "１３９００００７７１９", STARS),
        (Mask.ADDRESS, "黑龙江省 七台河市 桃山区 桃南街道12号", "黑龙江省七台河市桃山区****"),
        (Mask.ADDRESS, "内蒙古包头市昆都仑区阿尔丁大街3号", "内蒙古包头市昆都仑区****"),
        (Mask.ADDRESS, "桃山区桃南街道", "桃山区****"),
        (Mask.ADDRESS, "吉林市船营区北京路", "吉林市船营区****"),
        (Mask.ADDRESS, "北京市朝阳区三里屯", "北京市朝阳区****"),
        (Mask.ADDRESS, "七台河市阳光小区3栋", "七台河市****"),
        (Mask.ADDRESS, "上海市南京路100号", "上海市****"),
        (Mask.ADDRESS, "东区3栋201", STARS),
        (Mask.ADDRESS, "攀枝花市东区炳草岗", "攀枝花市东区****"),
        (Mask.ADDRESS, "广东省东莞市南城街道", "广东省东莞市****"),
        (Mask.YEAR, "1990-01-02", "1990"),
        (Mask.YEAR, "1990年1月", "1990"),
        (Mask.YEAR, 19900102, "1990"),
        (Mask.YEAR, "230903", STARS),
        (Mask.YEAR, "13900007719", STARS),
        (Mask.HIDE, "anything", "hidden"),
        (Mask.SHOW, {"any": "thing"}, {"any": "thing"}),
    ],
)
def test_a_mask_shows_its_part(mask: Mask, value: Any, seen: Any) -> None:
    assert shown(mask, value) == seen


@given(value=JSON, mask=st.sampled_from([*PARTS, Mask.HASH]))
def test_a_mask_is_total_and_gives_text_or_null(value: Any, mask: Mask) -> None:
    seen = shown(mask, value)
    assert seen is None if value is None else isinstance(seen, str)
    if isinstance(value, (dict, list, bool)) and mask is not Mask.HASH:
        assert seen in {STARS, "*"}


@given(text=st.text(max_size=40))
def test_no_part_is_more_than_it_says(text: str) -> None:
    stripped = text.strip()
    assert shown(Mask.NAME, text) in {"*", stripped[:1] + "*"}
    for mask, head, tail in ((Mask.ID_CARD, 6, 4), (Mask.MOBILE, 3, 4)):
        seen = shown(mask, text)
        assert seen == STARS or re.fullmatch(rf".{{{head}}}\*{{4}}.{{{tail}}}", seen)
    assert re.fullmatch(r"\*{4}|[12]\d{3}", shown(Mask.YEAR, text))


@given(number=st.from_regex(r"[1-9]\d{16}[\dX]", fullmatch=True))
def test_what_lies_between_never_matters(number: str) -> None:
    """Eight digits of an identity number can be anything: the masked text is the same."""
    other = number[:6] + "01234567" + number[14:]
    assert shown(Mask.ID_CARD, number) == shown(Mask.ID_CARD, other)


PLACES = st.sampled_from(
    ["黑龙江省", "七台河市", "桃山区", "道里区", "哈尔滨市", "北京", "东区", "城区", "市", "区", "路"]
)


@given(places=st.lists(PLACES, max_size=5), rest=st.text(max_size=20))
def test_an_address_ends_at_a_known_place(places: list[str], rest: str) -> None:
    address = "".join("".join([*places, rest]).split())
    end = district_end(address)
    assert 0 <= end <= len(address)
    assert shown(Mask.ADDRESS, address) == address[:end] + STARS
    assert end == 0 or district_end(address[:end]) == end
    assert not any(character.isdigit() for character in address[:end])


@given(value=JSON)
def test_a_hash_joins_inside_a_department_and_never_across(value: Any) -> None:
    other = derive(b"a secret of the service", "mask", "公安局")
    assert keyed_hash(KEY, value) == keyed_hash(KEY, json.loads(json.dumps(value)))
    assert keyed_hash(KEY, value) != keyed_hash(other, value)
    assert len(keyed_hash(KEY, value)) == 64


def test_a_number_and_its_text_join() -> None:
    assert keyed_hash(KEY, 13900007719) == keyed_hash(KEY, "13900007719")


def test_a_key_for_one_use_is_none_for_another() -> None:
    assert derive(b"secret", "mask", "a") != derive(b"secret", "answer", "a")
    assert derive(b"secret", "mask", "a") != derive(b"secret", "mask", "b")


@given(
    record=st.dictionaries(st.sampled_from("abcdef"), JSON),
    fields=st.dictionaries(st.sampled_from("abcd"), st.sampled_from(Mask)),
)
@settings(max_examples=60)
def test_only_granted_fields_leave(record: dict[str, Any], fields: dict[str, Mask]) -> None:
    masker = Masker(fields, KEY)
    seen = masker(record)
    assert set(seen) == {name for name in record if fields.get(name, Mask.HIDE) is not Mask.HIDE}
    assert sorted([*masker.fields, *masker.hidden]) == sorted(fields)


def test_the_key_of_a_record_is_a_pseudonym_unless_shown() -> None:
    card = "230903199001017719"
    assert Masker({"id": Mask.SHOW}, KEY).record_key("id", card) == card
    for fields in ({}, {"id": Mask.HIDE}, {"id": Mask.ID_CARD}, {"id": Mask.HASH}):
        assert Masker(fields, KEY).record_key("id", card) == keyed_hash(KEY, card)


@pytest.mark.parametrize(
    ("default", "given_", "right"),
    [
        (Mask.SHOW, Mask.NAME, True),
        (Mask.NAME, Mask.NAME, True),
        (Mask.NAME, Mask.HASH, True),
        (Mask.HASH, Mask.HIDE, True),
        (Mask.NAME, Mask.SHOW, False),
        (Mask.HASH, Mask.NAME, False),
        (Mask.HIDE, Mask.HASH, False),
        (Mask.ID_CARD, Mask.YEAR, False),
        (Mask.HIDE, Mask.HIDE, True),
    ],
)
def test_a_mask_is_replaced_by_a_stronger_one_only(default: Mask, given_: Mask, right: bool) -> None:
    assert may_replace(default, given_) is right
