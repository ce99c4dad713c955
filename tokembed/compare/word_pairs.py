"""The same word in several texts: how alike its vectors there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Protocol
from unicodedata import normalize

from tokembed.asking.percentiles import percentile
from tokembed.asking.search import cosine
from tokembed.compare.context_rows import ContextRows
from tokembed.compare.word_rows import Difference
from tokembed.errors import BadInput, counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tokembed.compare.grids import Grid, Row

_THE_SAME = 1 - 1e-6
"""Above this a cosine is 1 but for the rounding of float32."""


class WordVectorRows(Protocol):
    """An embedder that gives each word of a text a vector; a static one whatever the text, a contextual one not."""

    name: str
    tokenizer: str
    is_contextual: bool

    def word_vector(self, row: Row, word: int) -> NDArray[np.float32]:
        """The vector of the word at that place, (dim,), zeros where it has none."""

    def word_vectors(self, row: Row) -> NDArray[np.float32]:
        """Those of the text's first words, (n_words, dim)."""

    @property
    def word_sample(self) -> NDArray[np.float64]:
        """The cosines of random pairs of words, in ascending order."""


@dataclass(frozen=True, slots=True)
class WordPair:
    """A word in two texts, by their places, under one embedder.

    Attributes:
        cosine: None where the word has no vector.
        percentile: how many percent of random pairs of words have a lower one, 0..100.
        difference: where the texts differ for an embedder that reads them; one that reads from left to right knows
            nothing of what is behind the word. None where the embedder is static.
    """

    embedder: str
    tokenizer: str
    first: int
    second: int
    cosine: float | None
    percentile: float | None
    difference: Difference | None = None

    @property
    def sees_no_difference(self) -> bool:
        """Whether the vectors are the same since the embedder has read the same tokens."""
        reads_the_same = self.difference in (Difference.BEHIND, Difference.NOWHERE)
        return reads_the_same and self.cosine is not None and self.cosine > _THE_SAME


def word_pairs(word: str, grids: Sequence[Grid], embedders: Sequence[WordVectorRows]) -> list[WordPair]:
    """The word's first occurrence in each text beside that in each other text, under each embedder.

    Raises:
        BadInput: fewer than two texts have the word.
    """
    places = {number: place for number, grid in enumerate(grids) if (place := _place(word, grid)) is not None}
    if len(places) < 2:
        raise BadInput(
            f"--word must be a word of two or more texts shown, {word!r} is in {len(places)} of "
            f"{counted(len(grids), 'text')}; give it as it stands there between white space"
        )
    return [
        _pair(
            embedder,
            (first, _row(grids[first], embedder), places[first]),
            (second, _row(grids[second], embedder), places[second]),
        )
        for first, second in combinations(places, 2)
        for embedder in embedders
    ]


def _place(word: str, grid: Grid) -> int | None:
    composed = normalize("NFC", word)
    found = (place for place in range(len(grid.words)) if normalize("NFC", grid.word(place)) == composed)
    return next(found, None)


def _row(grid: Grid, embedder: WordVectorRows) -> Row:
    return next(row for row in grid.rows if row.tokenizer == embedder.tokenizer)


def _pair(embedder: WordVectorRows, one: tuple[int, Row, int], other: tuple[int, Row, int]) -> WordPair:
    pair = WordPair(embedder.name, embedder.tokenizer, one[0], other[0], None, None)
    if isinstance(embedder, ContextRows):
        pair = replace(pair, difference=_difference(embedder, one, other))
    vectors = [embedder.word_vector(row, place) for _, row, place in (one, other)]
    if not all(vector.any() for vector in vectors):
        return pair
    alike = cosine(*vectors)
    return replace(pair, cosine=alike, percentile=percentile(alike, embedder.word_sample))


def _difference(embedder: ContextRows, one: tuple[int, Row, int], other: tuple[int, Row, int]) -> Difference:
    """Where the embedder reads something else first, as what it does not know is all the same to it."""
    read, others = (embedder.tokens_read(row) for _, row, _ in (one, other))
    if read == others:
        return Difference.NOWHERE
    end, other_end = (places[-1] + 1 if (places := row.by_word[word]) else 0 for _, row, word in (one, other))
    return Difference.BEHIND if read[:end] == others[:other_end] else Difference.BEFORE
