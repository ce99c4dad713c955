"""Rows of answers on stdout: columns that line up, JSON Lines, or fields with tabs between."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokembed.cli.output import CONTROL, printable, table
from tokembed.types import Kind

if TYPE_CHECKING:
    from tokembed.asking.search import Hit

FORMS = ("table", "jsonl", "tsv")
Form = Annotated[str, typer.Option("-f", "--format", metavar="table|jsonl|tsv", help="What to print.")]
KINDS = {Kind.NONE: "none", Kind.NGRAMS: "n-grams", Kind.EXACT: "exact"}
"""How an answer says where a word's vector comes from."""


def print_table(rows: Sequence[Sequence[str]], *, right: Sequence[bool]) -> None:
    """The rows, the first one the heads, in columns."""
    cells = [[printable(cell) for cell in row] for row in rows]
    for line in table(cells, right=right):
        print(line)


def print_json(record: Mapping[str, Any]) -> None:
    """The record on one line; what could disturb a terminal is escaped as JSON allows."""
    line = json.dumps(record, ensure_ascii=False)
    print(CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", line))


def print_tsv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A line that names the columns, and a line a row."""
    for row in (head, *rows):
        print("\t".join(printable(str(field)) for field in row))


def side_by_side(columns: Sequence[tuple[str, Sequence[Hit]]], score: str) -> tuple[list[list[str]], list[bool]]:
    """Under each head its words and scores, the next head's beside them; and which columns are flush right."""
    heads = [cell for head, _ in columns for cell in (head, score)]
    cells = [
        [cell for hit in hits for cell in (("", "") if hit is None else (hit.word, f"{hit.score:.3f}"))]
        for hits in zip_longest(*(hits for _, hits in columns))
    ]
    return [heads, *cells], [False, True] * len(columns)
