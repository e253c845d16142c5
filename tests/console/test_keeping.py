"""Many windows of one key ask once."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from services.console.keeping import MOST_KEYS, Kept
from services.console.session import Session


def session(key: str) -> Session:
    return Session(key, "client", "name", "actor", ())


class Source:
    """Counts how often it was asked; `fault` is raised while it is set."""

    def __init__(self) -> None:
        self.asked = 0
        self.fault: Exception | None = None

    async def ask(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        return self.asked


def told(story: Callable[[Source], Coroutine[None, None, None]]) -> None:
    asyncio.run(story(Source()))


def test_windows_of_one_key_share_an_answer_and_others_have_their_own() -> None:
    async def story(source: Source) -> None:
        kept = Kept[int](60)
        assert await asyncio.gather(*(kept.of(session("a"), source.ask) for _ in range(9))) == [1] * 9
        assert await kept.of(session("b"), source.ask) == 2
        assert await kept.of(session("a"), source.ask) == 1

    told(story)


def test_an_old_answer_is_asked_for_again() -> None:
    async def story(source: Source) -> None:
        kept = Kept[int](0)
        assert [await kept.of(session("a"), source.ask) for _ in range(3)] == [1, 2, 3]

    told(story)


def test_a_fault_is_not_kept() -> None:
    async def story(source: Source) -> None:
        kept, source.fault = Kept[int](60), TimeoutError()
        with pytest.raises(TimeoutError):
            await kept.of(session("a"), source.ask)
        source.fault = None
        assert await kept.of(session("a"), source.ask) == 2

    told(story)


def test_who_goes_away_takes_the_answer_from_nobody() -> None:
    async def story(source: Source) -> None:
        kept = Kept[int](60)
        first, second = (asyncio.create_task(kept.of(session("a"), source.ask)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == 1

    told(story)


def test_so_many_keys_are_kept_and_no_more() -> None:
    async def story(source: Source) -> None:
        kept = Kept[int](60)
        for number in range(MOST_KEYS + 1):
            await kept.of(session(str(number)), source.ask)
        assert await kept.of(session("1"), source.ask) == 2
        assert await kept.of(session("0"), source.ask) == MOST_KEYS + 2

    told(story)
