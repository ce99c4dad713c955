"""Rows of text, a word and its numbers a line, read by all cores in blocks of whole lines.

Between them stand spaces or tabs. A line ends at LF; a CR before it and blanks are dropped, and so are blank lines at
the end of the file. Little text is read by Python, more by a kernel, which leaves what it cannot prove to the same
Python.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import chain
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.cores import n_cores
from tokembed.errors import counted
from tokembed.inputs.bulk import BULK_BYTES
from tokembed.vector_files.assembling import stacked
from tokembed.vector_files.sample_lines import BLANKS, BYTE_ORDER_MARK, NUMERAL, fields_of
from tokembed.vector_files.source import Source

_BLOCK_BYTES = 1 << 22
_AHEAD = 8  # bytes that the kernel may look at behind a block
_SHOWN_BYTES = 60


class TextRows(NamedTuple):
    """The good rows.

    words: empty where the rows have none.
    matrix: float32 (n_rows, dim).
    lines: the line each row stands on, from 1, int64 (n_rows,).
    n_lines: how many rows there are, bad ones too.
    """

    words: list[str]
    matrix: NDArray[np.float32]
    lines: NDArray[np.int64]
    n_lines: int


class _Part(NamedTuple):
    """The rows of a block: TextRows with lines from 0, and of each bad one the line, the rule and what was found."""

    words: list[str]
    values: NDArray[np.float32]
    lines: NDArray[np.int64]
    n_lines: int
    bad: list[tuple[int, str, str]]


class _BadRow(Exception):
    """A rule that a row breaks, and what was found."""


def read_rows(source: Source, dim: int, *, has_words: bool = True, n_above: int = 0) -> TextRows:
    """The rows of the file, bad ones left out.

    Args:
        dim: how many numbers a row has.
        has_words: whether a word stands before the numbers.
        n_above: lines above the first row.

    Raises:
        BadInput: a bad row under `strict`.
    """
    words: list[list[str]] = []
    matrices: list[NDArray[np.float32]] = []
    lines = [np.empty(0, np.int64)]
    n_lines = 0
    with closing(_parts(source, dim, has_words, n_above)) as parts:
        for part in parts:
            for line, rule, found in part.bad:
                source.bad_row(f"line {n_above + n_lines + line + 1}", rule, found)
            words.append(part.words)
            matrices.append(part.values)
            lines.append(part.lines + (n_above + n_lines + 1))
            n_lines += part.n_lines
            source.progress(part.n_lines)
    return TextRows(list(chain(*words)), stacked(matrices, dim), np.concatenate(lines), n_lines)


def _parts(source: Source, dim: int, has_words: bool, n_above: int) -> Generator[_Part, None, None]:
    """The blocks' rows, in order; few blocks are under way at once, so that little is in memory."""
    under_way: deque[Future[_Part]] = deque()
    with source.opened() as file, ThreadPoolExecutor(n_cores()) as pool:
        for data, end, is_bulk in _blocks(file, n_above):
            parse = _bulk_part if is_bulk else _plain_part
            under_way.append(pool.submit(parse, data, end, dim, has_words))
            if len(under_way) > 2 * n_cores():
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _blocks(file: IO[bytes], n_above: int) -> Iterator[tuple[bytes, int, bool]]:
    """Bytes, where the whole lines in them end, and whether there are many; AHEAD bytes at least come behind.

    The last line comes with the next block, so that blank lines can be dropped where none follows.
    """
    for _ in range(n_above):
        file.readline()
    data = b"" if n_above else file.read(len(BYTE_ORDER_MARK)).removeprefix(BYTE_ORDER_MARK)
    is_bulk = False
    while read := file.read(_BLOCK_BYTES):
        data += read
        is_bulk = is_bulk or len(data) >= BULK_BYTES
        end = data.rfind(b"\n", 0, len(data.rstrip(BLANKS)) - _AHEAD) + 1
        if is_bulk and end:
            yield data, end, True
            data = data[end:]
    data = data.rstrip(BLANKS)
    if data:
        yield data + b"\n" + bytes(_AHEAD), len(data) + 1, is_bulk


def _bulk_part(data: bytes, end: int, dim: int, has_words: bool) -> _Part:
    from tokembed.inputs.blocks import strings_between  # little text is read without these
    from tokembed.kernels.decimal_numbers import parsed_rows

    rows = parsed_rows(np.frombuffer(data, np.uint8), end, dim, has_words=has_words)
    try:
        words = strings_between(rows.letters, rows.bounds)
        again = np.flatnonzero(rows.is_sure == 0)
    except UnicodeDecodeError:
        words = [""] * len(rows.is_sure)
        again = np.arange(len(words))
    bounds = rows.starts.tolist()
    lines = ((line, data[bounds[line] : bounds[line + 1]]) for line in again.tolist())
    return _part(words, rows.values, lines, has_words)


def _plain_part(data: bytes, end: int, dim: int, has_words: bool) -> _Part:
    lines = data[: end - 1].split(b"\n")
    return _part([""] * len(lines), np.empty((len(lines), dim), np.float32), enumerate(lines), has_words)


def _part(words: list[str], values: NDArray[np.float32], lines: Iterable[tuple[int, bytes]], has_words: bool) -> _Part:
    """The words and values, with those lines filled in that are given."""
    bad = []
    for line, text in lines:
        try:
            words[line], numbers = _row(text, values.shape[1], has_words)
            with np.errstate(over="ignore"):  # what becomes infinite is told later
                values[line] = np.array(numbers).astype(np.float32)
        except _BadRow as found:
            bad.append((line, *found.args))
    good = np.delete(np.arange(len(words)), [line for line, *_ in bad])
    if bad:
        return _Part([words[line] for line in good.tolist()], values[good], good, len(words), bad)
    return _Part(words, values, good, len(words), bad)


def _row(line: bytes, dim: int, has_words: bool) -> tuple[str, list[float]]:
    """The word and the numbers of a line.

    Raises:
        _BadRow: it is none.
    """
    fields = fields_of(line if has_words else line.lstrip(BLANKS))
    word, numbers = (fields[0], fields[1:]) if has_words else (b"", fields if fields != [b""] else [])
    are_numerals = [NUMERAL.fullmatch(number) is not None for number in numbers]
    if has_words and len(numbers) > dim and all(are_numerals[-dim:]) and not all(are_numerals):
        raise _BadRow("a word must have no space in it", f"found {_shown(b' '.join(fields[:-dim]))}")
    if len(numbers) != dim:
        row = f"a row must have {'a word and ' if has_words else ''}{counted(dim, 'number')}"
        raise _BadRow(row, f"found {counted(len(numbers), 'number')}")
    if has_words and not word:
        raise _BadRow("a row must begin with its word", "found a space")
    if not all(are_numerals):
        raise _BadRow("numbers must be decimal", f"found {_shown(numbers[are_numerals.index(False)])}")
    try:
        return word.decode(), list(map(float, numbers))
    except UnicodeDecodeError as error:
        raise _BadRow("words must be UTF-8", f"found {word[:_SHOWN_BYTES]!r}") from error


def _shown(field: bytes) -> str:
    return repr(field[:_SHOWN_BYTES].decode(errors="replace"))
