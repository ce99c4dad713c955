"""Where a word's vector comes from: counted by gensim's own n-grams."""

from __future__ import annotations

import numpy as np
import pytest
from gensim.models.fasttext_inner import compute_ngrams_bytes

import tokembed
from tokembed.asking.vector_origin import origin
from tokembed.hangul import letters
from tokembed.types import Kind
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

TEXTS = ["홀로서기 학교를 학교를", "학교에 홀로서기 학교를"] * 4


@pytest.mark.parametrize("jamo", [False, True])
@pytest.mark.parametrize("word", ["학교를", "학교에서", "홀로서기를", "zebra", "홀"])
def test_ngrams_are_counted_as_gensim_cuts_them(word: str, jamo: bool) -> None:
    corpus = tokembed.tokenizer("whitespace").encode_batch(TEXTS)
    model = tokembed.embedder("fasttext", dim=4, min_count=1, jamo=jamo).fit(corpus)
    vectors = WordVectors(model.terms, model.vectors, model.counts, model.ngrams)  # type: ignore[union-attr]

    def cut(text: str) -> list[str]:
        return [ngram.decode() for ngram in compute_ngrams_bytes(letters(text) if jamo else text, 3, 6)]

    known = {ngram for term in model.terms for ngram in cut(term)}
    found = origin(vectors, word)
    assert [part.ngram for part in found.ngrams] == cut(word)
    assert [part.is_trained for part in found.ngrams] == [ngram in known for ngram in cut(word)]
    assert found.kind == (Kind.EXACT if word == "학교를" else Kind.NGRAMS if found.n_trained else Kind.NONE)
    assert (found.row, found.rank, found.count) == ((0, 1, 12) if word == "학교를" else (None, None, None))


def test_a_rank_is_shared_by_words_that_occur_as_often() -> None:
    vectors = WordVectors(Vocab("abcd"), np.array([[3, 4]] * 4, np.float32), np.array([9, 5, 5, 1]))
    assert [(origin(vectors, word).rank, origin(vectors, word).norm) for word in "abcd"] == [
        (1, 5),
        (2, 5),
        (2, 5),
        (4, 5),
    ]
    assert origin(WordVectors(Vocab("ab"), np.ones((2, 1), np.float32)), "b").rank == 2
