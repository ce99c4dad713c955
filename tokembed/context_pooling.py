"""Vectors of tokens in their text -> one of the text, or of each of its words."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.types import Span


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


def word_vectors(
    text: str, offsets: NDArray[np.int32], vectors: NDArray[np.float32]
) -> tuple[list[Span], NDArray[np.float32]]:
    """The words between white space and the mean of each one's tokens, (n_words, dim); a word without one is left out.

    Args:
        offsets: where each token stands in the text, (n_tokens, 2); one with an empty span is of no word.
        vectors: (n_tokens, dim).
    """
    spans, rows = [], []
    starts, ends = offsets[:, 0], offsets[:, 1]
    for match in re.finditer(r"\S+", text):
        is_in = (starts < match.end()) & (ends > match.start()) & (ends > starts)
        if is_in.any():
            spans.append(match.span())
            rows.append(vectors[is_in].mean(axis=0))
    return spans, np.array(rows, np.float32).reshape(len(rows), vectors.shape[1])
