"""Byte-level BPE against merging as the original does it, long pieces and short."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import clip_reference as reference
from tokembed.kernels.bpe import cut_word, word_ids
from tokembed.kernels.bpe_tables import CACHED_WORDS, SHORT, Merges, long_memory, merge_tables, new_memory


def run(merges: Merges, words: list[bytes], *, cached: bool = True) -> list[tuple[int, ...]]:
    memory, got = new_memory(), []
    for word in words:
        data = np.frombuffer(word + bytes(32), np.uint8).copy()
        ids = np.zeros(len(word) + 4, np.int32)
        room = long_memory(len(word))
        if cached:
            n = word_ids(*merges, *memory, *room, data, 0, len(word), ids, 0)
        else:
            n = cut_word(*merges, *memory[1:], *room, data, 0, len(word), ids, 0)
        got.append(tuple(ids[:n].tolist()))
    return got


def expected(word: str) -> tuple[int, ...]:
    return reference.word_ids.__wrapped__(word)


LETTERS = st.one_of(
    st.text("aeihnorst", min_size=1, max_size=80),
    st.text("가나다의는", min_size=1, max_size=20),
    st.text(min_size=1, max_size=9),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(LETTERS, min_size=1, max_size=6))
def test_words(merges: Merges, words: list[str]) -> None:
    assert run(merges, [word.encode() for word in words] * 2) == [expected(word) for word in words] * 2


@pytest.mark.parametrize("n", [SHORT - 1, SHORT, SHORT + 1, 200, 1000])
@pytest.mark.parametrize("piece", ["a", "ab", "the", "!", "ha", "aeiou", "가", "👩‍", "=", "-_"])
def test_a_piece_that_is_short_or_long(merges: Merges, piece: str, n: int) -> None:
    word = (piece * n)[:n]
    assert run(merges, [word.encode()], cached=False) == [expected(word)]


def test_more_words_than_the_cache_has_places(merges: Merges) -> None:
    words = [f"w{k}" for k in range(2_000)]
    memory = new_memory()
    small = memory._replace(lines=memory.lines[:16])
    for _ in range(2):
        for word in words:
            data, ids = np.frombuffer(word.encode() + bytes(32), np.uint8).copy(), np.zeros(16, np.int32)
            n = word_ids(*merges, *small, *long_memory(8), data, 0, len(word), ids, 0)
            assert tuple(ids[:n].tolist()) == expected(word)
    assert len(memory.lines) == CACHED_WORDS


def test_a_merge_before_its_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="stands before"):
        merge_tables(list(range(256)), [(0, 600)], [bytes([k % 256]) for k in range(513)])
