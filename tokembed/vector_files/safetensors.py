"""safetensors: `vectors` (n, dim) and where known `counts` (n,), read by memory map; the words stand beside.

The file is opened here, as the safetensors library copies what it reads. The words are not in its metadata, which would
have to be parsed before the first number can be read; model2vec and staticvectors have theirs beside the file too.

Source: huggingface/safetensors, README, "Format".
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadInput
from tokembed.vector_files.assembling import word_vectors
from tokembed.vector_files.source import Source
from tokembed.vector_files.words_beside import as_float32, read_words, words_file
from tokembed.vectors import WordVectors
from tokembed.writers import Files

_LENGTH_BYTES = 8
_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BOOL": "|b1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "<u1",
}  # fmt: skip
_NAMES = {np.dtype(dtype): name for name, dtype in _TYPES.items()}


def read(source: Source) -> WordVectors:
    """The words and vectors, which stay on disk where they are float32: `vectors`, or else the only matrix there is.

    Raises:
        BadInput: there is no such matrix, the file is cut off, or has not as many rows as there are words;
            or a bad row under `strict`.
    """
    with source.plain() as file:
        arrays = mapped_arrays(file, source.name)
    matrices = {name: array for name, array in arrays.items() if array.ndim == 2}
    name = "vectors" if "vectors" in matrices or len(matrices) != 1 else next(iter(matrices))
    if name not in matrices:
        raise BadInput(f"{source.name!r} must have a matrix 'vectors', it has {', '.join(map(repr, arrays)) or 'none'}")
    matrix = as_float32(source, matrices[name])
    words = read_words(source, len(matrix))
    counts = arrays.get("counts")
    if counts is not None and counts.shape != (len(matrix),):
        raise BadInput(f"{source.name!r} must have a count for each of its {len(matrix):,} rows, it has {counts.shape}")
    return word_vectors(
        source, words, matrix, lambda row: f"row {row + 1}", None if counts is None else counts.astype(np.int64)
    )


def files(path: Path, vectors: WordVectors) -> Files:
    """The arrays, and the words beside them."""
    arrays: dict[str, NDArray[Any]] = {"vectors": vectors.matrix}
    if vectors.counts is not None:
        arrays["counts"] = vectors.counts
    return {**words_file(path, vectors.terms), path: lambda file: write_arrays(file, arrays)}


def mapped_arrays(file: IO[bytes], name: str) -> dict[str, NDArray[Any]]:
    """The file's arrays by name, on disk and read-only; those of types that numpy lacks are not there.

    Args:
        file: an uncompressed file, which may be closed afterwards.
        name: for messages.

    Raises:
        BadInput: the file is cut off or no safetensors.
    """
    n_bytes = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    start = _LENGTH_BYTES + length
    if start > n_bytes:
        raise BadInput(f"{name!r} is cut off: its header promises {start:,} bytes and more, it has {n_bytes:,}")
    try:
        header = json.loads(file.read(length))
        described = {tensor: _described(about) for tensor, about in header.items() if tensor != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{name!r} must be safetensors, its header cannot be read: {error}") from error
    n_promised = start + max((end for *_, end in described.values()), default=0)
    if n_promised != n_bytes:
        fault = "is cut off" if n_promised > n_bytes else "has bytes that belong to no tensor"
        raise BadInput(f"{name!r} {fault}: its header promises {n_promised:,} bytes, it has {n_bytes:,}")
    return {
        tensor: np.memmap(file, dtype, "r", start + first, shape) if end > first else np.empty(shape, dtype)
        for tensor, (dtype, shape, first, end) in described.items()
        if dtype is not None
    }


def write_arrays(file: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """The arrays as a safetensors file, the widest numbers first, so that each begins where its type may."""
    ordered = dict(sorted(arrays.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])))
    header, end = {}, 0
    for name, array in ordered.items():
        first, end = end, end + array.nbytes
        header[name] = {"dtype": _NAMES[array.dtype], "shape": array.shape, "data_offsets": (first, end)}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)
    file.write(len(text).to_bytes(_LENGTH_BYTES, "little") + text)
    for array in ordered.values():
        file.write(np.ascontiguousarray(array).data)


def _described(about: dict[str, Any]) -> tuple[np.dtype[Any] | None, tuple[int, ...], int, int]:
    """A tensor's type, None where numpy has none, its shape, and where it begins and ends.

    Raises:
        ValueError: these do not agree.
    """
    shape, (first, end) = tuple(map(int, about["shape"])), map(int, about["data_offsets"])
    dtype = np.dtype(_TYPES[about["dtype"]]) if about["dtype"] in _TYPES else None
    n_numbers = int(np.prod(shape, dtype=object))
    if not 0 <= first <= end or min(shape, default=0) < 0 or (dtype and n_numbers * dtype.itemsize != end - first):
        raise ValueError(f"shape {shape} of {about['dtype']} does not fill bytes {first} to {end}")
    return dtype, shape, first, end
