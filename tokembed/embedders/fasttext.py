"""FastText: a word's vector is the mean of its own and its character n-grams', so unseen words have one too."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from gensim.models import FastText
from gensim.models.fasttext import ft_ngram_hashes
from gensim.models.fasttext_inner import compute_ngrams_bytes
from numpy.typing import NDArray

from tokembed.corpus import Corpus, frequent_terms
from tokembed.errors import BadUsage, above, at_least, checked_seed, one_of
from tokembed.sentences import train
from tokembed.types import Kind, Lookup
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Arrays

ARCHITECTURES = ("skip-gram", "cbow")
MOST_BUCKETS = 2_000_000
_log = logging.getLogger(__name__)


class FastTextEmbedder:
    """gensim's FastText with n-grams of our token strings.

    Args:
        dim: how many dimensions a vector has.
        window: how many tokens to each side are neighbors, at the most.
        min_count: tokens that occur less often get no vector of their own.
        epochs: how often the corpus is gone through.
        seed: of the initial vectors and of every chance taken.
        workers: training threads; with more than one, two runs differ.
        architecture: predict the neighbors from the word, or the word from its neighbors.
        negative: noise words for each true one.
        sample: tokens with a larger share of the corpus are left out at random; 0 leaves none out.
        learning_rate: of the start; it falls to a 250th.
        min_n: code points of the shortest n-gram, the marks of a word's start and end counted.
        max_n: code points of the longest n-gram.
        buckets: places the n-grams are hashed to; 0 for twice the distinct n-grams, 2,000,000 at the most.

    Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information".
    Differs: an unseen word is the mean of its trained n-grams only; one with none has no vector.
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
        min_n: int = 3,
        max_n: int = 6,
        buckets: int = 0,
    ) -> None:
        for name, value in (("dim", dim), ("window", window), ("min_count", min_count), ("epochs", epochs)):
            at_least(name, value, 1)
        for name, value in (("workers", workers), ("negative", negative), ("min_n", min_n)):
            at_least(name, value, 1)
        for name, number in (("sample", sample), ("buckets", buckets)):
            at_least(name, number, 0)
        checked_seed(seed)
        if max_n < min_n:
            raise BadUsage(f"max_n must be at least min_n, got min_n {min_n} and max_n {max_n}")
        above("learning_rate", learning_rate, 0)
        one_of("architecture", architecture, ARCHITECTURES)
        self.dim, self.window, self.min_count, self.epochs = dim, window, min_count, epochs
        self.seed, self.workers, self.architecture = seed, workers, architecture
        self.negative, self.sample, self.learning_rate = negative, sample, learning_rate
        self.min_n, self.max_n, self.buckets = min_n, max_n, buckets

    def fit(self, corpus: Corpus) -> Self:
        """Train on the corpus.

        Raises:
            BadInput: no text has a token, or none occurs `min_count` times.
        """
        self.terms, self.counts = frequent_terms(corpus, self.min_count)
        self.n_buckets = self.buckets or self._bucket_number()
        model = FastText(
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
            bucket=self.n_buckets,
        )
        model.build_vocab_from_freq({str(place): int(count) for place, count in enumerate(self.counts)})
        # gensim knows the words as ids, so the n-grams it made of them give way to those of the tokens.
        term_buckets = [self._buckets_of(term) for term in self.terms]
        model.wv.buckets_word = [term_buckets[int(key)] for key in model.wv.index_to_key]
        train(model, corpus.restricted(self.terms), epochs=self.epochs, log=_log)
        rows = [model.wv.key_to_index[str(place)] for place in range(len(self.terms))]
        self.vectors: NDArray[np.float32] = model.wv.vectors[rows]
        self.trained = np.unique(np.concatenate(term_buckets)).astype(np.int64)
        self.ngram_vectors: NDArray[np.float32] = model.wv.vectors_ngrams[self.trained]
        return self

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The tokens' vectors: their own, or the mean of those of their n-grams that were trained."""
        found = WordVectors(self.terms, self.vectors).lookup(tokens)
        for place in np.flatnonzero(found.kind == Kind.NONE).tolist():
            rows = self.trained_ngrams(tokens[place])
            if len(rows):
                found.vectors[place] = self.ngram_vectors[rows].mean(axis=0)
                found.kind[place] = Kind.NGRAMS
        return found

    def trained_ngrams(self, token: str) -> NDArray[np.int64]:
        """The rows in `ngram_vectors` of the token's n-grams, those that training never touched left out."""
        buckets = self._buckets_of(token)
        rows: NDArray[np.int64] = np.searchsorted(self.trained, buckets)
        rows[rows == len(self.trained)] = 0
        trained: NDArray[np.int64] = rows[self.trained[rows] == buckets]
        return trained

    def _buckets_of(self, token: str) -> NDArray[np.uint32]:
        return np.array(ft_ngram_hashes(token, self.min_n, self.max_n, self.n_buckets), dtype=np.uint32)

    def _bucket_number(self) -> int:
        distinct = {ngram for term in self.terms for ngram in compute_ngrams_bytes(term, self.min_n, self.max_n)}
        return min(max(2 * len(distinct), 1), MOST_BUCKETS)

    def state(self) -> Arrays:
        """`vectors`, `counts`, and of the trained buckets their numbers and vectors."""
        return {
            "vectors": self.vectors,
            "counts": self.counts,
            "trained": self.trained,
            "ngram_vectors": self.ngram_vectors,
            "n_buckets": np.array([self.n_buckets], np.int64),
        }

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder of these terms, vectors and n-grams; `min_n` and `max_n` are the constructor's."""
        self.terms = terms
        self.vectors = np.asarray(arrays["vectors"], np.float32)
        self.counts = np.asarray(arrays["counts"], np.int64)
        self.trained = np.asarray(arrays["trained"], np.int64)
        self.ngram_vectors = np.asarray(arrays["ngram_vectors"], np.float32)
        self.n_buckets = int(arrays["n_buckets"][0])
        return self
