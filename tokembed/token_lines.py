"""A corpus as lines of text: made by a kernel out of the vocabulary's bytes, no Python object a token."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tokembed.bulk_words import letters_of
from tokembed.corpus import Corpus
from tokembed.kernels.joining import joined_numbers, joined_tokens
from tokembed.vocab import Vocab

_letters_of: WeakKeyDictionary[Vocab, tuple[int, NDArray[np.uint8], NDArray[np.int64]]] = WeakKeyDictionary()


def lines_of(corpus: Corpus, form: str) -> bytes:
    """The corpus with a text on each line: its tokens ("text") or its ids ("ids"), one space between two."""
    if form == "ids":
        return joined_numbers(corpus.ids, corpus.starts).tobytes()
    return joined_tokens(corpus.ids, corpus.starts, *_letters(corpus.vocab)).tobytes()


def _letters(vocab: Vocab) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The tokens' bytes one after another, and where each begins; kept until the vocabulary has grown."""
    n_tokens, letters, bounds = _letters_of.get(vocab, (-1, np.empty(0, np.uint8), np.empty(0, np.int64)))
    if n_tokens != len(vocab):
        letters, bounds = letters_of(vocab)
        _letters_of[vocab] = (len(vocab), letters, bounds)
    return letters, bounds
