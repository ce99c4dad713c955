"""TF-IDF: a token weighs more the oftener it stands in the text and the fewer texts have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.errors import BadInput, check_fitted, counted, one_of, within
from tokembed.kernels.term_counts import texts_with, weighed
from tokembed.term_counts import chosen_terms, counts_of, matrix
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Arrays, Sparse

NORMS = {"l2": 2, "l1": 1, "none": 0}
MOST = 10**12
"""Of texts or terms: far above what is of use."""


class TfidfEmbedder:
    """Term frequency times smoothed inverse document frequency, each row divided by its norm.

    weight(t, d) = tf(t, d) * idf(t) / norm of d's row; tf(t, d) is how often t stands in d.

    Args:
        sublinear_tf: take 1 + ln(tf) in place of tf.
        min_df: leave out terms that fewer texts have: so many texts, or with a point a share of them, 0.0..1.0.
        max_df: leave out terms that more texts have: so many texts, or with a point a share of them, 0.0..1.0.
        max_features: keep so many terms, those that occur most often; 0 keeps all.
        norm: what is 1 for each row: its length (l2), the sum of its values (l1), or nothing (none).

    Source: scikit-learn user guide, "Tf-idf term weighting", smooth_idf=True; TfidfVectorizer for the options.
    Differs: the terms are our tokens as they are; nothing is dropped or put in lower case, and [UNK] and special
        tokens are terms like any other. Where max_features has to choose between terms that occur equally often it
        takes those first in the order of code points; scikit-learn takes any.
    """

    terms: Vocab
    weights: NDArray[np.float64]

    def __init__(
        self,
        *,
        sublinear_tf: bool = False,
        min_df: int | float = 1,
        max_df: int | float = 1.0,
        max_features: int = 0,
        norm: Literal["l2", "l1", "none"] = "l2",
    ) -> None:
        self.sublinear_tf, self.min_df, self.max_df = sublinear_tf, min_df, max_df
        self.max_features, self.norm = max_features, norm
        for name, value in {"min_df": min_df, "max_df": max_df}.items():
            within(name, value, *((0.0, 1.0) if isinstance(value, float) else (1, MOST)))
        within("max_features", max_features, 0, MOST)
        one_of("norm", norm, NORMS)

    def fit(self, corpus: Corpus) -> Self:
        """Learn which terms there are and how many texts have each.

        Raises:
            BadInput: no text has a token, or `min_df` and `max_df` leave no term.
        """
        if not corpus.n_tokens:
            raise BadInput(f"at least one text must have a token, found none in {counted(corpus.n_texts, 'text')}")
        document_counts = texts_with(corpus.ids, corpus.starts, len(corpus.vocab))
        ids = np.flatnonzero(self._is_term(document_counts, corpus.n_texts))
        if not len(ids):
            n_tokens = counted(int(np.count_nonzero(document_counts)), "token")
            raise BadInput(
                f"at least one token must be in as many texts as min_df {self.min_df} and max_df {self.max_df} allow, "
                f"none of {n_tokens} is; change them or give more texts"
            )
        if 0 < self.max_features < len(ids):
            ids = _most_frequent(ids, corpus, self.max_features)
        self.terms = chosen_terms(corpus.vocab, ids)
        self.weights = idf(document_counts[ids], corpus.n_texts)
        return self

    def _is_term(self, document_counts: NDArray[np.int64], n_texts: int) -> NDArray[np.bool_]:
        """Which tokens occur in as many texts as `min_df` and `max_df` allow."""
        fewest, most = (share * n_texts if isinstance(share, float) else share for share in (self.min_df, self.max_df))
        if most < fewest:
            raise BadInput(
                f"max_df must allow as many texts as min_df or more, max_df {self.max_df} allows {most:g} and "
                f"min_df {self.min_df} asks for {fewest:g} of {counted(n_texts, 'text')}; change one of them"
            )
        return (document_counts > 0) & (document_counts >= fewest) & (document_counts <= most)

    def text_vectors(self, corpus: Corpus) -> Sparse:
        """(n_texts, n_terms); a text without a known token has an empty row."""
        check_fitted(self)
        counts = counts_of(corpus, self.terms)
        values = weighed(counts, self.weights, sublinear=self.sublinear_tf, norm=NORMS[self.norm])
        return matrix(counts, values, len(self.terms))

    def state(self) -> Arrays:
        """`weights`: each term's idf, float64 (n_terms,)."""
        return {"weights": self.weights}

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder of these terms and weights; `sublinear_tf` and `norm` are the constructor's."""
        self.terms = terms
        self.weights = np.asarray(arrays["weights"], np.float64)
        return self


def _most_frequent(ids: NDArray[np.int64], corpus: Corpus, number: int) -> NDArray[np.int64]:
    """So many of the ids, in order: those that occur most often in the corpus."""
    counts = corpus.counts()[ids]
    least = np.partition(counts, len(ids) - number)[len(ids) - number]
    above, equal = ids[counts > least], ids[counts == least].tolist()
    equal.sort(key=lambda token_id: corpus.vocab[token_id])
    return np.sort([*above.tolist(), *equal[: number - len(above)]])


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
