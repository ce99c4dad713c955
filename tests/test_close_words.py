"""Did-you-mean, against a distance written down plainly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokembed.asking.close_words import close_words, edit_distances
from tokembed.hangul import letters
from tokembed.vocab import Vocab

KNOWN = Vocab(
    ["the", "Seoul", "glove", "gloves", "grove", "학교", "학생", "강아지", "고양이", "NASA", "internationale"]
)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("seoul", ["Seoul"]),
        ("nasa", ["NASA"]),
        ("The", ["the"]),
        ("glvoe", ["glove"]),
        ("Glvoe", ["glove"]),
        ("golves", ["gloves", "glove"]),
        ("gloove", ["glove", "gloves", "grove"]),
        ("학꾜", ["학교"]),
        ("강아쥐", ["강아지"]),
        ("강아지가", ["강아지"]),
        ("하교", ["학교"]),
        ("internatinale", ["internationale"]),
        ("zzzzz", []),
        ("", []),
        ("x", []),
        ("\udcff", []),
        ("a" * 10_000, []),
    ],
)
def test_close_words(word: str, expected: list[str]) -> None:
    assert close_words(word, KNOWN) == expected


def test_of_equally_close_words_the_first_comes_first() -> None:
    assert close_words("cot", Vocab(["cit", "cat", "cart", "cut", "dog"])) == ["cit", "cat", "cut"]
    assert close_words("cot", Vocab()) == []


def plain_distance(a: str, b: str) -> int:
    cells = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            ways = [cells[i - 1, j] + 1, cells[i, j - 1] + 1, cells[i - 1, j - 1] + (a[i - 1] != b[j - 1])]
            if i > 1 and j > 1 and (a[i - 1], a[i - 2]) == (b[j - 2], b[j - 1]):
                ways.append(cells[i - 2, j - 2] + 1)
            cells[i, j] = min(ways)
    return cells[len(a), len(b)]


@given(st.text("abc", max_size=7), st.lists(st.text("abc", max_size=9), min_size=1), st.integers(1, 3))
def test_edit_distances_are_those_of_the_whole_table(query: str, words: list[str], limit: int) -> None:
    codes = np.array([list(map(ord, word.ljust(9, "\0"))) for word in words], np.uint32)
    found = edit_distances(
        np.array(list(map(ord, query)), np.uint32),
        np.ascontiguousarray(codes.T),
        np.array(list(map(len, words))),
        limit,
    )
    expected = [min(plain_distance(query, word), limit + 1) for word in words]
    assert np.minimum(found, limit + 1).tolist() == expected


@given(
    st.text("각갂가나다ab", min_size=1, max_size=4),
    st.lists(st.text("각갂가나다ab", min_size=1, max_size=5), unique=True),
)
def test_hangul_is_compared_by_letters(word: str, words: list[str]) -> None:
    query = letters(word)
    limit = min(3, max(1, len(query) // 3))
    near = [(plain_distance(query, letters(known)), row) for row, known in enumerate(words)]
    expected = [words[row] for distance, row in sorted(near) if distance <= limit]
    if word not in words and len(query) > 1 and not set(word) & set("ab"):
        assert close_words(word, Vocab(words), 99) == expected
