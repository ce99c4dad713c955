"""The document-term matrix: how often each term stands in each text."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from weakref import ReferenceType, WeakKeyDictionary, ref

import numpy as np
from scipy.sparse import csr_array

from tokembed.corpus import Corpus, translation
from tokembed.kernels.term_counts import Counts, count_terms
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T", np.float32, np.float64)

_chosen_from: WeakKeyDictionary[Vocab, tuple[ReferenceType[Vocab], NDArray[np.int64]]] = WeakKeyDictionary()
"""Of terms, the vocabulary they were chosen from and their ids there: a corpus of it needs no look at a string."""


def chosen_terms(vocab: Vocab, ids: NDArray[np.int64]) -> Vocab:
    """The tokens of these ids, in this order; their strings are made when they are asked for."""
    terms = Vocab()
    terms.extend(len(ids), lambda: [vocab[token_id] for token_id in ids.tolist()])
    _chosen_from[terms] = ref(vocab), ids
    return terms


def counts_of(corpus: Corpus, terms: Vocab) -> Counts:
    """Counts of `terms` by text, a row a text; tokens that are no term are left out."""
    return count_terms(corpus.ids, corpus.starts, _columns(corpus.vocab, terms), len(terms))


def term_counts(corpus: Corpus, terms: Vocab) -> csr_array[np.float64, tuple[int, int]]:
    """`counts_of` as a matrix, (n_texts, n_terms)."""
    counts = counts_of(corpus, terms)
    return matrix(counts, counts.values.astype(np.float64), len(terms))


def matrix(counts: Counts, values: NDArray[T], n_terms: int) -> csr_array[T, tuple[int, int]]:
    """The values, which stand where the counts do, as a matrix, (n_texts, n_terms)."""
    rows = csr_array((values, counts.columns, counts.starts), shape=(len(counts.starts) - 1, n_terms))
    rows.has_canonical_format = True
    return rows


def scaled_rows(matrix: csr_array[np.float64, tuple[int, int]], divisors: NDArray[np.float64]) -> None:
    """Divide each row of `matrix` in place by its divisor, (n_rows,); a row with the divisor 0 stays as it is."""
    safe = np.where(divisors > 0, divisors, 1.0)
    matrix.data /= np.repeat(safe, np.diff(matrix.indptr))


def _columns(vocab: Vocab, terms: Vocab) -> NDArray[np.int32]:
    """The place among the terms of each token of the vocabulary, -1 where it is none, (len(vocab),)."""
    source, ids = _chosen_from.get(terms, (None, None))
    if ids is None or source is None or source() is not vocab or len(ids) != len(terms):
        return translation(vocab, terms).astype(np.int32)
    columns = np.full(len(vocab), -1, np.int32)
    columns[ids] = np.arange(len(ids), dtype=np.int32)
    return columns
