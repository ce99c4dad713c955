"""TF-IDF: a token weighs more the oftener it stands in the text and the fewer texts have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus, occurring_terms
from tokembed.errors import check_fitted
from tokembed.term_counts import scaled_rows, term_counts
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Arrays, Sparse


class TfidfEmbedder:
    """Term frequency times smoothed inverse document frequency, rows of length 1.

    weight(t, d) = count of t in d * idf(t), then divided by the row's Euclidean length.

    Source: scikit-learn user guide, "Tf-idf term weighting", smooth_idf=True, norm="l2".
    Differs: the terms are our tokens as they are; nothing is dropped or put in lower case, and [UNK] and special
        tokens are terms like any other.
    """

    terms: Vocab
    weights: NDArray[np.float64]

    def fit(self, corpus: Corpus) -> Self:
        """Learn which terms there are and how many texts have each.

        Raises:
            BadInput: no text has a token.
        """
        self.terms = occurring_terms(corpus)
        counts = term_counts(corpus, self.terms)
        document_counts = np.bincount(counts.indices, minlength=len(self.terms))
        self.weights = idf(document_counts, corpus.n_texts)
        return self

    def text_vectors(self, corpus: Corpus) -> Sparse:
        """(n_texts, n_terms); a text without a known token has an empty row."""
        check_fitted(self)
        rows = term_counts(corpus, self.terms)
        rows.data *= self.weights[rows.indices]
        squares = type(rows)((rows.data**2, rows.indices, rows.indptr), shape=rows.shape)
        scaled_rows(rows, np.sqrt(squares.sum(axis=1)))
        return rows.astype(np.float32)

    def state(self) -> Arrays:
        """`weights`: each term's idf, float64 (n_terms,)."""
        return {"weights": self.weights}

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder of these terms and weights."""
        self.terms = terms
        self.weights = np.asarray(arrays["weights"], np.float64)
        return self


def idf(document_counts: NDArray[np.integer], n_texts: int) -> NDArray[np.float64]:
    """Smoothed inverse document frequency of each term, in nats.

    idf(t) = ln((1 + n) / (1 + df(t))) + 1

    Args:
        document_counts: how many texts have the term, (n_terms,), each in 1..n_texts.
        n_texts: how many texts there are, at least 1.

    Returns:
        (n_terms,) float64, each at least 1.

    Source: scikit-learn user guide, "Tf-idf term weighting", smooth_idf=True.

    >>> idf(np.array([1, 2]), 2).round(3).tolist()
    [1.405, 1.0]
    """
    return np.log((1 + n_texts) / (1 + document_counts)) + 1
