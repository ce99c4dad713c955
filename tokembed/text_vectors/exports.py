"""Texts' and tokens' vectors as files, written as they come: the suffix tells the form, and sparse rows stay sparse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import save_npz, vstack

from tokembed.array_files import ArrayFile
from tokembed.errors import BadUsage
from tokembed.vocab import Vocab, escaped
from tokembed.writers import Files, beside, sidecars, together

if TYPE_CHECKING:
    from tokembed.types import Sparse

SPARSE_SUFFIXES = (".npz", ".jsonl", ".parquet")
DENSE_SUFFIXES = (".npy", ".jsonl", ".parquet")
RECORD, IDS, TERMS, STARTS = ".json", ".ids.txt", ".vocab.txt", ".starts.npy"
_ROW_GROUP_NUMBERS = 1 << 22

Record = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class TokenRows:
    """The tokens, or words, of some texts that have a row, all arrays (n_rows,), `vectors` float32 (n_rows, dim).

    Attributes:
        text_ids: the id of the text each token is of.
        positions: which token of its text each is, from 0.
        offsets: where it stands in the text, (n_rows, 2).
        starts: where each text's rows begin, (n_texts + 1,).
    """

    text_ids: Sequence[str]
    positions: NDArray[np.int64]
    tokens: Sequence[str]
    offsets: NDArray[np.int32]
    vectors: NDArray[np.float32]
    starts: NDArray[np.int64]


WriteTexts = Callable[[Sequence[str], NDArray[np.float32]], None]
WriteTokens = Callable[[TokenRows], None]


def check_suffix(path: Path, allowed: Sequence[str], what: str) -> None:
    """Raise BadUsage where the file's suffix names no form that the vectors can take."""
    if path.suffix.lower() not in allowed:
        raise BadUsage(f"{what}, so -o must end in {', '.join(allowed)}, got {str(path)!r}")


