"""What texts' vectors leave out: tokens and texts without one, and those that have one spelled otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from tokembed.corpus import Corpus
from tokembed.text_vectors.pooling import Pooled, TokenVectors
from tokembed.types import Kind
from tokembed.vocab import Vocab

Spelling = tuple[str, str]
"""A token as the texts have it, and as the vectors have it."""


@dataclass(slots=True)
class VectorCoverage:
    """Texts and tokens counted by where their vectors come from.

    Attributes:
        tokens_lower: tokens without a vector that have one in lower case.
        tokens_bare: of the others without one, those that have one once punctuation at their ends is cut off.
        lower, bare: an example of each.
    """

    tokens: int = 0
    tokens_exact: int = 0
    tokens_by_ngrams: int = 0
    tokens_without_vector: int = 0
    texts_without_vector: int = 0
    tokens_lower: int = 0
    tokens_bare: int = 0
    lower: Spelling | None = None
    bare: Spelling | None = None

    def __iadd__(self, other: Self) -> Self:
        for field in fields(self):
            own, more = getattr(self, field.name), getattr(other, field.name)
            setattr(self, field.name, own + more if isinstance(own, int) else own or more)
        return self

    def record(self) -> dict[str, int]:
        """The counts of tokens and texts by name."""
        names = ("tokens_exact", "tokens_by_ngrams", "tokens_without_vector", "texts_without_vector")
        return {name: getattr(self, name) for name in names}


def covered(corpus: Corpus, tokens: TokenVectors, pooled: Pooled | None, terms: Vocab) -> VectorCoverage:
    """The corpus counted; `terms` are the words that have a vector."""
    n_times = np.bincount(tokens.places, minlength=len(tokens.distinct))
    exact, by_ngrams, none = (int(n_times[tokens.kind == kind].sum()) for kind in (Kind.EXACT, Kind.NGRAMS, Kind.NONE))
    n_without = 0 if pooled is None else int((pooled.n_with_vector == 0).sum())
    coverage = VectorCoverage(corpus.n_tokens, exact, by_ngrams, none, n_without)
    missing = tokens.kind == Kind.NONE
    missing[np.isin(tokens.distinct, list(corpus.vocab.without_text_ids))] = False
    words = [corpus.vocab[token_id] for token_id in tokens.distinct[missing].tolist()]
    _count_spellings(coverage, words, n_times[missing].tolist(), terms)
    return coverage


def _count_spellings(coverage: VectorCoverage, words: Sequence[str], n_times: Sequence[int], terms: Vocab) -> None:
    for word, number in zip(words, n_times, strict=True):
        lower = word.lower()
        if lower != word and lower in terms:
            coverage.tokens_lower += number
            coverage.lower = coverage.lower or (word, lower)
        elif (bare := _bare(word)) != word and (bare in terms or bare.lower() in terms):
            coverage.tokens_bare += number
            coverage.bare = coverage.bare or (word, bare)


def _bare(word: str) -> str:
    """The word without what is neither letter nor digit at its ends."""
    start, end = 0, len(word)
    while start < end and not word[start].isalnum():
        start += 1
    while end > start and not word[end - 1].isalnum():
        end -= 1
    return word[start:end]
