"""Spans of the given text <-> spans of what cleaning or normalization made of it.

The two texts are matched piece by piece (a word, the white space between two words). Inside a piece the match
is exact where it can be proved, from character to character or from grapheme cluster to grapheme cluster;
elsewhere everything in the cleaned piece stands for the whole given piece. Where not even the pieces match,
everything stands for the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from unicodedata import normalize

import regex

from tokembed.types import Span

Piece = tuple[Span, str]
"""A span of the given text, and what it became."""

Clean = Callable[[str], str]

_WORD = re.compile(r"\S+")
_WORD_OR_GAP = re.compile(r"\S+|\s+")


@dataclass(frozen=True, slots=True)
class Alignment:
    """A cleaned text and, for each of its code points, the span of the given text it stands for."""

    given: str
    cleaned: str
    spans: list[Span]

    def given_span(self, start: int, end: int) -> Span:
        """The span of the given text behind `cleaned[start:end]`."""
        if start == end:
            place = self.spans[start][0] if start < len(self.spans) else len(self.given)
            return (place, place)
        return (self.spans[start][0], self.spans[end - 1][1])


def align_words(given: str, cleaned: str, clean: Clean) -> Alignment:
    """Align a text with its cleaned form in which single spaces stand between words.

    Args:
        clean: what made `cleaned` out of `given`; it is tried on each word alone.
    """
    words = [(match.span(), match.group()) for match in _WORD.finditer(given)]
    for try_clean in (str.lower, clean):  # most text only loses its case, and that costs nothing to try
        pieces = [(span, try_clean(word)) for span, word in words]
        if " ".join(piece for _, piece in pieces if piece) == cleaned:
            return Alignment(given, cleaned, _spans(given, _with_gaps(pieces), try_clean))
    return Alignment(given, cleaned, [(0, len(given))] * len(cleaned))


def align_normalized(given: str, clean: Clean) -> Alignment:
    """Align a text with `clean(given)`, which keeps the white space between the words."""
    cleaned = clean(given)
    pieces = [(match.span(), clean(match.group())) for match in _WORD_OR_GAP.finditer(given)]
    if "".join(piece for _, piece in pieces) == cleaned:
        return Alignment(given, cleaned, _spans(given, pieces, clean))
    return Alignment(given, cleaned, [(0, len(given))] * len(cleaned))


def _with_gaps(words: Iterable[Piece]) -> list[Piece]:
    pieces: list[Piece] = []
    for span, word in words:
        if word:
            if pieces:
                pieces.append(((pieces[-1][0][1], span[0]), " "))
            pieces.append((span, word))
    return pieces


def _spans(given: str, pieces: Iterable[Piece], clean: Clean) -> list[Span]:
    spans: list[Span] = []
    for (start, end), cleaned in pieces:
        spans += _piece_spans(given[start:end], cleaned, start, clean)
    return spans


def _piece_spans(given: str, cleaned: str, start: int, clean: Clean) -> list[Span]:
    if len(given) == len(cleaned) and all(map(_same_letter, given, cleaned)):
        return [(place, place + 1) for place in range(start, start + len(given))]
    clusters = [(match.span(), clean(match.group())) for match in regex.finditer(r"\X", given)]
    if "".join(cluster for _, cluster in clusters) == cleaned:
        return [(start + first, start + last) for (first, last), cluster in clusters for _ in cluster]
    return [(start, start + len(given))] * len(cleaned)


def _same_letter(given: str, cleaned: str) -> bool:
    """Whether two code points differ in nothing but case and width."""
    return given == cleaned or normalize("NFKC", given).casefold() == normalize("NFKC", cleaned).casefold()
