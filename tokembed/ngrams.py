"""fastText's n-grams: a word's vector is the mean of its own and its n-grams', so unseen words have one too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tokembed.cores import n_cores
from tokembed.hangul import letters
from tokembed.kernels.ngrams import average_in, ngram_buckets
from tokembed.types import Kind, Lookup

if TYPE_CHECKING:
    from tokembed.types import Arrays

END_OF_TEXT = "</s>"
"""fastText's mark for the end of a line, a word without n-grams."""
_WORDS_AT_ONCE = 1 << 14


@dataclass(frozen=True, slots=True)
class NGrams:
    """What makes vectors of unseen words.

    Attributes:
        own: the terms' vectors before their n-grams' are averaged in, float32 (n_terms, dim).
        buckets: the vectors of the buckets that n-grams fall into by their hash, float32 (n_buckets, dim).
        is_trained: whether an n-gram of a term is in the bucket, bool (n_buckets,); others hold what they began with.
        min_n, max_n: code points of the shortest and the longest n-gram, the marks of a word's start and end counted.
        jamo: the n-grams are of the word with its Hangul syllables as letters; see `hangul.letters`.
    """

    own: NDArray[np.float32]
    buckets: NDArray[np.float32]
    is_trained: NDArray[np.bool_]
    min_n: int
    max_n: int
    jamo: bool = False

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The means of the tokens' n-grams; zeros and `Kind.NONE` where none of them was trained.

        Differs: fastText and gensim give a word without a trained n-gram the mean of random numbers.
        """
        found, starts = _buckets_of(tokens, self.min_n, self.max_n, len(self.buckets), jamo=self.jamo)
        vectors = np.zeros((len(tokens), self.buckets.shape[1]), np.float32)
        average_in(vectors, found, starts, self.buckets, n_there=0)
        n_trained_before = np.concatenate([[0], np.cumsum(self.is_trained[found])])[starts]
        has_vector = np.diff(n_trained_before) > 0
        vectors[~has_vector] = 0
        return Lookup(vectors, np.where(has_vector, Kind.NGRAMS, Kind.NONE).astype(np.uint8))

    def parts(self, token: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The buckets of the token's n-grams, in the order of `ngrams_of`, and which of them were trained."""
        buckets, _ = _buckets_of([token], self.min_n, self.max_n, len(self.buckets), jamo=self.jamo)
        return buckets, self.is_trained[buckets]

    def arrays(self) -> Arrays:
        """What `all_ngrams` makes them of again."""
        return {"own_vectors": self.own, "bucket_vectors": self.buckets, "is_trained": self.is_trained}


