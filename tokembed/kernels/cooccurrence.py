"""How often terms stand near each other: windowed counts, each pair weighted by 1 / distance.

One unit of work is a range of terms. It finds where its terms occur, walks the window around each
place, and adds into one dense row at a time, so nothing is sorted or merged: ranges come out in
order and can be written to disk one after another. Weights are added as whole numbers, so no sum
depends on the order, the number of threads or the memory budget.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.kernels.compiled import compiled

DEFAULT_MEMORY = 1 << 30  # bytes
N_RANGES = 32  # at least: enough to keep the threads busy, few enough to look through all ids for each
BYTES_PER_PLACE = 8
BYTES_PER_CELL = 12 * 2  # row, column and value, once as written and once as handed over

DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)  # its 64 six-bit windows all differ
DE_BRUIJN_PLACES = np.argsort([(int(DE_BRUIJN) << place & (1 << 64) - 1) >> 58 for place in range(64)])


class Cells(NamedTuple):
    """Co-occurrence counts that are not zero, sorted by row, then column.

    rows: int32 (n_cells,). columns: int32 (n_cells,). values: float32 (n_cells,), each above 0.
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]


def count_cooccurrences(
    ids: NDArray[np.int32],
    starts: NDArray[np.int64],
    n_terms: int,
    *,
    window: int,
    memory: int = DEFAULT_MEMORY,
    workers: int = 1,
) -> Cells:
    """The co-occurrence counts of a corpus; the same bits for every memory budget and thread count.

    X(i, j) = sum of 1 / distance over the pairs of i and j at most `window` kept tokens apart in one text

    Args:
        ids: the terms of all texts, (n_tokens,), each in 0..n_terms-1, or -1 for a token that is dropped
            before windows are made: it counts neither as a neighbor nor as distance.
        starts: where each text starts in ids, (n_texts + 1,).
        n_terms: how many terms there are.
        window: how many kept tokens on each side are neighbors, at least 1.
        memory: how many bytes the work may take beside its input, a copy of ids and the result;
            one term's own row is never cut.
        workers: threads.

    Returns:
        Both (i, j) and (j, i) of every pair. A pair of the same term counts twice, once from each side.

    Source: Pennington et al. 2014, section 4.2; the published C program, cooccur.c, symmetric.
    """
    ranges = count_ranges(ids, starts, n_terms, window=window, memory=memory, workers=workers)
    parts = [Cells(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)), *ranges]
    return Cells(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def count_ranges(
    ids: NDArray[np.int32],
    starts: NDArray[np.int64],
    n_terms: int,
    *,
    window: int,
    memory: int = DEFAULT_MEMORY,
    workers: int = 1,
) -> Iterator[Cells]:
    """The cells of `count_cooccurrences` in pieces, in order; at most workers + 1 pieces are held at once.

    For counts that do not fit memory: write each piece to a file as it comes.
    """
    kept, counts = _keep(ids, starts, n_terms)
    bounds = _cell_bounds(counts, n_terms, window)
    weights, scale = distance_weights(window)

    def count(first: int, last: int) -> Cells:
        places, ends = _places(kept, counts, first, last)
        room = int(bounds[first:last].sum())
        return Cells(*_count_rows(kept, places, ends, weights, scale, first, n_terms, room))

    ranges = _ranges(counts * BYTES_PER_PLACE + bounds * BYTES_PER_CELL, memory // (workers + 1))
    return _in_order(count, ranges, workers)


def distance_weights(window: int) -> tuple[NDArray[np.int64], int]:
    """The weight of each distance as a whole number, and what a weight of 1 is.

    The scale is the least common multiple of 1..window, so that every 1 / distance is exact. Beyond a
    window of 22 it is 2**32 and the weights are rounded, by less than 1e-7 of themselves up to a window of
    800. A cell has room for 2**31 times a weight of 1, at the least.

    >>> weights, scale = distance_weights(4)
    >>> weights.tolist(), scale
    ([0, 12, 6, 4, 3], 12)
    """
    scale = min(math.lcm(*range(1, window + 1)), 1 << 32)
    weights = [0] + [round(scale / distance) for distance in range(1, window + 1)]
    return np.array(weights, np.int64), scale


def _cell_bounds(counts: NDArray[np.int64], n_terms: int, window: int) -> NDArray[np.int64]:
    """The most cells the row of each term can have, (n_terms,)."""
    return np.minimum(counts * (2 * window), n_terms)


def _ranges(sizes: NDArray[np.int64], limit: int) -> list[tuple[int, int]]:
    """Ranges of terms (first, past the last) of about equal size in bytes, none above limit if it can be."""
    limit = max(1, min(limit, int(sizes.sum()) // N_RANGES))
    edges = [0]
    room = limit
    for term, size in enumerate(sizes.tolist()):
        if size > room and term > edges[-1]:
            edges.append(term)
            room = limit
        room -= size
    edges.append(len(sizes))
    return [(first, last) for first, last in pairwise(edges) if first < last]


def _in_order(count: Callable[[int, int], Cells], ranges: list[tuple[int, int]], workers: int) -> Iterator[Cells]:
    """What count gives for each range, in order, made by threads that run at most one range ahead."""
    with ThreadPoolExecutor(workers) as pool:
        running: deque[Future[Cells]] = deque()
        for first, last in ranges:
            running.append(pool.submit(count, first, last))
            if len(running) > workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


@compiled()
def _keep(
    ids: NDArray[np.int32], starts: NDArray[np.int64], n_terms: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The kept ids, with a -1 before, between and after the texts, and the count of each term, (n_terms,)."""
    kept = np.empty(ids.shape[0] + starts.shape[0], np.int32)
    counts = np.zeros(n_terms, np.int64)
    kept[0] = -1
    n_kept = 1
    for text in range(starts.shape[0] - 1):
        for place in range(starts[text], starts[text + 1]):
            term = ids[place]
            if term >= 0:
                kept[n_kept] = term
                n_kept += 1
                counts[term] += 1
        kept[n_kept] = -1
        n_kept += 1
    return kept[:n_kept], counts


@compiled()
def _places(
    kept: NDArray[np.int32], counts: NDArray[np.int64], first: int, last: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the terms first..last-1 occur, grouped by term, and where the group of each ends."""
    ends = np.cumsum(counts[first:last]) - counts[first:last]
    places = np.empty(counts[first:last].sum(), np.int64)
    for place in range(kept.shape[0]):
        term = kept[place]
        if first <= term < last:
            places[ends[term - first]] = place
            ends[term - first] += 1
    return places, ends


@compiled()
def _lowest_bit(word: np.uint64) -> int:
    """The place of the lowest bit that is set, 0..63, by de Bruijn's multiplication."""
    lowest = word & (~word + np.uint64(1))
    return DE_BRUIJN_PLACES[(lowest * DE_BRUIJN) >> np.uint64(58)]  # type: ignore[no-any-return]


@compiled()
def _count_rows(
    kept: NDArray[np.int32],
    places: NDArray[np.int64],
    ends: NDArray[np.int64],
    weights: NDArray[np.int64],
    scale: int,
    first: int,
    n_terms: int,
    room: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Rows, columns and values of the terms first..first+len(ends)-1, in at most `room` cells."""
    rows = np.empty(room, np.int32)
    columns = np.empty(room, np.int32)
    values = np.empty(room, np.float32)
    sums = np.zeros(n_terms, np.int64)
    # Which sums are not zero: a bit a term, and a bit a word of those bits, so that a row comes out
    # sorted by walking bits, and a short row of a large vocabulary costs little.
    touched = np.zeros((n_terms >> 6) + 1, np.uint64)
    touched_words = np.zeros((n_terms >> 12) + 1, np.uint64)
    n_cells = 0
    start = 0
    for row in range(ends.shape[0]):
        for index in range(start, ends[row]):
            place = places[index]
            for step in (-1, 1):
                near = place
                for distance in range(1, weights.shape[0]):
                    near += step
                    term = kept[near]
                    if term < 0:  # the text ends here
                        break
                    if sums[term] == 0:
                        touched[term >> 6] |= np.uint64(1) << np.uint64(term & 63)
                        touched_words[term >> 12] |= np.uint64(1) << np.uint64((term >> 6) & 63)
                    sums[term] += weights[distance]
        start = ends[row]
        for high in range(touched_words.shape[0]):
            while touched_words[high]:
                word = (high << 6) + _lowest_bit(touched_words[high])
                touched_words[high] &= touched_words[high] - np.uint64(1)
                while touched[word]:
                    column = (word << 6) + _lowest_bit(touched[word])
                    touched[word] &= touched[word] - np.uint64(1)
                    rows[n_cells] = first + row
                    columns[n_cells] = column
                    values[n_cells] = np.float32(sums[column] / scale)
                    sums[column] = 0
                    n_cells += 1
    return rows[:n_cells].copy(), columns[:n_cells].copy(), values[:n_cells].copy()
