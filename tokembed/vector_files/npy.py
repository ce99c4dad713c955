"""A numpy array, (n, dim), read by memory map; its words stand beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from tokembed.errors import BadInput
from tokembed.vector_files.assembling import word_vectors
from tokembed.vector_files.source import Source
from tokembed.vector_files.words_beside import as_float32, read_words, words_file
from tokembed.vectors import WordVectors
from tokembed.writers import Files

_READ_HEADER = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}


def read(source: Source) -> WordVectors:
    """The words and vectors, which stay on disk where they are float32.

    Raises:
        BadInput: the array is no matrix of numbers, is pickled or cut off, or has not as many rows as there are words;
            or a bad row under `strict`.
    """
    with source.plain() as file:
        matrix = as_float32(source, _mapped(source, file))
    words = read_words(source, len(matrix))
    return word_vectors(source, words, matrix, lambda row: f"row {row + 1}")


def _mapped(source: Source, file: IO[bytes]) -> NDArray[np.generic]:
    try:
        shape, is_fortran, dtype = _READ_HEADER[npy_format.read_magic(file)](file)
    except (ValueError, KeyError) as error:
        raise BadInput(f"{source.name!r} must be a numpy array, its header cannot be read: {error}") from error
    if dtype.hasobject:
        raise BadInput(
            f"{source.name!r} holds pickled Python objects, and unpickling can run any code; "
            "save its numbers with numpy.save(..., allow_pickle=False)"
        )
    start = file.tell()
    n_bytes = os.fstat(file.fileno()).st_size - start
    n_promised = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if n_bytes < n_promised:
        raise BadInput(f"{source.name!r} is cut off: its header promises {n_promised:,} bytes, it has {n_bytes:,}")
    if not n_promised:
        return np.empty(shape, dtype)
    return np.memmap(file, dtype, "r", start, shape, "F" if is_fortran else "C")


def files(path: Path, vectors: WordVectors) -> Files:
    """The array and its words."""
    return {
        **words_file(path, vectors.terms),
        path: lambda file: np.save(file, vectors.matrix, allow_pickle=False),
    }
