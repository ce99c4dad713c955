"""Tokens as lines of text: a separator between two, a line feed behind each row."""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from tokembed.kernels.compiled import lean_as
from tokembed.kernels.instructions import BYTES, INT32S, INT64S, OUT_BYTES, at, load8, put, put8

LINE_FEED = ord("\n")
SLACK = 8
"""Bytes that must be there behind the last letter: they are copied eight at a time."""


def padded(letters: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The letters with SLACK bytes behind them."""
    return np.concatenate([letters, np.zeros(SLACK, np.uint8)])


def joined_tokens(
    ids: NDArray[np.int32],
    starts: NDArray[np.int64],
    letters: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    separator: bytes = b" ",
) -> NDArray[np.uint8]:
    """The tokens of each row on a line, as bytes.

    Args:
        ids: int32 (n_tokens,).
        starts: row k has ids[starts[k]:starts[k + 1]], int64 (n_rows + 1,), from 0.
        letters: token k is letters[bounds[k]:bounds[k + 1]]; SLACK more bytes behind the last.
        separator: 1 to 8 bytes.
    """
    n_between = len(separator)
    lines = np.empty(_n_letters(ids, bounds) + n_between * len(ids) + len(starts) - 1 + SLACK, np.uint8)
    between = int.from_bytes(separator.ljust(8, b"\0"), "little")
    return lines[: _join(ids, starts, letters, bounds, between, n_between, lines)]


@lean_as(types.int64(INT32S, INT64S))
def _n_letters(ids, bounds):
    found = 0
    for place in range(ids.size):
        token = at(ids, place)
        found += at(bounds, token + 1) - at(bounds, token)
    return found


@lean_as(types.int64(INT32S, INT64S, BYTES, INT64S, types.int64, types.int64, OUT_BYTES))
def _join(ids, starts, letters, bounds, between, n_between, lines):
    here = 0
    for row in range(starts.size - 1):
        for place in range(starts[row], starts[row + 1]):
            token = at(ids, place)
            letter, end = at(bounds, token), at(bounds, token + 1)
            put8(lines, here, load8(letters, letter))
            for more in range(letter + 8, end, 8):
                put8(lines, here + more - letter, load8(letters, more))
            here += end - letter
            put8(lines, here, between)
            here += n_between
        if starts[row] < starts[row + 1]:
            here -= n_between  # there is none behind the last
        put(lines, here, LINE_FEED)
        here += 1
    return here
