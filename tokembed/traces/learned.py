"""What the embedders' stories are told from, and the result that those with a vector a token share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tokembed.corpus import Corpus
from tokembed.text_vectors.pooling import HasLookup, token_vectors
from tokembed.traces.steps import Cell, Row, Step
from tokembed.types import Kind

NO_TERM = "a token that the embedder does not know has no entry"


@dataclass(frozen=True, slots=True)
class Learned:
    """An embedder that has learned, and the text that it is asked about.

    Attributes:
        text: as it was given.
        cut: that text alone.
        embedder: one of the registry's, fitted or restored.
        n_texts: how many texts it learned from; None where that is not known.
        corpus: texts at hand to count in; None where there are none.
        parts: of a GloVe that was trained just now, what its vectors are made of.
    """

    text: str
    cut: Corpus
    embedder: Any
    n_texts: int | None = None
    corpus: Corpus | None = None
    parts: Any = None

    def tokens(self) -> list[str]:
        """The text's tokens."""
        return [self.cut.vocab[token_id] for token_id in self.cut.ids.tolist()]

    def counts(self) -> dict[str, int]:
        """How often each token stands in the text, in the order of their first places."""
        counts = dict.fromkeys(self.tokens(), 0)
        for token in self.tokens():
            counts[token] += 1
        return counts


def vectors_step(learned: Learned, source: HasLookup) -> Step:
    """The result: each distinct token of the text, where its vector comes from, and the vector."""
    found = token_vectors(learned.cut, source)
    by_token = {learned.cut.vocab[token_id]: place for place, token_id in enumerate(found.distinct.tolist())}
    rows = tuple(
        vector_row(token, Kind(int(found.kind[by_token[token]])), found.vectors[by_token[token]])
        for token in learned.counts()
    )
    return Step("result", "each token's vector", ("token", "from", "norm", "vector"), rows)


def vector_row(token: str, kind: Kind, vector: np.ndarray[Any, np.dtype[np.float32]]) -> Row:
    """The token, where its vector comes from, the vector's length and itself; None where it has none."""
    source = {Kind.NONE: "nowhere", Kind.NGRAMS: "its n-grams", Kind.EXACT: "its own row"}[kind]
    if kind is Kind.NONE:
        return token, source, None, None
    return token, source, norm(vector), tuple(vector.tolist())


def norm(vector: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """The vector's length."""
    return float(np.linalg.norm(vector.astype(np.float64)))


def weights_step(learned: Learned) -> Step:
    """The result of an embedder of texts: each of the text's terms and its entry in the text's row."""
    terms = learned.embedder.terms
    row = learned.embedder.text_vectors(learned.cut)
    entries = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
    rows: list[tuple[Cell, ...]] = []
    for term in learned.counts():
        column = terms.ids.get(term)
        if column in entries:
            rows.append((term, column, entries[column]))
    rule = f"the text's row: {len(entries):,} of its {len(terms):,} entries are not 0"
    return Step("result", rule, ("term", "column", "weight"), tuple(rows))
