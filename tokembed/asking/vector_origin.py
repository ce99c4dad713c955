"""Where a word's vector comes from: a row of its own, n-grams that were trained, or nowhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tokembed.ngrams import ngrams_of
from tokembed.types import Kind
from tokembed.vectors import WordVectors


@dataclass(frozen=True, slots=True)
class NGramOrigin:
    """One n-gram of a word: the bucket it falls into, and whether it was trained."""

    ngram: str
    bucket: int
    is_trained: bool


@dataclass(frozen=True, slots=True)
class VectorOrigin:
    """Where a word's vector comes from.

    Attributes:
        row: of the word's own vector, from 0, and how long it is; None where it has none.
        rank: how many words have more occurrences, plus one; by row where the occurrences are not known.
        count: how often it occurred in training; None where that is not known.
        norm: the vector's length; None where there is no vector.
        ngrams: of a model that has them, those of the word.
    """

    word: str
    kind: Kind
    row: int | None
    rank: int | None
    count: int | None
    norm: float | None
    ngrams: tuple[NGramOrigin, ...]

    @property
    def n_trained(self) -> int:
        """How many of the n-grams were trained."""
        return sum(ngram.is_trained for ngram in self.ngrams)


def origin(vectors: WordVectors, word: str) -> VectorOrigin:
    """Where these vectors have the word's from."""
    found = vectors.lookup([word])
    kind, row = Kind(int(found.kind[0])), vectors.terms.ids.get(word)
    count = None if row is None or vectors.counts is None else int(vectors.counts[row])
    rank = None if row is None else row + 1
    if count is not None and vectors.counts is not None:
        rank = int((vectors.counts > count).sum()) + 1
    norm = None if kind is Kind.NONE else float(np.linalg.norm(found.vectors[0].astype(np.float64)))
    return VectorOrigin(word, kind, row, rank, count, norm, _ngrams(vectors, word))


def _ngrams(vectors: WordVectors, word: str) -> tuple[NGramOrigin, ...]:
    kept = vectors.ngrams
    if kept is None:
        return ()
    strings = ngrams_of(word, kept.min_n, kept.max_n, jamo=kept.jamo)
    buckets, is_trained = (part.tolist() for part in kept.parts(word))
    return tuple(map(NGramOrigin, strings, buckets, is_trained)) if buckets else ()
