"""Token vectors -> a text's vector, and which tokens it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tokembed.corpus import Corpus
from tokembed.types import Kind, Lookup, Pool

_TOKENS_AT_ONCE = 1 << 15


class HasLookup(Protocol):
    """What gives tokens their vectors: an embedder, or word vectors of a file."""

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The tokens' vectors and where each comes from."""


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The vectors of a corpus's tokens, each distinct one once.

    Attributes:
        distinct: the ids that occur, ascending, int64 (n_distinct,).
        places: where each token's id stands among them, int64 (n_tokens,).
        vectors: float32 (n_distinct, dim), zeros where there is none.
        kind: uint8 (n_distinct,) of `Kind`; unknown and special tokens stand for no word and have none.
    """

    distinct: NDArray[np.int64]
    places: NDArray[np.int64]
    vectors: NDArray[np.float32]
    kind: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pooled:
    """One vector a text: `vectors` float32 (n_texts, dim); `kind` uint8 (n_tokens,) of `Kind`.

    `n_with_vector` int64 (n_texts,): how many of the text's tokens the vector is made of; where 0, it is zeros.
    """

    vectors: NDArray[np.float32]
    kind: NDArray[np.uint8]
    n_with_vector: NDArray[np.int64]


def token_vectors(corpus: Corpus, embedder: HasLookup) -> TokenVectors:
    """The vectors of the tokens that occur in the corpus."""
    occurs = np.zeros(len(corpus.vocab), np.bool_)
    occurs[corpus.ids] = True
    distinct = np.flatnonzero(occurs)
    places = (np.cumsum(occurs) - 1)[corpus.ids]
    found = embedder.lookup([corpus.vocab[token_id] for token_id in distinct.tolist()])
    vectors, kind = found.vectors.copy(), found.kind.copy()
    without = np.isin(distinct, list(corpus.vocab.without_text_ids))
    vectors[without], kind[without] = 0, Kind.NONE
    return TokenVectors(distinct, places, vectors, kind)


def mean(corpus: Corpus, embedder: HasLookup) -> Pooled:
    """The mean of the vectors of each text's tokens; tokens without one are left out, and counted."""
    return pooled(corpus, token_vectors(corpus, embedder))


def pooled(
    corpus: Corpus,
    tokens: TokenVectors,
    *,
    pool: Pool = "mean",
    zeros: bool = False,
    weights: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
) -> Pooled:
    """One vector a text, of its tokens' vectors.

    Args:
        pool: mean, sum or greatest value of each dimension; `sif` is the mean of weighted vectors.
        zeros: tokens without a vector count as zeros; otherwise they are left out.
        weights: of tokens, for `sif`.
    """
    has_vector = tokens.kind != Kind.NONE
    n_with_vector = _sums(corpus, tokens, has_vector.astype(np.float32), None)[:, 0].astype(np.int64)
    if pool == "max":
        vectors: NDArray[np.floating] = _greatest(corpus, tokens, has_vector | zeros)
    else:
        weight = has_vector.astype(np.float32)
        if weights is not None:
            weight *= weights([corpus.vocab[token_id] for token_id in tokens.distinct.tolist()])
        vectors = _sums(corpus, tokens, weight, tokens.vectors)
        if pool != "sum":
            vectors /= np.maximum(corpus.lengths() if zeros else n_with_vector, 1)[:, None]
    return Pooled(vectors.astype(np.float32), tokens.kind[tokens.places], n_with_vector)


def _sums(
    corpus: Corpus, tokens: TokenVectors, weights: NDArray[np.float32], vectors: NDArray[np.float32] | None
) -> NDArray[np.float64]:
    """Of each text the weighted sum of its tokens' vectors, or of 1 for each where there are none."""
    members = csr_array(
        (weights[tokens.places], tokens.places, corpus.starts), shape=(corpus.n_texts, len(tokens.distinct))
    )
    ones = np.ones((len(tokens.distinct), 1), np.float32)
    sums: NDArray[np.float64] = np.asarray(members @ (ones if vectors is None else vectors))
    return sums


def _greatest(corpus: Corpus, tokens: TokenVectors, counts: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Of each text the greatest value in each dimension among its tokens that count, zeros where none does."""
    greatest = np.zeros((corpus.n_texts, tokens.vectors.shape[1]), np.float32)
    for first, last in _runs(corpus.starts):
        begin, end = corpus.starts[first], corpus.starts[last]
        places = tokens.places[begin:end]
        is_counted = counts[places]
        before = np.concatenate([[0], np.cumsum(is_counted)])[corpus.starts[first : last + 1] - begin]
        there = np.flatnonzero(np.diff(before))
        if len(there):
            rows = tokens.vectors[places[is_counted]]
            greatest[first + there] = np.maximum.reduceat(rows, before[there], axis=0)
    return greatest


def _runs(starts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Texts in runs of a bounded number of tokens, or of one text."""
    first, n_texts = 0, len(starts) - 1
    while first < n_texts:
        last = int(np.searchsorted(starts, starts[first] + _TOKENS_AT_ONCE, side="right")) - 1
        last = max(last, first + 1)
        yield first, last
        first = last
