"""行政区划: how far a written address reaches before it says more than its district.

The names are those of the statistical division codes (县级), from china-division 2.7.0 (MIT), in districts.txt:
a province and its own districts on a line, its cities and theirs below, indented.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_PROVINCE_SUFFIX = re.compile(r"(省|市|特别行政区|(维吾尔|壮族|回族)?自治区)$")
_LONGEST = 15
# Names such as 东区 or 城区 are districts in one city and blocks of an estate in all others.
_SHORTEST_ALONE = 3


@dataclass
class Province:
    """A province, or with an empty name the whole country: districts by the name of their city, and all of them."""

    cities: dict[str, frozenset[str]] = field(default_factory=dict)
    districts: set[str] = field(default_factory=set)


def district_end(address: str) -> int:
    """How many characters at the start name no more than province, city and district (县级). 0 when none does.

    The names must lie in one another: 七台河市东区 ends after 七台河市, for it has no such district.
    """
    provinces = _provinces()
    whole, best = provinces[""], 0
    starts = [(0, whole)]
    if end := _longest(address, 0, provinces):
        starts.append((end, provinces[address[:end]]))
        best = end if _PROVINCE_SUFFIX.search(address[:end]) else 0
    for at, province in starts:
        best = max(best, _longest(address, at, province.districts))
        if end := _longest(address, at, province.cities):
            full = 0 if address[at:end] + "市" in province.cities else end
            best = max(best, full, _longest(address, end, province.cities[address[at:end]]))
    return best


def _longest(text: str, at: int, names: Collection[str]) -> int:
    for end in range(min(len(text), at + _LONGEST), at + 1, -1):
        if text[at:end] in names:
            return end
    return 0


@cache
def _provinces() -> Mapping[str, Province]:
    found: dict[str, Province] = {"": Province()}
    whole = found[""]
    province = whole
    for line in (Path(__file__).parent / "districts.txt").read_text("utf-8").splitlines():
        name, _, written = line.strip().partition(":")
        districts = frozenset(written.split())
        if not line.startswith("\t"):
            province = Province()
            found[name] = found[_PROVINCE_SUFFIX.sub("", name)] = province
        if line.startswith("\t") or name.endswith("市"):
            for city in {name, name.removesuffix("市")}:
                province.cities[city] = whole.cities[city] = districts
        province.districts |= districts
        whole.districts |= {district for district in districts if len(district) >= _SHORTEST_ALONE}
    return found
