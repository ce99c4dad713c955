"""Smooth inverse frequency: frequent words weigh less, and what all texts have in common is taken out.

Source: Arora et al. 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings", algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tokembed.vocab import Vocab

A = 1e-3
"""The paper's a: the share at which a word weighs half."""


def weights_of(terms: Vocab, counts: NDArray[np.int64]) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """What gives tokens their weights, float32 (n,): a / (a + p), p a term's share of all occurrences of terms.

    A token that is no term has p = 0 and weighs 1. Where rare words were left out of training, the texts had more
    tokens than terms occurred: how many is not known of every file with counts.

    >>> weights_of(Vocab(["the"]), np.array([5]))(["the", "홀로"]).round(4).tolist()
    [0.0010000000474974513, 1.0]
    """
    weights = (A / (A + counts / max(int(counts.sum()), 1))).astype(np.float32)

    def of(tokens: Sequence[str]) -> NDArray[np.float32]:
        places = (terms.ids.get(token) for token in tokens)
        return np.array([1.0 if place is None else weights[place] for place in places], np.float32)

    return of


class CommonComponent:
    """The direction that texts have in common: the first right singular vector of their vectors, uncentered.

    Texts are given block by block and not kept.
    """

    def __init__(self, dim: int) -> None:
        self._products = np.zeros((dim, dim))

    def add(self, vectors: NDArray[np.float32]) -> None:
        """Count more texts in, (n_texts, dim)."""
        wide = vectors.astype(np.float64)
        self._products += wide.T @ wide

    def direction(self) -> NDArray[np.float32]:
        """Of length 1, (dim,)."""
        _, directions = np.linalg.eigh(self._products)
        return np.asarray(directions[:, -1], np.float32)


def without(vectors: NDArray[np.float32], direction: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors with their part along a direction taken out, (n_texts, dim)."""
    return vectors - np.outer(vectors @ direction, direction)
