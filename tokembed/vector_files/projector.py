"""TensorFlow's embedding projector: vectors as TSV without words, and beside it the words as TSV.

Where the words have no other column beside them, there is no line of names above them; where they have, there is one.

Source: projector.tensorflow.org, "Load data from your computer".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadInput
from tokembed.vector_files.assembling import decoded, word_vectors
from tokembed.vector_files.sample_lines import sample_lines, usual_dim
from tokembed.vector_files.source import Source
from tokembed.vector_files.text_rows import read_rows
from tokembed.vector_files.text_writing import joined_rows
from tokembed.vector_files.words_beside import check_as_many
from tokembed.vectors import WordVectors
from tokembed.writers import Files

_MOST_DIGITS = 19  # of an int64
_VECTORS = ("vectors", "tensors", "tensor")


def metadata_path(path: Path) -> Path:
    """The file of the words: `vectors.tsv` has `metadata.tsv`, `my_tensor.tsv` has `my_metadata.tsv`.

    >>> str(metadata_path(Path("there/glove.tsv")))
    'there/glove.metadata.tsv'
    """
    for name in _VECTORS:
        if path.stem.endswith(name):
            return path.with_name(path.stem.removesuffix(name) + "metadata" + path.suffix)
    return path.with_name(f"{path.stem}.metadata{path.suffix}")


def read(source: Source) -> WordVectors:
    """The words and vectors; counts where the metadata have a column of that name.

    Raises:
        BadInput: there is no metadata file, or it has not as many words as there are rows;
            or a bad row under `strict`.
    """
    path = metadata_path(source.beside(""))
    if not path.is_file():
        raise BadInput(f"{source.name!r} holds numbers alone, its words must be in {str(path)!r}, one a line; make it")
    rows = read_rows(source, max(1, usual_dim(sample_lines(source), has_words=False)), has_words=False)
    words, counts = _metadata(path)
    check_as_many(source, rows.n_lines, words, path)
    places = rows.lines - 1
    return word_vectors(
        source,
        decoded([words[place] for place in places.tolist()]),
        rows.matrix,
        lambda row: f"line {rows.lines[row]}",
        None if counts is None else counts[places],
    )


def _metadata(path: Path) -> tuple[list[bytes], NDArray[np.int64] | None]:
    """The words, and the counts where there are some."""
    lines = [line.removesuffix(b"\r") for line in path.read_bytes().split(b"\n")]
    lines = [line for line in lines if line.strip()]  # as the projector does
    if not lines or b"\t" not in lines[0]:
        return lines, None
    names, *rows = [line.split(b"\t") for line in lines]
    words = names.index(b"word") if b"word" in names else 0
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise BadInput(f"{path}, line {number}: must have {len(names)} columns as the first does, has {len(row)}")
    counts = [row[names.index(b"count")] for row in rows] if b"count" in names else []
    are_counts = counts and all(count.isdigit() and len(count) < _MOST_DIGITS for count in counts)
    return [row[words] for row in rows], np.array(list(map(int, counts)), np.int64) if are_counts else None


def files(path: Path, vectors: WordVectors) -> Files:
    """Both files.

    Raises:
        BadInput: a word is blank or has a tab or a line's end in it, which the form cannot hold.
    """
    for word in vectors.terms:
        if not word.strip() or not set("\t\n\r").isdisjoint(word):
            raise BadInput(
                f"a word must not be blank and have no tab or line end in it to stand in a .tsv, found {word!r}; "
                "write .npy, .safetensors or .parquet"
            )
    return {
        metadata_path(path): lambda file: file.writelines(line.encode() for line in _metadata_lines(vectors)),
        path: lambda file: _write(file, vectors),
    }


def _metadata_lines(vectors: WordVectors) -> Iterator[str]:
    if vectors.counts is None:
        return (f"{word}\n" for word in vectors.terms)
    rows = zip(vectors.terms, vectors.counts.tolist(), strict=True)
    return chain(["word\tcount\n"], (f"{word}\t{count}\n" for word, count in rows))


def _write(file: IO[bytes], vectors: WordVectors) -> None:
    file.writelines(f"{row}\n".encode() for row in joined_rows(vectors.matrix, "\t"))
