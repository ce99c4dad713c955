"""What someone may have meant who asks for an unknown word: other capitals, or a few letters more, less or changed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from tokembed.hangul import letters
from tokembed.surrogates import well_formed
from tokembed.vocab import Vocab

_FIRST, _LAST = ord("가"), ord("힣")
_LONGEST = 48  # code points; what is longer is no word that someone types
_LETTERS_AN_EDIT = 3
_MOST_EDITS = 3
_BLOCK_WORDS = 1 << 16


def close_words(word: str, terms: Vocab, n_words: int = 3) -> list[str]:
    """The terms that are closest to the word: other capitals first, then by edits, then the earlier in the vocabulary.

    An edit adds, drops or changes a letter or swaps two neighbors; of Hangul the letters count, not the syllables.
    One edit is allowed for every three letters, at least one and at most three.

    >>> close_words("강아쥐", Vocab(["고양이", "강아지", "강"]))
    ['강아지']
    """
    word = normalize("NFC", well_formed(word))
    found = [form for form in _other_capitals(word) if form in terms]
    for form in dict.fromkeys((word, word.lower())):
        if not found:
            found = _edited(form, terms, n_words)
    return found[:n_words]


def _other_capitals(word: str) -> list[str]:
    forms = dict.fromkeys((word.lower(), word.capitalize(), word.upper(), word.title(), word.casefold()))
    return [form for form in forms if form != word]


def _edited(word: str, terms: Vocab, n_words: int) -> list[str]:
    query = np.array([ord(letter) for letter in letters(word)], np.uint32)
    if len(query) < 2 or len(word) > _LONGEST:
        return []
    limit = min(_MOST_EDITS, max(1, len(query) // _LETTERS_AN_EDIT))
    close: list[tuple[int, int]] = []
    for rows, codes, lengths in _candidates(terms.tokens, len(word), limit):
        if len(query) > len(word):
            codes, lengths = _as_letters(codes)
        edits = edit_distances(query, np.ascontiguousarray(codes.T), lengths, limit)
        near = np.flatnonzero(edits <= limit)
        close += zip(edits[near].tolist(), rows[near].tolist(), strict=True)
    return [terms.tokens[row] for _, row in sorted(close)[:n_words]]


def _candidates(
    tokens: list[str], length: int, limit: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.uint32], NDArray[np.intp]]]:
    """Blocks of those tokens that are about as long: their rows, their code points (n, width), their lengths."""
    for first in range(0, len(tokens), _BLOCK_WORDS):
        block = tokens[first : first + _BLOCK_WORDS]
        lengths = np.fromiter(map(len, block), np.intp, len(block))
        there = np.flatnonzero(abs(lengths - length) <= limit)
        if len(there):
            chosen = np.array([block[place] for place in there.tolist()], f"U{length + limit}")
            yield first + there, chosen.view(np.uint32).reshape(len(there), -1), lengths[there]


def _as_letters(codes: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """The words (n, width), filled up with zeros, with each Hangul syllable as three letters, and their lengths."""
    spread = np.zeros((*codes.shape, 3), np.uint32)
    spread[..., 0] = codes
    is_syllable = (codes >= _FIRST) & (codes <= _LAST)
    spread[is_syllable] = _letter_table()[codes[is_syllable] - _FIRST]
    spread = spread.reshape(len(codes), -1)
    lengths = np.count_nonzero(spread, axis=1)
    packed = np.zeros((len(codes), int(lengths.max())), np.uint32)
    packed[np.arange(packed.shape[1]) < lengths[:, None]] = spread[spread > 0]
    return packed, lengths


@cache
def _letter_table() -> NDArray[np.uint32]:
    """Lead, vowel and tail of every syllable, (11,172, 3)."""
    text = letters("".join(map(chr, range(_FIRST, _LAST + 1))))
    return np.array(list(map(ord, text)), np.uint32).reshape(-1, 3)


def edit_distances(
    query: NDArray[np.uint32], words: NDArray[np.uint32], lengths: NDArray[np.intp], limit: int
) -> NDArray[np.uint8]:
    """How many edits lie between the query and each word; more than `limit` where there are more than that.

    Only the cells within `limit` of the diagonal are filled, each for all words at once.

    Args:
        query: code points, (m,).
        words: their code points, one word a column, (width, n).
        lengths: of the words, (n,), none above `width`.

    Source: Boytsov 2011, "Indexing Methods for Approximate Dictionary Searching", section 2.2: the restricted
        Damerau-Levenshtein distance.
    """
    width, n_words = words.shape
    before: dict[int, NDArray[np.uint8]] = {}
    row = {j: np.full(n_words, j, np.uint8) for j in range(min(width, limit) + 1)}
    for i in range(1, len(query) + 1):
        above, row, earlier = row, {}, before
        for j in range(max(0, i - limit), min(width, i + limit) + 1):
            if j == 0:
                row[0] = np.full(n_words, i, np.uint8)
                continue
            cell = above[j - 1] + (words[j - 1] != query[i - 1])
            if j in above:
                np.minimum(cell, above[j] + np.uint8(1), out=cell)
            if j - 1 in row:
                np.minimum(cell, row[j - 1] + np.uint8(1), out=cell)
            if j - 2 in earlier and i > 1:
                is_swapped = (words[j - 1] == query[i - 2]) & (words[j - 2] == query[i - 1])
                np.minimum(cell, earlier[j - 2] + np.uint8(1), out=cell, where=is_swapped)
            row[j] = cell
        before = above
    edits = np.full(n_words, limit + 1, np.uint8)
    for j, cell in row.items():
        edits[lengths == j] = cell[lengths == j]
    return edits
