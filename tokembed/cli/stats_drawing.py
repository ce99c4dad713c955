"""Short tables for a terminal or as Markdown."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tokembed.cli.output import printable, table, width

_WIDEST_NAME = 30


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; the first `n_names` columns are names, those at `dim` are not to be relied on."""

    head: Sequence[str]
    rows: list[list[str]]
    n_names: int = 1
    dim: frozenset[int] = frozenset()
    title: str = ""
    notes: list[str] = field(default_factory=list)


def table_lines(tables: Iterable[Table]) -> Iterator[str]:
    """Lines for a terminal, an empty one between tables."""
    for place, one in enumerate(tables):
        if place:
            yield ""
        if one.title:
            yield printable(one.title)
        cells = [[_shortened(printable(cell)) for cell in row] for row in (one.head, *one.rows)]
        lines = table(cells, right=[column >= one.n_names for column in range(len(one.head))])
        yield _styled(lines[0], "1")
        for number, line in enumerate(lines[1:]):
            yield _styled(line, "2") if number in one.dim else line
        yield from map(printable, one.notes)


def markdown_lines(tables: Iterable[Table]) -> Iterator[str]:
    """The same tables in Markdown."""
    for place, one in enumerate(tables):
        if place:
            yield ""
        if one.title:
            yield from (_markdown(one.title), "")
        yield "| " + " | ".join(map(_markdown, one.head)) + " |"
        yield "| " + " | ".join("---" if column < one.n_names else "---:" for column in range(len(one.head))) + " |"
        for row in one.rows:
            yield "| " + " | ".join(map(_markdown, row)) + " |"
        if one.notes:
            yield ""
        yield from map(_markdown, one.notes)


def _shortened(name: str) -> str:
    """The end of a name that is too wide, which tells one path from another."""
    if width(name) <= _WIDEST_NAME:
        return name
    while width(name) >= _WIDEST_NAME:
        name = name[max(1, len(name) - _WIDEST_NAME) :] if len(name) > _WIDEST_NAME else name[1:]
    return "…" + name


def _markdown(text: str) -> str:
    return "".join("\\" + letter if letter in "\\`*_{}[]<>#|~" else letter for letter in printable(text))


def _styled(line: str, code: str) -> str:
    if "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return line
    return f"\x1b[{code}m{line}\x1b[0m"
