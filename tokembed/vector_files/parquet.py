"""Parquet: a row a word, with the columns `word`, `vector` (a list of numbers) and where known `count`."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tokembed.errors import BadInput, counted
from tokembed.vector_files.assembling import decoded, stacked, word_vectors
from tokembed.vector_files.source import Source
from tokembed.vectors import WordVectors
from tokembed.writers import Files

_ROWS_AT_ONCE = 1 << 13
_MAGIC = b"PAR1"


def read(source: Source) -> WordVectors:
    """The words and vectors; as many numbers as the first row has must be in each.

    Raises:
        BadInput: it has no such columns, or cannot be read; or a bad row under `strict`.
    """
    with source.plain() as file:
        try:
            with pq.ParquetFile(file) as table:
                return _read(source, table)
        except (pa.ArrowException, OSError) as error:
            raise BadInput(f"{source.name!r} must be Parquet, it cannot be read: {error}") from error


def _read(source: Source, table: pq.ParquetFile) -> WordVectors:
    columns = _columns(source, table.schema_arrow)
    words: list[str | bytes] = []
    blocks, counts = [], [np.empty(0, np.int64)]
    rows = [np.empty(0, np.int64)]
    dim, n_read = 0, 0
    for batch in table.iter_batches(_ROWS_AT_ONCE, columns=columns):
        lengths = pc.fill_null(pc.list_value_length(batch["vector"]), -1).to_numpy(zero_copy_only=False)
        dim = dim or int(next(iter(lengths[lengths > 0]), 0))
        good = _good_rows(source, lengths, batch["word"].is_null().to_numpy(zero_copy_only=False), dim, n_read)
        rows.append(good + n_read)
        n_read += batch.num_rows
        batch = batch.take(pa.array(good))
        words += _words(batch["word"])
        blocks.append(_numbers(batch["vector"], dim))
        if "count" in columns:
            counts.append(pc.fill_null(batch["count"], 0).to_numpy().astype(np.int64))
        source.progress(batch.num_rows)
    place = np.concatenate(rows) + 1
    all_counts = np.concatenate(counts) if "count" in columns else None
    return word_vectors(source, words, stacked(blocks, dim), lambda row: f"row {place[row]}", all_counts)


def _columns(source: Source, schema: pa.Schema) -> list[str]:
    """Those of the columns that are there; word and vector must be."""
    is_kind = {
        "word": ("text", lambda kind: pa.types.is_string(_plain(kind)) or pa.types.is_large_string(_plain(kind))),
        "vector": ("lists of numbers", lambda kind: pa.types.is_floating(getattr(kind, "value_type", kind))),
        "count": ("whole numbers", pa.types.is_integer),
    }
    there = [name for name in is_kind if name in schema.names]
    if there[:2] != ["word", "vector"]:
        raise BadInput(f"{source.name!r} must have the columns word and vector, it has {', '.join(schema.names)}")
    for name in there:
        expected, check = is_kind[name]
        kind = schema.field(name).type
        if not check(kind):
            raise BadInput(f"column {name!r} of {source.name!r} must hold {expected}, it holds {kind}")
    return there


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _good_rows(
    source: Source, lengths: NDArray[np.int32], has_no_word: NDArray[np.bool_], dim: int, n_above: int
) -> NDArray[np.int64]:
    """The rows with a word and `dim` numbers; -1 is the length of what is null."""
    is_good = ~has_no_word & (lengths == dim) & (lengths > 0)
    for row in np.flatnonzero(~is_good).tolist():
        place = f"row {n_above + row + 1}"
        if has_no_word[row]:
            source.bad_row(place, "a row must have a word", "found null")
        else:
            found = counted(int(lengths[row]), "number") if lengths[row] >= 0 else "null"
            source.bad_row(place, f"a row must have {counted(max(dim, 1), 'number')}", f"found {found}")
    return np.flatnonzero(is_good)


def _words(column: Any) -> list[str | bytes]:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return decoded(column.cast(pa.large_binary()).to_pylist())


def _numbers(column: Any, dim: int) -> NDArray[np.float32]:
    numbers = column.flatten().to_numpy(zero_copy_only=False)  # a null among them becomes NaN, which is told later
    with np.errstate(over="ignore"):
        matrix: NDArray[np.float32] = numbers.astype(np.float32, copy=False).reshape(-1, max(dim, 1))
    return matrix


def files(path: Path, vectors: WordVectors) -> Files:
    """The table."""
    return {path: lambda file: _write(file, vectors)}


def _write(file: IO[bytes], vectors: WordVectors) -> None:
    matrix = np.ascontiguousarray(vectors.matrix)
    columns = {
        "word": pa.array(vectors.terms.tokens, pa.string()),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), vectors.dim),
    }
    if vectors.counts is not None:
        columns["count"] = pa.array(vectors.counts)
    pq.write_table(pa.table(columns), file, compression="zstd", use_dictionary=False)
