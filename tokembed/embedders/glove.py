"""GloVe: vectors whose dot products are the logarithms of how often two words stand near each other."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus, frequent_terms
from tokembed.errors import BadInput, counted
from tokembed.kernels.cooccurrence import count_cooccurrences
from tokembed.kernels.glove import train
from tokembed.vectors import check_options, finite, learned_arrays, lookup_terms, restored
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Arrays, Lookup

_log = logging.getLogger(__name__)


class GloveEmbedder:
    """Weighted least squares on the logarithm of windowed co-occurrence counts; word + context vectors.

    Args:
        dim: how many dimensions a vector has.
        window: how many tokens to each side count as near, each by 1 / distance.
        min_count: tokens that occur less often get no vector.
        epochs: how often the co-occurrences are gone through.
        seed: of the initial vectors and the order of the co-occurrences.
        workers: training threads; the result does not depend on them.
        x_max: co-occurrences of this many and more weigh fully.
        alpha: how fast the weight falls below x_max.
        learning_rate: AdaGrad's.

    Source: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation", equation 8.
    """

    terms: Vocab
    counts: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def __init__(
        self,
        *,
        dim: int = 100,
        window: int = 10,
        min_count: int = 5,
        epochs: int = 15,
        seed: int = 42,
        workers: int = 1,
        x_max: float = 10.0,
        alpha: float = 0.75,
        learning_rate: float = 0.05,
    ) -> None:
        self.dim, self.window, self.min_count, self.epochs = dim, window, min_count, epochs
        self.seed, self.workers = seed, workers
        self.x_max, self.alpha, self.learning_rate = x_max, alpha, learning_rate
        check_options(vars(self))

    def fit(self, corpus: Corpus) -> Self:
        """Count co-occurrences and train on them.

        Raises:
            BadInput: no text has a token, none occurs `min_count` times, no two stand in one text, or training runs
                away.
        """
        terms, counts = frequent_terms(corpus, self.min_count)
        known = corpus.restricted(terms)
        cells = count_cooccurrences(known.ids, known.starts, len(terms), window=self.window, workers=self.workers)
        if not len(cells.values):
            raise BadInput(
                f"at least one text must have two tokens that occur {counted(self.min_count, 'time')}, "
                "found none; lower --min-count or give longer texts"
            )
        vectors, self.losses = train(
            *cells,
            len(terms),
            dim=self.dim,
            epochs=self.epochs,
            x_max=self.x_max,
            alpha=self.alpha,
            learning_rate=self.learning_rate,
            seed=self.seed,
            workers=self.workers,
            progress=lambda epoch, loss: _log.info("epoch %d of %d, loss %.4f", epoch, self.epochs, loss),
        )
        self.terms, self.counts, self.vectors = terms, counts, finite(vectors, self.learning_rate)
        return self

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The tokens' vectors; a token that was not trained has none."""
        return lookup_terms(self, tokens)

    def state(self) -> Arrays:
        """`vectors` float32 (n_terms, dim) and `counts` int64 (n_terms,)."""
        return learned_arrays(self)

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder of these terms and vectors."""
        return restored(self, terms, arrays)
