"""What embedders have for each word: against plain loops, pooling, explain's n-grams and numbers worked by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

import tokembed
from tokembed.asking.search import Search
from tokembed.asking.vector_origin import origin
from tokembed.compare.grids import Grid, grid
from tokembed.compare.static_rows import StaticRows
from tokembed.compare.term_rows import fitted_rows
from tokembed.compare.word_rows import EmbedderRow, WordKind
from tokembed.corpus import from_encodings
from tokembed.coverage import TokenCounts
from tokembed.models.cutting import chosen_tokenizer
from tokembed.models.model import Model, new_model
from tokembed.text_vectors import pooling
from tokembed.types import Text
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

SENTENCES = ["나는 학교에 간다", "너는 집에서 학교에 간다 ☃", "", "king"]
TOKENIZERS = {name: tokembed.tokenizer(name) for name in ("whitespace", "bert")}


def grids(contents: Sequence[str] = SENTENCES) -> list[Grid]:
    return [grid(Text(f"x:{place}", "x", content), TOKENIZERS) for place, content in enumerate(contents)]


def rows_under(name: str, contents: Sequence[str] = SENTENCES) -> list:
    return [row for one in grids(contents) for row in one.rows if row.tokenizer == name]


@pytest.fixture(scope="module")
def vectors() -> WordVectors:
    """Vectors of some pieces of the sentences."""
    words = ["나는", "학", "##교", "##에", "집", "간", "king", "학교에", "[UNK]"]
    return WordVectors(Vocab(words), np.random.default_rng(7).normal(size=(len(words), 6)).astype(np.float32))


def spoken(row: EmbedderRow) -> list[tuple[str, int, int]]:
    return [(str(word.kind), word.n_found, word.n_parts) for word in row.words]


def test_a_word_is_exact_in_parts_or_not_there(vectors: WordVectors) -> None:
    found = StaticRows("v", "bert", Search(vectors)).word_rows(rows_under("bert"))
    assert [row.encoding.tokens for row in rows_under("bert")][1] == (
        "너", "##는", "집", "##에서", "학", "##교", "##에", "간", "##다", "[UNK]",
    )  # fmt: skip
    assert spoken(found[1]) == [("none", 0, 2), ("tokens", 1, 2), ("tokens", 3, 3), ("tokens", 1, 2), ("none", 0, 1)]
    assert (found[2].words, spoken(found[3])) == ((), [("exact", 1, 1)])
    assert [row.n_with_vector for row in found] == [3, 3, 0, 1]


def test_the_nearest_word_is_that_of_a_plain_loop(vectors: WordVectors) -> None:
    texts = rows_under("bert")
    found = StaticRows("v", "bert", Search(vectors)).word_rows(texts)
    matrix = vectors.matrix.astype(np.float64)
    for text, shown in zip(texts, found, strict=True):
        for places, word in zip(text.by_word, shown.words, strict=True):
            tokens = [text.encoding.tokens[place] for place in places if not text.encoding.unknown[place]]
            own = [vectors.terms.ids[token] for token in tokens if token in vectors.terms]
            if not own:
                assert word.nearest is None
                continue
            vector = np.mean([matrix[row] for row in own], axis=0)
            cosines = matrix @ vector / np.linalg.norm(matrix, axis=1) / np.linalg.norm(vector)
            cosines[own] = -2
            assert word.nearest is not None
            assert word.nearest.word == vectors.terms[int(cosines.argmax())]
            assert word.nearest.score == pytest.approx(cosines.max(), abs=1e-5)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_cosines_of_texts_are_those_of_pooled_vectors(vectors: WordVectors, name: str) -> None:
    encodings = [row.encoding for row in rows_under(name)]
    pooled = pooling.mean(from_encodings(encodings, TOKENIZERS[name].vocab or Vocab()), vectors)
    cosines = StaticRows("v", name, Search(vectors)).text_cosines(encodings)
    for first, one in enumerate(pooled.vectors.astype(np.float64)):
        for second, other in enumerate(pooled.vectors.astype(np.float64)):
            if one.any() and other.any():
                expected = one @ other / math.sqrt((one @ one) * (other @ other))
                assert cosines[first, second] == pytest.approx(expected, abs=1e-6)
            else:
                assert np.isnan(cosines[first, second])


@pytest.fixture(scope="module")
def fasttext() -> Model:
    cutting = chosen_tokenizer("whitespace", {})
    corpus = cutting.tokenizer.encode_batch(SENTENCES * 6)
    model = new_model(cutting, "fasttext", {"dim": 8, "min_count": 1, "epochs": 1, "buckets": 1000})
    model.fit(corpus, TokenCounts())
    return model


def test_trained_ngrams_are_those_that_explain_names(fasttext: Model) -> None:
    words = ["학교에서", "나는", "학교", "zzz", "집에서는"]
    vectors = fasttext.word_vectors()
    (found,) = StaticRows("f", "whitespace", Search(vectors)).word_rows(rows_under("whitespace", [" ".join(words)]))
    for word, row in zip(words, found.words, strict=True):
        known = origin(vectors, word)
        if known.row is not None:
            assert row.kind is WordKind.EXACT
        elif known.n_trained:
            assert (row.kind, row.n_found, row.n_parts) == (WordKind.NGRAMS, known.n_trained, len(known.ngrams))
        else:
            assert row.kind is WordKind.NONE
    assert {row.kind for row in found.words} == {WordKind.EXACT, WordKind.NGRAMS, WordKind.NONE}


def test_tfidf_shows_what_each_word_weighs() -> None:
    texts = rows_under("whitespace", ["a b", "a c", ""])
    encodings = [row.encoding for row in texts]
    rows = fitted_rows("tfidf", "whitespace", encodings)
    one, other, empty = rows.word_rows(texts)
    idf_a, idf_b = math.log(4 / 3) + 1, math.log(4 / 2) + 1  # three texts; two have a, one has b
    norm = math.hypot(idf_a, idf_b)
    assert [word.weight for word in one.words] == pytest.approx([idf_a / norm, idf_b / norm])
    assert [str(word.kind) for word in other.words] == ["exact", "exact"]
    assert empty.words == ()
    cosines = rows.text_cosines(encodings)
    assert cosines[0, 1] == pytest.approx(idf_a**2 / norm**2, abs=1e-6)
    assert np.isnan(cosines[0, 2])


def test_an_unknown_word_has_nothing_of_its_own_though_unk_is_a_term() -> None:
    texts = rows_under("bert", ["☃ 학교"])
    (found,) = fitted_rows("onehot", "bert", [row.encoding for row in texts]).word_rows(texts)
    assert spoken(found) == [("none", 0, 1), ("tokens", 2, 2)]
    assert [word.weight for word in found.words] == [None, pytest.approx(2 / 3)]


def test_texts_without_a_token_have_rows_without_vectors() -> None:
    texts = rows_under("bert", ["", "\u200b"])
    rows = fitted_rows("tfidf", "bert", [row.encoding for row in texts])
    assert [row.n_with_vector for row in rows.word_rows(texts)] == [0, 0]
    assert np.isnan(rows.text_cosines([row.encoding for row in texts])).all()
