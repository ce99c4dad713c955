"""WordPiece's longest match: of a word the longest beginning that is a token, then of the rest, to its end."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from tokembed.errors import counted
from tokembed.traces.steps import Row, Step

COLUMNS = ("from", "tried", "taken")


@dataclass(frozen=True, slots=True)
class Pieces:
    """A WordPiece vocabulary.

    Attributes:
        known: the tokens.
        unknown: stands for a word that cannot be cut.
        prefix: stands before a token that continues a word.
        longest: a word of more code points is unknown.
    """

    known: Container[str]
    unknown: str
    prefix: str = "##"
    longest: int = 100


def matched(word: str, pieces: Pieces) -> tuple[Step, list[str]]:
    """How the word is cut, and the tokens.

    Source: google-research/bert, tokenization.py, `WordpieceTokenizer`.

    >>> step, tokens = matched("going", Pieces({"go", "##ing"}, "[UNK]"))
    >>> tokens, step.rows
    (['go', '##ing'], ((0, ('going', 'goin', 'goi', 'go'), 'go'), (2, ('##ing',), '##ing')))
    """
    name = f"word {word!r}"
    if len(word) > pieces.longest:
        length = counted(len(word), "code point")
        return Step(name, f"it has {length}, more than {pieces.longest}: {pieces.unknown}"), [pieces.unknown]
    rows: list[Row] = []
    tokens: list[str] = []
    start = 0
    while start < len(word):
        tried, size = _tried(word, start, pieces)
        rows.append((start, tried, tried[-1] if size else None))
        if not size:
            rule = f"no beginning of {word[start:]!r} is a token{' inside a word' * bool(start)}"
            return Step(name, f"{rule}, so all of it is {pieces.unknown}", COLUMNS, tuple(rows)), [pieces.unknown]
        tokens.append(tried[-1])
        start += size
    return Step(name, "the longest beginning that is a token, then of the rest", COLUMNS, tuple(rows)), tokens


def _tried(word: str, start: int, pieces: Pieces) -> tuple[tuple[str, ...], int]:
    """The candidates in order, to the first that is a token, and its length in the word; 0 where none is."""
    prefix = pieces.prefix if start else ""
    tried = []
    for end in range(len(word), start, -1):
        tried.append(prefix + word[start:end])
        if tried[-1] in pieces.known:
            return tuple(tried), end - start
    return tuple(tried), 0
