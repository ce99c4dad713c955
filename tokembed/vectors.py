"""Words with one vector each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadUsage
from tokembed.types import Kind, Lookup
from tokembed.vocab import Vocab


@dataclass(frozen=True, slots=True)
class WordVectors:
    """A vocabulary and its matrix, float32 (n_terms, dim), rows in the order of the terms."""

    terms: Vocab
    matrix: NDArray[np.float32]

    def lookup(self, tokens: Sequence[str]) -> Lookup:
        """The tokens' rows; zeros and `Kind.NONE` for those that are no term."""
        if isinstance(tokens, str):
            raise BadUsage(f"tokens must be a list of tokens, got {tokens!r}; put it in a list")
        rows = np.fromiter((self.terms.ids.get(token, -1) for token in tokens), dtype=np.int64, count=len(tokens))
        found = rows >= 0
        vectors = np.zeros((len(tokens), self.matrix.shape[1]), np.float32)
        vectors[found] = self.matrix[rows[found]]
        return Lookup(vectors, np.where(found, Kind.EXACT, Kind.NONE).astype(np.uint8))
