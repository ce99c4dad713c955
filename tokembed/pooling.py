"""Token vectors -> a text's vector, and what was left out on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tokembed.corpus import Corpus
from tokembed.types import Kind, StaticEmbedder


@dataclass(frozen=True, slots=True)
class Pooled:
    """One vector a text: `vectors` float32 (n_texts, dim); `kind` uint8 (n_tokens,) of `Kind`.

    `n_with_vector` int64 (n_texts,): how many of the text's tokens the vector is made of; where 0, it is zeros.
    """

    vectors: NDArray[np.float32]
    kind: NDArray[np.uint8]
    n_with_vector: NDArray[np.int64]


def mean(corpus: Corpus, embedder: StaticEmbedder) -> Pooled:
    """The mean of the vectors of each text's tokens; tokens without one are left out, and counted.

    Unknown and special tokens stand for no word and have no vector.
    """
    distinct, places = np.unique(corpus.ids, return_inverse=True)
    found = embedder.lookup([corpus.vocab[token_id] for token_id in distinct])
    kind = found.kind.copy()
    kind[np.isin(distinct, list(corpus.vocab.without_text_ids))] = Kind.NONE
    weights = (kind != Kind.NONE).astype(np.float32)[places]  # (n_tokens,)
    members = csr_array((weights, places, corpus.starts), shape=(corpus.n_texts, len(distinct)))
    n_with_vector = members.sum(axis=1).astype(np.int64)
    sums = members @ found.vectors  # (n_texts, dim)
    vectors = (sums / np.maximum(n_with_vector, 1)[:, None]).astype(np.float32)
    return Pooled(vectors, kind[places], n_with_vector)
