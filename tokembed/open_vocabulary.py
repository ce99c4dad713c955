"""The vocabulary of a stream of words: numbered as they come, the most frequent first in the end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tokembed.bulk_words import letters_of
from tokembed.corpus import Corpus
from tokembed.kernels.intern import no_words, with_words
from tokembed.kernels.joining import joined_tokens, padded


class OpenVocabulary:
    """The words of all batches so far; a word's number is the order in which it first occurred.

    >>> from tokembed.corpus import from_ids
    >>> from tokembed.vocab import Vocab
    >>> words = OpenVocabulary()
    >>> words.numbers(from_ids([[0, 1, 1]], Vocab(["나", "너"]))).tolist()
    [0, 1, 1]
    >>> words.numbers(from_ids([[0, 1]], Vocab(["우리", "나"]))).tolist()
    [2, 0]
    >>> words.ranks().tolist(), words.lines().decode().split()
    ([0, 1, 2], ['나', '너', '우리'])
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

    def lines(self) -> bytes:
        """The words in that order, each on a line of its own."""
        bounds = self._words.bounds[: len(self) + 1]
        letters = padded(self._words.letters[: bounds[-1]])
        rows = np.arange(len(self) + 1)
        lines = joined_tokens(self._order().astype(np.int32), rows, letters, bounds).tobytes()
        return lines.replace(b"\\", b"\\\\")  # as `vocab.escaped` does; no word has a line's end in it

    def _order(self) -> NDArray[np.int64]:
        return np.argsort(-self._words.counts[: len(self)], kind="stable")
