"""GloVe's text: a line a word, `word v1 ... v_dim`, and nothing above."""

from __future__ import annotations

from pathlib import Path

from tokembed.errors import BadInput
from tokembed.vector_files.assembling import word_vectors
from tokembed.vector_files.sample_lines import sample_lines, usual_dim
from tokembed.vector_files.source import Source
from tokembed.vector_files.text_rows import read_rows
from tokembed.vector_files.text_writing import check_words, write_rows
from tokembed.vectors import WordVectors
from tokembed.writers import Files

BYTE_ORDER_MARK = "\ufeff"


def read(source: Source) -> WordVectors:
    """The words and vectors; as many numbers as most of the first rows have must be in each.

    Raises:
        BadInput: a bad row under `strict`, or no good one.
    """
    rows = read_rows(source, max(1, usual_dim(sample_lines(source))))
    return word_vectors(source, rows.words, rows.matrix, lambda row: f"line {rows.lines[row]}")


def files(path: Path, vectors: WordVectors) -> Files:
    """The file.

    Raises:
        BadInput: a word has white space in it, or the first one begins as a byte-order mark does, which the form
            cannot hold.
    """
    check_words(vectors.terms)
    if vectors.terms[0].startswith(BYTE_ORDER_MARK):
        raise BadInput(f"the first word must not begin with U+FEFF in a file of rows alone, found {vectors.terms[0]!r}")
    return {path: lambda file: write_rows(file, vectors.terms.tokens, vectors.matrix)}
