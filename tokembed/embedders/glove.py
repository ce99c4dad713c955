"""GloVe: vectors whose dot products are the logarithms of how often two words stand near each other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus, frequent_terms, translation
from tokembed.embedders.glove_counts import Source, counted_rows
from tokembed.embedders.glove_tiles import Piece, gathered
from tokembed.embedders.glove_training import Parts, train
from tokembed.errors import BadInput, counted
from tokembed.kernels.cooccurrence import Rows, distance_weights
from tokembed.kernels.glove import sort_into_groups, tile_side, weighing
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
        memory: GB for the co-occurrences; what is more lies in temporary files, and the result is the same.

    Attributes:
        losses: the mean loss of each epoch.

    Beside `memory` there are the texts, the vectors (16 bytes a number while they are trained) and 100 bytes a term.

    Source: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation", equation 8.
    """

    terms: Vocab
    counts: NDArray[np.int64]
    vectors: NDArray[np.float32]
    losses: list[float]

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
        memory: float = 2.0,
    ) -> None:
        self.dim, self.window, self.min_count, self.epochs = dim, window, min_count, epochs
        self.seed, self.workers, self.memory = seed, workers, memory
        self.x_max, self.alpha, self.learning_rate = x_max, alpha, learning_rate
        check_options(vars(self))

    def fit(self, corpus: Corpus, *, parts: Callable[[Parts], object] | None = None) -> Self:
        """Count co-occurrences and train on them.

        Args:
            parts: given the word and context vectors and the biases, whose sums alone are kept.

        Raises:
            BadInput: no text has a token, none occurs `min_count` times, no two stand in one text, or training runs
                away.
        """
        terms, counts = frequent_terms(corpus, self.min_count)
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(len(terms)).astype(np.int32)
        side = tile_side(len(terms), self.dim)
        pieces = self._pieces(corpus, terms, order, side)
        with gathered(pieces, -(-len(terms) // side), self._half_the_memory) as tiles:
            if not tiles.n_cells:
                raise BadInput(
                    f"at least one text must have two tokens that occur {counted(self.min_count, 'time')}, "
                    "found none; lower --min-count or give longer texts"
                )
            _log.info("%s co-occurrences of %s terms", f"{tiles.n_cells:,}", f"{len(terms):,}")
            vectors, losses = train(
                tiles, _inverse(order), dim=self.dim, epochs=self.epochs, learning_rate=self.learning_rate,
                rng=rng, workers=self.workers, progress=self._teller(tiles.n_cells), parts=parts,
            )  # fmt: skip
        vectors = finite(vectors, self.learning_rate)
        self.terms, self.counts, self.vectors, self.losses = terms, counts, vectors, losses
        return self

    @property
    def _half_the_memory(self) -> int:
        """In bytes: one half is for counting, the other for what was counted."""
        return int(self.memory * 1e9) // 2

    def _pieces(self, corpus: Corpus, terms: Vocab, order: NDArray[np.int32], side: int) -> Iterator[Piece]:
        """The co-occurrences to train on, by group of words in the order of training."""
        labels = translation(corpus.vocab, terms).astype(np.int32)
        source = Source(corpus.ids, corpus.starts, labels, order, self.window)
        position = _inverse(order)
        _, scale = distance_weights(self.window)
        weights = weighing(scale, self.x_max, self.alpha)

        def piece(first: int, rows: Rows) -> Piece:
            return Piece(first // side, *sort_into_groups(first, rows, weights, position=position, side=side))

        return counted_rows(source, piece, group=side, memory=self._half_the_memory, workers=self.workers)

    def _teller(self, n_cells: int) -> Callable[[int, float], None]:
        """What logs the loss and the speed of each epoch."""
        began = time.perf_counter()

        def tell(epoch: int, loss: float) -> None:
            nonlocal began
            seconds, began = time.perf_counter() - began, time.perf_counter()
            rate = n_cells / max(seconds, 1e-9)
            _log.info("epoch %d of %d: loss %.4f, %s cells/s", epoch, self.epochs, loss, f"{rate:,.0f}")

        return tell

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The tokens' vectors; a token that was not trained has none."""
        return lookup_terms(self, tokens)

    def state(self) -> Arrays:
        """`vectors` float32 (n_terms, dim) and `counts` int64 (n_terms,)."""
        return learned_arrays(self)

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder of these terms and vectors."""
        return restored(self, terms, arrays)


def _inverse(order: NDArray[np.int32]) -> NDArray[np.int32]:
    """The place of each term in an order of all terms."""
    places = np.empty_like(order)
    places[order] = np.arange(len(order), dtype=np.int32)
    return places
