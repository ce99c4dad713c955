"""How often terms stand near each other: windowed counts, each pair weighted by 1 / distance.

Three loops: the kept tokens of a part of a corpus, the counts of some rows over them, and the sums of such
counts from several parts. A row is added up in one dense array, so nothing is sorted. Weights are added as whole
numbers, so no sum depends on the order, the parts or the number of threads.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.kernels.compiled import compiled, lean, part

DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)  # its 64 six-bit windows all differ
DE_BRUIJN_PLACES = np.argsort([(int(DE_BRUIJN) << place & (1 << 64) - 1) >> 58 for place in range(64)])


DenseRow = tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64]]
"""One row's sums, and which of them are not zero: a bit a term, and a bit a word of those bits.

So a row comes out sorted by walking bits, and a short row of a large vocabulary costs little.
"""


class Kept(NamedTuple):
    """The tokens of a part of a corpus that are terms, in order, and where each term stands.

    tokens: int32, with -1 before, between and behind the texts.
    first: the place of the first token that is new; those before it are known from the part before.
    places: int32 (n_kept,), the places in tokens, grouped by term. starts: int64 (n_terms + 1,), of the groups.
    """

    tokens: NDArray[np.int32]
    first: int
    places: NDArray[np.int32]
    starts: NDArray[np.int64]


class Rows(NamedTuple):
    """The counts of some rows that are not zero, row after row, the columns of each in order.

    ends: int64 (n_rows,), where each row ends. columns: int32 (n_cells,). sums: int64 (n_cells,), the
    co-occurrences times the scale of `distance_weights`.
    """

    ends: NDArray[np.int64]
    columns: NDArray[np.int32]
    sums: NDArray[np.int64]


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


def keep(labels: NDArray[np.int32], borders: NDArray[np.int64], known: NDArray[np.int32], n_terms: int) -> Kept:
    """The tokens of a part of a corpus that are terms.

    Args:
        labels: the term of each token of the part, (n_tokens,), -1 for one that is dropped before windows are made:
            it counts neither as a neighbor nor as distance.
        borders: where texts start in the part, in order, each in 0..n_tokens.
        known: the last tokens that were kept of the text that goes on at the start of the part.
        n_terms: above every label.
    """
    tokens, starts = _keep(labels, borders, known, n_terms)
    return Kept(tokens, 1 + len(known), _places(tokens, starts), starts)


def last_kept(kept: Kept, window: int) -> NDArray[np.int32]:
    """The last kept tokens of the text at the end of the part, `window` at most: `known` to the next part."""
    end = kept.tokens[max(0, len(kept.tokens) - 1 - window) : -1]
    breaks = np.flatnonzero(end < 0)
    return end[breaks[-1] + 1 if len(breaks) else 0 :].copy()


def count_rows(kept: Kept, terms: NDArray[np.int32], weights: NDArray[np.int64]) -> Rows:
    """The rows of these terms: how often they and each other term are near, in at most `cell_bounds` cells.

    X(i, j) = sum of 1 / distance over the pairs of i and j at most `window` kept tokens apart in one text

    Both (i, j) and (j, i) of every pair; a pair of the same term counts twice, once from each side. A pair
    belongs to the part that its later token is new in.

    Source: Pennington et al. 2014, section 4.2; the published C program, cooccur.c, symmetric.
    """
    room = int(cell_bounds(kept, len(weights) - 1)[terms].sum())
    rows = Rows(np.empty(len(terms), np.int64), np.empty(room, np.int32), np.empty(room, np.int64))
    _count_rows(*kept, terms, weights, _dense_row(len(kept.starts) - 1), *rows)
    return _filled(rows)


def cell_bounds(kept: Kept, window: int) -> NDArray[np.int64]:
    """The most cells the row of each term can have, (n_terms,)."""
    return np.minimum(np.diff(kept.starts) * (2 * window), len(kept.starts) - 1)


def add_rows(starts: NDArray[np.int64], columns: NDArray[np.int32], sums: NDArray[np.int64], n_terms: int) -> Rows:
    """The sum of the same rows from several parts.

    Args:
        starts: where each row of each part starts in columns and sums, and where its last one ends,
            (n_parts, n_rows + 1).
    """
    rows = Rows(
        np.empty(starts.shape[1] - 1, np.int64), np.empty(len(columns), np.int32), np.empty(len(sums), np.int64)
    )
    _add_rows(starts, columns, sums, _dense_row(n_terms), *rows)
    return _filled(rows)


def _dense_row(n_terms: int) -> DenseRow:
    words = (n_terms >> 6) + 1
    return np.zeros(n_terms, np.int64), np.zeros(words, np.uint64), np.zeros((words >> 6) + 1, np.uint64)


def _filled(rows: Rows) -> Rows:
    """The rows without the room that was left."""
    n_cells = rows.ends[-1] if len(rows.ends) else 0
    return Rows(rows.ends, rows.columns[:n_cells], rows.sums[:n_cells])


@compiled()
def _keep(
    labels: NDArray[np.int32], borders: NDArray[np.int64], known: NDArray[np.int32], n_terms: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The tokens of Kept, and where each term's places will start."""
    tokens = np.empty(known.shape[0] + labels.shape[0] + min(borders.shape[0], labels.shape[0]) + 2, np.int32)
    starts = np.zeros(n_terms + 1, np.int64)
    tokens[0] = -1
    n_kept = 1
    for term in known:
        tokens[n_kept] = term
        n_kept += 1
        starts[term + 1] += 1
    border = 0
    for place in range(labels.shape[0]):
        while border < borders.shape[0] and borders[border] <= place:
            border += 1
            if tokens[n_kept - 1] >= 0:
                tokens[n_kept] = -1
                n_kept += 1
        term = labels[place]
        if term >= 0:
            tokens[n_kept] = term
            n_kept += 1
            starts[term + 1] += 1
    tokens[n_kept] = -1
    return tokens[: n_kept + 1], np.cumsum(starts)


