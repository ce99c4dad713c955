"""White-space words and characters for many texts: interned by a kernel, as ids into a growing vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.inputs.blocks import Block, strings_between
from tokembed.kernels.intern import Words, intern, known_words, no_words
from tokembed.vocab import Vocab

_words_of: WeakKeyDictionary[Vocab, Words] = WeakKeyDictionary()
"""The kernel's form of each vocabulary that is growing, so that the next block goes on from it."""


def words_corpus(block: Block, vocab: Vocab) -> Corpus:
    """The texts cut at white space, as ids into `vocab`, which grows in text order."""
    words = _words_of.pop(vocab, None)
    if words is None or words.n_words != len(vocab):
        words = known_words(*letters_of(vocab))
    done = intern(block.data, block.bounds, words)
    n_known = len(vocab)
    if done.words.n_words > n_known:
        vocab.extend(done.words.n_words - n_known, lambda: _strings(done.words, n_known))
    _words_of[vocab] = done.words
    return Corpus(done.ids, done.starts, vocab)


def parts_corpus(block: Block, vocab: Vocab, parts: Callable[[str], list[str]]) -> Corpus:
    """The texts cut at white space and each word cut into parts, as ids into `vocab`, which grows in text order.

    Args:
        parts: cuts a word; it is asked once for every distinct word of the block.
    """
    done = intern(block.data, block.bounds, no_words())
    ids_by_word = [[vocab.add(part) for part in parts(word)] for word in _strings(done.words, 0)]
    n_parts = np.array([len(ids) for ids in ids_by_word], np.int64)
    flat = np.array([part_id for ids in ids_by_word for part_id in ids], np.int32)
    first = np.cumsum(n_parts) - n_parts  # where a word's parts begin in `flat`
    ends = np.cumsum(n_parts[done.ids])  # where a word's parts end in the result, (n_words in the texts,)
    shift = np.repeat(first[done.ids] - ends + n_parts[done.ids], n_parts[done.ids])
    ids = flat[np.arange(len(shift)) + shift]
    starts = np.concatenate([[0], ends])[done.starts]
    return Corpus(ids, starts, vocab)


def letters_of(vocab: Vocab) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The tokens' UTF-8 one after another, and where each begins, (len(vocab) + 1,)."""
    words = _words_of.get(vocab)
    if words is not None and words.n_words == len(vocab):
        return words.letters[: words.bounds[words.n_words]], words.bounds[: words.n_words + 1]
    encoded = [token.encode() for token in vocab]
    letters = np.frombuffer(b"".join(encoded), np.uint8)
    return letters, np.cumsum([0, *map(len, encoded)])


def _strings(words: Words, first: int) -> list[str]:
    """The words from number `first` on."""
    return strings_between(words.letters, words.bounds[first : words.n_words + 1])
