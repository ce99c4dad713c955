"""Ids out of Parquet and NumPy files, read in pieces or where they lie on the disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tokembed.errors import BadInput
from tokembed.tokens.reading import Row, checked_ids
from tokembed.writers import beside

_STARTS_AT_ONCE = 1 << 16
_ROWS_AT_ONCE = 1 << 10


def npy_rows(path: Path) -> Iterator[Row]:
    """The ids of `x.npy`, mapped into memory and cut by `x.npy.starts.npy`; `x.npy.json` may name the tokenizer.

    Raises:
        BadInput: one of the files is not there or not what it must be.
    """
    ids = _mapped(path)
    starts_path = beside(path, ".starts.npy")
    if not starts_path.is_file():
        raise BadInput(
            f"{str(path)!r} must have {starts_path.name!r} beside it, which says where each text begins; "
            "there is none, `tokembed tokenize -o NAME.npy` writes both"
        )
    starts = _mapped(starts_path)
    _check_starts(starts, len(ids), starts_path)
    tokenizer = _tokenizer_beside(path)
    for first in range(0, len(starts) - 1, _STARTS_AT_ONCE):
        bounds = starts[first : first + _STARTS_AT_ONCE + 1].tolist()
        for number, (start, end) in enumerate(pairwise(bounds), start=first + 1):
            yield number, ids[start:end].tolist(), None, tokenizer


def _mapped(path: Path) -> NDArray[np.integer[Any]]:
    try:
        array = np.lib.format.open_memmap(path, mode="r")  # nothing pickled can be mapped
    except (ValueError, OSError) as error:
        raise BadInput(f"{str(path)!r} must be a .npy of whole numbers, found: {_first_line(error)}") from error
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise BadInput(
            f"{str(path)!r} must hold whole numbers in one dimension, found {array.dtype} in shape {array.shape}"
        )
    return np.asarray(array)  # a plain array's slices are quicker


def _check_starts(starts: NDArray[np.integer[Any]], n_ids: int, path: Path) -> None:
    found = "nothing" if not len(starts) else f"{starts[0]} and {starts[-1]}"
    if found != f"0 and {n_ids}":
        raise BadInput(f"{str(path)!r} must begin with 0 and end with {n_ids}, the number of ids, found {found}")
    for first in range(0, len(starts), _STARTS_AT_ONCE):
        part = starts[first : first + _STARTS_AT_ONCE + 1]
        if (behind := np.flatnonzero(part[1:] < part[:-1])).size:
            place = int(behind[0])
            raise BadInput(
                f"{str(path)!r} must not go back, found {part[place + 1]} behind {part[place]} "
                f"at position {first + place + 1}"
            )


def _tokenizer_beside(path: Path) -> object:
    record_path = beside(path, ".json")
    try:
        record = json.loads(record_path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{str(record_path)!r} must be a JSON object, found: {_first_line(error)}") from error
    tokenizer = record.get("tokenizer") if isinstance(record, dict) else None
    return tokenizer.get("name") if isinstance(tokenizer, dict) else tokenizer


def parquet_rows(source: str) -> Iterator[Row]:
    """The rows of a Parquet file with a column `ids`; the columns `id` and `tokenizer` are read where they are.

    Raises:
        BadInput: it is no such file.
    """
    try:
        with pq.ParquetFile(source) as table:
            schema = table.schema_arrow
            _check_schema(source, schema)
            columns = [name for name in ("ids", "id", "tokenizer") if schema.names.count(name) == 1]
            first = 1
            for batch in table.iter_batches(_ROWS_AT_ONCE, columns=columns):
                nothing = [None] * len(batch)
                others = [batch[name].to_pylist() if name in columns else nothing for name in ("id", "tokenizer")]
                numbers = range(first, first + len(batch))
                yield from zip(numbers, _lists(batch["ids"], source, first), *others, strict=True)
                first += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{source!r} must be a Parquet file, found: {_first_line(error)}") from error


def _check_schema(source: str, schema: pa.Schema) -> None:
    if schema.names.count("ids") != 1:
        raise BadInput(f"{source}: there must be one column 'ids', found {', '.join(schema.names) or 'none'}")
    type_ = schema.field("ids").type
    is_list = pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_)
    if not is_list or not pa.types.is_integer(type_.value_type):
        raise BadInput(f"{source}: column 'ids' must hold lists of whole numbers, found {type_}")


def _lists(column: pa.Array, source: str, first: int) -> Iterator[list[int] | None]:
    """The column's lists, None for a null; made from its numbers all at once."""
    flat = column.flatten()  # a null adds nothing to it
    if flat.null_count:
        for number, ids in enumerate(column.to_pylist(), start=first):
            yield checked_ids(ids, f"{source}, row {number}")
        return
    ids, start = flat.to_numpy().tolist(), 0
    for length in column.value_lengths().to_pylist():
        yield None if length is None else ids[start : start + length]
        start += length or 0


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]
