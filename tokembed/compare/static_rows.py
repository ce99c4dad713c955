"""Word vectors beside other embedders: a word is the mean of its tokens' vectors, a text of all of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tokembed.asking.percentiles import random_cosines
from tokembed.asking.search import Hit, Search
from tokembed.compare.grids import MOST_WORDS, Row
from tokembed.compare.text_pairs import cosine_matrix
from tokembed.compare.word_rows import EmbedderRow, WordKind, WordRow
from tokembed.types import Encoding, Kind
from tokembed.vectors import WordVectors

Parts = tuple[str | None, ...]
"""A word's tokens, None for one that stands for no text of its own: unknown and special tokens have no vector."""


class StaticRows:
    """Vectors of words that do not depend on what stands around them: a file's, or a trained model's.

    Args:
        search: over the vectors; several tokenizers may share it.
    """

    is_contextual = False

    def __init__(self, name: str, tokenizer: str, search: Search) -> None:
        self.name, self.tokenizer, self._search = name, tokenizer, search
        self.vectors: WordVectors = search.vectors

    def word_rows(self, rows: Sequence[Row]) -> list[EmbedderRow]:
        """What the vectors have for each word; of the first MOST_WORDS words of a text the nearest word too."""
        words = [[_parts(row.encoding, places) for places in row.by_word] for row in rows]
        known = self._known([parts for text in words for parts in text])
        looked_for = dict.fromkeys(parts for text in words for parts in text[:MOST_WORDS])
        nearest = self._nearest(list(looked_for))
        return [
            EmbedderRow(
                self.name,
                self.tokenizer,
                tuple(
                    replace(known[parts], nearest=nearest.get(parts) if place < MOST_WORDS else None)
                    for place, parts in enumerate(text)
                ),
            )
            for text in words
        ]

    def _known(self, words: Sequence[Parts]) -> dict[Parts, WordRow]:
        kinds = self._kinds(words)
        known = {parts: _word_row([kinds[part] for part in parts]) for parts in dict.fromkeys(words)}
        by_ngrams = [parts for parts, row in known.items() if row.kind is WordKind.NGRAMS]
        counts = self._ngram_counts([part for (part,) in by_ngrams if part is not None])
        for parts, (n_trained, n_ngrams) in zip(by_ngrams, counts, strict=True):
            known[parts] = WordRow(WordKind.NGRAMS, n_trained, n_ngrams)
        return known

    def _kinds(self, words: Sequence[Parts]) -> dict[str | None, Kind]:
        tokens = _distinct_tokens(words)
        kinds = map(Kind, self.vectors.lookup(tokens).kind.tolist())
        return {None: Kind.NONE, **dict(zip(tokens, kinds, strict=True))}

    def _ngram_counts(self, tokens: Sequence[str]) -> list[tuple[int, int]]:
        """How many n-grams of each token were trained, and how many there are."""
        if not tokens:
            return []
        from tokembed.ngrams import NGrams, ngram_hashes  # loads numba, which other vectors do without

        ngrams = self.vectors.ngrams
        assert ngrams is not None  # where else would they have their vectors from
        if isinstance(ngrams, NGrams):
            hashes, starts = ngram_hashes(tokens, ngrams.min_n, ngrams.max_n, jamo=ngrams.jamo)
            is_trained = ngrams.is_trained[hashes % np.uint32(len(ngrams.buckets))]
        else:
            rows, starts = ngrams.rows(tokens)
            is_trained = rows >= 0
        n_trained = np.diff(np.concatenate([[0], np.cumsum(is_trained)])[starts])
        return list(zip(n_trained.tolist(), np.diff(starts).tolist(), strict=True))

    def _nearest(self, words: Sequence[Parts]) -> dict[Parts, Hit]:
        """The nearest word of each that has a direction, its own tokens left out."""
        vectors = self._means(words)
        able = np.flatnonzero(vectors.any(axis=1)).tolist()
        if not able:
            return {}
        ids = self.vectors.terms.ids
        own = [[ids[part] for part in words[place] if part in ids] for place in able]
        found = self._search.nearest(vectors[able], 1, without=own)
        return {words[place]: hits[0] for place, hits in zip(able, found, strict=True) if hits}

    def word_vectors(self, row: Row) -> NDArray[np.float32]:
        """The vectors of the first MOST_WORDS words of a text, (n_words, dim), zeros for one that has none."""
        return self._means([_parts(row.encoding, places) for places in row.by_word[:MOST_WORDS]])

    def word_vector(self, row: Row, word: int) -> NDArray[np.float32]:
        """The vector of a word of a text, (dim,), zeros where it has none."""
        vector: NDArray[np.float32] = self._means([_parts(row.encoding, row.by_word[word])])[0]
        return vector

    @cached_property
    def word_sample(self) -> NDArray[np.float64]:
        """The cosines of random pairs of words, in ascending order."""
        return random_cosines(self.vectors)

    def text_cosines(self, encodings: Sequence[Encoding]) -> NDArray[np.float64]:
        """The cosines of the means of the texts' token vectors; nan where a text has none."""
        return cosine_matrix(self._means([_parts(encoding, range(len(encoding))) for encoding in encodings]))

    reference_cosines = text_cosines

    def _means(self, lists: Sequence[Parts]) -> NDArray[np.float32]:
        """The mean of the vectors of each list's tokens that have one, (n_lists, dim), zeros where none has."""
        tokens = _distinct_tokens(lists)
        found = self.vectors.lookup(tokens)
        rows = {token: row for row, (token, kind) in enumerate(zip(tokens, found.kind, strict=True)) if kind}
        means = np.zeros((len(lists), self.vectors.dim), np.float32)
        for place, parts in enumerate(lists):
            n_times = Counter(rows[part] for part in parts if part in rows)
            if n_times:
                weights = np.fromiter(n_times.values(), np.float64)
                means[place] = weights @ found.vectors[list(n_times)].astype(np.float64) / weights.sum()
        return means


def _parts(encoding: Encoding, places: Sequence[int]) -> Parts:
    return tuple(
        None if encoding.unknown[place] or encoding.special[place] else encoding.tokens[place] for place in places
    )


def _distinct_tokens(lists: Sequence[Parts]) -> list[str]:
    return list(dict.fromkeys(part for parts in lists for part in parts if part is not None))


def _word_row(kinds: Sequence[Kind]) -> WordRow:
    n_found = sum(kind is not Kind.NONE for kind in kinds)
    if not n_found:
        return WordRow(WordKind.NONE, 0, len(kinds))
    if len(kinds) > 1:
        return WordRow(WordKind.TOKENS, n_found, len(kinds))
    return WordRow(WordKind.EXACT if kinds[0] is Kind.EXACT else WordKind.NGRAMS, 1, 1)
