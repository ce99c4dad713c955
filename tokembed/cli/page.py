"""The page of `tokembed compare`: what is told of texts in a terminal, as the parts of a page, and where it goes."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokembed.cli.grid_rows import (
    NUMBERS_HEAD,
    TOTALS_HEAD,
    lost_words,
    numbers_row,
    spoken_kind,
    spoken_nearest,
    totals_row,
)
from tokembed.cli.output import printable, tell
from tokembed.cli.page_stories import first_stories, told_by_tokenizers
from tokembed.compare.grids import Comparison, Grid
from tokembed.compare.word_rows import row_name
from tokembed.errors import NotAtHand, counted
from tokembed.report.page import html
from tokembed.report.parts import Page, Story, Table, TextPart, VectorRow
from tokembed.report.tokens import Told, drawn_words, most_words
from tokembed.writers import whole

if TYPE_CHECKING:
    from tokembed.compare.vectors import VectorComparison
    from tokembed.compare.word_rows import EmbedderRow, TextRows
    from tokembed.models.cutting import ChosenTokenizer
    from tokembed.types import Tokenizer

_WORDS_NAMED = 20  # of those that a model does not see


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page is made of.

    Attributes:
        tokenizers: those of the grids' rows, in their order.
        settings: what was asked of them: unicode, lower, special, parse_special.
        brought: those among them that models brought, which have settings of their own.
        models, fitted: the embedders of `vectors`, trained before and fitted on the texts shown.
    """

    comparison: Comparison
    vectors: VectorComparison | None
    tokenizers: Mapping[str, Tokenizer]
    settings: Mapping[str, Any]
    brought: Mapping[str, ChosenTokenizer]
    models: Sequence[TextRows]
    fitted: Sequence[TextRows]

    @property
    def embedders(self) -> list[TextRows]:
        """All of them."""
        return [*self.models, *self.fitted]


def write_page(shown: Shown, path: Path | None, *, is_opened: bool) -> None:
    """Write the page whole or not at all, to a temporary file where there is no path, and open it where asked to.

    Raises:
        BadInput: it cannot be written.
        NotAtHand: there is no browser.
    """
    made = html(page_of(shown), printable)
    if path is None:
        descriptor, name = tempfile.mkstemp(prefix="tokembed-", suffix=".html")
        os.close(descriptor)
        path = Path(name)
    with whole(path) as file:
        file.write(made)
    if is_opened:
        tell(f"the page is {str(path)!r}")
        if not webbrowser.open(path.absolute().as_uri()):
            raise NotAtHand(f"there must be a browser to open the page, found none; open {str(path)!r} yourself")


def page_of(shown: Shown) -> Page:
    """The parts of the page."""
    comparison, vectors = shown.comparison, shown.vectors
    names = [grid.text.id for grid in comparison.grids]
    told, more, tellers = Told(shown.tokenizers, {}), {}, [told_by_tokenizers(shown)]
    if vectors is not None:
        from tokembed.cli.page_vectors import similarities, token_rows, told_by_embedders

        told = Told(shown.tokenizers, token_rows(shown.models))
        more = similarities(shown, vectors, names, told.place)
        tellers.append(told_by_embedders(shown, told.place))
    by_text, n_words = first_stories(comparison.grids, tellers), most_words(comparison.grids, len(shown.embedders))
    texts = [
        _text_part(grid, told, n_words, () if vectors is None else vectors.rows[place], by_text.get(place, []))
        for place, grid in enumerate(comparison.grids)
    ]
    totals = [totals_row(*total) for total in comparison.totals.items()]
    return Page(
        title=f"{counted(len(names), 'text')} under {counted(len(shown.tokenizers), 'tokenizer')}",
        tokenizers=list(shown.tokenizers),
        texts=texts,
        totals=Table("All texts", TOTALS_HEAD, totals, range(len(totals))),
        tokens=told.json(printable),
        **more,
    )


def _text_part(
    grid: Grid, told: Told, n_words: int, embedders: Sequence[EmbedderRow], of_text: list[Story]
) -> TextPart:
    notes = [f"{what}: {_named(grid, words)}" for row in grid.rows for what, words in lost_words(row)]
    if (n_more := len(grid.words) - n_words) > 0:
        notes.insert(0, f"{counted(n_more, 'more word')} not drawn")
    return TextPart(
        grid.text.id,
        drawn_words(grid, n_words),
        [told.row(row, n_words) for row in grid.rows],
        [_vector_row(row, told, n_words) for row in embedders],
        Table("Numbers of this text", NUMBERS_HEAD, list(map(numbers_row, grid.rows)), range(len(grid.rows))),
        notes,
        of_text,
    )


def _named(grid: Grid, words: Sequence[int]) -> str:
    more = f" and {counted(len(words) - _WORDS_NAMED, 'more word')}" if len(words) > _WORDS_NAMED else ""
    return " ".join(map(grid.word, words[:_WORDS_NAMED])) + more


def _vector_row(row: EmbedderRow, told: Told, n_words: int) -> VectorRow:
    words = [(spoken_kind(word), spoken_nearest(word), word.has_vector) for word in row.words[:n_words]]
    return VectorRow(told.place(row.tokenizer), row_name(row.embedder, row.tokenizer), words)
