"""Nearest words, against numpy over the whole matrix and gensim."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tokembed.asking import search as library
from tokembed.asking.search import Search, cosine, unit
from tokembed.errors import BadInput
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab


def vectors(matrix: np.ndarray, norms: np.ndarray | None = None) -> WordVectors:
    return WordVectors(Vocab(f"w{row}" for row in range(len(matrix))), matrix.astype(np.float32), norms=norms)


def random_vectors(n_terms: int = 500, dim: int = 7) -> WordVectors:
    return vectors(np.random.default_rng(1).standard_normal((n_terms, dim)))


def plain_cosines(matrix: np.ndarray, query: np.ndarray) -> np.ndarray:
    wide, query = matrix.astype(np.float64), query.astype(np.float64)
    return wide @ query / (np.linalg.norm(wide, axis=1) * np.linalg.norm(query))


@pytest.mark.parametrize("block", [1, 70, 1 << 22])
def test_it_finds_what_sorting_all_cosines_finds(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    for name in ("_NUMBERS_A_PRODUCT", "_NUMBERS_A_THREAD", "_MOST_COSINES"):
        monkeypatch.setattr(library, name, block)
    given = random_vectors()
    queries = given.matrix[:9] + 0.1
    for query, hits in zip(queries, Search(given).nearest(queries, 12), strict=True):
        expected = plain_cosines(given.matrix, query)
        assert [hit.row for hit in hits] == np.argsort(-expected)[:12].tolist()
        assert [hit.score for hit in hits] == pytest.approx(np.sort(expected)[::-1][:12], abs=1e-6)
        assert all(hit.word == f"w{hit.row}" for hit in hits)


def test_it_finds_what_gensim_finds(glove: WordVectors) -> None:
    peer = KeyedVectors(glove.dim)
    peer.add_vectors(glove.terms.tokens, glove.matrix)
    words = ["king", "seoul", "the", "3", "running"]
    rows = [glove.terms.ids[word] for word in words]
    found = Search(glove).nearest(glove.matrix[rows], 25, without=[[row] for row in rows])
    for word, hits in zip(words, found, strict=True):
        expected = peer.most_similar(word, topn=25)
        assert [hit.word for hit in hits] == [neighbor for neighbor, _ in expected]
        assert [hit.score for hit in hits] == pytest.approx([score for _, score in expected], abs=1e-6)


def test_a_matrix_on_disk_stays_there(tmp_path: Path) -> None:
    given = random_vectors()
    np.save(tmp_path / "x.npy", given.matrix)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    search = Search(WordVectors(given.terms, mapped))
    assert np.shares_memory(search._matrix, mapped)
    assert search.nearest(given.matrix[:3], 5) == Search(given).nearest(given.matrix[:3], 5)


def test_stored_norms_are_used() -> None:
    given = random_vectors()
    norms = np.linalg.norm(given.matrix, axis=1)
    np.testing.assert_allclose(Search(given).norms, norms, rtol=1e-6)
    assert Search(vectors(given.matrix, norms)).norms is norms


def test_rows_of_zeros_are_never_found_and_give_no_nan() -> None:
    search = Search(vectors(np.array([[0, 0], [1, 0], [-1, 0], [0, 0]])))
    assert search.cosines(np.array([[2, 0], [0, 0]], np.float32)).tolist() == [[0, 1, -1, 0], [0, 0, 0, 0]]
    (hits,) = search.nearest(np.array([[2, 0]], np.float32), 10)
    assert [(hit.word, hit.score) for hit in hits] == [("w1", 1.0), ("w2", -1.0)]
    with pytest.raises(BadInput, match="must have a direction"):
        search.nearest(np.zeros((1, 2), np.float32), 1)


def test_lengths_whose_squares_are_no_float32() -> None:
    search = Search(vectors(np.array([[3e30, 4e30], [3e-30, 4e-30], [3, -4], [3.4e38, 3.4e38]])))
    assert search.norms[:3].tolist() == pytest.approx([5e30, 5e-30, 5])
    (hits,) = search.nearest(np.array([[6, 8]], np.float32), 4)  # the last row's length is none either
    assert [hit.score for hit in hits] == pytest.approx([1, 1, -0.28], abs=1e-6)


def test_of_equal_scores_the_earlier_row_comes_first() -> None:
    search = Search(vectors(np.ones((50, 2))))
    scores = np.array([1, 2] * 25, np.float32)
    assert [hit.row for hit in search.best(scores, 3)] == [1, 3, 5]
    assert [hit.row for hit in search.best(scores, 3, without=[3, 1])] == [5, 7, 9]
    assert len(search.best(scores, 99, without=[0])) == 49
    assert search.best(scores, 1, without=range(50)) == []


@given(hnp.arrays(np.float32, (3, 4), elements=st.floats(-1e6, 1e6, width=32)))
def test_a_direction_has_length_one_or_none(rows: np.ndarray) -> None:
    lengths = np.linalg.norm(unit(rows).astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths, rows.any(axis=1).astype(float), atol=1e-6)


def test_the_cosine_of_two() -> None:
    a, b, zero = np.array([3, 4], np.float32), np.array([4, 3], np.float32), np.zeros(2, np.float32)
    assert cosine(a, b) == pytest.approx(24 / 25)
    assert cosine(a, zero) == 0
