"""Texts of a corpus as classes to predict: which are held out, and in which rows they are read together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus, translation
from tokembed.errors import BadInput
from tokembed.vocab import Vocab

NO_TARGET = -1
"""Stands behind the last token of a text that is shorter than others of its rows."""
_ROWS_TO_SORT = 100
"""So many times the rows of a batch are sorted by length at a time: little is filled up, and the order stays random."""
_PAIRS_AT_ONCE = 1 << 20

Classes = NDArray[np.int64]


class Chunk(NamedTuple):
    """Some steps of texts that are read side by side; both (n_rows, n_steps), `targets` one token later."""

    inputs: Classes
    targets: Classes


class ClassTexts:
    """A corpus whose tokens are classes: a term's place + 1, and 0 for every other token.

    Attributes:
        places: the texts with at least two tokens, so that there is one to predict, int64 (n_places,).
    """

    def __init__(self, corpus: Corpus, terms: Vocab) -> None:
        self._corpus = corpus
        self._class_of = translation(corpus.vocab, terms) + 1
        self.lengths = corpus.lengths()
        self.places = np.flatnonzero(self.lengths > 1)

    def text(self, place: int) -> Classes:
        """The classes of one text, (n_tokens,)."""
        begin, end = self._corpus.starts[place : place + 2]
        return np.asarray(self._class_of[self._corpus.ids[begin:end]], np.int64)

    def split(self, share: float, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The texts to learn from and those held out, in order; none of these where the share is 0.

        Raises:
            BadInput: there are too few texts.
        """
        n_held_out = max(1, round(share * len(self.places))) if share else 0
        if len(self.places) < n_held_out + 1:
            raise BadInput(
                f"there must be {n_held_out + 1} texts of two tokens or more, to learn from and to hold out, "
                f"found {len(self.places)}; give more texts"
            )
        is_held_out = np.zeros(len(self.places), np.bool_)
        is_held_out[rng.permutation(len(self.places))[:n_held_out]] = True
        return self.places[~is_held_out], self.places[is_held_out]

    def batches(
        self, places: NDArray[np.int64], n_rows: int, rng: np.random.Generator | None = None
    ) -> list[NDArray[np.int64]]:
        """The texts in batches of about the same length each, the longest first; in random order where there is `rng`.

        A batch's texts have at most `n_rows` rows, and are sorted by length.
        """
        order = places if rng is None else rng.permutation(places)
        batches = []
        for first in range(0, len(order), n_rows * _ROWS_TO_SORT):
            pool = order[first : first + n_rows * _ROWS_TO_SORT]
            pool = pool[np.argsort(-self.lengths[pool], kind="stable")]
            batches += [pool[row : row + n_rows] for row in range(0, len(pool), n_rows)]
        return batches if rng is None else [batches[number] for number in rng.permutation(len(batches))]

    def chunks(self, batch: NDArray[np.int64], n_steps: int) -> Iterator[Chunk]:
        """The batch's texts, which are sorted by length, so many steps at a time; those at their end drop out."""
        n_inputs = self.lengths[batch] - 1
        classes = np.full((len(batch), int(n_inputs[0]) + 1), NO_TARGET)
        for row, place in enumerate(batch.tolist()):
            classes[row, : self.lengths[place]] = self.text(place)
        for first in range(0, int(n_inputs[0]), n_steps):
            n_rows = int((n_inputs > first).sum())
            inputs, targets = (classes[:n_rows, begin : begin + n_steps] for begin in (first, first + 1))
            inputs = inputs[:, : targets.shape[1]]
            yield Chunk(np.maximum(inputs, 0), targets)

    def pairs(self, places: NDArray[np.int64]) -> Iterator[tuple[Classes, Classes]]:
        """Each token that is predicted and the one before it, (n_pairs,) each, many at a time."""
        ends = np.cumsum(self.lengths[places])
        borders = np.unique(np.searchsorted(ends, np.arange(_PAIRS_AT_ONCE, int(ends[-1]), _PAIRS_AT_ONCE)) + 1)
        for part in np.split(places, borders[borders < len(places)]):
            texts = [self.text(place) for place in part.tolist()]
            yield np.concatenate([text[:-1] for text in texts]), np.concatenate([text[1:] for text in texts])