@compiled()
def _places(tokens: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Where the tokens stand, grouped by term."""
    places = np.empty(starts[-1], np.int32)
    ends = starts[:-1].copy()
    for place in range(tokens.shape[0]):
        term = tokens[place]
        if term >= 0:
            places[ends[term]] = place
            ends[term] += 1
    return places


@part
def _lowest_bit(word: np.uint64) -> int:
    """The place of the lowest bit that is set, 0..63, by de Bruijn's multiplication."""
    lowest = word & (~word + np.uint64(1))
    return DE_BRUIJN_PLACES[(lowest * DE_BRUIJN) >> np.uint64(58)]  # type: ignore[no-any-return]


@part
def _add(dense: DenseRow, column: int, weight: int) -> None:
    """Adds to one cell of a dense row."""
    row, touched, touched_words = dense
    if row[column] == 0:
        touched[column >> 6] |= np.uint64(1) << np.uint64(column & 63)
        touched_words[column >> 12] |= np.uint64(1) << np.uint64((column >> 6) & 63)
    row[column] += weight


@part
def _take(dense: DenseRow, columns: NDArray[np.int32], sums: NDArray[np.int64], n_cells: int) -> int:
    """Moves what a dense row has behind the n_cells that are there; how many there are then."""
    row, touched, touched_words = dense
    for high in range(touched_words.shape[0]):
        while touched_words[high]:
            word = (high << 6) + _lowest_bit(touched_words[high])
            touched_words[high] &= touched_words[high] - np.uint64(1)
            while touched[word]:
                column = (word << 6) + _lowest_bit(touched[word])
                touched[word] &= touched[word] - np.uint64(1)
                columns[n_cells] = column
                sums[n_cells] = row[column]
                row[column] = 0
                n_cells += 1
    return n_cells


@lean
def _count_rows(
    tokens: NDArray[np.int32],
    first: int,
    places: NDArray[np.int32],
    starts: NDArray[np.int64],
    terms: NDArray[np.int32],
    weights: NDArray[np.int64],
    dense: DenseRow,
    ends: NDArray[np.int64],
    columns: NDArray[np.int32],
    sums: NDArray[np.int64],
) -> None:
    """Fills the fields of Rows."""
    n_cells = 0
    for index in range(terms.shape[0]):
        for group in range(starts[terms[index]], starts[terms[index] + 1]):
            place = places[group]
            if place >= first:
                for distance in range(1, weights.shape[0]):
                    near = tokens[place - distance]
                    if near < 0:  # the text begins here
                        break
                    _add(dense, near, weights[distance])
            for distance in range(max(1, first - place), weights.shape[0]):
                near = tokens[place + distance]
                if near < 0:  # the text ends here
                    break
                _add(dense, near, weights[distance])
        n_cells = _take(dense, columns, sums, n_cells)
        ends[index] = n_cells


@lean
def _add_rows(
    part_starts: NDArray[np.int64],
    part_columns: NDArray[np.int32],
    part_sums: NDArray[np.int64],
    dense: DenseRow,
    ends: NDArray[np.int64],
    columns: NDArray[np.int32],
    sums: NDArray[np.int64],
) -> None:
    """Fills the fields of Rows."""
    n_cells = 0
    for index in range(ends.shape[0]):
        for which in range(part_starts.shape[0]):
            for cell in range(part_starts[which, index], part_starts[which, index + 1]):
                _add(dense, part_columns[cell], part_sums[cell])
        n_cells = _take(dense, columns, sums, n_cells)
        ends[index] = n_cells
