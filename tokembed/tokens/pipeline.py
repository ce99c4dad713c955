"""Work on a stream: it is read, worked on by all cores and given out at the same time, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from tokembed.cores import all_cores, share_cores

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 3


def in_order(items: Iterable[T], work: Callable[[T], R]) -> Iterator[R]:
    """What `work` makes of each item, as soon as it and those before it are done.

    One thread reads the items, as many as there are cores work on them, each on one item at a time; reading stops
    while a few items are waiting, so however many there are, few are held.

    Raises:
        BaseException: whatever reading or working raised, in its place.
    """
    n_threads = all_cores()
    results: SimpleQueue[Future[R] | None] = SimpleQueue()
    room = threading.Semaphore(n_threads + _AHEAD)
    is_over = threading.Event()
    pool = ThreadPoolExecutor(n_threads, initializer=share_cores)

    def read() -> None:
        try:
            for item in items:
                room.acquire()
                if is_over.is_set():
                    return
                results.put(pool.submit(work, item))
        except BaseException as error:
            failed: Future[R] = Future()
            failed.set_exception(error)
            results.put(failed)
        results.put(None)

    threading.Thread(target=read, daemon=True).start()
    try:
        while (result := results.get()) is not None:
            yield result.result()
            room.release()
    finally:
        is_over.set()
        room.release()
        pool.shutdown(wait=False, cancel_futures=True)
