"""What a recurrent network must beat: the perplexity of unigrams and bigrams on the same held-out tokens.

    unigram   P(w) = (c(w) + 1) / Σ_v (c(v) + 1)
    bigram    P(w | u) = max(c(u, w) − D, 0) / c(u) + D n(u) / c(u) P(w),   or P(w) where c(u) = 0

c counts tokens that are predicted in the texts to learn from, n(u) is how many different tokens follow u, D = 0.75.

Source: Chen and Goodman 1999, "An Empirical Study of Smoothing Techniques for Language Modeling", section 2.7, absolute
    discounting.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

DISCOUNT = 0.75
Pairs = Iterable[tuple[NDArray[np.int64], NDArray[np.int64]]]


class Baselines:
    """Unigram and bigram counts of the texts to learn from.

    Args:
        pairs: each predicted token and the one before it, as classes below `n_classes`, many at a time.
    """

    def __init__(self, pairs: Pairs, n_classes: int) -> None:
        self._n_classes = n_classes
        unigrams, self._before = np.ones(n_classes), np.zeros(n_classes)
        self._codes, self._counts = np.empty(0, np.int64), np.empty(0, np.int64)
        for before, token in pairs:
            unigrams += np.bincount(token, minlength=n_classes)
            self._before += np.bincount(before, minlength=n_classes)
            self._add(*np.unique(before * n_classes + token, return_counts=True))
        self._unigram = unigrams / unigrams.sum()
        self._n_followers = np.bincount(self._codes // n_classes, minlength=n_classes)

    def _add(self, codes: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        both = np.concatenate([self._codes, codes])
        self._codes, places = np.unique(both, return_inverse=True)
        sums = np.bincount(places, np.concatenate([self._counts, counts]), len(self._codes))
        self._counts = sums.astype(np.int64)

    def losses(self, before: NDArray[np.int64], token: NDArray[np.int64]) -> tuple[float, float]:
        """The sums of -ln P of the tokens, in nats, by unigrams and by bigrams."""
        unigram = self._unigram[token]
        seen = np.maximum(self._before[before], 1)
        discounted = np.maximum(self._bigram_counts(before * self._n_classes + token) - DISCOUNT, 0)
        left = np.where(self._before[before] > 0, DISCOUNT * self._n_followers[before] / seen, 1)
        return float(-np.log(unigram).sum()), float(-np.log(discounted / seen + left * unigram).sum())

    def _bigram_counts(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        places = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        return np.where(self._codes[places] == codes, self._counts[places], 0)
