"""One way to tell a story in the city, through its gateway, and the ground that the stories play on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from rich.console import Console

from deploy.local.demo import ground, services
from deploy.local.demo.door import Door
from deploy.local.demo.ground import Ground
from deploy.local.demo.record import Record

if TYPE_CHECKING:
    from tests.conftest import City

T = TypeVar("T")
Story = Callable[[Door], Awaitable[T]]
Tell = Callable[[Story[Any]], Any]
# the smallest of the three urban districts: 176 grids, and a camera in 160 of them
DISTRICT = "230903"


@pytest.fixture(scope="session")
def tell(city: "City") -> Iterator[Tell]:
    """Runs a story; its door opens with every key of the city."""

    async def told(story: Story[T]) -> T:
        async with Door(city.gateway, {**city.keys, **city.departments}) as door:
            return await story(door)

    # in a thread of its own: a browser's driver keeps a loop in the thread of the tests
    with ThreadPoolExecutor(1) as pool:
        yield lambda story: pool.submit(lambda: asyncio.run(told(story))).result()


@pytest.fixture(scope="session")
def laid(tell: Tell) -> Ground:
    """Taoshan district: tree, borders, grids, staff and cameras, each camera known to stand in its grid."""
    invented, record = ground.invent(DISTRICT), Record(Console(quiet=True))

    async def lay(door: Door) -> None:
        await ground.lay(door, record, invented)
        await ground.place_cameras(door, record, invented)

    tell(lay)
    return invented


@pytest.fixture(scope="session")
def catalogued(tell: Tell) -> dict[str, Any]:
    """The real list of service items, searched; the item that was found."""
    found: dict[str, Any] = tell(lambda door: services.find(door, Record(Console(quiet=True))))
    return found
