"""Vectors as files: the suffix tells the form, and sparse rows stay sparse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import save_npz

from tokembed.errors import BadUsage
from tokembed.vector_files import word2vec_text
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab, escaped
from tokembed.writers import Files, Writer, beside

if TYPE_CHECKING:
    from tokembed.types import Sparse, StaticEmbedder, TextEmbedder

SPARSE_SUFFIXES = (".npz", ".jsonl", ".parquet")
DENSE_SUFFIXES = (".npy", ".jsonl", ".parquet", ".vec")


def check_suffix(path: Path, *, embedder: str, sparse: bool, ids: bool) -> None:
    """Raise BadUsage where the file's suffix names no form that the embedder's vectors can take."""
    allowed = SPARSE_SUFFIXES if sparse else DENSE_SUFFIXES
    if path.suffix.lower() not in allowed:
        kind = "sparse" if sparse else "dense"
        raise BadUsage(
            f"the vectors of {embedder} are {kind}, so -o must end in {', '.join(allowed)}, got {str(path)!r}"
        )
    if ids and path.suffix.lower() == ".vec":
        raise BadUsage("--ids names texts, a .vec file has words; write .npy, .jsonl or .parquet")


def files(
    path: Path,
    embedder: TextEmbedder | StaticEmbedder,
    vectors: Sparse | NDArray[np.float32],
    text_ids: Sequence[str],
) -> Files:
    """What is to be written: the texts' vectors, or for .vec those of the embedder's terms."""
    if not isinstance(vectors, np.ndarray):
        return sparse_files(path, vectors, text_ids, embedder.terms)
    if path.suffix.lower() == ".vec":
        matrix = embedder.state()["vectors"].astype(np.float32, copy=False)
        return word2vec_text.files(path, WordVectors(embedder.terms, matrix))
    return dense_files(path, vectors, text_ids)


def sparse_files(path: Path, rows: Sparse, text_ids: Sequence[str], terms: Vocab) -> Files:
    """(n_texts, n_terms) rows, and beside them the terms the columns stand for, one a line."""
    writers: dict[str, Writer] = {
        ".npz": lambda file: save_npz(file, rows),
        ".jsonl": lambda file: _jsonl(file, text_ids, {"indices": rows.indices, "values": rows.data}, rows.indptr),
        ".parquet": lambda file: pq.write_table(_sparse_table(rows, text_ids), file, compression="zstd"),
    }
    return {
        beside(path, ".vocab.txt"): lambda file: file.writelines(line.encode() for line in terms.lines()),
        path: writers[path.suffix.lower()],
    }


def dense_files(path: Path, vectors: NDArray[np.float32], text_ids: Sequence[str]) -> Files:
    """(n_texts, dim) vectors, one row a text."""
    starts = np.arange(len(vectors) + 1) * vectors.shape[1]
    writers: dict[str, Writer] = {
        ".npy": lambda file: np.save(file, vectors, allow_pickle=False),
        ".jsonl": lambda file: _jsonl(file, text_ids, {"vector": vectors.ravel()}, starts),
        ".parquet": lambda file: pq.write_table(_dense_table(vectors, text_ids), file, compression="zstd"),
    }
    return {path: writers[path.suffix.lower()]}


def record_files(path: Path, record: dict[str, Any]) -> Files:
    """`path`.json, which says how the vectors were made and what they leave out."""
    text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    return {beside(path, ".json"): lambda file: file.write(text.encode())}


def ids_files(path: Path, text_ids: Sequence[str]) -> Files:
    """`path`.ids.txt, one text's id a line, escaped as a vocabulary's tokens are."""
    return {beside(path, ".ids.txt"): lambda file: file.writelines(escaped(name).encode() for name in text_ids)}


def _jsonl(
    file: IO[bytes], text_ids: Sequence[str], columns: dict[str, NDArray[Any]], starts: NDArray[np.integer]
) -> None:
    for place, text_id in enumerate(text_ids):
        row = slice(starts[place], starts[place + 1])
        values = {name: _shortest(column[row]) for name, column in columns.items()}
        file.write((json.dumps({"id": text_id, **values}, ensure_ascii=False) + "\n").encode())


def _shortest(values: NDArray[Any]) -> list[Any]:
    """Numbers that JSON writes with as few digits as tell one float32 from the next."""
    if values.dtype != np.float32:
        return list(values.tolist())
    return [float(word) for word in values.astype(str)]


def _sparse_table(rows: Sparse, text_ids: Sequence[str]) -> pa.Table:
    starts = pa.array(rows.indptr.astype(np.int64))
    indices = pa.LargeListArray.from_arrays(starts, pa.array(rows.indices.astype(np.int32)))
    values = pa.LargeListArray.from_arrays(starts, pa.array(rows.data))
    return pa.table({"id": pa.array(text_ids, pa.string()), "indices": indices, "values": values})


def _dense_table(vectors: NDArray[np.float32], text_ids: Sequence[str]) -> pa.Table:
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    return pa.table({"id": pa.array(text_ids, pa.string()), "vector": column})
