"""Interning is held to Python's own split, dict and Counter."""

import sys
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokembed.kernels import intern as kernel

TEXTS = st.lists(
    st.text(st.sampled_from("ab가é\u3000\u2003 \t\x1c\x1b\x85\xa0\u200b\u2028ㅋ漢𠀀"), max_size=60)
    | st.text(max_size=90),
    max_size=12,
)


def as_buffers(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The texts' UTF-8 bytes, (n_bytes,), and where each begins, (n_texts + 1,)."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    bounds = np.cumsum([0, *map(len, encoded)])
    return np.frombuffer(b"".join(encoded), np.uint8), bounds


def as_strings(words: kernel.Words) -> list[str]:
    letters = words.letters.tobytes()
    bounds = words.bounds[: words.n_words + 1].tolist()
    return [letters[a:b].decode() for a, b in pairwise(bounds)]


def check(texts: list[str], n_threads: int, words: kernel.Words | None = None) -> kernel.Words:
    words = kernel.no_words() if words is None else words
    known = {word: k for k, word in enumerate(as_strings(words))}
    counts = Counter(dict(zip(known, words.counts.tolist(), strict=False)))
    result = kernel.intern(*as_buffers(texts), words, n_threads=n_threads)
    expected = [[known.setdefault(word, len(known)) for word in text.split()] for text in texts]
    counts.update(word for text in texts for word in text.split())
    assert (result.ids.dtype, result.starts.dtype) == (np.int32, np.int64)
    assert result.ids.tolist() == [i for ids in expected for i in ids]
    assert np.diff(result.starts).tolist() == [len(ids) for ids in expected]
    assert result.starts[0] == 0
    assert as_strings(result.words) == list(known)
    assert result.words.counts[: result.words.n_words].tolist() == [counts[w] for w in known]
    return result.words


@pytest.fixture(autouse=True)
def any_size_is_worth_a_thread(monkeypatch):
    monkeypatch.setattr(kernel, "_THREAD_BYTES", 1)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    TEXTS.filter(lambda texts: all(c < "\ud800" or c > "\udfff" for t in texts for c in t)),
    st.integers(1, 5),
)
def test_words_are_those_of_split_in_order_of_sight(texts, n_threads):
    check(texts, n_threads)


def test_white_space_is_that_of_python_over_all_of_unicode():
    texts = [f"a{chr(c)}b" for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    result = kernel.intern(*as_buffers(texts), kernel.no_words())
    spaces = {ord(text[1]) for text, n in zip(texts, np.diff(result.starts), strict=True) if n == 2}
    assert spaces == {c for c in range(sys.maxunicode + 1) if chr(c).isspace()}
    assert len(spaces) == 29


def test_a_vocabulary_only_grows():
    words = check(["b a b", "c"], 1)
    words = check(["d a", "e b", "e f d"], 3, words)
    check(["a b c d e f g"], 2, words)


def test_known_words_come_first():
    letters, bounds = as_buffers(["zebra", "한국어", "x" * 100])
    words = kernel.known_words(letters, bounds)
    assert as_strings(words) == ["zebra", "한국어", "x" * 100]
    check(["a zebra " + "x" * 100, "한국어 b"], 2, words)


@pytest.mark.parametrize("n_threads", [1, 2, 7])
def test_many_distinct_words_long_and_short(n_threads):
    texts = [" ".join(f"{k * 7919 % 5003}{'x' * (k % 40)}" for k in range(i, i + 500)) for i in range(0, 20000, 400)]
    check(texts, n_threads)


def test_a_slice_of_an_array_need_not_begin_at_zero():
    data, bounds = as_buffers(["left out", "a b a", "c a"])
    result = kernel.intern(data, bounds[1:], kernel.no_words(), n_threads=2)
    assert (result.ids.tolist(), result.starts.tolist()) == ([0, 1, 0, 2, 0], [0, 3, 5])


@pytest.mark.parametrize("texts", [[], [""], ["", " ", "a"], ["a"]])
def test_little_or_nothing(texts):
    check(texts, 2)
