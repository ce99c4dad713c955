"""fastText's n-grams: the buckets and vectors of gensim, and unseen words."""

from __future__ import annotations

import numpy as np
import pytest
from gensim.models.fasttext import FastTextKeyedVectors, ft_ngram_hashes
from gensim.models.fasttext_inner import compute_ngrams_bytes
from hypothesis import given
from hypothesis import strategies as st

from tokembed.embedders.fasttext import FastTextEmbedder
from tokembed.kernels.ngrams import ngram_buckets
from tokembed.ngrams import (
    END_OF_TEXT,
    NGrams,
    ngrams_in,
    ngrams_of,
    with_ngrams,
)
from tokembed.tokenizers.whitespace import WhitespaceTokenizer
from tokembed.types import Kind
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LENGTHS = st.tuples(st.integers(0, 4), st.integers(0, 7)).filter(lambda lengths: lengths[0] <= lengths[1])
TERMS = ["학교", "학교를", "나", "café", "😀😀", "of", "the", END_OF_TEXT]


@given(st.lists(WORDS, max_size=4), LENGTHS, st.integers(1, 1000))
def test_the_buckets_are_those_of_gensim(words: list[str], lengths: tuple[int, int], n_buckets: int) -> None:
    marked = [f"<{word}>".encode() for word in words]
    letters = np.frombuffer(b"".join(marked), np.uint8)
    bounds = np.cumsum([0, *map(len, marked)])
    min_n, max_n = lengths
    buckets, starts = ngram_buckets(letters, bounds, min_n=min_n, max_n=max_n, n_buckets=n_buckets)
    found = [buckets[starts[place] : starts[place + 1]].tolist() for place in range(len(words))]
    assert found == [ft_ngram_hashes(word, min_n, max_n, n_buckets) for word in words]


def trained(min_n: int = 2, max_n: int = 4, n_buckets: int = 50) -> WordVectors:
    rng = np.random.default_rng(0)
    own = rng.normal(size=(len(TERMS), 6)).astype(np.float32)
    buckets = rng.normal(size=(n_buckets, 6)).astype(np.float32)
    vectors, ngrams = with_ngrams(TERMS, own, buckets, min_n=min_n, max_n=max_n)
    return WordVectors(Vocab(TERMS), vectors, None, ngrams)


def by_gensim(vectors: WordVectors) -> FastTextKeyedVectors:
    ngrams = vectors.ngrams
    assert ngrams is not None
    peer = FastTextKeyedVectors(vectors.dim, ngrams.min_n, ngrams.max_n, len(ngrams.buckets))
    peer.add_vectors(TERMS, vectors.matrix)
    peer.init_post_load(np.concatenate([ngrams.own, ngrams.buckets]))
    return peer


def test_terms_and_unseen_words_have_the_vectors_of_gensim_to_the_bit() -> None:
    vectors = trained()
    peer = by_gensim(vectors)
    terms = [term for term in TERMS if term != END_OF_TEXT]
    np.testing.assert_array_equal(vectors.lookup(terms).vectors, [peer.get_vector(term) for term in terms])
    unseen = ["학교에서", "caf", "then", "offer"]
    found = vectors.lookup(unseen)
    assert found.kind.tolist() == [Kind.NGRAMS] * 4
    np.testing.assert_array_equal(found.vectors, [peer.get_vector(word) for word in unseen])


def test_the_end_of_a_text_has_no_ngrams() -> None:
    vectors = trained()
    assert vectors.ngrams is not None
    np.testing.assert_array_equal(vectors.matrix[-1], vectors.ngrams.own[-1])


def test_a_word_without_a_trained_ngram_has_no_vector() -> None:
    vectors = trained(n_buckets=100_000)
    assert vectors.ngrams is not None
    hashes = {bucket for term in TERMS[:-1] for bucket in ft_ngram_hashes(term, 2, 4, 100_000)}
    assert set(np.flatnonzero(vectors.ngrams.is_trained).tolist()) == hashes
    found = vectors.lookup(["of", "zzzz", "", "oft"])
    assert found.kind.tolist() == [Kind.EXACT, Kind.NONE, Kind.NONE, Kind.NGRAMS]
    assert not found.vectors[1:3].any()


def test_the_ngrams_of_a_model_that_keeps_what_was_trained_give_its_vectors_again() -> None:
    corpus = WhitespaceTokenizer().encode_batch(["abx xba"] * 20)
    model = FastTextEmbedder(dim=8, min_count=1, min_n=2, max_n=2).fit(corpus)
    ngrams = ngrams_in(model.terms.tokens, model.vectors, model.ngrams)
    vectors, again = with_ngrams(model.terms.tokens, ngrams.own, ngrams.buckets, min_n=2, max_n=2)
    np.testing.assert_allclose(vectors, model.vectors, atol=1e-6)
    np.testing.assert_array_equal(again.is_trained, ngrams.is_trained)
    unseen = ngrams.lookup(["aba"])  # all its n-grams were trained
    assert unseen.kind.tolist() == [Kind.NGRAMS]
    np.testing.assert_allclose(unseen.vectors, model.lookup(["aba"]).vectors, atol=1e-6)


@given(st.text(alphabet="ab홀로 é", max_size=6), st.sampled_from([1, 3, 50, 100_000]))
def test_the_parts_of_a_word_are_those_that_it_is_looked_up_by(word: str, n_buckets: int) -> None:
    ngrams = trained(n_buckets=n_buckets).ngrams
    assert isinstance(ngrams, NGrams)
    buckets, is_trained = ngrams.parts(word)
    assert buckets.tolist() == ft_ngram_hashes(word, 2, 4, n_buckets)
    assert is_trained.tolist() == ngrams.is_trained[buckets].tolist()
    assert (ngrams.lookup([word]).kind[0] == Kind.NGRAMS) == is_trained.any()


@given(st.text(alphabet="ab홀로 é<>", max_size=8), st.integers(1, 3), st.integers(0, 4))
def test_ngrams_as_strings_are_fasttexts(word: str, min_n: int, more: int) -> None:
    expected = [ngram.decode() for ngram in compute_ngrams_bytes(word, min_n, min_n + more)]
    assert ngrams_of(word, min_n, min_n + more) == expected


@pytest.mark.parametrize("n_terms", [1, 40_000])
def test_many_terms_are_the_same_as_each_alone(n_terms: int) -> None:
    terms = [f"w{place}" for place in range(n_terms)]
    rng = np.random.default_rng(0)
    own = rng.normal(size=(n_terms, 2)).astype(np.float32)
    buckets = rng.normal(size=(30, 2)).astype(np.float32)
    done: list[int] = []
    vectors, _ = with_ngrams(terms, own, buckets, min_n=1, max_n=3, progress=done.append)
    assert sum(done) == n_terms
    last = n_terms - 1
    alone, _ = with_ngrams(terms[last:], own[last:], buckets, min_n=1, max_n=3)
    np.testing.assert_array_equal(vectors[last:], alone)
