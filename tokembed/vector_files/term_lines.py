r"""A model's terms as the lines of a file: a few are found in its bytes, without a string being made of each.

A line is a term and, behind a tab, how often it occurred, where that is known; `\`, LF, CR and tab are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import IO

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadInput
from tokembed.vocab import Vocab, escaped

_ESCAPED = re.compile(r"\\([\\nrt])")
_MEANT = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
_LF = ord("\n")


class TermLines:
    """The lines of such a file.

    Args:
        content: the file's bytes.
        has_counts: whether a tab and a number stand behind each term.
        name: of the file, for messages.
    """

    def __init__(self, content: bytes, *, has_counts: bool, name: str) -> None:
        self._lines = b"\n" + content
        self._behind = b"\t" if has_counts else b"\n"
        self._name = name

    def __len__(self) -> int:
        return self._lines.count(b"\n") - 1

    def find(self, term: str) -> int | None:
        """The number of the term's line, from 0; None where it has none."""
        place = self._lines.find(b"\n" + _written(term) + self._behind)
        return None if place < 0 else self._lines.count(b"\n", 0, place)

    def at(self, number: int) -> str:
        """The term on that line."""
        line = self._lines[self._ends[number] + 1 : self._ends[number + 1]]
        return _unescaped(line.split(b"\t")[0].decode())

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Where the line feeds stand, the one in front of the first line too."""
        return np.flatnonzero(np.frombuffer(self._lines, np.uint8) == _LF)

    def terms(self) -> list[str]:
        """All terms.

        Raises:
            BadInput: they are not UTF-8, or one has no count.
        """
        try:
            text = self._lines[1:-1].decode()
        except UnicodeDecodeError as error:
            raise BadInput(f"{self._name!r} must hold terms in UTF-8: {error}") from error
        fields = text.replace("\n", "\t").split("\t") if self._behind == b"\t" else text.split("\n")
        terms = fields[::2] if self._behind == b"\t" else fields
        if len(terms) != len(self):
            raise BadInput(f"{self._name!r} must have a term and its count on each line, it has not; is it damaged?")
        return list(map(_unescaped, terms)) if "\\" in text else terms

    def vocab(self) -> Vocab:
        """The terms as a vocabulary, whose strings are made when many are asked for."""
        return Vocab.of_lines(len(self), self.terms, self.find, self.at)


def write_terms(file: IO[bytes], terms: Vocab, counts: NDArray[np.int64] | None) -> None:
    """Write such a file."""
    lines: Iterable[bytes] = map(_written, terms)
    if counts is not None:
        lines = (b"%b\t%d" % (line, count) for line, count in zip(lines, counts.tolist(), strict=True))
    file.writelines(line + b"\n" for line in lines)


def _written(term: str) -> bytes:
    return escaped(term).replace("\t", "\\t")[:-1].encode()


def _unescaped(term: str) -> str:
    return _ESCAPED.sub(lambda match: _MEANT[match[1]], term)
