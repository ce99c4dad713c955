"""Numerals become the float32 that Python's float gives, or are left to Python."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tokembed.kernels.decimal_numbers import AHEAD, Rows, parsed_rows

FLOAT32S = st.floats(width=32, allow_nan=False, allow_infinity=False)
FORMS = st.sampled_from(["{!r}", "{:.5f}", "{:.18e}", "{:g}", "{:.9g}", "{:+.3E}", "{:.17f}"])


def parsed(text: bytes, dim: int, *, has_words: bool = True) -> Rows:
    return parsed_rows(np.frombuffer(text + bytes(AHEAD), np.uint8), len(text), dim, has_words=has_words)


def expected(numeral: str) -> np.float32:
    with np.errstate(over="ignore"):
        return np.float64(float(numeral)).astype(np.float32)


def bits(values: NDArray[np.float32] | np.float32) -> int:
    return int(np.asarray(values, np.float32).view(np.uint32).ravel()[0])


def check(numeral: str) -> bool:
    """Whether the kernel is sure of it; its value is then that of Python."""
    rows = parsed(f"a {numeral}\n".encode(), 1)
    if rows.is_sure[0]:
        assert bits(rows.values) == bits(expected(numeral)), numeral
    return bool(rows.is_sure[0])


@pytest.mark.parametrize(
    "numeral",
    [
        *("0", "-0", "+1", "1.", ".5", "-.5", "00012", "0.041242", "-4.0071", "123456789", "16777217", "16777219"),
        *("1e5", "1E-5", "1.5e+10", "-1.671300083398818970e-02", "1e-45", "7e-46", "1.1754942e-38", "3.4028235e38"),
        *("1234567890.123456789", "0.000000000000000001", "9007199254740993", "1e39", "-1e50", "0e60"),
    ],
)
def test_a_numeral_is_proven(numeral: str) -> None:
    assert check(numeral)


@pytest.mark.parametrize(
    "numeral",
    [
        *("nan", "inf", "-", "+", ".", "e5", "1e", "1e+", "1_0", "0x10", "1,5", "--1", "1-", "1.2.3", "1e5.0", "٣"),
        *("0.12345678901234567890", "1e-61", "1e99999", "1e-9999999"),
    ],
)
def test_what_is_no_numeral_or_not_sure_is_left_to_python(numeral: str) -> None:
    assert not check(numeral)


@settings(max_examples=500)
@given(FLOAT32S, FORMS)
def test_a_float32_in_any_notation_is_read_as_python_reads_it(value: float, form: str) -> None:
    check(form.format(value))


@settings(max_examples=500)
@given(st.from_regex(r"[+-]?[0-9]{0,12}(\.[0-9]{0,12})?([eE][+-]?[0-9]{1,2})?", fullmatch=True))
def test_any_decimal_is_read_as_python_reads_it(numeral: str) -> None:
    check(numeral)


@settings(max_examples=500)
@given(st.floats(min_value=2.0**-100, max_value=2.0**60, width=32), st.integers(-3, 3))
def test_a_numeral_near_the_middle_of_two_numbers_is_never_read_wrongly(value: float, step: int) -> None:
    low = np.float32(value)
    middle = (Decimal(float(low)) + Decimal(float(np.nextafter(low, np.float32(np.inf))))) / 2
    digits = f"{middle:.18e}"
    mantissa, _, exponent = digits.partition("e")
    check(f"{Decimal(mantissa) + step * Decimal('1e-18')}e{exponent}")


def test_most_shortest_decimals_are_proven() -> None:
    values = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    assert sum(check(str(value)) for value in values) == 1000


ROWS = {
    "one space between": (b"a 1 2\n", True),
    "tabs and more spaces": (b"a \t1\t  2\n", True),
    "blanks at the end": (b"a 1 2 \t \n", True),
    "a carriage return at the end": (b"a 1 2\r\n", True),
    "a word of any bytes": ("학교\u00a0\u2028😀 1 2\n".encode(), True),
    "a word like a number": (b"3 1 2\n", True),
    "no word": (b" 1 2\n", False),
    "no line": (b"\n", False),
    "too few": (b"a 1\n", False),
    "too many": (b"a 1 2 3\n", False),
    "a word with a space": (b"a b 1 2\n", False),
    "a form feed between": (b"a 1\f2\n", False),
    "a carriage return between": (b"a 1\r2\n", False),
}


@pytest.mark.parametrize("text", ROWS)
def test_a_row_is_a_word_and_its_numbers(text: str) -> None:
    line, is_row = ROWS[text]
    rows = parsed(b"first 8 9\n" + line + b"last 8 9\n", 2)
    assert rows.is_sure.tolist() == [1, is_row, 1]
    if is_row:
        assert rows.values.tolist() == [[8, 9], [1, 2], [8, 9]]
    assert rows.starts.tolist() == [0, 10, 10 + len(line), 19 + len(line)]
    word = rows.letters[rows.bounds[1] : rows.bounds[2]].tobytes()
    assert word == line.rstrip(b"\r\n").split(b" ")[0].split(b"\t")[0]


def test_a_row_without_a_word_is_numbers_alone() -> None:
    rows = parsed(b"1\t2\n 1 2\n1\n", 2, has_words=False)
    assert rows.is_sure.tolist() == [1, 1, 0]
    assert rows.values[:2].tolist() == [[1, 2], [1, 2]]
