"""FastText: a word's vector is the mean of its own and its character n-grams', so unseen words have one too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from gensim.models import FastText
from numpy.typing import NDArray

from tokembed.corpus import Corpus, frequent_terms
from tokembed.errors import BadUsage, check_fitted, one_of, within
from tokembed.kernels.ngrams import average_in
from tokembed.ngrams import TrainedNGrams, kept_ngrams, ngram_hashes
from tokembed.training.with_gensim import ARCHITECTURES, train, untrained
from tokembed.types import Lookup
from tokembed.vectors import WordVectors, check_options, finite, learned_arrays, restored
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Arrays

MOST_BUCKETS = 2_000_000
MOST_NUMBERS = 2**32
"""In all buckets' vectors together; gensim's places in them have 32 bits, and start anew without a word."""

MOST_CBOW_RATE = 0.1
"""gensim's FastText does not clip the steps of CBOW: in trials on small corpora it grew without bounds and
crashed from a learning rate of 0.2 on (0.1 with window 100), never up to this and 1 / window."""

_NO_NGRAMS = {"min_n": 100, "max_n": 100}
"""gensim knows the words as numbers: what n-grams it would make of them are not those of the tokens."""


class FastTextEmbedder:
    """gensim's FastText with n-grams of our token strings, or of the Hangul letters in them.

    Args:
        dim: how many dimensions a vector has.
        window: how many tokens to each side are neighbors, at the most.
        min_count: tokens that occur less often get no vector of their own.
        epochs: how often the corpus is gone through.
        seed: of the initial vectors and of every chance taken.
        workers: training threads; with more than one, two runs differ.
        architecture: predict the neighbors from the word, or the word from its neighbors.
        negative: noise words for each true one; with hs there are none.
        hs: predict a word as its way through the Huffman tree of all words (hierarchical softmax).
        sample: tokens with a larger share of the corpus are left out at random; 0 leaves none out.
        learning_rate: of the start; it falls to a 250th. With cbow 0.1 at the most, and 1 / window.
        min_n: code points of the shortest n-gram, the marks of a word's start and end counted.
        max_n: code points of the longest n-gram.
        buckets: places the n-grams are hashed to; 0 for twice the distinct n-grams, 2,000,000 at the most.
        jamo: make the n-grams of Hangul letters, three a syllable: 강아지 counts as ㄱㅏㅇㅇㅏeㅈㅣe.

    Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information".
    Differs: an unseen word is the mean of its trained n-grams only; one with none has no vector. An n-gram is
        trained when its whole 32-bit hash was seen, not just its bucket, in which it may stand by chance.
    """

    terms: Vocab
    counts: NDArray[np.int64]
    vectors: NDArray[np.float32]
    ngrams: TrainedNGrams

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
        min_n: int = 3,
        max_n: int = 6,
        buckets: int = 0,
        jamo: bool = False,
    ) -> None:
        self.dim, self.window, self.min_count, self.epochs = dim, window, min_count, epochs
        self.seed, self.workers, self.architecture = seed, workers, architecture
        self.negative, self.hs, self.sample, self.learning_rate = negative, hs, sample, learning_rate
        self.min_n, self.max_n, self.buckets, self.jamo = min_n, max_n, buckets, jamo
        check_options(vars(self))
        within("buckets", buckets, 0, MOST_NUMBERS // dim)
        one_of("architecture", architecture, ARCHITECTURES)
        if architecture == "cbow":
            within(f"learning_rate of cbow with window {window}", learning_rate, 0, min(MOST_CBOW_RATE, 1 / window))
        if max_n < min_n:
            raise BadUsage(f"max_n must be at least min_n, got min_n {min_n} and max_n {max_n}")

    def fit(self, corpus: Corpus, *, checkpoint: Path | None = None) -> Self:
        """Train on the corpus, slice by slice.

        Args:
            checkpoint: a folder that keeps the state after each slice; training goes on from what is there.

        Raises:
            BadInput: no text has a token, none occurs `min_count` times, or training runs away; or the state is of
                another corpus or other options.
        """
        terms, counts = frequent_terms(corpus, self.min_count)
        hashes, starts = ngram_hashes(terms.tokens, self.min_n, self.max_n, jamo=self.jamo)
        hashes_seen = np.unique(hashes)
        n_buckets = self.buckets or min(max(2 * len(hashes_seen), 1), MOST_BUCKETS, MOST_NUMBERS // self.dim)
        buckets = hashes % np.uint32(n_buckets)
        model = untrained(FastText, self, counts, {"bucket": n_buckets, **_NO_NGRAMS})
        model.wv.buckets_word = np.split(buckets, starts[1:-1])
        model.wv.vectors = model.wv.vectors_vocab  # in place of a copy that training does not look at
        vectors = train(model, self, corpus, terms, checkpoint)
        average_in(vectors, buckets.astype(np.int64), starts, model.wv.vectors_ngrams, n_there=1)
        trained_buckets = np.unique(buckets)
        ngram_vectors = finite(model.wv.vectors_ngrams[trained_buckets], self.learning_rate)
        self.terms, self.counts, self.vectors = terms, counts, finite(vectors, self.learning_rate)
        self.ngrams = TrainedNGrams(
            hashes_seen, trained_buckets, ngram_vectors, n_buckets, self.min_n, self.max_n, self.jamo
        )
        return self

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The tokens' vectors: their own, or the mean of those of their n-grams that were trained."""
        check_fitted(self)
        return WordVectors(self.terms, self.vectors, ngrams=self.ngrams).lookup(tokens)

    def state(self) -> Arrays:
        """`vectors`, `counts`, the n-grams' hashes, and of the buckets they are in the numbers and vectors."""
        return {**learned_arrays(self), **self.ngrams.arrays()}

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder of these terms, vectors and n-grams; `min_n`, `max_n` and `jamo` are the constructor's."""
        self.ngrams = kept_ngrams(arrays, min_n=self.min_n, max_n=self.max_n, jamo=self.jamo)
        return restored(self, terms, arrays)
