"""One-hot and TF-IDF beside other embedders: a text is one sparse row, in which each of its tokens has a weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from tokembed import registry
from tokembed.compare.grids import Row
from tokembed.compare.text_pairs import cosine_matrix
from tokembed.compare.word_rows import EmbedderRow, WordKind, WordRow
from tokembed.corpus import Corpus, from_ids
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Encoding, TextEmbedder


class TermRows:
    """An embedder that gives texts a sparse row.

    Args:
        embedder: a fitted one.
        reference: one of the same kind to be fitted on the reference sentences, whose words an embedder that was
            fitted on a few texts lacks; None to take the embedder itself.
    """

    def __init__(
        self, name: str, tokenizer: str, embedder: TextEmbedder, reference: TextEmbedder | None = None
    ) -> None:
        self.name, self.tokenizer = name, tokenizer
        self._embedder, self._reference = embedder, reference

    def word_rows(self, rows: Sequence[Row]) -> list[EmbedderRow]:
        """Of each word how many tokens are terms, and the sum of their weights in the text's row."""
        if not any(len(row.encoding) for row in rows):
            return [EmbedderRow(self.name, self.tokenizer, _without_tokens(row)) for row in rows]
        vectors = self._embedder.text_vectors(corpus_of([row.encoding for row in rows]))
        found = []
        for place, row in enumerate(rows):
            part = slice(vectors.indptr[place], vectors.indptr[place + 1])
            weights = dict(zip(vectors.indices[part].tolist(), vectors.data[part].tolist(), strict=True))
            words = tuple(self._word_row(row.encoding, places, weights) for places in row.by_word)
            found.append(EmbedderRow(self.name, self.tokenizer, words))
        return found

    def _word_row(self, encoding: Encoding, places: Sequence[int], weights: dict[int, float]) -> WordRow:
        """A word whose tokens are unknown has nothing of its own, though [UNK] is a term like any other."""
        ids = [None if encoding.unknown[place] else self._id(encoding.tokens[place]) for place in places]
        n_found = len(ids) - ids.count(None)
        if not n_found:
            return WordRow(WordKind.NONE, 0, len(ids))
        weight = sum(weights.get(term, 0.0) for term in dict.fromkeys(ids) if term is not None)
        return WordRow(WordKind.EXACT if len(ids) == 1 else WordKind.TOKENS, n_found, len(ids), weight=weight)

    def _id(self, token: str) -> int | None:
        return self._embedder.terms.ids.get(token)

    def text_cosines(self, encodings: Sequence[Encoding]) -> NDArray[np.float64]:
        """The cosines of the texts' rows; nan where a row is empty."""
        return _cosines(self._embedder, encodings)

    def reference_cosines(self, encodings: Sequence[Encoding]) -> NDArray[np.float64]:
        """The same of the reference sentences."""
        if self._reference is None:
            return self.text_cosines(encodings)
        return _cosines(self._reference.fit(corpus_of(encodings)), encodings)


def fitted_rows(name: str, tokenizer: str, encodings: Sequence[Encoding]) -> TermRows:
    """The named embedder fitted on the texts; where none has a token there is nothing to fit, and no row has a vector.

    Args:
        name: onehot or tfidf.
        tokenizer: the name of what cut the texts.
    """
    embedder, reference = (cast("TextEmbedder", registry.embedder(name)) for _ in range(2))
    if any(map(len, encodings)):
        embedder.fit(corpus_of(encodings))
    return TermRows(name, tokenizer, embedder, reference)


def corpus_of(encodings: Sequence[Encoding]) -> Corpus:
    """The texts as ids into a vocabulary of the tokens that occur, which is smaller than the tokenizer's own."""
    vocab = Vocab()
    return from_ids([[vocab.add(token) for token in encoding.tokens] for encoding in encodings], vocab)


def _cosines(embedder: TextEmbedder, encodings: Sequence[Encoding]) -> NDArray[np.float64]:
    if not any(map(len, encodings)):
        return np.full((len(encodings), len(encodings)), np.nan)
    return cosine_matrix(embedder.text_vectors(corpus_of(encodings)))


def _without_tokens(row: Row) -> tuple[WordRow, ...]:
    return (WordRow(WordKind.NONE, 0, 0),) * len(row.by_word)
