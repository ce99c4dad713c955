"""word2vec's text, which is fastText's .vec too: a line `n dim`, then a line a word, `word v1 ... v_dim`."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from tokembed.errors import BadInput
from tokembed.vector_files.assembling import word_vectors
from tokembed.vector_files.sample_lines import HEADER, sample_lines, usual_dim
from tokembed.vector_files.source import Source
from tokembed.vector_files.text_rows import read_rows
from tokembed.vector_files.text_writing import check_words, write_rows
from tokembed.vectors import WordVectors
from tokembed.writers import Files


def read(source: Source) -> WordVectors:
    """The words and vectors.

    Raises:
        BadInput: the first line does not say how many rows and numbers there are, or another number than there are,
            a bad row, all under `strict`; or no good row.
    """
    first, *lines = [*sample_lines(source), b""]
    header = HEADER.fullmatch(first)
    if header is None:
        raise BadInput(
            f"{source.name}, line 1: must be two whole numbers, how many rows and how many numbers a row; "
            "a file without this line is read with --from glove"
        )
    n_said, dim_said = map(int, header.groups())
    dim = max(1, usual_dim(lines) or dim_said)
    if dim != dim_said:
        source.disagrees(f"the first line says {dim_said:,} numbers a row, the rows have {dim:,}")
    rows = read_rows(source, dim, n_above=1)
    if rows.n_lines != n_said:
        hint = " (is it cut off?)" if rows.n_lines < n_said else ""
        source.disagrees(f"the first line says {n_said:,} rows, the file has {rows.n_lines:,}{hint}")
    return word_vectors(source, rows.words, rows.matrix, lambda row: f"line {rows.lines[row]}")


def files(path: Path, vectors: WordVectors) -> Files:
    """The file.

    Raises:
        BadInput: a word has white space in it, which the form cannot hold.
    """
    check_words(vectors.terms)
    return {path: lambda file: _write(file, vectors)}


def _write(file: IO[bytes], vectors: WordVectors) -> None:
    file.write(f"{len(vectors.terms)} {vectors.dim}\n".encode())
    write_rows(file, vectors.terms.tokens, vectors.matrix)
