"""Encodings as text, ids, JSON Lines or Parquet, one row a text and tokenizer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tokembed.errors import BadUsage, one_of
from tokembed.types import Encoding, Text

FORMATS = ("text", "ids", "jsonl", "parquet")
_BY_SUFFIX = {".txt": ("text", "ids"), ".ids": ("ids",), ".jsonl": ("jsonl",), ".parquet": ("parquet",)}
_PARQUET_ROWS = 10_000

Write = Callable[[Text, str, Encoding], object]
"""Takes a text, its tokenizer's name and what became of it."""


def chosen_format(asked: str | None, path: Path | None) -> str:
    """The format that `-f` and the suffix of `-o` agree on; text where neither says.

    Raises:
        BadUsage: they disagree, or one of them is unknown.
    """
    if asked is not None:
        one_of("-f", asked, FORMATS)
    if path is None:
        if asked == "parquet":
            raise BadUsage("-f parquet needs a file, give one with -o NAME.parquet")
        return asked or "text"
    allowed = _BY_SUFFIX.get(path.suffix.lower())
    if allowed is None:
        raise BadUsage(f"-o must end in {', '.join(_BY_SUFFIX)}, got {str(path)!r}")
    if asked is not None and asked not in allowed:
        raise BadUsage(f"-f and the suffix of -o must agree, got -f {asked} and {str(path)!r}")
    return asked or allowed[0]


def record(text: Text, tokenizer: str, encoding: Encoding, *, offsets: bool, token_bytes: bool) -> dict[str, Any]:
    """One text under one tokenizer as JSON has it; bytes are in hex."""
    fields: dict[str, Any] = {
        "id": text.id,
        "source": text.source,
        "tokenizer": tokenizer,
        "text": text.text,
        "tokens": encoding.tokens,
        "ids": encoding.ids,
        "n_unk": encoding.n_unk,
        "n_unk_chars": encoding.n_unk_chars,
    }
    if offsets:
        fields["offsets"] = encoding.offsets
    if token_bytes:
        fields["bytes"] = [data.hex() for data in encoding.token_bytes]
    return fields


@contextmanager
def writing(form: str, file: IO[bytes], *, offsets: bool, token_bytes: bool) -> Iterator[Write]:
    """What writes each encoding to `file` in that format; ids need a tokenizer with a vocabulary of its own."""
    if form == "parquet":
        with _parquet(file, offsets=offsets, token_bytes=token_bytes) as write:
            yield write
    elif form == "jsonl":

        def write_json(text: Text, tokenizer: str, encoding: Encoding) -> None:
            fields = record(text, tokenizer, encoding, offsets=offsets, token_bytes=token_bytes)
            file.write(json.dumps(fields, ensure_ascii=False).encode() + b"\n")

        yield write_json
    elif form == "ids":
        yield lambda _, __, encoding: file.write(" ".join(map(str, encoding.ids or ())).encode() + b"\n")
    else:
        yield lambda _, __, encoding: file.write(" ".join(encoding.tokens).encode() + b"\n")


@contextmanager
def _parquet(file: IO[bytes], *, offsets: bool, token_bytes: bool) -> Iterator[Write]:
    import pyarrow as pa  # the other formats do without it
    import pyarrow.parquet as pq

    columns = {
        "id": pa.string(),
        "source": pa.string(),
        "tokenizer": pa.string(),
        "text": pa.string(),
        "tokens": pa.list_(pa.string()),
        "ids": pa.list_(pa.int32()),
        "n_unk": pa.int32(),
        "n_unk_chars": pa.int32(),
    }
    if offsets:
        columns["offsets"] = pa.list_(pa.list_(pa.int32(), 2))
    if token_bytes:
        columns["bytes"] = pa.list_(pa.string())
    schema = pa.schema(list(columns.items()))
    with pq.ParquetWriter(file, schema, compression="zstd") as parquet:
        rows: list[dict[str, Any]] = []

        def write(text: Text, tokenizer: str, encoding: Encoding) -> None:
            rows.append(record(text, tokenizer, encoding, offsets=offsets, token_bytes=token_bytes))
            if len(rows) == _PARQUET_ROWS:
                parquet.write_table(pa.Table.from_pylist(rows, schema))
                rows.clear()

        yield write
        if rows:
            parquet.write_table(pa.Table.from_pylist(rows, schema))
