"""The first lines of a file of text: what a row looks like, and how many numbers one has."""

from __future__ import annotations

import re
from collections import Counter

from tokembed.vector_files.source import Source

NUMERAL = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE)
HEADER = re.compile(rb"(\d{1,18}) +(\d{1,18})\s*")
"""word2vec's first line, text or binary: how many rows there are, and how many numbers a row has."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANKS = b" \t\r\n"
_BETWEEN = re.compile(rb"[ \t]+")
_SAMPLE_LINES = 100


def sample_lines(source: Source) -> list[bytes]:
    """The first lines of the file, whole ones, without their ends."""
    *lines, last = source.head.removeprefix(BYTE_ORDER_MARK).split(b"\n", _SAMPLE_LINES)
    if source.is_all_in_head and len(lines) < _SAMPLE_LINES and last:
        lines.append(last)
    return [line.rstrip(BLANKS) for line in lines]


def fields_of(line: bytes) -> list[bytes]:
    """What stands between spaces or tabs."""
    return _BETWEEN.split(line.rstrip(BLANKS))


def looks_like_row(line: bytes) -> bool:
    """Whether most of what stands behind the first field are numerals."""
    numbers = fields_of(line)[1:]
    return 2 * sum(NUMERAL.fullmatch(number) is not None for number in numbers) > len(numbers)


def usual_dim(lines: list[bytes], *, has_words: bool = True) -> int:
    """How many numbers most lines have, the first of them where that is a draw."""
    numbers = Counter(len(fields_of(line)) - has_words for line in lines if line)
    return numbers.most_common(1)[0][0] if numbers else 0
