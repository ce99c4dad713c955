"""A comparison as Markdown tables, as GitHub draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tokembed.cli.grid_rows import (
    NUMBERS_HEAD,
    TOTALS_HEAD,
    lost_words,
    numbers_row,
    pair_rows,
    spoken_disagreement,
    spoken_kind,
    spoken_nearest,
    spoken_same,
    totals_row,
    word_pair_rows,
)
from tokembed.cli.output import printable
from tokembed.compare.grids import Comparison, Grid, shown_tokens
from tokembed.compare.word_rows import row_name

if TYPE_CHECKING:
    from tokembed.compare.vectors import VectorComparison
    from tokembed.compare.word_rows import EmbedderRow


def markdown_lines(comparison: Comparison, vectors: VectorComparison | None = None) -> Iterator[str]:
    """A table for each text, tokens with a middle dot between them, its numbers, the totals, and pairs of texts."""
    for place, grid in enumerate(comparison.grids):
        yield f"**{_escaped(grid.text.id)}**\n"
        yield from _table(_text_rows(grid, () if vectors is None else vectors.rows[place]))
        yield ""
        yield from _table([NUMBERS_HEAD, *map(numbers_row, grid.rows)])
        yield ""
        for row in grid.rows:
            for what, words in lost_words(row):
                yield _escaped(f"{what}: {' '.join(map(grid.word, words))}") + "\n"
    yield from _table([TOTALS_HEAD, *(totals_row(*total) for total in comparison.totals.items())])
    if vectors is not None:
        yield from _pair_lines(vectors, [grid.text.id for grid in comparison.grids])


def _text_rows(grid: Grid, embedders: Sequence[EmbedderRow]) -> Iterator[Sequence[str]]:
    words = range(len(grid.words))
    yield ["", *map(grid.word, words)]
    for row in grid.rows:
        yield [row.tokenizer, *(" · ".join(shown_tokens(row, word)) for word in words)]
    for one in embedders:
        yield [row_name(one.embedder, one.tokenizer), *map(spoken_kind, one.words)]
        nearest = list(map(spoken_nearest, one.words))
        if any(nearest):
            yield ["nearest", *nearest]


def _pair_lines(vectors: VectorComparison, texts: Sequence[str]) -> Iterator[str]:
    if vectors.pairs:
        yield ""
        yield from _table(pair_rows(vectors.pairs, texts))
    if (told := spoken_disagreement(vectors.disagreement, texts)) is not None:
        yield "\n" + _escaped(told)
    if vectors.word_pairs:
        yield ""
        yield from _table(word_pair_rows(vectors, texts))
        for told in spoken_same(vectors, texts):
            yield "\n" + _escaped(told)


def _table(rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> Iterator[str]:
    for place, row in enumerate(rows):
        yield "| " + " | ".join(map(_escaped, row)) + " |"
        if not place:
            yield "| " + " | ".join(["---"] * len(row)) + " |"


def _escaped(text: str) -> str:
    return "".join("\\" + letter if letter in "\\`*_{}[]<>#|~" else letter for letter in printable(text))
