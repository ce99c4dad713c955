"""Vectors of tokens in their text -> one of the text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus


def pooled(corpus: Corpus, vectors: NDArray[np.float32], pool: str) -> NDArray[np.float32]:
    """One vector a text, (n_texts, dim), zeros for one without a token.

    Args:
        vectors: of the corpus's tokens, (n_tokens, dim).
        pool: mean or max of all its tokens, special ones included, or the vector of the first or last.
    """
    there = np.flatnonzero(corpus.lengths())
    first, behind = corpus.starts[there], corpus.starts[there + 1]
    found = np.zeros((corpus.n_texts, vectors.shape[1]), np.float32)
    if not len(there):
        return found
    if pool == "mean":
        found[there] = np.add.reduceat(vectors, first, axis=0, dtype=np.float64) / (behind - first)[:, None]
    elif pool == "max":
        found[there] = np.maximum.reduceat(vectors, first, axis=0)
    else:
        found[there] = vectors[first if pool == "first" else behind - 1]
    return found
