"""Tokens and ids as lines of text: one space between two, a line feed behind each text."""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from tokembed.kernels.compiled import lean_as
from tokembed.kernels.instructions import BYTES, INT32S, INT64S, OUT_BYTES

SPACE, LINE_FEED, ZERO = ord(" "), ord("\n"), ord("0")
MOST_DIGITS = 10  # of an int32


def joined_tokens(
    ids: NDArray[np.int32], starts: NDArray[np.int64], letters: NDArray[np.uint8], bounds: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """The tokens of each text on a line, as bytes; token k is letters[bounds[k]:bounds[k + 1]]."""
    n_letters = int(np.diff(bounds)[ids].sum())
    lines = np.empty(n_letters + len(ids) + len(starts) - 1, np.uint8)
    return lines[: _join_tokens(ids, starts, letters, bounds, lines)]


def joined_numbers(ids: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The ids of each text in decimal on a line, as bytes; none may be negative."""
    lines = np.empty((MOST_DIGITS + 1) * len(ids) + len(starts) - 1, np.uint8)
    return lines[: _join_numbers(ids, starts, lines)]


@lean_as(types.int64(INT32S, INT64S, BYTES, INT64S, OUT_BYTES))
def _join_tokens(ids, starts, letters, bounds, lines):
    at = 0
    for text in range(starts.size - 1):
        for place in range(starts[text], starts[text + 1]):
            if place > starts[text]:
                lines[at] = SPACE
                at += 1
            for letter in range(bounds[ids[place]], bounds[ids[place] + 1]):
                lines[at] = letters[letter]
                at += 1
        lines[at] = LINE_FEED
        at += 1
    return at


@lean_as(types.int64(INT32S, INT64S, OUT_BYTES))
def _join_numbers(ids, starts, lines):
    at = 0
    for text in range(starts.size - 1):
        for place in range(starts[text], starts[text + 1]):
            if place > starts[text]:
                lines[at] = SPACE
                at += 1
            number = ids[place]
            power = 1
            while number // power >= 10:
                power *= 10
            while power:
                lines[at] = ZERO + number // power % 10
                power //= 10
                at += 1
        lines[at] = LINE_FEED
        at += 1
    return at
