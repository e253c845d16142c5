"""Work that may wait takes a tenth of the time at most."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from services.chassis.resting import Remembered, Rest
from tests.resting import RestClock


@pytest.mark.parametrize(("takes", "rests"), [(0.1, 0.9), (0.5, 4.5), (2.0, 5.0)])
def test_the_rest_is_nine_times_as_long_as_the_work_and_bounded(
    rest_clock: RestClock, takes: float, rests: float
) -> None:
    rest = Rest(5.0)
    assert rest.over()
    rest.after(lambda: rest_clock.pass_(takes))
    rest_clock.now += rests - 0.01
    assert not rest.over()
    rest_clock.now += 0.02
    assert rest.over()


def test_less_rest_will_do_where_there_is_little_to_do(rest_clock: RestClock) -> None:
    rest = Rest(5.0)
    rest.after(lambda: rest_clock.pass_(1))
    rest_clock.now += 0.4
    assert rest.over(0.3) and not rest.over(0.5) and not rest.over()


def test_who_fails_may_try_again_at_once(rest_clock: RestClock) -> None:
    rest = Rest(5.0)

    def work() -> None:
        rest_clock.now += 1
        raise TimeoutError

    with pytest.raises(TimeoutError):
        rest.after(work)
    assert rest.over()


def test_a_costly_answer_is_found_again_after_its_rest(rest_clock: RestClock) -> None:
    found: list[int] = []

    def find() -> int:
        rest_clock.now += 1
        found.append(len(found))
        return found[-1]

    answer = Remembered(find, 20.0)
    assert [answer.get(), answer.get()] == [0, 0]
    rest_clock.now += 9.1
    assert [answer.get(), answer.get()] == [1, 1]


def test_while_one_looks_the_others_have_the_last_answer() -> None:
    entered, leave = Event(), Event()
    given = iter([1, 2])

    def find() -> int:
        number = next(given)
        if number == 2:
            entered.set()
            leave.wait(10)
        return number

    answer = Remembered(find, 0.0)
    assert answer.get() == 1
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(answer.get)
        assert entered.wait(10)
        assert answer.get() == 1
        leave.set()
        assert second.result() == 2


def test_an_answer_that_fails_is_looked_for_again() -> None:
    given = iter([TimeoutError, None])

    def find() -> int:
        fault = next(given)
        if fault:
            raise fault
        return 7

    answer = Remembered(find, 20.0)
    with pytest.raises(TimeoutError):
        answer.get()
    assert answer.get() == 7


def test_what_is_asked_for_often_is_found_seldom_until_it_is_forgotten(rest_clock: RestClock) -> None:
    found: list[int] = []

    def find() -> int:
        found.append(len(found))
        return found[-1]

    answer = Remembered(find, 2.0, 2.0)
    assert [answer.get(), answer.get()] == [0, 0]
    rest_clock.now += 1.9
    assert answer.get() == 0
    rest_clock.now += 0.2
    assert answer.get() == 1
    answer.forget()
    assert [answer.get(), answer.get()] == [2, 2]


def test_a_look_that_began_before_it_was_forgotten_does_not_count() -> None:
    entered, leave = Event(), Event()
    given = iter(["old", "new"])

    def find() -> str:
        told = next(given)
        if told == "old":
            entered.set()
            leave.wait(10)
        return told

    answer = Remembered(find, 20.0, 20.0)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(answer.get)
        assert entered.wait(10)
        answer.forget()
        leave.set()
    assert answer.get() == "new"