@dataclass(frozen=True, slots=True)
class TrainedNGrams:
    """What makes vectors of unseen words, as a model keeps it: buckets that training never saw are not there.

    Attributes:
        hashes: of the n-grams that were trained, in full and ascending, uint32; None where they are not known,
            and whatever falls into a trained bucket counts as trained.
        buckets: the numbers of the trained buckets, ascending, uint32 (n_trained,).
        vectors: theirs, float32 (n_trained, dim).
        n_buckets: how many there are, trained or not.
        min_n, max_n, jamo: as of `NGrams`.
    """

    hashes: NDArray[np.uint32] | None
    buckets: NDArray[np.uint32]
    vectors: NDArray[np.float32]
    n_buckets: int
    min_n: int
    max_n: int
    jamo: bool = False

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The means of those of the tokens' n-grams that were trained; zeros and `Kind.NONE` where there is none."""
        rows, starts = self.rows(tokens)
        is_trained = rows >= 0
        trained_before = np.concatenate([[0], np.cumsum(is_trained)])[starts]
        vectors = np.zeros((len(tokens), self.vectors.shape[1]), np.float32)
        average_in(vectors, rows[is_trained], trained_before, self.vectors, n_there=0)
        return Lookup(vectors, np.where(np.diff(trained_before) > 0, Kind.NGRAMS, Kind.NONE).astype(np.uint8))

    def arrays(self) -> Arrays:
        """What `kept_ngrams` makes them of again."""
        hashes = {} if self.hashes is None else {"ngram_hashes": self.hashes}
        n_buckets = np.array([self.n_buckets], np.int64)
        return {**hashes, "trained_buckets": self.buckets, "ngram_vectors": self.vectors, "n_buckets": n_buckets}

    def rows(self, tokens: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the tokens' n-grams stand in `vectors`, -1 for one that was not trained.

        Returns:
            The rows, one token's after another's, and where each token's begin, (n_tokens + 1,).
        """
        hashes, starts = ngram_hashes(tokens, self.min_n, self.max_n, jamo=self.jamo)
        rows, is_trained = _places(self._bucket(hashes), self.buckets)
        if self.hashes is not None:
            is_trained = _places(hashes, self.hashes)[1]
        return np.where(is_trained, rows, -1), starts

    def parts(self, token: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The buckets of the token's n-grams, in the order of `ngrams_of`, and which n-grams were trained."""
        rows, _ = self.rows([token])
        hashes, _ = ngram_hashes([token], self.min_n, self.max_n, jamo=self.jamo)
        return self._bucket(hashes).astype(np.int64), rows >= 0

    def _bucket(self, hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
        return hashes % np.uint32(self.n_buckets) if self.n_buckets else hashes


def _places(values: NDArray[np.uint32], ascending: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each value stands, or would stand, and whether it is there."""
    if not len(ascending):
        return np.zeros(len(values), np.int64), np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return places, ascending[places] == values


def with_ngrams(
    terms: Sequence[str],
    own: NDArray[np.float32],
    buckets: NDArray[np.float32],
    *,
    min_n: int,
    max_n: int,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[NDArray[np.float32], NGrams]:
    """The terms' vectors, float32 (n_terms, dim), and the n-grams that are in them.

    Args:
        own: the terms' own vectors. buckets: those of the n-grams. Both as the file of a trained model has them.
        progress: told how many terms each block had.
    """
    vectors = own.copy()
    is_trained = np.zeros(len(buckets), np.bool_)

    def finish(part: tuple[int, int]) -> int:
        first, last = part
        found, starts = _buckets_of(terms[first:last], min_n, max_n, len(buckets))
        is_trained[found] = True
        average_in(vectors[first:last], found, starts, buckets, n_there=1)
        return last - first

    if len(buckets):
        edges = [*range(0, len(terms), _WORDS_AT_ONCE), len(terms)]
        with ThreadPoolExecutor(n_cores()) as pool:
            for n_terms in pool.map(finish, pairwise(edges)):
                progress(n_terms)
    return vectors, NGrams(own, buckets, is_trained, min_n, max_n)


def ngrams_in(terms: Sequence[str], vectors: NDArray[np.float32], kept: TrainedNGrams) -> NGrams:
    """The n-grams of a model with all its buckets: `with_ngrams` gives its vectors again, but for rounding.

    Args:
        vectors: the terms', with their n-grams averaged in, float32 (n_terms, dim).
        kept: what of the n-grams was kept; buckets that were not trained become zeros.
    """
    buckets = np.zeros((kept.n_buckets, vectors.shape[1]), np.float32)
    buckets[kept.buckets] = kept.vectors
    is_trained = np.zeros(kept.n_buckets, np.bool_)
    is_trained[kept.buckets] = True
    found, starts = _buckets_of(terms, kept.min_n, kept.max_n, kept.n_buckets, jamo=kept.jamo)
    n_ngrams = np.diff(starts).astype(np.float32)[:, None]
    means = np.zeros_like(vectors)
    average_in(means, found, starts, buckets, n_there=0)
    own = vectors * (n_ngrams + 1) - means * n_ngrams
    return NGrams(own, buckets, is_trained, kept.min_n, kept.max_n, kept.jamo)


def all_ngrams(arrays: Arrays, *, min_n: int, max_n: int, jamo: bool) -> NGrams:
    """The n-grams of saved vectors, from what `NGrams.arrays` gave."""
    return NGrams(
        np.asarray(arrays["own_vectors"], np.float32),
        np.asarray(arrays["bucket_vectors"], np.float32),
        np.asarray(arrays["is_trained"], np.bool_),
        min_n,
        max_n,
        jamo,
    )


def kept_ngrams(arrays: Arrays, *, min_n: int, max_n: int, jamo: bool) -> TrainedNGrams:
    """The n-grams of a saved model, from what `TrainedNGrams.arrays` gave."""
    return TrainedNGrams(
        np.asarray(arrays["ngram_hashes"], np.uint32) if "ngram_hashes" in arrays else None,
        np.asarray(arrays["trained_buckets"], np.uint32),
        np.asarray(arrays["ngram_vectors"], np.float32),
        int(arrays["n_buckets"][0]),
        min_n,
        max_n,
        jamo,
    )


def ngram_hashes(
    tokens: Sequence[str], min_n: int, max_n: int, *, jamo: bool
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The hashes in full of the tokens' n-grams, one token's after another's, and where each token's begin."""
    hashes, starts = _buckets_of(tokens, min_n, max_n, 1 << 32, jamo=jamo)
    return hashes.astype(np.uint32), starts


def _buckets_of(
    tokens: Sequence[str], min_n: int, max_n: int, n_buckets: int, *, jamo: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not n_buckets:
        return np.empty(0, np.int64), np.zeros(len(tokens) + 1, np.int64)
    if jamo:
        tokens = [letters(token) for token in tokens]
    marked = [b"" if token == END_OF_TEXT else b"<%b>" % token.encode() for token in tokens]
    bounds = np.zeros(len(marked) + 1, np.int64)
    np.cumsum([len(word) for word in marked], out=bounds[1:])
    data = np.frombuffer(b"".join(marked), np.uint8)
    return ngram_buckets(data, bounds, min_n=min_n, max_n=max_n, n_buckets=n_buckets)


def ngrams_of(token: str, min_n: int, max_n: int, *, jamo: bool = False) -> list[str]:
    """The token's n-grams in the order of `ngram_hashes`.

    >>> ngrams_of("먹고", 3, 4)
    ['<먹고', '<먹고>', '먹고>']
    """
    word = f"<{letters(token) if jamo else token}>"
    last = len(word)
    return [
        word[start : start + n]
        for start in range(last)
        for n in range(min_n, min(max_n, last - start) + 1)
        if n > 1 or 0 < start < last - 1  # a mark alone is none
    ]
