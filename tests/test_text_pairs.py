"""Pairs of texts: cosines by hand, percentiles by counting, and where embedders disagree."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

import tokembed
from tokembed.asking.search import Search
from tokembed.compare.grids import compare_texts
from tokembed.compare.static_rows import StaticRows
from tokembed.compare.term_rows import fitted_rows
from tokembed.compare.text_pairs import (
    N_PAIRS,
    Disagreement,
    Similarity,
    TextPair,
    cosine_matrix,
    disagreement,
    reference_sample,
    reference_sentences,
)
from tokembed.compare.vectors import VectorComparison, compare_vectors
from tokembed.errors import BadInput
from tokembed.types import Text
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

TOKENIZERS = {"whitespace": tokembed.tokenizer("whitespace")}
CONTENTS = ["the old dog", "a dog and the cat", "", "unheard of"]


def vectors_of(words: list[str]) -> WordVectors:
    matrix = np.random.default_rng(3).normal(size=(len(words), 4)).astype(np.float32)
    return WordVectors(Vocab(words), matrix)


def compared(contents: list[str], vectors: WordVectors, word: str | None = None) -> VectorComparison:
    texts = [Text(f"x:{place}", "x", content) for place, content in enumerate(contents)]
    grids = compare_texts(texts, TOKENIZERS, limit=100).grids
    encodings = [one.rows[0].encoding for one in grids]
    embedders = [StaticRows("v", "whitespace", Search(vectors)), fitted_rows("tfidf", "whitespace", encodings)]
    return compare_vectors(grids, embedders, TOKENIZERS, word=word)


def test_there_are_64_sentences_in_each_language() -> None:
    sentences = reference_sentences()
    assert len(set(sentences)) == 128
    assert all(re.search("[가-힣]", sentence) for sentence in sentences[:64])
    assert all(sentence.isascii() for sentence in sentences[64:])


def test_pairs_against_plain_loops() -> None:
    english = sorted({word for sentence in reference_sentences()[64:] for word in sentence.split()})
    vectors = vectors_of([*english, "cat"] if "cat" not in english else english)

    def mean(content: str) -> np.ndarray | None:
        known = [vectors.matrix[vectors.terms.ids[word]] for word in content.split() if word in vectors.terms]
        return np.mean(known, axis=0, dtype=np.float64) if known else None

    def cosine(one: np.ndarray | None, other: np.ndarray | None) -> float | None:
        if one is None or other is None:
            return None
        return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))

    found = compared(CONTENTS, vectors)
    assert [(pair.first, pair.second) for pair in found.pairs] == list(combinations(range(4), 2))
    means = list(map(mean, reference_sentences()))
    all_cosines = np.array([[np.nan if (c := cosine(a, b)) is None else c for b in means] for a in means])
    sample = reference_sample(all_cosines)
    for pair in found.pairs:
        one = pair.similarities[0]
        expected = cosine(mean(CONTENTS[pair.first]), mean(CONTENTS[pair.second]))
        if expected is None:
            assert (one.cosine, one.percentile) == (None, None)
            continue
        assert one.cosine == pytest.approx(expected, abs=1e-6)
        assert one.percentile == pytest.approx(100 * sum(value < expected for value in sample) / len(sample), abs=0.1)
        assert one.n_words == (len(CONTENTS[pair.first].split()), len(CONTENTS[pair.second].split()))
    assert found.pairs[0].similarities[0].n_with_vector == (3, 5)


def test_the_sample_is_of_random_pairs_of_different_sentences() -> None:
    matrix = np.arange(128.0 * 128).reshape(128, 128)
    sample = reference_sample(matrix)
    assert len(sample) == N_PAIRS
    assert np.all(np.diff(sample) >= 0)
    assert not set(sample.tolist()) & set(np.diag(matrix).tolist())
    assert len(set(sample.tolist())) > 0.9 * N_PAIRS
    np.testing.assert_array_equal(sample, reference_sample(matrix))
    matrix[:, :64] = np.nan
    assert 0.4 * N_PAIRS < len(reference_sample(matrix)) < 0.6 * N_PAIRS


def test_without_enough_sentences_that_have_a_vector_there_is_no_percentile() -> None:
    (pair,) = compared(["the dog", "the old dog"], vectors_of(["lavender", "dog", "old"])).pairs
    assert pair.similarities[0].cosine is not None
    assert pair.similarities[0].percentile is None


def test_a_row_of_zeros_has_no_cosine_and_equal_rows_have_one() -> None:
    cosines = cosine_matrix(np.array([[3, 4], [0, 0], [3, 4], [-3, -4]], np.float32))
    assert cosines[0].tolist() == pytest.approx([1, np.nan, 1, -1], nan_ok=True)


def test_the_greatest_disagreement_is_found() -> None:
    def pair(first: int, *percentiles: float | None) -> TextPair:
        return TextPair(first, 9, tuple(Similarity(str(p), "t", 0.5, p, (1, 1), (1, 1)) for p in percentiles))

    pairs = [pair(0, 10, 30, None), pair(1, None, 5), pair(2, 90, 40, 20), pair(3, 99, 60)]
    found = disagreement(pairs)
    assert isinstance(found, Disagreement)
    assert (found.first, found.high.embedder, found.low.embedder) == (2, "90", "20")
    assert disagreement(pairs[1:2]) is None


@pytest.mark.parametrize(("n_texts", "n_pairs"), [(1, 0), (2, 1), (20, 190), (21, 0)])
def test_two_to_twenty_texts_are_paired(n_texts: int, n_pairs: int) -> None:
    assert len(compared(["the dog"] * n_texts, vectors_of(["dog", "the"])).pairs) == n_pairs


def test_a_word_has_the_same_static_vector_in_every_text() -> None:
    vectors = vectors_of(["배를", "먹었다", "탔다"])
    found = compared(["배를 먹었다", "그는 배를 탔다", "배가"], vectors, word="배를")
    assert [(pair.first, pair.second, pair.cosine) for pair in found.word_pairs] == [(0, 1, 1.0)]
    assert found.word_pairs[0].percentile == 100
    (unknown,) = compared(["그는", "그는"], vectors, word="그는").word_pairs
    assert (unknown.cosine, unknown.percentile) == (None, None)
    with pytest.raises(BadInput, match="'탔다' is in 1 of 2 texts"):
        compared(["배를 탔다", "배를"], vectors, word="탔다")
