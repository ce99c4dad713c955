"""GloVe's co-occurrence counts in bounded memory: parts of the corpus are counted, written down and added up.

A corpus that fits is counted at once. Of a larger one the counts of each part go to a temporary file, sorted by row and
column, and are merged row by row. Either way the rows come out in the same order with the same sums.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tokembed.kernels.cooccurrence import Rows, add_rows, cell_bounds, count_rows, distance_weights, keep, last_kept
from tokembed.spill import Spill

BYTES_PER_TOKEN = 16  # of a part: its label, twice as much where every other token ends a text, its place
BYTES_PER_CELL = 12 + 16  # a column and a sum, and what the caller makes of them
BYTES_PER_PART_CELL = 12 + BYTES_PER_CELL
MOST_TOKENS = (1 << 30) - 20_000  # of a part: with as many ends of texts, and two windows, places are int32

T = TypeVar("T")
Use = Callable[[int, Rows], T]
Ranges = list[tuple[int, int]]

_log = logging.getLogger(__name__)


class Source(NamedTuple):
    """What is counted, and how.

    ids: int32 (n_tokens,), of any vocabulary. starts: int64 (n_texts + 1,), where each text starts in ids. Both may lie
        on disk (np.memmap): they are read from front to back, a part at a time.
    labels: int32, the term of each id, -1 for one that is dropped.
    order: int32 (n_terms,), the terms in the order of the rows that come out.
    window: how many kept tokens on each side are neighbors.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    labels: NDArray[np.int32]
    order: NDArray[np.int32]
    window: int


def counted_rows(source: Source, use: Use[T], *, group: int, memory: int, workers: int) -> Iterator[T]:
    """What `use` makes of the rows, a few at a time, from first to last.

    Args:
        use: called in threads with the number of the first row, a place in `order`, and the rows, at most 16 bytes a
            cell to be made of them.
        group: rows group * k - 1 and group * k never come together.
        memory: how many bytes the work may take, beside some 100 bytes a term, 10 more for each worker, and one row's
            own cells.
        workers: threads.

    Raises:
        BadInput: the temporary files cannot be written.
    """
    size = max(1, min(memory // 2 // BYTES_PER_TOKEN, MOST_TOKENS))
    edges = [*range(0, len(source.ids), size), len(source.ids)]
    if len(edges) <= 2:
        yield from _count_part(source, edges[0], edges[-1], _NOTHING, use, group, memory // 2, workers)[0]
        return
    with Spill() as columns, Spill() as sums, Spill() as starts:
        runs = _Runs(len(source.order), (columns, sums, starts))
        known = _NOTHING
        for number, (start, end) in enumerate(pairwise(edges), start=1):
            _log.info("co-occurrences: counting part %d of %d", number, len(edges) - 1)
            pieces, known = _count_part(source, start, end, known, _as_it_is, len(source.order), memory // 2, workers)
            runs.write(pieces)
        _log.info("co-occurrences: adding up %d parts", len(edges) - 1)
        ranges = _ranges(runs.sizes * BYTES_PER_PART_CELL, memory // (workers + 1), group)
        yield from _in_order(lambda first, last: use(first, runs.added(first, last)), ranges, workers)


_NOTHING = np.empty(0, np.int32)


def _as_it_is(_: int, rows: Rows) -> Rows:
    return rows


def _count_part(
    source: Source, start: int, end: int, known: NDArray[np.int32], use: Use[T], group: int, memory: int, workers: int
) -> tuple[Iterator[T], NDArray[np.int32]]:
    """What `use` makes of the rows of the tokens start..end-1, and the tokens that the next part must know."""
    weights, _ = distance_weights(source.window)
    texts = slice(*np.searchsorted(source.starts, [start, end]))
    kept = keep(source.labels[source.ids[start:end]], source.starts[texts] - start, known, len(source.order))
    bounds = cell_bounds(kept, source.window)[source.order]

    def count(first: int, last: int) -> T:
        return use(first, count_rows(kept, source.order[first:last], weights))

    ranges = _ranges(bounds * BYTES_PER_CELL, memory // (workers + 1), group)
    return _in_order(count, ranges, workers), last_kept(kept, source.window)


class _Runs:
    """The rows of all parts in three files: the columns and the sums of all cells, and where each row starts."""

    def __init__(self, n_rows: int, files: Sequence[Spill]) -> None:
        self._n_rows, self._n_parts = n_rows, 0
        self._columns, self._sums, self._starts = files
        self.sizes = np.zeros(n_rows, np.int64)  # of each row, over all parts

    def write(self, pieces: Iterator[Rows]) -> None:
        """Write the rows of one more part."""
        starts = np.zeros(self._n_rows + 1, np.int64)
        starts[0] = n_cells = self._columns.n_bytes // 4
        n_done = 0
        for piece in pieces:
            starts[n_done + 1 : n_done + 1 + len(piece.ends)] = n_cells + piece.ends
            n_done += len(piece.ends)
            n_cells += len(piece.columns)
            self._columns.append(piece.columns)
            self._sums.append(piece.sums)
        self._starts.append(starts)
        self.sizes += np.diff(starts)
        self._n_parts += 1

    def added(self, first: int, last: int) -> Rows:
        """The sums of the rows first..last-1 over all parts."""
        starts = np.empty((self._n_parts, last - first + 1), np.int64)
        for part in range(self._n_parts):
            self._starts.read(8 * (part * (self._n_rows + 1) + first), starts[part])
        begins = np.concatenate([[0], np.cumsum(starts[:, -1] - starts[:, 0])])
        columns, sums = np.empty(begins[-1], np.int32), np.empty(begins[-1], np.int64)
        for part, (begin, end) in enumerate(pairwise(begins)):
            self._columns.read(4 * int(starts[part, 0]), columns[begin:end])
            self._sums.read(8 * int(starts[part, 0]), sums[begin:end])
        return add_rows(starts - starts[:, :1] + begins[:-1, None], columns, sums, self._n_rows)


def _ranges(sizes: NDArray[np.int64], limit: int, group: int) -> Ranges:
    """Ranges of rows (first, past the last), none above limit in bytes if it can be, each within a group."""
    ends = np.cumsum(sizes)
    edges = [0]
    while (first := edges[-1]) < len(sizes):
        before = int(ends[first] - sizes[first])
        fitting = int(np.searchsorted(ends, before + limit, side="right"))
        edges.append(min(max(first + 1, fitting), (first // group + 1) * group, len(sizes)))
    return list(pairwise(edges))


def _in_order(task: Callable[[int, int], T], ranges: Ranges, workers: int) -> Iterator[T]:
    """What the task gives for each range, in order, made by threads that run at most one range ahead."""
    with ThreadPoolExecutor(workers) as pool:
        running: deque[Future[T]] = deque()
        for first, last in ranges:
            running.append(pool.submit(task, first, last))
            if len(running) > workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
