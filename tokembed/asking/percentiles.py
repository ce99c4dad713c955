"""Where a cosine stands among those of random pairs of words, as what is high differs from model to model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tokembed.asking.search import unit
from tokembed.vectors import WordVectors

N_PAIRS = 10_000
N_FREQUENT = 20_000
SEED = 0


def random_cosines(vectors: WordVectors) -> NDArray[np.float64]:
    """The cosines of random pairs of different words among the most frequent, in ascending order.

    Words whose vector is all zeros are left out. Where no counts are known, the first words are taken for the most
    frequent ones.

    Returns:
        (N_PAIRS,), or nothing where there are no two words.
    """
    return cosines_of_random_pairs(vectors.matrix[_frequent_rows(vectors)])


def cosines_of_random_pairs(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """The cosines of random pairs of different rows, none of which is all zeros, in ascending order.

    Returns:
        (N_PAIRS,), or nothing where there are no two rows.
    """
    n_rows = len(vectors)
    if n_rows < 2:
        return np.empty(0)
    draw = np.random.default_rng(SEED)
    first = draw.integers(0, n_rows, N_PAIRS)
    second = (first + draw.integers(1, n_rows, N_PAIRS)) % n_rows
    left, right = (unit(vectors[places]).astype(np.float64) for places in (first, second))
    return np.sort(np.einsum("ij,ij->i", left, right).clip(-1, 1))


def percentile(cosine: float, sample: NDArray[np.float64]) -> float | None:
    """How many percent of the sample are lower, equal ones counted half, 0..100; None where there is no sample.

    Args:
        sample: in ascending order.

    >>> percentile(0.5, np.array([0.1, 0.2, 0.3, 0.9]))
    75.0
    """
    if not len(sample):
        return None
    lower, not_higher = np.searchsorted(sample, cosine, "left"), np.searchsorted(sample, cosine, "right")
    return float(50 * (lower + not_higher) / len(sample))


def _frequent_rows(vectors: WordVectors) -> NDArray[np.intp]:
    rows = np.arange(len(vectors.terms))
    if vectors.counts is not None:
        rows = np.argsort(-vectors.counts, kind="stable")
    rows = rows[:N_FREQUENT]
    return rows[vectors.matrix[rows].any(axis=1)]
