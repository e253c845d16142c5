"""Codes of territories 辖区: the way down to a place, and what their digits say."""

from collections.abc import Sequence

LEVELS = {2: "province", 4: "city", 6: "county", 9: "street", 12: "community", 15: "grid"}


def significant(code: str) -> str:
    """A territory's code without the zeros that fill the national form: 230902000000 → 230902."""
    for length in (2, 4, 6, 9):
        if len(code) <= 12 and not code[length:].strip("0"):
            return code[:length]
    return code


def national(code: str) -> str:
    """The 12-digit form of a territory's code (a grid's 15 digits stay)."""
    return code.ljust(12, "0")


def level_of(code: str) -> str:
    """What the digits of a grid's or a territory's code make it."""
    return LEVELS[len(significant(code))]


def is_above(upper: str, lower: str) -> bool:
    """Whether the territory `upper` holds the other one and is not the same."""
    high, low = significant(upper), significant(lower)
    return high != low and low.startswith(high)


def way_down(path: Sequence[str], grid: str | None) -> list[str]:
    """The territories over a place from the province to its community, which a grid's code names by itself."""
    codes = list(path)
    if grid and all(significant(code) != grid[:12] for code in codes):
        codes.append(grid[:12])
    return codes


def way_to(org: str, path: Sequence[str]) -> list[str]:
    """The part of a way down that ends at `org`; empty when it does not lie on the way."""
    for at, code in enumerate(path):
        if significant(code) == significant(org):
            return list(path[: at + 1])
    return []
