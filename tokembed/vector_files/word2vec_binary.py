"""word2vec's binary file: a line `n dim`, then of each word its bytes, a space, `dim` float32, often a line feed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from tokembed.errors import BadInput
from tokembed.vector_files.assembling import decoded, stacked, word_vectors
from tokembed.vector_files.sample_lines import HEADER
from tokembed.vector_files.source import Source
from tokembed.vector_files.text_writing import check_words
from tokembed.vectors import WordVectors
from tokembed.writers import Files

NUMBER = np.dtype("<f4")
_READ_BYTES = 1 << 22
_ROWS_AT_ONCE = 1 << 12
_MOST_DIM = 1 << 24


def read(source: Source) -> WordVectors:
    """The words and vectors.

    Raises:
        BadInput: the first line does not say how many rows and numbers there are, or another number of rows than there
            are, or a bad row, all under `strict`; or no good row.
    """
    words: list[bytes] = []
    blocks = []
    with source.opened() as file:
        header = HEADER.fullmatch(file.readline(100))
        if header is None or not 0 < int(header[2]) <= _MOST_DIM:
            raise BadInput(f"{source.name}: the first line must be two whole numbers, how many rows and numbers a row")
        n_rows, dim = map(int, header.groups())
        rows = _rows(source, file, n_rows, dim * NUMBER.itemsize)
        while block := list(islice(rows, _ROWS_AT_ONCE)):
            words.extend(word.lstrip(b"\n") for word, _ in block)
            blocks.append(np.frombuffer(b"".join(numbers for _, numbers in block), NUMBER).reshape(-1, dim))
            source.progress(len(block))
    matrix = stacked(blocks, dim)
    return word_vectors(source, decoded(words), matrix, lambda row: f"row {row + 1}")


def _rows(source: Source, file: IO[bytes], n_rows: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Each row's word and the bytes of its numbers."""
    data, begin = b"", 0
    for row in range(n_rows):
        space = data.find(b" ", begin)
        if space < 0 or space + size >= len(data):
            data, begin = data[begin:] + file.read(_READ_BYTES + size), 0
            space = data.find(b" ")
            if space < 0 or space + size >= len(data):
                source.disagrees(f"the first line says {n_rows:,} rows, row {row + 1:,} is cut off")
                return
        yield data[begin:space], data[space + 1 : space + 1 + size]
        begin = space + 1 + size
    if (data[begin:] + file.read(_READ_BYTES)).strip():
        source.disagrees(f"the first line says {n_rows:,} rows, more comes behind them")


def files(path: Path, vectors: WordVectors) -> Files:
    """The file.

    Raises:
        BadInput: a word has white space in it, which the form cannot hold.
    """
    check_words(vectors.terms)
    return {path: lambda file: _write(file, vectors)}


def _write(file: IO[bytes], vectors: WordVectors) -> None:
    file.write(f"{len(vectors.terms)} {vectors.dim}\n".encode())
    for word, numbers in zip(vectors.terms, vectors.matrix, strict=True):
        file.write(b"%b %b\n" % (word.encode(), numbers.astype(NUMBER, copy=False).tobytes()))
