"""A stream is worked on in order, by all cores, and little of it is held."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from random import Random

import pytest

from tokembed.cores import all_cores, n_cores
from tokembed.tokens.pipeline import in_order


def test_results_come_in_the_order_of_the_items_whoever_is_done_first() -> None:
    turns = {number: threading.Event() for number in range(200)}

    def work(number: int) -> int:
        if number % 2:  # an odd one lets the even one before it go on: it is done later, and comes first
            turns[number - 1].set()
        else:
            turns[number].wait(timeout=10)
        return number

    n_threads = all_cores()
    if n_threads < 2:
        pytest.skip("one core works on one item after the other")
    assert list(in_order(range(200), work)) == list(range(200))


def test_few_items_are_held_however_many_there_are() -> None:
    n_read, most = 0, 0

    def items() -> Iterator[int]:
        nonlocal n_read
        for number in range(1000):
            n_read += 1
            yield number

    for number in in_order(items(), lambda item: item):
        most = max(most, n_read - number)
    assert most <= all_cores() + 9


def test_an_item_is_answered_before_the_next_one_comes() -> None:
    answered = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for number in range(3):
            yield number
            assert answered.acquire(timeout=10)

    for _ in in_order(items(), lambda item: item):
        answered.release()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_reading_raises_comes_behind_the_items_before_it(error: type[BaseException]) -> None:
    def items() -> Iterator[int]:
        yield from range(20)
        raise error

    results = in_order(items(), str)
    assert [next(results) for _ in range(20)] == list(map(str, range(20)))
    with pytest.raises(error):
        next(results)


def test_what_work_raises_comes_in_its_place() -> None:
    def work(number: int) -> int:
        if number == 7:
            raise ValueError(number)
        return number

    results = in_order(range(1000), work)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(ValueError, match="7"):
        next(results)


def test_a_reader_that_has_seen_enough_stops_the_reading() -> None:
    is_closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            for _ in range(10**9):
                yield Random().getrandbits(8)
        finally:
            is_closed.set()

    results = in_order(items(), str)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert is_closed.wait(timeout=10)


def test_each_of_the_threads_takes_one_core() -> None:
    assert set(in_order(range(20), lambda _: n_cores())) == {1}
    assert n_cores() == all_cores()
