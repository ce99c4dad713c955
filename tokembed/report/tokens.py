"""The tokens of a page: where each stands in its text, and once for each distinct one what is known about it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

from tokembed.compare.grids import MOST_WORDS, Grid, Row, readable_token
from tokembed.report.parts import Token, TokenRow
from tokembed.types import Encoding, Tokenizer

MOST_PARTS = 32_000
"""Tokens and cells of all grids together, at about 75 bytes each."""
RowOf = Callable[[str], int | None]
"""The row that a token has among a model's vectors, None where it has none."""


class Told:
    """Distinct tokens, numbered in the order in which they are met.

    Args:
        tokenizers: by name, in the page's order.
        models: by tokenizer, the models that read it, each with its rows.
    """

    def __init__(self, tokenizers: Mapping[str, Tokenizer], models: Mapping[str, Mapping[str, RowOf]]) -> None:
        self._places = {name: place for place, name in enumerate(tokenizers)}
        self._sizes = [None if one.vocab is None else len(one.vocab) for one in tokenizers.values()]
        self._models = models
        self._numbers: dict[tuple[int, str, int | None, bytes], int] = {}
        self._told: list[tuple[int, int | None, str, list[tuple[str, int]]]] = []

    def row(self, row: Row, n_words: int) -> TokenRow:
        """The first words of a text under one tokenizer."""
        words = [[self._token(row, place) for place in places] for places in row.by_word[:n_words]]
        return TokenRow(self._places[row.tokenizer], row.tokenizer, words)

    def place(self, tokenizer: str) -> int:
        """The tokenizer's place on the page."""
        return self._places[tokenizer]

    def json(self, readable: Callable[[str], str]) -> dict[str, object]:
        """What the page's script reads: of each token its tokenizer, id, bytes in hex and rows in models."""
        tokens = [
            [of, token_id, data, [[readable(model), row] for model, row in rows]]
            for of, token_id, data, rows in self._told
        ]
        names = [readable(name) for name in self._places]
        return {"tokenizers": names, "sizes": self._sizes, "tokens": tokens}

    def _token(self, row: Row, place: int) -> Token:
        encoding = row.encoding
        text = readable_token(encoding, place)
        return Token(text, encoding.offsets[place], self._number(row, place), _kind(encoding, place))

    def _number(self, row: Row, place: int) -> int:
        encoding = row.encoding
        of, token, data = self._places[row.tokenizer], encoding.tokens[place], encoding.token_bytes[place]
        token_id = None if encoding.ids is None else encoding.ids[place]
        key = (of, token, token_id, data)
        if key not in self._numbers:
            self._numbers[key] = len(self._told)
            stands_alone = not (encoding.unknown[place] or encoding.special[place])
            models = self._models.get(row.tokenizer, {}) if stands_alone else {}
            rows = [(name, found) for name, row_of in models.items() if (found := row_of(token)) is not None]
            self._told.append((of, token_id, data.hex(), rows))
        return self._numbers[key]


def _kind(encoding: Encoding, place: int) -> str:
    if encoding.unknown[place]:
        return "unknown"
    if encoding.special[place]:
        return "special"
    try:
        encoding.token_bytes[place].decode()
    except UnicodeDecodeError:
        return "bytes"
    return ""


def most_words(grids: Sequence[Grid], n_embedders: int) -> int:
    """How many words of each text can be drawn, 1..MOST_WORDS, so that the page stays under about 3 MB.

    Args:
        n_embedders: rows under the tokenizers'.
    """
    sizes = [0] * MOST_WORDS
    for grid in grids:
        for row in grid.rows:
            for word, places in enumerate(row.by_word[:MOST_WORDS]):
                sizes[word] += 1 + len(places)
        for word in range(min(len(grid.words), MOST_WORDS)):
            sizes[word] += n_embedders
    return max(1, bisect_right(list(accumulate(sizes)), MOST_PARTS))


def drawn_words(grid: Grid, most: int) -> Sequence[tuple[str, tuple[int, int]]]:
    """The first words of a text with where each stands."""
    return [(grid.word(place), grid.words[place]) for place in range(min(most, len(grid.words)))]
