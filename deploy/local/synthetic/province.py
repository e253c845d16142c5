"""A made-up province of any size: every shape of tree that the national codes have, the same for the same seed."""

from collections.abc import Iterator
from random import Random

from deploy.local.synthetic.ground import Division

CODE = "99"  # no province has it
NAMES = ("二〇二（俪景）", "东风", "桃南", "站前", "新立", "A区", "长兴", "柳河")


def divisions(count: int, seed: int) -> list[Division]:
    """`count` units (200 at least), parents before their children.

    Cities with counties and the district of statistics 市辖区, one without counties as 东莞, counties that the
    province governs itself, a development zone that is for statistics only.
    """
    random = Random(seed)
    upper = list(_upper())
    above = [unit for unit in upper if unit.level == "county" and unit.name != "市辖区"]
    above += [unit for unit in upper if unit.name == "合成直筒市"]
    streets = [_street(above[at % len(above)], at // len(above) + 1, random) for at in range(max(count // 16, 64))]
    spare = count - len(upper) - len(streets)
    lowest = [
        Division(
            f"{street.code[:9]}{at // len(streets) + 1:03d}",
            "community",
            f"{random.choice(NAMES)}{random.choice(('社区', '村'))}(合成)",
            street.code,
        )
        for at, street in ((at, streets[at % len(streets)]) for at in range(spare))
    ]
    return [*upper, *streets, *lowest]


def _upper() -> Iterator[Division]:
    yield Division(f"{CODE}0000000000", "province", "合成省", "")
    for city in range(1, 7):
        code = f"{CODE}{city:02d}"
        yield Division(f"{code}00000000", "city", f"合成{city}市", f"{CODE}0000000000")
        counties = ("01", "市辖区"), ("02", "合成区"), ("21", "合成县"), ("71", "合成高新技术产业开发区")
        for serial, name in counties:
            yield Division(f"{code}{serial}000000", "county", name, f"{code}00000000")
    yield Division(f"{CODE}1900000000", "city", "合成直筒市", f"{CODE}0000000000")
    yield Division(f"{CODE}9000000000", "city", "省直辖县级行政区划", f"{CODE}0000000000")
    for serial in ("01", "02"):
        yield Division(f"{CODE}90{serial}000000", "county", f"合成直辖{serial}市", f"{CODE}9000000000")


def _street(above: Division, serial: int, random: Random) -> Division:
    name = f"{random.choice(NAMES)}{random.choice(('街道', '镇'))}(合成)"
    return Division(f"{above.code[:6]}{serial:03d}000", "street", name, above.code)
