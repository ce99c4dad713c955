"""The document-term matrix: how often each term stands in each text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from tokembed.corpus import Corpus
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from numpy.typing import NDArray


def term_counts(corpus: Corpus, terms: Vocab) -> csr_array[np.float64, tuple[int, int]]:
    """Counts of `terms` by text, (n_texts, n_terms); tokens that are no term are left out."""
    known = corpus.restricted(terms)
    ones: NDArray[np.float64] = np.ones(known.n_tokens)
    counts = csr_array((ones, known.ids, known.starts), shape=(known.n_texts, len(terms)))
    counts.sum_duplicates()
    return counts


def scaled_rows(matrix: csr_array[np.float64, tuple[int, int]], divisors: NDArray[np.float64]) -> None:
    """Divide each row of `matrix` in place by its divisor, (n_rows,); a row with the divisor 0 stays as it is."""
    safe = np.where(divisors > 0, divisors, 1.0)
    matrix.data /= np.repeat(safe, np.diff(matrix.indptr))
