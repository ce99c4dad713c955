"""How often each term stands in each text, as a sparse matrix; in how many texts it stands; and TF-IDF's weighting.

The columns of a row must be in order. No row is sorted for that: the tokens of some texts are put in the order of their
columns by counting, and dealt out to their texts again.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tokembed.kernels.compiled import lean_as, part
from tokembed.kernels.instructions import (
    FLOAT64S,
    INT32S,
    INT64S,
    OUT_FLOAT32S,
    OUT_INT32S,
    OUT_INT64S,
    at,
    put,
)

TOKENS_AT_ONCE = 1 << 18
"""About as many of a corpus on disk are in memory; few enough to stay in a core's own."""


class Counts(NamedTuple):
    """A sparse matrix of whole numbers: row k has columns[starts[k]:starts[k + 1]], in order, and the values there."""

    columns: NDArray[np.int32]
    values: NDArray[np.int32]
    starts: NDArray[np.int64]


def texts_with(ids: NDArray[np.integer], starts: NDArray[np.int64], n_ids: int) -> NDArray[np.int64]:
    """In how many texts each id occurs, (n_ids,).

    Args:
        ids: text k is ids[starts[k]:starts[k + 1]], each in 0..n_ids-1; may be on disk.
    """
    found, last_text = np.zeros(n_ids, np.int64), np.full(n_ids, -1)
    for first, last in _pieces(starts, TOKENS_AT_ONCE):
        piece_ids, piece_starts = _piece(ids, starts, first, last)
        _texts_with(piece_ids, piece_starts, first, last_text, found)
    return found


def count_terms(
    ids: NDArray[np.integer], starts: NDArray[np.int64], column_of: NDArray[np.int32], n_columns: int
) -> Counts:
    """The counts of each text, a row a text.

    Args:
        ids: text k is ids[starts[k]:starts[k + 1]]; may be on disk.
        column_of: the column of each id, 0..n_columns-1, or -1 for one that is left out.
    """
    columns, values = np.empty(len(ids), np.int32), np.empty(len(ids), np.int32)
    row_starts = np.zeros(len(starts), np.int64)
    ends = np.empty(n_columns, np.int64)
    for first, last in _pieces(starts, max(TOKENS_AT_ONCE, n_columns)):
        piece_ids, piece_starts = _piece(ids, starts, first, last)
        rows, begin = np.empty(len(piece_ids), np.int32), int(row_starts[first])
        ends[:] = 0
        _count_terms(
            piece_ids, piece_starts, column_of, ends, rows,
            columns[begin:], values[begin:], row_starts[first : last + 1],
        )  # fmt: skip
    columns.resize(row_starts[-1], refcheck=False)
    values.resize(row_starts[-1], refcheck=False)
    return Counts(columns, values, row_starts)


def weighed(counts: Counts, weights: NDArray[np.float64], *, sublinear: bool, norm: int) -> NDArray[np.float32]:
    """The counts times the weights of their columns, and divided by each row's norm, in the order of the counts.

    Args:
        weights: (n_columns,), none negative.
        sublinear: 1 + ln(count) takes the count's place.
        norm: 1 or 2 for the norm of that name, 0 for none.
    """
    found = np.empty(len(counts.values), np.float32)
    _weighed(*counts, weights, sublinear, norm, found)
    return found


def _pieces(starts: NDArray[np.int64], n_tokens: int) -> list[tuple[int, int]]:
    """Ranges of texts that have about so many tokens, or one text that has more."""
    wanted = np.arange(n_tokens, starts[-1], n_tokens)
    edges = np.unique([0, *np.searchsorted(starts, wanted).tolist(), len(starts) - 1])
    return list(pairwise(edges.tolist()))


def _piece(
    ids: NDArray[np.integer], starts: NDArray[np.int64], first: int, last: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Some texts as the kernels take them."""
    begin, end = starts[first], starts[last]
    return np.ascontiguousarray(np.asarray(ids[begin:end]), np.int32), np.asarray(starts[first : last + 1]) - begin


@lean_as(types.void(INT32S, INT64S, types.int64, OUT_INT64S, OUT_INT64S))
def _texts_with(ids, starts, first, last_text, found):
    for text in range(starts.size - 1):
        for place in range(at(starts, text), at(starts, text + 1)):
            token = at(ids, place)
            if at(last_text, token) != first + text:
                put(last_text, token, first + text)
                put(found, token, at(found, token) + 1)


@lean_as(types.void(INT32S, INT64S, INT32S, OUT_INT64S, OUT_INT32S, OUT_INT32S, OUT_INT32S, OUT_INT64S))
def _count_terms(ids, starts, column_of, ends, rows, columns, values, row_starts):
    for place in range(ids.size):
        column = column_of[at(ids, place)]
        if column >= 0:
            put(ends, column, at(ends, column) + 1)
    here = 0
    for column in range(ends.size):
        here += at(ends, column)
        put(ends, column, here - at(ends, column))
    before = at(row_starts, 0)
    for row in range(starts.size - 1):
        put(row_starts, row + 1, at(starts, row))  # where the row ends so far; there is room for all its tokens
        for place in range(at(starts, row), at(starts, row + 1)):
            column = column_of[at(ids, place)]
            if column >= 0:
                put(rows, at(ends, column), row)
                put(ends, column, at(ends, column) + 1)
    here = 0
    for column in range(ends.size):
        while here < at(ends, column):
            row = at(rows, here)
            end = at(row_starts, row + 1)
            if end > at(starts, row) and at(columns, end - 1) == column:
                put(values, end - 1, at(values, end - 1) + 1)
            else:
                put(columns, end, column)
                put(values, end, 1)
                put(row_starts, row + 1, end + 1)
            here += 1
    found = 0
    for row in range(starts.size - 1):
        for place in range(at(starts, row), at(row_starts, row + 1)):
            put(columns, found, at(columns, place))
            put(values, found, at(values, place))
            found += 1
        put(row_starts, row + 1, before + found)


@part
def _value(columns, values, place, weights, sublinear):
    tf = float(at(values, place))
    return (1.0 + math.log(tf) if sublinear else tf) * weights[at(columns, place)]


@lean_as(types.void(INT32S, INT32S, INT64S, FLOAT64S, types.boolean, types.int64, OUT_FLOAT32S))
def _weighed(columns, values, starts, weights, sublinear, norm, found):
    for row in range(starts.size - 1):
        total = 0.0
        for place in range(at(starts, row), at(starts, row + 1)):
            value = _value(columns, values, place, weights, sublinear)
            total += value * value if norm == 2 else value
        divisor = math.sqrt(total) if norm == 2 else total if norm == 1 else 1.0
        for place in range(at(starts, row), at(starts, row + 1)):
            found[place] = _value(columns, values, place, weights, sublinear) / divisor
