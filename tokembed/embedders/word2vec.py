"""Word2Vec: a word's vector is trained to predict its neighbors (skip-gram) or from them (CBOW)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from gensim.models import Word2Vec
from numpy.typing import NDArray

from tokembed.corpus import Corpus, frequent_terms
from tokembed.errors import above, at_least, checked_seed, one_of
from tokembed.sentences import train
from tokembed.types import Lookup
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Arrays

ARCHITECTURES = ("skip-gram", "cbow")
_log = logging.getLogger(__name__)


class Word2VecEmbedder:
    """gensim's Word2Vec with negative sampling.

    Args:
        dim: how many dimensions a vector has.
        window: how many tokens to each side are neighbors, at the most.
        min_count: tokens that occur less often get no vector.
        epochs: how often the corpus is gone through.
        seed: of the initial vectors and of every chance taken.
        workers: training threads; with more than one, two runs differ.
        architecture: predict the neighbors from the word, or the word from its neighbors.
        negative: noise words for each true one.
        sample: tokens with a larger share of the corpus are left out at random; 0 leaves none out.
        learning_rate: of the start; it falls to a 250th.

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality".
    """

    terms: Vocab

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
        sample: float = 0.001,
        learning_rate: float = 0.025,
    ) -> None:
        for name, value in (("dim", dim), ("window", window), ("min_count", min_count), ("epochs", epochs)):
            at_least(name, value, 1)
        for name, value in (("workers", workers), ("negative", negative)):
            at_least(name, value, 1)
        checked_seed(seed)
        at_least("sample", sample, 0)
        above("learning_rate", learning_rate, 0)
        one_of("architecture", architecture, ARCHITECTURES)
        self.dim, self.window, self.min_count, self.epochs = dim, window, min_count, epochs
        self.seed, self.workers, self.architecture = seed, workers, architecture
        self.negative, self.sample, self.learning_rate = negative, sample, learning_rate

    def fit(self, corpus: Corpus) -> Self:
        """Train on the corpus.

        Raises:
            BadInput: no text has a token, or none occurs `min_count` times.
        """
        self.terms, self.counts = frequent_terms(corpus, self.min_count)
        model = Word2Vec(
            vector_size=self.dim,
            window=self.window,
            min_count=1,  # the terms are chosen already
            epochs=self.epochs,
            seed=self.seed,
            workers=self.workers,
            sg=int(self.architecture == "skip-gram"),
            negative=self.negative,
            sample=self.sample,
            alpha=self.learning_rate,
            min_alpha=self.learning_rate / 250,
        )
        model.build_vocab_from_freq({str(place): int(count) for place, count in enumerate(self.counts)})
        train(model, corpus.restricted(self.terms), epochs=self.epochs, log=_log)
        rows = [model.wv.key_to_index[str(place)] for place in range(len(self.terms))]
        self.vectors: NDArray[np.float32] = model.wv.vectors[rows]
        return self

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The tokens' vectors; a token that was not trained has none."""
        return WordVectors(self.terms, self.vectors).lookup(tokens)

    def state(self) -> Arrays:
        """`vectors` float32 (n_terms, dim) and `counts` int64 (n_terms,)."""
        return {"vectors": self.vectors, "counts": self.counts}

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder of these terms and vectors."""
        self.terms = terms
        self.vectors = np.asarray(arrays["vectors"], np.float32)
        self.counts = np.asarray(arrays["counts"], np.int64)
        return self
