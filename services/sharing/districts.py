"""行政区划: how far a written address reaches before it says more than its district.

The names are those of the statistical division codes (县级), from china-division 2.7.0 (MIT), in districts.txt:
a province and its own districts on a line, its cities and theirs below, indented.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_PROVINCE_SUFFIX = re.compile(r"(省|市|特别行政区|(维吾尔|壮族|回族)?自治区)$")
# Names such as 东区 or 城区 are districts in one city and blocks of an estate in all others.
_SHORTEST_ALONE = 3
_WHOLE_NAME = ""
Trie = dict[str, Any]


@dataclass
class Region:
    """A province, or the whole country: its districts as a trie, and its cities with theirs, by full and short name."""

    districts: Trie = field(default_factory=dict)
    cities: Trie = field(default_factory=dict)


def district_end(address: str) -> int:
    """How many characters at the start name no more than province, city and district (县级). 0 when none does.

    The names must lie in one another: 七台河市东区 ends after 七台河市, for it has no such district. A short name
    (七台河) counts only as the way to a district.
    """
    provinces, country = _gazetteer()
    best = _end_within(address, 0, country)
    end, found = _longest(address, 0, provinces)
    if found:
        region, is_full = found
        best = max(best, end if is_full else 0, _end_within(address, end, region))
    return best


def _end_within(address: str, at: int, region: Region) -> int:
    best, _ = _longest(address, at, region.districts)
    end, found = _longest(address, at, region.cities)
    if found:
        districts, is_full = found
        best = max(best, end if is_full else 0, _longest(address, end, districts)[0])
    return best


def _longest(text: str, at: int, names: Trie) -> tuple[int, Any]:
    node: Any = names
    best, found = 0, None
    for end in range(at, len(text)):
        node = node.get(text[end])
        if node is None:
            break
        if _WHOLE_NAME in node:
            best, found = end + 1, node[_WHOLE_NAME]
    return best, found


def _put(names: Trie, name: str, value: object) -> None:
    for character in name:
        names = names.setdefault(character, {})
    names[_WHOLE_NAME] = value


def _trie(names: Iterable[str]) -> Trie:
    built: Trie = {}
    for name in names:
        _put(built, name, True)
    return built


@cache
def _gazetteer() -> tuple[Trie, Region]:
    provinces: Trie = {}
    country = region = Region()
    for line in (Path(__file__).parent / "districts.txt").read_text("utf-8").splitlines():
        name, _, written = line.strip().partition(":")
        districts = written.split()
        is_city = line.startswith("\t")
        if not is_city:
            region = Region()
            _put(provinces, _PROVINCE_SUFFIX.sub("", name), (region, False))
            _put(provinces, name, (region, True))
        if is_city or name.endswith("市"):
            below = _trie(districts)
            for within in (region, country):
                _put(within.cities, name.removesuffix("市"), (below, not name.endswith("市")))
                _put(within.cities, name, (below, True))
        for district in districts:
            _put(region.districts, district, True)
            if len(district) >= _SHORTEST_ALONE:
                _put(country.districts, district, True)
    return provinces, country
