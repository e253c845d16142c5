"""Made-up people: grid staff 网格员队伍 at five levels, their postings, and persons of a social assistance list.

No value can be anybody's: telephone numbers begin with 100 (no Chinese network has it) and identity numbers with
99 (no province has it), under a true check digit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from deploy.local.synthetic.ground import Tile

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂兰玉梅建华国文志宏春雪晓东海燕红云"
# GB 11643: weights of the 17 digits, and the check character by the sum modulo 11
CHECK_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
NO_SUCH_AREA = "990101"
GRID_ROLES = {"chief": "C", "worker": "W", "group_leader": "G", "building_head": "B"}
PRIMARY = ("supervisor", "chief", "worker")


@dataclass(frozen=True)
class Worker:
    """One member of the grid staff and the one place they answer for (grid 15 digits, community 12)."""

    staff_no: str
    name: str
    phone: str
    role: str
    org: str
    target: str
    primary: bool


@dataclass(frozen=True)
class Person:
    """A made-up person of the social assistance list 低保对象. `monthly_yuan` in yuan."""

    number: str
    name: str
    id_number: str
    phone: str
    address: str
    grid: str
    monthly_yuan: int
    since: date


def staff(tiles: Sequence[Tile], seed: int) -> list[Worker]:
    """A supervisor for each community; chief, worker, group leader and building head for each grid."""
    random = Random(seed)
    posts = [("supervisor", "S", code, org) for code, org in {t.community: t.community_name for t in tiles}.items()]
    for tile in tiles:
        posts += [(role, letter, tile.code, tile.community_name) for role, letter in GRID_ROLES.items()]
    return [
        Worker(
            staff_no=f"{letter}{target}",
            name=name(random),
            phone=f"100{serial:08d}",
            role=role,
            org=org,
            target=target,
            primary=role in PRIMARY,
        )
        for serial, (role, letter, target, org) in enumerate(posts)
    ]


def persons(tiles: Sequence[Tile], count: int, seed: int) -> Iterator[Person]:
    """People who draw social assistance, each living in some grid."""
    random = Random(seed)
    for serial in range(count):
        tile = random.choice(tiles)
        born = date(1940, 1, 1) + timedelta(days=random.randrange(23_000))
        yield Person(
            number=f"DB{serial:06d}",
            name=name(random),
            id_number=identity_number(f"{NO_SUCH_AREA}{born:%Y%m%d}{random.randrange(1000):03d}"),
            phone=f"100{random.randrange(10**8):08d}",
            address=f"{tile.name}{random.randint(1, 40)}号楼{random.randint(1, 6)}单元",
            grid=tile.code,
            monthly_yuan=random.randrange(300, 900, 10),
            since=date(2015, 1, 1) + timedelta(days=random.randrange(3600)),
        )


def name(random: Random) -> str:
    """A made-up name of two or three characters."""
    return random.choice(SURNAMES) + "".join(random.choices(GIVEN, k=random.randint(1, 2)))


def identity_number(digits: str) -> str:
    """17 digits with their check character (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, CHECK_WEIGHTS, strict=True))
    return digits + CHECK_CHARACTERS[total % 11]
