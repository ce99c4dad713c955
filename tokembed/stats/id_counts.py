"""How often ids occur, for many groups at once: each has few of many ids, so only those are held."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Distinct ids, and how often each of them occurs."""

_FEW = 1 << 16


class IdCounts:
    """Counts of ids that add up.

    >>> counts = IdCounts()
    >>> counts.add(np.array([5, 2]), np.array([1, 1]))
    >>> counts.add(np.array([2]), np.array([3]))
    >>> [array.tolist() for array in counts.pairs()]
    [[2, 5], [4, 1]]
    """

    def __init__(self) -> None:
        empty = np.empty(0, np.int64)
        self._done: Pairs = (empty, empty)
        self._more: list[Pairs] = []
        self._n_more = 0

    def add(self, ids: NDArray[np.integer], counts: NDArray[np.int64]) -> None:
        """So many more of each of these ids."""
        self._more.append((ids.astype(np.int64), counts))
        self._n_more += len(ids)
        if self._n_more > max(_FEW, 2 * len(self._done[0])):  # adding up what is there costs as much as what is new
            self.pairs()

    def pairs(self) -> Pairs:
        """The ids that occur, in order, and how often each does."""
        if self._more:
            parts = [self._done, *self._more]
            ids, counts = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
            self._done = _summed(ids, counts)
            self._more, self._n_more = [], 0
        return self._done


def pairs_of(ids: NDArray[np.integer]) -> Pairs:
    """The distinct ones of `ids`, in order, and how often each occurs."""
    counts = np.bincount(ids)
    distinct = np.flatnonzero(counts)
    return distinct, counts[distinct]


def _summed(ids: NDArray[np.int64], counts: NDArray[np.int64]) -> Pairs:
    sums = np.bincount(ids, counts)  # float64 holds every whole number below 2**53
    distinct = np.flatnonzero(sums)
    return distinct, sums[distinct].astype(np.int64)
