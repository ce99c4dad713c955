"""The vocabulary of a stream of words: numbered as they come, the most frequent first in the end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tokembed.bulk_words import letters_of, strings_of_words
from tokembed.corpus import Corpus
from tokembed.kernels.intern import no_words, with_words
from tokembed.vocab import escaped


class OpenVocabulary:
    """The words of all batches so far; a word's number is the order in which it first occurred.

    >>> from tokembed.corpus import from_ids
    >>> from tokembed.vocab import Vocab
    >>> words = OpenVocabulary()
    >>> words.numbers(from_ids([[0, 1, 1]], Vocab(["나", "너"]))).tolist()
    [0, 1, 1]
    >>> words.numbers(from_ids([[0, 1]], Vocab(["우리", "나"]))).tolist()
    [2, 0]
    >>> words.ranks().tolist(), list(words.lines())
    ([0, 1, 2], ['나\\n', '너\\n', '우리\\n'])
    """

    def __init__(self) -> None:
        self._words = no_words()

    def __len__(self) -> int:
        return self._words.n_words

    def numbers(self, corpus: Corpus) -> NDArray[np.int32]:
        """The corpus's tokens as numbers of words here, new ones added, int32 (n_tokens,)."""
        letters, bounds = letters_of(corpus.vocab)
        self._words, numbers = with_words(self._words, letters, bounds, corpus.counts())
        return numbers[corpus.ids]

    def ranks(self) -> NDArray[np.int32]:
        """The place of each word where the most frequent comes first, of equals the one first seen, (n_words,)."""
        ranks = np.empty(len(self), np.int32)
        ranks[self._order()] = np.arange(len(self), dtype=np.int32)
        return ranks

    def lines(self) -> Iterator[str]:
        """The words in that order, each on a line of its own."""
        words = strings_of_words(self._words.letters, self._words.bounds[: len(self) + 1])
        return (escaped(words[place]) for place in self._order().tolist())

    def _order(self) -> NDArray[np.int64]:
        return np.argsort(-self._words.counts[: len(self)], kind="stable")
