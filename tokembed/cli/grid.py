"""A comparison as a table in the terminal, as Markdown and as JSON."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

from tokembed.cli.output import padded, percent, printable, table, width
from tokembed.compare import Comparison, Grid, Row, shown_tokens
from tokembed.coverage import TokenCounts

MOST_WORDS = 500
"""Words of one text that are drawn; more would not be looked at, and the totals count them all."""
_BETWEEN_TOKENS = "|"
_WIDEST_CELL = 60
_COLORS = ("36", "33")  # cyan and yellow take turns, so that neighbors differ
_UNKNOWN_COLOR = "31"


def table_lines(comparison: Comparison) -> Iterator[str]:
    """The grids, each in blocks as wide as the terminal, and the totals."""
    columns = shutil.get_terminal_size((100, 24)).columns
    for grid in comparison.grids:
        yield _in_color(printable(grid.text.id), "2")
        yield from _grid_lines(grid, columns)
        yield ""
    yield from _totals_lines(comparison)


def _grid_lines(grid: Grid, columns: int) -> Iterator[str]:
    if not grid.words:
        yield "(no words)"
        return
    n_shown = min(len(grid.words), MOST_WORDS)
    names = max(width(row.tokenizer) for row in grid.rows)
    cells = [[_Cell(row, word) for word in range(n_shown)] for row in grid.rows]
    heads = [_shortened(printable(grid.text.text[start:end])) for start, end in grid.words[:n_shown]]
    widths = [max(width(head), *(row[word].width for row in cells)) for word, head in enumerate(heads)]
    for first, last in _blocks(widths, columns - names):
        if first:
            yield ""
        head = "".join("  " + padded(heads[word], widths[word]) for word in range(first, last))
        yield _in_color((" " * names + head).rstrip(), "1")
        for row, name in zip(cells, grid.rows, strict=True):
            line = "".join("  " + row[word].drawn(widths[word]) for word in range(first, last))
            yield (padded(name.tokenizer, names) + line).rstrip()
    if n_shown < len(grid.words):
        yield f"({len(grid.words) - n_shown:,} more words are not drawn)"


class _Cell:
    """The tokens of one word under one tokenizer."""

    def __init__(self, row: Row, word: int) -> None:
        tokens = [printable(token) for token in shown_tokens(row, word)]
        self._unknown = [row.encoding.unknown[place] for place in row.by_word[word]]
        self._tokens = _fitting(tokens)
        self.width = width(_BETWEEN_TOKENS.join(self._tokens))

    def drawn(self, columns: int) -> str:
        """The tokens with a bar between two of them, filled up with spaces."""
        colors = [
            _UNKNOWN_COLOR if unknown else _COLORS[place % 2]
            for place, unknown in enumerate([*self._unknown[: len(self._tokens)], False])
        ]
        colored = [_in_color(token, color) for token, color in zip(self._tokens, colors, strict=False)]
        return _in_color(_BETWEEN_TOKENS, "2").join(colored) + " " * (columns - self.width)


def _fitting(tokens: list[str]) -> list[str]:
    """As many tokens as a cell holds, and how many more there are."""
    taken = 0
    for place, token in enumerate(tokens):
        taken += width(token) + 1
        if taken > _WIDEST_CELL:
            return [*tokens[: max(place, 1)], f"…+{len(tokens) - max(place, 1)}"] if place else [_shortened(token)]
    return tokens


def _shortened(word: str) -> str:
    return word if width(word) <= _WIDEST_CELL else word[: _WIDEST_CELL // 2 - 1] + "…"


def _blocks(widths: list[int], columns: int) -> Iterator[tuple[int, int]]:
    """Ranges of columns that fit beside each other, at least one in each."""
    first, taken = 0, 0
    for place, one in enumerate(widths):
        if taken + one + 2 > columns and place > first:
            yield first, place
            first, taken = place, 0
        taken += one + 2
    yield first, len(widths)


def _totals_lines(comparison: Comparison) -> Iterator[str]:
    rows = [_TOTALS_HEAD, *(_totals_row(name, counts) for name, counts in comparison.totals.items())]
    lines = table(rows, right=[False] + [True] * (len(_TOTALS_HEAD) - 1))
    yield _in_color(lines[0], "1")
    yield from lines[1:]


_TOTALS_HEAD = ("tokenizer", "texts", "words", "tokens", "per word", "unknown", "unk. chars")


def _totals_row(name: str, counts: TokenCounts) -> tuple[str, ...]:
    per_word = counts.tokens_per_word
    return (
        name,
        f"{counts.n_texts:,}",
        f"{counts.n_words:,}",
        f"{counts.n_tokens:,}",
        "—" if per_word is None else f"{per_word:,.2f}",
        percent(counts.n_unk / counts.n_tokens if counts.n_tokens else None),
        percent(counts.unk_chars_share),
    )


def markdown_lines(comparison: Comparison) -> Iterator[str]:
    """A Markdown table for each text, tokens with a middle dot between them, and one of the totals."""
    for grid in comparison.grids:
        words = [grid.text.text[start:end] for start, end in grid.words]
        rows = [
            [row.tokenizer, *(" · ".join(shown_tokens(row, word)) for word in range(len(words)))] for row in grid.rows
        ]
        yield f"**{_markdown(grid.text.id)}**\n"
        yield from _markdown_table([["", *words], *rows])
        yield ""
    yield from _markdown_table([_TOTALS_HEAD, *(_totals_row(*total) for total in comparison.totals.items())])


def _markdown_table(rows: Any) -> Iterator[str]:
    for place, row in enumerate(rows):
        yield "| " + " | ".join(map(_markdown, row)) + " |"
        if not place:
            yield "| " + " | ".join(["---"] * len(row)) + " |"


def _markdown(text: str) -> str:
    return "".join("\\" + letter if letter in "\\`*_{}[]<>#|~" else letter for letter in printable(text))


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Everything the table shows and the ids, offsets and bytes (hex) behind it."""
    return {
        "texts": [_grid_json(grid) for grid in comparison.grids],
        "totals": [_totals_json(name, counts) for name, counts in comparison.totals.items()],
    }


def _grid_json(grid: Grid) -> dict[str, Any]:
    text = grid.text.text
    return {
        "id": grid.text.id,
        "source": grid.text.source,
        "text": text,
        "words": [{"word": text[start:end], "start": start, "end": end} for start, end in grid.words],
        "tokenizers": [_row_json(row) for row in grid.rows],
    }


def _row_json(row: Row) -> dict[str, Any]:
    counts = TokenCounts()
    counts.add(row.encoding)
    return {
        **_totals_json(row.tokenizer, counts),
        "tokens": row.encoding.tokens,
        "ids": row.encoding.ids,
        "offsets": row.encoding.offsets,
        "bytes": [data.hex() for data in row.encoding.token_bytes],
        "unknown": row.encoding.unknown,
        "special": row.encoding.special,
        "shown": [shown_tokens(row, word) for word in range(len(row.by_word))],
        "by_word": row.by_word,
    }


def _totals_json(name: str, counts: TokenCounts) -> dict[str, Any]:
    return {
        "tokenizer": name,
        "n_texts": counts.n_texts,
        "n_words": counts.n_words,
        "n_chars": counts.n_chars,
        "n_tokens": counts.n_tokens,
        "tokens_per_word": counts.tokens_per_word,
        "n_unk": counts.n_unk,
        "n_unk_chars": counts.n_unk_chars,
        "unk_chars_share": counts.unk_chars_share,
    }


def _in_color(text: str, code: str) -> str:
    if not text or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return text
    return f"\x1b[{code}m{text}\x1b[0m"
