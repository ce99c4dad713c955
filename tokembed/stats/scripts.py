"""What words are written with: letters, of scripts without spaces or Hangul, and whether they are decomposed."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
import regex
from numpy.typing import NDArray

from tokembed.inputs.blocks import Block

WITHOUT_SPACES = (
    "Han", "Hiragana", "Katakana", "Bopomofo", "Yi", "Tangut", "Nushu",
    "Thai", "Lao", "Khmer", "Myanmar", "Tai_Le", "New_Tai_Lue", "Tai_Tham", "Tai_Viet", "Ahom",
    "Tibetan", "Javanese", "Balinese",
)  # fmt: skip
"""Scripts that put no space between words.

Source: Unicode Standard Annex 14, line breaking classes SA, ID and AK, where lines break without spaces; for Tibetan
    the Unicode Standard, section 13.4.
"""
_LETTER, _WITHOUT_SPACES, _HANGUL, _JOINS = 1, 2, 4, 8
_CLASSES = {
    _LETTER: r"\p{L}",
    _WITHOUT_SPACES: r"(?=\p{L})[" + "".join(f"\\p{{{script}}}" for script in WITHOUT_SPACES) + "]",
    _HANGUL: r"(?=\p{L})\p{Hangul}",
    _JOINS: r"(?!\p{CCC=0}).|[\u1161-\u1175\u11a8-\u11c2]",  # what NFC may join to the letter before it
}


@dataclass(frozen=True, slots=True)
class Writing:
    """Of each word how many code points it has, and of what kind, int64 (n_words,) each.

    Attributes:
        chars: all of them.
        letters: of general category L.
        without_spaces: letters of a script in WITHOUT_SPACES.
        hangul: Hangul letters, syllables and jamo alike.
        decomposed: 1 where NFC makes the word shorter, else 0.
    """

    chars: NDArray[np.int64]
    letters: NDArray[np.int64]
    without_spaces: NDArray[np.int64]
    hangul: NDArray[np.int64]
    decomposed: NDArray[np.int64]


def writing_of(words: Block) -> Writing:
    """What each of some words, none of them empty, is written with."""
    if not words.n_texts:
        return Writing(*(np.empty(0, np.int64) for _ in range(5)))
    letters = words.data[words.bounds[0] : words.bounds[-1]]
    starts = words.bounds[:-1] - words.bounds[0]
    is_first = (letters.view(np.int8) >= -64).view(np.uint8)  # of the bytes of a code point
    chars = np.add.reduceat(is_first, starts, dtype=np.int64)
    code_points = np.frombuffer(letters.tobytes().decode().encode("utf-32-le"), np.uint32)
    classes = _class_table(code_points)[code_points]
    begins = np.cumsum(chars) - chars

    def number(kind: int) -> NDArray[np.int64]:
        return np.add.reduceat((classes & kind) > 0, begins, dtype=np.int64)

    decomposed = np.zeros(words.n_texts, np.int64)
    for place in np.flatnonzero(number(_JOINS)).tolist():
        word = words.text(place)
        decomposed[place] = len(normalize("NFC", word)) < len(word)
    return Writing(chars, number(_LETTER), number(_WITHOUT_SPACES), number(_HANGUL), decomposed)


def _class_table(code_points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The kinds of the code points that occur, by code point."""
    occurs = np.bincount(code_points)
    present = "".join(map(chr, np.flatnonzero(occurs).tolist()))
    table = np.zeros(len(occurs), np.uint8)
    for kind, pattern in _CLASSES.items():
        found = regex.findall(pattern, present, regex.DOTALL)
        table[list(map(ord, found))] |= kind
    return table
