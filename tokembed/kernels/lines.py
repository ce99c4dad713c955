"""Lines of UTF-8: whether they are, how many there are, and where each begins once its line feed is gone."""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from tokembed.kernels.compiled import lean_as
from tokembed.kernels.instructions import (
    BYTES,
    OUT_BYTES,
    OUT_INT64S,
    WIDTH,
    lines_ahead,
    load8,
    load8_unsigned,
    put8,
    trailing_zeros,
)

_HIGH = np.uint64(0x8080808080808080)
_ONES = np.uint64(0x0101010101010101)
_LINE_FEEDS = np.uint64(0x0A0A0A0A0A0A0A0A)
_BEFORE = 3
SLACK = 8  # bytes may be written, and not meant, behind the last one


def n_line_feeds(data: bytes) -> int | None:
    """How many line feeds there are in data that is UTF-8; None where it is not."""
    # The kernel looks at 32 bytes and the three before, which the first do not have, nor the last all 32. The zeros
    # behind the last show a character that is cut off.
    first, inside = data[:WIDTH], len(data) // WIDTH * WIDTH
    last = bytes(_BEFORE) + data if not inside else data[inside - _BEFORE :]
    parts = [last + bytes(2 * WIDTH - (len(last) - _BEFORE) % WIDTH)]
    if inside:
        parts += [bytes(_BEFORE) + first]
    found = [_count(np.frombuffer(part, np.uint8), _BEFORE, len(part)) for part in parts]
    found.append(_count(np.frombuffer(data, np.uint8), WIDTH, inside))
    return None if -1 in found else sum(map(int, found))


def split(data: bytes, n_lines: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The lines one after another without their line feeds, and where each begins, (n_lines + 1,).

    Args:
        data: ends in a line feed, unless it is empty.
        n_lines: how many it has.
    """
    lines = np.empty(len(data) + SLACK, np.uint8)
    bounds = np.zeros(n_lines + 1, np.int64)
    _split(np.frombuffer(data, np.uint8), lines, bounds)
    return lines[: bounds[-1]], bounds


@lean_as(types.int64(BYTES, types.intp, types.intp))
def _count(data, begin, end):
    found = 0
    for place in range(begin, end, WIDTH):
        ahead = lines_ahead(data, place)
        if ahead < 0:
            return -1
        found += ahead
    return found


@lean_as(types.void(BYTES, OUT_BYTES, OUT_INT64S))
def _split(data, lines, bounds):
    place, end, to, line = 0, data.size, 0, 0
    while place < end:
        if place + 8 <= end:
            eight = load8_unsigned(data, place)
            put8(lines, to, load8(data, place))
            other = eight ^ _LINE_FEEDS
            is_line_feed = (other - _ONES) & ~other & _HIGH  # exact up to the first one
            if not is_line_feed:
                place += 8
                to += 8
                continue
            before = np.int64(trailing_zeros(is_line_feed) >> np.uint64(3))
            place += before + 1
            to += before
        else:
            byte = data[place]
            place += 1
            if byte != 0x0A:
                lines[to] = byte
                to += 1
                continue
        line += 1
        bounds[line] = to
