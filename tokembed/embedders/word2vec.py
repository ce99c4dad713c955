"""Word2Vec: a word's vector is trained to predict its neighbors (skip-gram) or from them (CBOW)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from gensim.models import Word2Vec
from numpy.typing import NDArray

from tokembed.corpus import Corpus, frequent_terms
from tokembed.errors import one_of
from tokembed.training.with_gensim import ARCHITECTURES, train, untrained
from tokembed.vectors import check_options, finite, learned_arrays, lookup_terms, restored
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Arrays, Lookup


class Word2VecEmbedder:
    """gensim's Word2Vec with negative sampling or hierarchical softmax.

    Args:
        dim: how many dimensions a vector has.
        window: how many tokens to each side are neighbors, at the most.
        min_count: tokens that occur less often get no vector.
        epochs: how often the corpus is gone through.
        seed: of the initial vectors and of every chance taken.
        workers: training threads; with more than one, two runs differ.
        architecture: predict the neighbors from the word, or the word from its neighbors.
        negative: noise words for each true one; with hs there are none.
        hs: predict a word as its way through the Huffman tree of all words (hierarchical softmax).
        sample: tokens with a larger share of the corpus are left out at random; 0 leaves none out.
        learning_rate: of the start; it falls to a 250th.

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality".
    """

    terms: Vocab
    counts: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def __init__(
        self,
        *,
        dim: int = 100,
        window: int = 5,
        min_count: int = 5,
        epochs: int = 5,
        seed: int = 42,
        workers: int = 1,
        architecture: Literal["skip-gram", "cbow"] = "skip-gram",
        negative: int = 5,
        hs: bool = False,
        sample: float = 0.001,
        learning_rate: float = 0.025,
    ) -> None:
        self.dim, self.window, self.min_count, self.epochs = dim, window, min_count, epochs
        self.seed, self.workers, self.architecture = seed, workers, architecture
        self.negative, self.hs, self.sample, self.learning_rate = negative, hs, sample, learning_rate
        check_options(vars(self))
        one_of("architecture", architecture, ARCHITECTURES)

    def fit(self, corpus: Corpus, *, checkpoint: Path | None = None) -> Self:
        """Train on the corpus, slice by slice.

        Args:
            checkpoint: a folder that keeps the state after each slice; training goes on from what is there.

        Raises:
            BadInput: no text has a token, none occurs `min_count` times, or training runs away; or the state is of
                another corpus or other options.
        """
        terms, counts = frequent_terms(corpus, self.min_count)
        vectors = train(untrained(Word2Vec, self, counts), self, corpus, terms, checkpoint)
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
