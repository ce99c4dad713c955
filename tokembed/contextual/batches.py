"""Texts put side by side to be read by a network: those of about the same length, so that little is filled up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus


@dataclass(frozen=True, slots=True)
class Batch:
    """Some texts as the rows of a matrix; both (n_rows, n_longest).

    Attributes:
        places: which of the corpus's tokens stands there, int64; 0 behind the end of a text.
        is_there: False behind the end of a text.
    """

    places: NDArray[np.int64]
    is_there: NDArray[np.bool_]


def length_batches(corpus: Corpus, n_tokens: int, *, filled_up: bool = True) -> Iterator[Batch]:
    """All texts that have a token, the longest first, in batches of at most so many tokens once filled up.

    A text that is longer alone makes a batch of its own. Where nothing may be filled up, a batch is of one length.
    """
    lengths = corpus.lengths()
    order = np.argsort(-lengths, kind="stable")
    order = order[: int((lengths > 0).sum())]
    first = 0
    while first < len(order):
        longest = int(lengths[order[first]])
        texts = order[first : first + max(1, n_tokens // longest)]
        if not filled_up:
            texts = texts[lengths[texts] == longest]
        first += len(texts)
        columns = np.arange(longest)
        is_there = columns < lengths[texts, None]
        yield Batch(np.where(is_there, corpus.starts[texts, None] + columns, 0), is_there)
