"""A corpus as lines of text: made by a kernel out of the vocabulary's bytes, no Python object a token."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tokembed.bulk_words import letters_of
from tokembed.corpus import Corpus
from tokembed.kernels.joining import joined_tokens, padded
from tokembed.vocab import Vocab

Words = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Word k is letters[bounds[k]:bounds[k + 1]]; the letters are padded."""

_tokens_of: WeakKeyDictionary[Vocab, tuple[int, Words]] = WeakKeyDictionary()
_numbers: dict[int, Words] = {}


def lines_of(corpus: Corpus, form: str) -> memoryview:
    """The corpus with a row on each line: its tokens ("text") or its ids ("ids"), one space between two."""
    words = _decimals(len(corpus.vocab)) if form == "ids" else _tokens(corpus.vocab)
    return joined_tokens(corpus.ids, corpus.starts, *words).data


def _tokens(vocab: Vocab) -> Words:
    """The tokens' bytes; kept until the vocabulary has grown."""
    n_tokens, words = _tokens_of.get(vocab, (-1, None))
    if words is None or n_tokens != len(vocab):
        letters, bounds = letters_of(vocab)
        words = padded(letters), bounds
        _tokens_of[vocab] = (len(vocab), words)
    return words


def _decimals(n: int) -> Words:
    """The numbers from 0 to n - 1 in decimal."""
    if n not in _numbers:
        words = [b"%d" % number for number in range(n)]
        _numbers[n] = padded(np.frombuffer(b"".join(words), np.uint8)), np.cumsum([0, *map(len, words)])
    return _numbers[n]
