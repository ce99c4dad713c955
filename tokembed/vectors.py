"""Words with one vector each, and what the embedders that learn such vectors have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadInput, BadUsage, check_fitted, counted, within
from tokembed.types import Kind, Lookup
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.ngrams import NGrams, TrainedNGrams
    from tokembed.types import Arrays

LIMITS: dict[str, tuple[float, float]] = {
    "dim": (1, 100_000),
    "window": (1, 10_000),
    "min_count": (1, 10**12),
    "epochs": (1, 100_000),
    "seed": (0, 2**32 - 1),
    "workers": (1, 1024),
    "negative": (1, 1000),
    "sample": (0, 1),
    "learning_rate": (1e-6, 10),
    "min_n": (1, 100),
    "max_n": (1, 100),
    "buckets": (0, 2**31 - 1),
    "x_max": (1e-6, 1e12),
    "alpha": (0, 100),
    "memory": (0.001, 1_000_000),
    "embedding_dim": (0, 100_000),
    "layers": (1, 100),
    "dropout": (0, 0.99),
    "batch": (1, 1_000_000),
    "steps": (1, 1_000_000),
    "max_norm": (1e-6, 1e12),
    "held_out": (0, 0.9),
    "patience": (1, 100_000),
}
"""Least and greatest value of each number that an embedder can be trained with.

The greatest are far above what is of use: they stop what crashes or never ends, such as an infinite learning rate.
"""


class Learned(Protocol):
    """An embedder that learns `vectors` (n_terms, dim) for `terms` that occur `counts` (n_terms,) times."""

    terms: Vocab
    counts: NDArray[np.int64]
    vectors: NDArray[np.float32]


Embedder = TypeVar("Embedder", bound=Learned)


@dataclass(frozen=True, slots=True)
class WordVectors:
    """A vocabulary and its matrix.

    Attributes:
        matrix: float32 (n_terms, dim), rows in the order of the terms; may be read-only.
        counts: how often each term occurred where it was trained, int64 (n_terms,); None where that is not known.
        ngrams: what gives unseen words a vector, None where nothing does.
        norms: the rows' lengths, float32 (n_terms,); None where they are not stored.
    """

    terms: Vocab
    matrix: NDArray[np.float32]
    counts: NDArray[np.int64] | None = None
    ngrams: NGrams | TrainedNGrams | None = None
    norms: NDArray[np.float32] | None = None

    @property
    def dim(self) -> int:
        return int(self.matrix.shape[1])

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The tokens' rows; for those that are no term what the n-grams give, else zeros and `Kind.NONE`."""
        if isinstance(tokens, str):
            raise BadUsage(f"tokens must be a list of tokens, got {tokens!r}; put it in a list")
        rows = np.array(self.terms.places(tokens), np.int64)
        found = rows >= 0
        vectors = np.zeros((len(tokens), self.dim), np.float32)
        vectors[found] = self.matrix[rows[found]]
        kind = np.where(found, Kind.EXACT, Kind.NONE).astype(np.uint8)
        if self.ngrams is not None and not found.all():
            unseen = self.ngrams.lookup([tokens[place] for place in np.flatnonzero(~found).tolist()])
            vectors[~found], kind[~found] = unseen.vectors, unseen.kind
        return Lookup(vectors, kind)


def check_options(options: Mapping[str, object]) -> None:
    """Raise BadUsage unless each number among the options lies within its LIMITS."""
    for name, value in options.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            within(name, value, *LIMITS[name])


def finite(vectors: NDArray[np.float32], learning_rate: float) -> NDArray[np.float32]:
    """`vectors` itself, once every number in it is finite.

    Raises:
        BadInput: training has run away.
    """
    n_broken = int((~np.isfinite(vectors)).any(axis=1).sum())
    if n_broken:
        raise BadInput(
            f"trained vectors must be finite, {n_broken:,} of {counted(len(vectors), 'vector')} "
            f"{'is' if n_broken == 1 else 'are'} not; lower learning_rate, it was {learning_rate}"
        )
    return vectors


def lookup_terms(embedder: Learned, tokens: Sequence[str]) -> Lookup:
    """The vectors of those tokens that are the embedder's terms.

    Raises:
        BadUsage: the embedder has learned nothing yet.
    """
    check_fitted(embedder)
    return WordVectors(embedder.terms, embedder.vectors).lookup(tokens)


def learned_arrays(embedder: Learned) -> Arrays:
    """`vectors` float32 (n_terms, dim) and `counts` int64 (n_terms,).

    Raises:
        BadUsage: the embedder has learned nothing yet.
    """
    check_fitted(embedder)
    return {"vectors": embedder.vectors, "counts": embedder.counts}


def restored(embedder: Embedder, terms: Vocab, arrays: Arrays) -> Embedder:
    """The embedder itself, with these terms and the arrays of `learned_arrays`."""
    embedder.terms = terms
    embedder.vectors = np.asarray(arrays["vectors"], np.float32)
    embedder.counts = np.asarray(arrays["counts"], np.int64)
    return embedder