@contextmanager
def text_vectors(path: Path, dim: int, record: Record, *, ids: bool) -> Iterator[WriteTexts]:
    """What writes dense vectors, one row a text, (n_texts, dim), block by block; nothing appears before the end.

    Args:
        record: what made them, asked for at the end; it becomes `path`.json.
        ids: write the texts' ids to `path`.ids.txt too.
    """
    forms = {".npy": _npy, ".jsonl": _jsonl, ".parquet": _parquet}
    endings = [RECORD, IDS] if ids else [RECORD]
    with together([path, *(beside(path, ending) for ending in endings)], outdated=sidecars(path)) as (file, *others):
        with forms[path.suffix.lower()](file, dim) as write:

            def write_all(text_ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
                write(text_ids, vectors)
                for ids_file in others[1:]:
                    ids_file.writelines(map(str.encode, map(escaped, text_ids)))

            yield write_all
        others[0].write(_as_json(record()))


@contextmanager
def token_vectors(path: Path, dim: int, record: Record, *, unit: str = "token") -> Iterator[WriteTokens]:
    """What writes a row a token: id, position, token, start, end and vector.

    Args:
        unit: what the rows are of, "token" or "word"; a column is called so.

    In .npy there are the vectors, (n_rows, dim), and in `path`.starts.npy where each text's rows begin, (n_texts + 1,).
    """
    forms = {".npy": _npy_tokens, ".jsonl": _jsonl_tokens, ".parquet": _parquet_tokens}
    endings = [RECORD, STARTS] if path.suffix.lower() == ".npy" else [RECORD]
    outdated = [*sidecars(path), beside(path, STARTS)]
    with together([path, *(beside(path, ending) for ending in endings)], outdated=outdated) as (file, *others):
        with forms[path.suffix.lower()](file, dim, others[1:], unit) as write:
            yield write
        others[0].write(_as_json(record()))


def record_files(path: Path, record: Mapping[str, Any]) -> Files:
    """`path`.json, which says how vectors were made and what they leave out, as a file to write."""
    return {beside(path, RECORD): lambda file: file.write(_as_json(record))}


def write_sparse(
    path: Path, rows: Sequence[Sparse], text_ids: Sequence[str], terms: Vocab, record: Record, *, ids: bool
) -> None:
    """Write sparse blocks of rows, together (n_texts, n_terms), and beside them the terms the columns stand for."""
    endings = [RECORD, TERMS, IDS] if ids else [RECORD, TERMS]
    whole = vstack(rows, format="csr") if len(rows) > 1 else rows[0]
    with together([path, *(beside(path, ending) for ending in endings)], outdated=sidecars(path)) as (file, *others):
        if path.suffix.lower() == ".npz":
            save_npz(file, whole)
        elif path.suffix.lower() == ".jsonl":
            _write_jsonl(file, text_ids, {"indices": whole.indices, "values": whole.data}, whole.indptr)
        else:
            pq.write_table(_sparse_table(whole, text_ids), file, compression="zstd")
        others[0].write(_as_json(record()))
        others[1].writelines(line.encode() for line in terms.lines())
        if ids:
            others[2].writelines(map(str.encode, map(escaped, text_ids)))


@contextmanager
def _npy(file: IO[bytes], dim: int) -> Iterator[WriteTexts]:
    array = ArrayFile(file, np.float32, columns=dim)
    yield lambda _, vectors: array.write(vectors)
    array.finish()


@contextmanager
def _jsonl(file: IO[bytes], dim: int) -> Iterator[WriteTexts]:
    def write(text_ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        _write_jsonl(file, text_ids, {"vector": vectors.ravel()}, np.arange(len(vectors) + 1) * dim)

    yield write


@contextmanager
def _parquet(file: IO[bytes], dim: int) -> Iterator[WriteTexts]:
    with _row_groups(file, pa.schema({"id": pa.string(), "vector": pa.list_(pa.float32(), dim)}), dim) as add:
        yield lambda text_ids, vectors: add([pa.array(text_ids, pa.string()), _vectors(vectors)])


@contextmanager
def _npy_tokens(file: IO[bytes], dim: int, others: Sequence[IO[bytes]], _unit: str) -> Iterator[WriteTokens]:
    array, starts = ArrayFile(file, np.float32, columns=dim), ArrayFile(others[0], np.int64)
    starts.write(np.zeros(1, np.int64))
    n_rows = 0

    def write(rows: TokenRows) -> None:
        nonlocal n_rows
        array.write(rows.vectors)
        starts.write(rows.starts[1:] + n_rows)
        n_rows += len(rows.vectors)

    yield write
    array.finish()
    starts.finish()


@contextmanager
def _jsonl_tokens(file: IO[bytes], _dim: int, _others: Sequence[IO[bytes]], unit: str) -> Iterator[WriteTokens]:
    def write(rows: TokenRows) -> None:
        columns = zip(
            rows.text_ids, rows.positions.tolist(), rows.tokens, rows.offsets.tolist(), rows.vectors, strict=True
        )
        for text_id, position, token, (start, end), vector in columns:
            place = {"id": text_id, "position": position, unit: token, "start": start, "end": end}
            file.write((json.dumps({**place, "vector": _shortest(vector)}, ensure_ascii=False) + "\n").encode())

    yield write


@contextmanager
def _parquet_tokens(file: IO[bytes], dim: int, _others: Sequence[IO[bytes]], unit: str) -> Iterator[WriteTokens]:
    places = {"id": pa.string(), "position": pa.int32(), unit: pa.string(), "start": pa.int32(), "end": pa.int32()}
    with _row_groups(file, pa.schema({**places, "vector": pa.list_(pa.float32(), dim)}), dim) as add:
        yield lambda rows: add([
            pa.array(rows.text_ids, pa.string()),
            pa.array(rows.positions.astype(np.int32)),
            pa.array(rows.tokens, pa.string()),
            pa.array(np.ascontiguousarray(rows.offsets[:, 0], np.int32)),
            pa.array(np.ascontiguousarray(rows.offsets[:, 1], np.int32)),
            _vectors(rows.vectors),
        ])  # fmt: skip


@contextmanager
def _row_groups(file: IO[bytes], schema: pa.Schema, dim: int) -> Iterator[Callable[[list[pa.Array]], None]]:
    """What writes columns as row groups of about as many numbers, whatever the blocks they come in."""
    waiting: list[pa.RecordBatch] = []

    def flush(at_least: int) -> None:
        if sum(batch.num_rows for batch in waiting) * dim >= at_least and waiting:
            table = pa.Table.from_batches(waiting)
            writer.write_table(table, row_group_size=max(1, table.num_rows))
            waiting.clear()

    def add(columns: list[pa.Array]) -> None:
        waiting.append(pa.record_batch(columns, schema=schema))
        flush(_ROW_GROUP_NUMBERS)

    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        yield add
        flush(0)


def _vectors(vectors: NDArray[np.float32]) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])


def _as_json(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()


def _write_jsonl(
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
