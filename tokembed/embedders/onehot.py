"""One-hot: a token is one dimension; a text is the share of each token in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from tokembed.corpus import Corpus, occurring_terms
from tokembed.errors import check_fitted
from tokembed.term_counts import scaled_rows, term_counts
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Arrays, Sparse


class OneHotEmbedder:
    """Each term that occurs is one dimension; a text's row is the mean of its tokens' one-hot vectors.

    share(t, d) = count of t in d / tokens of d, those that are no term included: a row may sum to less than 1.
    The terms are the tokens as the tokenizer gives them: [UNK] and special tokens are terms like any other.
    """

    terms: Vocab

    def fit(self, corpus: Corpus) -> Self:
        """Take the terms that occur.

        Raises:
            BadInput: no text has a token.
        """
        self.terms = occurring_terms(corpus)
        return self

    def text_vectors(self, corpus: Corpus) -> Sparse:
        """(n_texts, n_terms); a text without a token has an empty row."""
        check_fitted(self)
        counts = term_counts(corpus, self.terms)
        scaled_rows(counts, corpus.lengths().astype(np.float64))
        return counts.astype(np.float32)

    def state(self) -> Arrays:
        """Nothing but the terms is learned."""
        return {}

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder of these terms."""
        self.terms = terms
        return self
