"""Rows of a word and decimal numbers: each number as float32, the same as `float32(float(numeral))`.

What the loop cannot prove is left to Python: a row that is not as it should be, `nan` and `inf`, a numeral of more than
19 digits, and one so close to the middle of two float32 numbers that a rounding on the way could decide between them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tokembed.kernels.compiled import lean_as, part
from tokembed.kernels.instructions import (
    BYTES,
    FLOAT64S,
    OUT_BYTES,
    OUT_FLOAT32S,
    OUT_INT64S,
    at,
    load8_unsigned,
    put,
    trailing_zeros,
)

SPACE, TAB, LINE_FEED, RETURN = 0x20, 0x09, 0x0A, 0x0D
PLUS, MINUS, POINT, ZERO, SMALL_E, CASE = 0x2B, 0x2D, 0x2E, 0x30, 0x65, 0x20
AHEAD = 8  # bytes that may be looked at behind the last line
MOST_DIGITS = 19  # fit into 64 bits
EXACT_POWER = 22  # 10**22 is the last power of ten that float64 holds exactly
MOST_POWER = 60  # 10**-60 times 19 digits is below every float32, 10**60 times 1 above
EXACT_WHOLE = 1 << 53
MARGIN = 2.0**-50
"""More than three roundings of float64 can be off together: of the digits, of the power of ten, of their product."""
_POWERS = np.array([float(f"1e{power}") for power in range(-MOST_POWER, MOST_POWER + 1)])


class Rows(NamedTuple):
    """The lines of a block.

    values: float32 (n_lines, dim); those of a line that is not sure mean nothing.
    letters: the bytes of the lines' words, one after another, uint8.
    bounds: line k's word is letters[bounds[k]:bounds[k + 1]], int64 (n_lines + 1,).
    starts: where each line begins in the data, and where the last one ends, int64 (n_lines + 1,).
    is_sure: whether the line is a word and `dim` numbers that are proven, uint8 (n_lines,).
    """

    values: NDArray[np.float32]
    letters: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    starts: NDArray[np.int64]
    is_sure: NDArray[np.uint8]


def parsed_rows(data: NDArray[np.uint8], n_bytes: int, dim: int, *, has_words: bool) -> Rows:
    """Each line of a block as a word and `dim` numbers, with spaces or tabs between.

    Args:
        data: whole lines, each with its line feed, and AHEAD bytes of no meaning behind them; may be read-only.
        n_bytes: how many bytes the lines have.
        has_words: whether a word stands before the numbers.
    """
    n_lines = int(np.count_nonzero(data[:n_bytes] == LINE_FEED))
    rows = Rows(
        np.empty((n_lines, dim), np.float32),
        np.empty(n_bytes if has_words else 0, np.uint8),
        np.empty(n_lines + 1, np.int64),
        np.empty(n_lines + 1, np.int64),
        np.empty(n_lines, np.uint8),
    )
    _parse(data, dim, has_words, _POWERS, rows.values.reshape(-1), *rows[1:])
    return rows


@part
def _digits(data, i, whole, n_digits):
    """The whole number that the digits from i on continue, how many digits it has, where they end."""
    while True:
        chunk = load8_unsigned(data, i) ^ types.uint64(0x3030303030303030)  # digits become 0..9
        others = ((chunk + types.uint64(0x7676767676767676)) | chunk) & types.uint64(0x8080808080808080)
        n = types.int64(trailing_zeros(others) >> types.uint64(3))  # digits before the first other byte
        if n == 0:
            return whole, n_digits, i
        chunk <<= types.uint64(64 - 8 * n)
        chunk = (chunk * types.uint64(10) + (chunk >> types.uint64(8))) & types.uint64(0x00FF00FF00FF00FF)
        chunk = (chunk * types.uint64(100) + (chunk >> types.uint64(16))) & types.uint64(0x0000FFFF0000FFFF)
        chunk = (chunk * types.uint64(10000) + (chunk >> types.uint64(32))) & types.uint64(0x00000000FFFFFFFF)
        power = types.uint64(10) if n & 1 else types.uint64(1)
        power = power * types.uint64(100) if n & 2 else power
        power = power * types.uint64(10000) if n & 4 else power
        power = power * types.uint64(100000000) if n & 8 else power
        whole = whole * power + chunk
        n_digits += n
        i += n
        if n < 8:
            return whole, n_digits, i


@part
def _exponent(data, i):
    """The exponent whose sign or first digit stands at i, and where it ends; i itself where there is none."""
    is_negative = at(data, i) == MINUS
    first = i + 1 if is_negative or at(data, i) == PLUS else i
    power = 0
    end = first
    while 0 <= at(data, end) - ZERO <= 9 and end < first + 4:
        power = 10 * power + at(data, end) - ZERO
        end += 1
    return (-power if is_negative else power), (i if end == first else end)


@part
def _number(data, i, powers):
    """The numeral at i as a float32, and where it ends; i itself where that is not sure."""
    is_negative = at(data, i) == MINUS
    first = i + 1 if is_negative or at(data, i) == PLUS else i
    digit = at(data, first) - ZERO
    if 0 <= digit <= 9 and at(data, first + 1) == POINT:  # most are so
        whole, n_digits, end = types.uint64(digit), 1, first + 1
    else:
        whole, n_digits, end = _digits(data, first, types.uint64(0), 0)
    power = 0
    if at(data, end) == POINT:
        n_before = n_digits
        whole, n_digits, end = _digits(data, end + 1, whole, n_digits)
        power = n_before - n_digits
    if n_digits == 0 or n_digits > MOST_DIGITS:
        return types.float32(0), i
    if (at(data, end) | CASE) == SMALL_E:
        more, after = _exponent(data, end + 1)
        if after == end + 1:
            return types.float32(0), i
        power += more
        end = after
    if power < -MOST_POWER or power > MOST_POWER:
        return types.float32(0), i
    scale = types.float64(-1.0) if is_negative else types.float64(1.0)
    if whole <= EXACT_WHOLE and -EXACT_POWER <= power <= EXACT_POWER:  # one rounding, as it should be
        if power < 0:
            return types.float32(scale * types.float64(whole) / powers[MOST_POWER - power]), end
        return types.float32(scale * types.float64(whole) * powers[MOST_POWER + power]), end
    value = scale * types.float64(whole) * powers[MOST_POWER + power]
    low, high = types.float32(value * (1 - MARGIN)), types.float32(value * (1 + MARGIN))
    return low, (end if low == high else i)


@part
def _is_blank(byte):
    return byte == SPACE or byte == TAB


@lean_as(
    types.void(
        *(BYTES, types.int64, types.boolean, FLOAT64S),
        *(OUT_FLOAT32S, OUT_BYTES, OUT_INT64S, OUT_INT64S, OUT_BYTES),
    )
)
def _parse(data, dim, has_words, powers, values, letters, bounds, starts, is_sure):
    i = 0
    letter = 0
    for line in range(is_sure.size):
        put(starts, line, i)
        put(bounds, line, letter)
        if has_words:
            while at(data, i) != LINE_FEED and not _is_blank(at(data, i)):
                put(letters, letter, at(data, i))
                letter += 1
                i += 1
        sure = not has_words or i > starts[line]
        n_numbers = 0
        while sure and n_numbers < dim:
            begin = i
            while _is_blank(at(data, i)):
                i += 1
            number, end = _number(data, i, powers)
            sure = end > i and (i > begin or (n_numbers == 0 and not has_words))
            values[line * dim + n_numbers] = number
            n_numbers += 1
            i = end
        while _is_blank(at(data, i)) or at(data, i) == RETURN:
            i += 1
        put(is_sure, line, sure and at(data, i) == LINE_FEED)
        while at(data, i) != LINE_FEED:
            i += 1
        i += 1
    put(starts, is_sure.size, i)
    put(bounds, is_sure.size, letter)
