"""The vocabulary of a stream of words: numbered as they come, the most frequent first in the end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.inputs.blocks import strings_between
from tokembed.kernels.intern import no_words, with_words
from tokembed.kernels.joining import joined_tokens, padded
from tokembed.tokens.bulk_words import letters_of
from tokembed.vocab import Vocab


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
        return int(np.count_nonzero(self._counts()))  # what stood in parts that were cut off alone does not count

    def numbers(self, corpus: Corpus) -> NDArray[np.int32]:
        """The corpus's tokens as numbers of words here, new ones added, int32 (n_tokens,)."""
        letters, bounds = letters_of(corpus.vocab)
        self._words, numbers = with_words(self._words, letters, bounds, corpus.counts())
        return numbers[corpus.ids]

    def vocab(self) -> Vocab:
        """The words in the order of their numbers; their strings are made when they are asked for."""
        words, vocab = self._words, Vocab()
        vocab.extend(words.n_words, lambda: strings_between(words.letters, words.bounds[: words.n_words + 1]))
        return vocab

    def ranks(self) -> NDArray[np.int32]:
        """The place of each number's word where the most frequent comes first, of equals the one first seen."""
        order = self._order()
        ranks = np.zeros(self._words.n_words, np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        return ranks

    def lines(self) -> bytes:
        """The words in that order, each on a line of its own."""
        order, bounds = self._order(), self._words.bounds[: self._words.n_words + 1]
        letters, rows = padded(self._words.letters[: bounds[-1]]), np.arange(len(order) + 1)
        lines = joined_tokens(order.astype(np.int32), rows, letters, bounds).tobytes()
        return lines.replace(b"\\", b"\\\\")  # as `vocab.escaped` does; no word has a line's end in it

    def _order(self) -> NDArray[np.int64]:
        return np.argsort(-self._counts(), kind="stable")[: len(self)]

    def _counts(self) -> NDArray[np.int64]:
        return self._words.counts[: self._words.n_words]
