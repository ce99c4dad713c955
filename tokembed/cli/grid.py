"""A comparison as it is drawn in the terminal: words in columns that line up, in blocks as wide as the terminal."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from tokembed.cli.output import padded, printable, table, width
from tokembed.compare.grids import MOST_WORDS, Comparison, Grid, Row, shown_tokens
from tokembed.compare.word_rows import row_name
from tokembed.errors import counted

if TYPE_CHECKING:
    from tokembed.compare.vectors import VectorComparison
    from tokembed.compare.word_rows import EmbedderRow

_BETWEEN_TOKENS = "|"
_BETWEEN_COLUMNS = "  "
_WIDEST_CELL = 60
_NARROWEST_NAME = 16
_FLAG_LETTER = "[\U0001f1e6-\U0001f1ff]"
_LOOSE = re.compile(rf"^\u200d|\u200d$|^[\U0001f3fb-\U0001f3ff]|(?<!{_FLAG_LETTER}){_FLAG_LETTER}(?!{_FLAG_LETTER})")
"""Parts of an emoji that is cut into tokens: a joiner or skin tone at an end, half a flag."""
_HEAD, _DIM, _WRONG = "1", "2", "31"
_COLORS = ("36", "33")  # cyan and yellow take turns, so that neighbors differ


def table_lines(comparison: Comparison, vectors: VectorComparison | None = None) -> Iterator[str]:
    """The texts, the totals where they say more than the one text did, and what the embedders say of pairs."""
    columns = shutil.get_terminal_size((100, 24)).columns
    for place, grid in enumerate(comparison.grids):
        if place:
            yield ""
        yield _in_color(printable(grid.text.id), _DIM)
        yield from _text_lines(grid, () if vectors is None else vectors.rows[place], columns)
    if not _says_all(comparison):
        if comparison.grids:
            yield ""
        rows = [TOTALS_HEAD, *(totals_row(name, counts) for name, counts in comparison.totals.items())]
        yield from _table(rows)
    if vectors is not None:
        yield from _pair_lines(vectors, [grid.text.id for grid in comparison.grids])


def _says_all(comparison: Comparison) -> bool:
    """Whether the numbers of the one text that is shown are those of all."""
    return len(comparison.grids) == 1 and all(counts.n_texts == 1 for counts in comparison.totals.values())


def _text_lines(grid: Grid, embedders: Sequence[EmbedderRow], columns: int) -> Iterator[str]:
    numbers = _table([NUMBERS_HEAD, *map(numbers_row, grid.rows)])
    if not grid.words:
        yield "(no words)"
        return
    drawn = _drawn(grid, embedders, max(_NARROWEST_NAME, columns * 2 // 5))
    widths = [max(line.cells[word].width for line in drawn) for word in range(len(drawn[0].cells))]
    names = max(width(line.name) for line in drawn)
    beside = names + sum(widths) + len(_BETWEEN_COLUMNS) * len(widths)
    rest = numbers_beside(grid)
    if beside + max(map(width, rest)) <= columns:
        yield from _block_lines(drawn, widths, (0, len(widths)), names, rest)
    else:
        for first, last in _blocks(widths, columns - names):
            if first:
                yield ""
            yield from _block_lines(drawn, widths, (first, last), names)
        if len(widths) < len(grid.words):
            yield f"({len(grid.words) - len(widths):,} more words are not drawn)"
        yield ""
        yield from numbers
    for row in grid.rows:
        yield from _unseen_lines(grid, row, columns)


def numbers_beside(grid: Grid) -> list[str]:
    """The numbers of each row, to stand at the right of the words."""
    rows = [NUMBERS_HEAD[1:], *(numbers_row(row)[1:] for row in grid.rows)]
    return [_BETWEEN_COLUMNS + line for line in table(rows, right=[True] * len(rows[0]))]


class _Cell:
    """What stands under one word: pieces with a bar between two of them."""

    def __init__(self, pieces: Sequence[str], colors: Sequence[str]) -> None:
        self._pieces, self._colors = (
            _fitting([_with_loose_parts_shown(printable(piece)) for piece in pieces]),
            [*colors, ""],
        )
        self.width = width(_BETWEEN_TOKENS.join(self._pieces))

    def drawn(self, columns: int) -> str:
        """The pieces, filled up with spaces."""
        colored = [_in_color(piece, color) for piece, color in zip(self._pieces, self._colors, strict=False)]
        return _in_color(_BETWEEN_TOKENS, _DIM).join(colored) + " " * (columns - self.width)


def _with_loose_parts_shown(piece: str) -> str:
    """What would join with a bar beside it, or is as wide as the terminal likes, is written out."""
    return _LOOSE.sub(lambda match: match[0].encode("unicode_escape").decode(), piece)


@dataclass(frozen=True, slots=True)
class _Line:
    """A name and a cell for each word."""

    name: str
    cells: list[_Cell]


def _drawn(grid: Grid, embedders: Sequence[EmbedderRow], name_columns: int) -> list[_Line]:
    words = range(min(len(grid.words), MOST_WORDS))
    lines = [_Line("", [_Cell([_shortened(grid.word(word))], [_HEAD]) for word in words])]
    lines += [
        _Line(_name(row.tokenizer, name_columns), [_token_cell(row, word) for word in words]) for row in grid.rows
    ]
    for one in embedders:
        kinds = [
            _Cell([spoken_kind(one.words[word])], ["" if one.words[word].has_vector else _WRONG]) for word in words
        ]
        lines.append(_Line(_name(row_name(one.embedder, one.tokenizer), name_columns), kinds))
        nearest = [spoken_nearest(one.words[word]) for word in words]
        if any(nearest):
            lines.append(_Line("  nearest", [_Cell([_shortened(word)], [_DIM]) for word in nearest]))
    return lines


def _token_cell(row: Row, word: int) -> _Cell:
    unseen = row.window is not None and word in row.window.unseen
    colors = [
        _WRONG if row.encoding.unknown[place] else _DIM if unseen else _COLORS[number % 2]
        for number, place in enumerate(row.by_word[word])
    ]
    return _Cell(shown_tokens(row, word), colors)


def _block_lines(
    drawn: Sequence[_Line], widths: Sequence[int], part: tuple[int, int], names: int, rest: Sequence[str] = ()
) -> Iterator[str]:
    """The lines of some columns; `rest` stands at the right of the first of them."""
    for number, line in enumerate(drawn):
        if not any(line.cells[word].width for word in range(*part)):
            continue  # none of these words has a nearest one
        cells = "".join(_BETWEEN_COLUMNS + line.cells[word].drawn(widths[word]) for word in range(*part))
        yield (padded(line.name, names) + cells + (rest[number] if number < len(rest) else "")).rstrip()


def _fitting(tokens: list[str]) -> list[str]:
    """As many tokens as a cell holds, and how many more there are."""
    taken = 0
    for place, token in enumerate(tokens):
        taken += width(token) + 1
        if taken > _WIDEST_CELL:
            return [*tokens[: max(place, 1)], f"…+{len(tokens) - max(place, 1)}"] if place else [_shortened(token)]
    return tokens


def _name(name: str, columns: int) -> str:
    """The name, or as much of both its ends as fits."""
    name = printable(name)
    if width(name) <= columns:
        return name
    end = (columns - 1) // 2
    kept = next(number for number in range(len(name), -1, -1) if width(name[:number]) <= columns - 1 - end)
    behind = next(number for number in range(len(name) + 1) if width(name[number:]) <= end)
    return name[:kept] + "…" + name[behind:]


def _shortened(word: str) -> str:
    word = printable(word)
    return word if width(word) <= _WIDEST_CELL else word[: _WIDEST_CELL // 2 - 1].rstrip("\u200d") + "…"


def _blocks(widths: list[int], columns: int) -> Iterator[tuple[int, int]]:
    """Ranges of columns that fit beside each other, at least one in each."""
    first, taken = 0, 0
    for place, one in enumerate(widths):
        if taken + one + len(_BETWEEN_COLUMNS) > columns and place > first:
            yield first, place
            first, taken = place, 0
        taken += one + len(_BETWEEN_COLUMNS)
    yield first, len(widths)


def _unseen_lines(grid: Grid, row: Row, columns: int) -> Iterator[str]:
    """The words that the tokenizer's model does not see, or sees in part."""
    for what, words in lost_words(row):
        yield ""
        yield _in_color(f"{printable(what)} {len(words):,} of {counted(len(grid.words), 'word')}:", _WRONG)
        yield from _wrapped([_shortened(grid.word(word)) for word in words[:MOST_WORDS]], columns - 2)
        if len(words) > MOST_WORDS:
            yield f"  and {len(words) - MOST_WORDS:,} more, up to the end of the text"


def _wrapped(words: Sequence[str], columns: int) -> Iterator[str]:
    line = ""
    for word in words:
        if line and width(line) + 1 + width(word) > columns:
            yield "  " + line
            line = ""
        line += (" " if line else "") + word
    yield "  " + line


def _pair_lines(vectors: VectorComparison, texts: Sequence[str]) -> Iterator[str]:
    if vectors.pairs:
        yield ""
        yield from _table(pair_rows(vectors.pairs, texts), left=2)
    if (told := spoken_disagreement(vectors.disagreement, texts)) is not None:
        yield printable(told)
    if vectors.word_pairs:
        yield ""
        yield from _table(word_pair_rows(vectors, texts), left=2)
        yield from map(printable, spoken_same(vectors, texts))


def _table(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """The rows in columns, but the first ones flush right, the heads in bold."""
    cells = [[printable(cell) for cell in row] for row in rows]
    head, *lines = table(cells, right=[place >= left for place in range(len(cells[0]))])
    return [_in_color(head, _HEAD), *lines]


def _in_color(text: str, code: str) -> str:
    if not (text and code) or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return text
    return f"\x1b[{code}m{text}\x1b[0m"
