"""Words that someone asks about, as given on a command line: their vectors, and what to say where they have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from tokembed.asking.close_words import close_words
from tokembed.errors import counted
from tokembed.surrogates import well_formed
from tokembed.types import Kind
from tokembed.vectors import WordVectors


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A word that is asked about.

    Attributes:
        given: the word as it was given.
        word: the form of it that was looked up: composed (NFC) where the given one is no term.
        kind: where its vector comes from.
        row: its row, None where it has none.
        vector: float32 (dim,), zeros where it has none.
    """

    given: str
    word: str
    kind: Kind
    row: int | None
    vector: NDArray[np.float32]

    @property
    def has_direction(self) -> bool:
        """Whether other words can be near it: not where the vector is missing or all zeros."""
        return bool(self.vector.any())

    @property
    def rows(self) -> tuple[int, ...]:
        """Its row, or nothing."""
        return () if self.row is None else (self.row,)


def asked_words(vectors: WordVectors, words: Sequence[str]) -> list[Asked]:
    """The words with their vectors."""
    forms = [_form(vectors, well_formed(word)) for word in words]
    found = vectors.lookup(forms)
    return [
        Asked(word, form, Kind(kind), None if row < 0 else row, vector)
        for word, form, kind, row, vector in zip(
            words, forms, found.kind.tolist(), vectors.terms.places(forms), found.vectors, strict=True
        )
    ]


def _form(vectors: WordVectors, word: str) -> str:
    """macOS decomposes what it completes, and texts are mostly composed."""
    return word if word in vectors.terms else normalize("NFC", word)


def remark(asked: Asked, vectors: WordVectors, model: str) -> str | None:
    """What the reader must know about how the word was found in a model, or why not; None where it is plain."""
    if asked.kind == Kind.NONE:
        return f"{asked.given!r} has no vector in {model}: {_reason(vectors)}{_suggestion(asked.word, vectors)}"
    if not asked.has_direction:
        return f"{asked.given!r} has no direction in {model}: its vector is all zeros, so no word is near it"
    if asked.word != asked.given:
        return f"{asked.given!r} is not in {model} as it was given, so its composed form (NFC) is taken"
    return None


def _reason(vectors: WordVectors) -> str:
    missing = f"it is not among its {counted(len(vectors.terms), 'word')}"
    return missing if vectors.ngrams is None else f"{missing}, and none of its n-grams was trained"


def _suggestion(word: str, vectors: WordVectors) -> str:
    close = [repr(known) for known in close_words(word, vectors.terms)]
    if not close:
        return ""
    *others, last = close
    return f"; did you mean {', '.join(others)} or {last}?" if others else f"; did you mean {last}?"
