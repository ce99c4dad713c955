"""Whether bytes are UTF-8 and how many lines they have is what Python says, wherever a character stands."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tokembed.kernels.instructions import WIDTH
from tokembed.kernels.lines import n_line_feeds, split


def line_feeds(data: bytes) -> int | None:
    """How many Python finds; None where it cannot decode the data."""
    try:
        return data.decode().count("\n")
    except UnicodeDecodeError:
        return None


def around_borders(piece: bytes) -> list[bytes]:
    """The piece behind so many letters that each of its bytes stands at each side of both first borders, or last."""
    places = [border - back for border in (WIDTH, 2 * WIDTH) for back in range(-1, len(piece) + 2)]
    return [b"a" * place + piece + rest for place in [0, *places] for rest in (b"", b"\n", b"a" * 3 * WIDTH + b"\n")]


# The first and the last code point of each length, of the surrogates' neighbors, and of all.
BOUNDARIES = [0x00, 0x0A, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xCFFF, 0xD000, 0xD7FF, 0xE000, 0xFFFF, 0x10000,
              0x3FFFF, 0x40000, 0xFFFFF, 0x100000, 0x10FFFF]  # fmt: skip


@pytest.mark.parametrize("code_point", BOUNDARIES, ids=hex)
def test_the_first_and_last_characters_of_each_length_are_utf_8(code_point: int) -> None:
    for data in around_borders(chr(code_point).encode()):
        assert n_line_feeds(data) == data.count(b"\n")


@pytest.mark.parametrize("code_point", [c for c in BOUNDARIES if c > 0x7F], ids=hex)
def test_a_character_that_is_cut_off_is_not_utf_8(code_point: int) -> None:
    character = chr(code_point).encode()
    for n_bytes in range(1, len(character)):
        for data in around_borders(character[:n_bytes]) + around_borders(character[n_bytes:]):
            assert line_feeds(data) is None
            assert n_line_feeds(data) is None


WRONG = {
    "a continuation alone": b"\x80",
    "one continuation too many": "é".encode() + b"\x80",
    "four continuations": b"\xf0\x90\x80\x80\x80",
    "an overlong NUL": b"\xc0\x80",
    "an overlong line feed": b"\xc0\x8a",
    "an overlong slash": b"\xc1\xaf",
    "the last overlong form of two bytes in three": b"\xe0\x9f\xbf",
    "the last overlong form of three bytes in four": b"\xf0\x8f\xbf\xbf",
    "the first surrogate": b"\xed\xa0\x80",
    "the last high surrogate": b"\xed\xaf\xbf",
    "the first low surrogate": b"\xed\xb0\x80",
    "the last surrogate": b"\xed\xbf\xbf",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "the first beyond Unicode": b"\xf4\x90\x80\x80",
    "a fifth byte": b"\xf8\x88\x80\x80\x80",
    "FE": b"\xfe",
    "FF": b"\xff",
    "a line feed inside a character": b"\xea\xb0\n\x80",
}


@pytest.mark.parametrize("piece", WRONG.values(), ids=WRONG)
def test_what_is_not_utf_8_is_seen_wherever_it_stands(piece: bytes) -> None:
    for data in around_borders(piece):
        assert line_feeds(data) is None
        assert n_line_feeds(data) is None


def test_all_pairs_of_bytes_are_judged_as_python_judges_them() -> None:
    """Each pair once alone and once before two continuations, its first byte the last one of a step."""
    before = b"a" * (WIDTH - 1)
    for first in range(0x80, 0x100):
        for second in range(0x100):
            for rest in (b"", b"\x80", b"\x80\x80"):
                data = before + bytes([first, second]) + rest
                assert n_line_feeds(data) == line_feeds(data), data[WIDTH - 1 :].hex()


@pytest.mark.parametrize("n_bytes", [0, 1, 2, 3, 4, *range(28, 37), *range(60, 69), 95, 96, 97, 128])
def test_lines_are_counted_in_data_of_any_length(n_bytes: int) -> None:
    for data in (b"\n" * n_bytes, b"a" * n_bytes, (b"ab\n" * n_bytes)[:n_bytes], ("가\n".encode() * n_bytes)[:n_bytes]):
        assert n_line_feeds(data) == line_feeds(data)


pieces = st.one_of(
    st.sampled_from([chr(code_point).encode() for code_point in BOUNDARIES]),
    st.sampled_from([b"\n", b"\r\n", b"a", b"a" * 29, "학교".encode(), "😀".encode()]),
    st.sampled_from(list(WRONG.values())),
    st.binary(max_size=3),
)


@given(st.lists(pieces, max_size=40).map(b"".join))
@example(b"")
def test_any_bytes_are_judged_as_python_judges_them(data: bytes) -> None:
    assert n_line_feeds(data) == line_feeds(data)


@given(st.lists(st.text(max_size=12), max_size=20).map("\n".join), st.integers(0, 70))
def test_text_is_utf_8_until_a_byte_of_it_is_changed(text: str, place: int) -> None:
    data = bytearray(text.encode())
    assert n_line_feeds(bytes(data)) == data.count(b"\n")
    if data:
        data[place % len(data)] ^= 0x80  # a letter becomes a continuation, and the other way round
        assert n_line_feeds(bytes(data)) == line_feeds(bytes(data))


def lines_of(data: bytes) -> list[bytes]:
    letters, bounds = split(data, data.count(b"\n"))
    assert (letters.dtype, bounds.dtype, len(letters)) == (np.uint8, np.int64, len(data) - data.count(b"\n"))
    return [letters[begin:end].tobytes() for begin, end in pairwise(bounds.tolist())]


@given(
    st.lists(st.one_of(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), st.just(b"")), max_size=20)
)
@example([])
@example([b""])
@example([b"\x0b\x09\x8a", b"\x0b" * 8])  # a bit from a line feed
def test_lines_are_split_where_python_splits_them(lines: list[bytes]) -> None:
    data = b"".join(line + b"\n" for line in lines)
    assert lines_of(data) == data.split(b"\n")[:-1] == lines


@pytest.mark.parametrize("n_bytes", [0, 1, 7, 8, 9, 31, 32, 33])
def test_lines_of_any_length_are_split(n_bytes: int) -> None:
    lines = [b"\x0b" * n_bytes, b"", b"\x09" * n_bytes, b"\x8a" * (n_bytes + 1)]
    assert lines_of(b"".join(line + b"\n" for line in lines)) == lines
