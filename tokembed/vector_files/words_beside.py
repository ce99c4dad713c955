"""The words of a file that holds numbers alone: FILE.vocab.txt, one a line; `\\`, LF and CR are escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadInput, counted
from tokembed.vector_files.assembling import decoded
from tokembed.vector_files.source import Source
from tokembed.vocab import Vocab, unescaped
from tokembed.writers import Writer, beside

ENDING = ".vocab.txt"


def read_words(source: Source, n_rows: int) -> list[str | bytes]:
    """The words of the file's rows; bytes where they are not UTF-8.

    Raises:
        BadInput: there is no such file, or it has another number of words than there are rows.
    """
    path = source.beside(ENDING)
    if not path.is_file():
        raise BadInput(f"{source.name!r} holds numbers alone, its words must be in {str(path)!r}, one a line; make it")
    lines = path.read_bytes().removesuffix(b"\n").split(b"\n")
    check_as_many(source, n_rows, lines if lines != [b""] or n_rows == 1 else [], path)
    return [unescaped(word) if isinstance(word, str) else word for word in decoded([_ended(line) for line in lines])]


def check_as_many(source: Source, n_rows: int, words: Sequence[bytes], path: Path) -> None:
    """Raise BadInput unless there are as many words as rows."""
    if len(words) != n_rows:
        raise BadInput(
            f"there must be as many rows as words: {source.name!r} has {counted(n_rows, 'row')}, "
            f"{str(path)!r} has {counted(len(words), 'word')}; they do not belong together"
        )


def words_file(path: Path, terms: Vocab) -> dict[Path, Writer]:
    """The file with the words, for what is written to `path`."""
    return {beside(path, ENDING): lambda file: file.writelines(line.encode() for line in terms.lines())}


def as_float32(source: Source, array: NDArray[np.generic]) -> NDArray[np.float32]:
    """The rows of numbers as float32, where they are if they are that already.

    Raises:
        BadInput: it is no matrix of numbers with at least one row and column.
    """
    if array.ndim != 2 or not array.size or array.dtype.kind not in "fiu":
        shape = " x ".join(map(str, array.shape))
        raise BadInput(f"{source.name!r} must hold rows of numbers, it holds {shape or 'one'} of {array.dtype}")
    with np.errstate(over="ignore"):  # what becomes infinite is told later
        return array.astype(np.float32, order="C", copy=False)


def _ended(line: bytes) -> bytes:
    return line.removesuffix(b"\r")
