"""Tokens as Parquet: a row a text and tokenizer, or a window of one, ids as lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.inputs.batches import Batch
from tokembed.tokens.formats import WORDS, Cutting, Format, Made, endings
from tokembed.tokens.long_corpora import Rows
from tokembed.tokens.long_texts import Cuts
from tokembed.tokens.open_vocabulary import OpenVocabulary
from tokembed.tokens.rows import rows_of, rows_of_encodings, unknown_of
from tokembed.types import Encoding, Tokenizer
from tokembed.writers import beside, together

ROW_GROUP_TOKENS = 1 << 20
_DETAILS = {"offsets": pa.list_(pa.list_(pa.int32(), 2)), "bytes": pa.list_(pa.string())}
_IDS = "ids.list.element"
_REPEATING = ["source", "tokenizer"]


@dataclass(frozen=True, slots=True)
class _Part:
    """A batch's rows under one tokenizer; `ids` of the table are missing where `words` has yet to number them."""

    name: str
    table: pa.Table
    texts: NDArray[np.int64]
    words: Corpus | None


@contextmanager
def parquet(path: Path, cutting: Cutting) -> Iterator[Format]:
    """What writes batches as id, source, tokenizer, [window], ids, n_tokens, n_unk, n_unk_chars, [offsets, bytes].

    The ids of a tokenizer without a vocabulary of its own are lines of `path` + `.vocab.txt`, from 0 and the most
    frequent first; of several such tokenizers `path` + `.NAME.vocab.txt`.
    """
    schema = _schema(cutting)
    words = {name: OpenVocabulary() for name, tokenizer in cutting.tokenizers.items() if tokenizer.vocab is None}
    vocab_paths = [beside(path, ending) for ending in endings("parquet", cutting)]
    with together([path, *vocab_paths], outdated=[beside(path, WORDS)]) as (file, *vocab_files):
        with ExitStack() as opened:
            first = opened.enter_context(TemporaryFile(dir=path.absolute().parent)) if words else file
            with _row_groups(first, schema, compression="none" if words else "zstd") as groups:
                yield Format(
                    lambda batch, is_bulk: _made(batch, cutting, schema, is_bulk),
                    lambda parts: groups.add(_joined(parts, words)),
                )
            if words:
                _write_ranked(first, file, schema, words)
        for vocab_file, vocabulary in zip(vocab_files, words.values(), strict=True):
            vocab_file.write(vocabulary.lines())


def _schema(cutting: Cutting) -> pa.Schema:
    details = {"offsets": cutting.offsets, "bytes": cutting.token_bytes}
    return pa.schema(
        [
            ("id", pa.string()),
            ("source", pa.string()),
            ("tokenizer", pa.string()),
            *([("window", pa.int32())] if cutting.has_windows else []),
            ("ids", pa.list_(pa.int32())),
            ("n_tokens", pa.int32()),
            ("n_unk", pa.int32()),
            ("n_unk_chars", pa.int32()),
            *((name, _DETAILS[name]) for name, is_asked in details.items() if is_asked),
        ]
    )


class _RowGroups:
    """Tables written as row groups of about ROW_GROUP_TOKENS tokens."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer
        self._waiting: list[pa.Table] = []
        self._n_tokens = 0

    def add(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._n_tokens += pc.sum(table["n_tokens"]).as_py() or 0
        if self._n_tokens >= ROW_GROUP_TOKENS:
            self.write()

    def write(self) -> None:
        if self._waiting:
            table = pa.concat_tables(self._waiting)
            self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
        self._waiting, self._n_tokens = [], 0


@contextmanager
def _row_groups(file: IO[bytes], schema: pa.Schema, compression: str = "zstd") -> Iterator[_RowGroups]:
    with pq.ParquetWriter(
        file,
        schema,
        compression=compression,
        compression_level=None if compression == "none" else 1,  # higher ones take long and gain little on ids
        use_dictionary=_REPEATING if compression == "none" else [*_REPEATING, _IDS],
        write_statistics=_REPEATING,
    ) as writer:
        groups = _RowGroups(writer)
        yield groups
        groups.write()


def _made(batch: Batch, cutting: Cutting, schema: pa.Schema, is_bulk: bool) -> Made:
    parts: list[_Part] = []
    cuts: dict[str, Cuts] = {}
    for name, tokenizer in cutting.tokenizers.items():
        encodings: list[Encoding] = []
        if cutting.offsets or cutting.token_bytes:
            rows, encodings = rows_of_encodings(batch, tokenizer, cutting.limit)
        else:
            rows = rows_of(batch, tokenizer, cutting.limit, is_bulk=is_bulk)
        cuts[name] = rows.cuts
        table = _table(batch, name, tokenizer, rows, encodings, schema)
        parts.append(_Part(name, table, rows.texts, rows.corpus if tokenizer.vocab is None else None))
    return Made(parts, cuts)


def _table(
    batch: Batch, name: str, tokenizer: Tokenizer, rows: Rows, encodings: list[Encoding], schema: pa.Schema
) -> pa.Table:
    n_rows, unknown = rows.corpus.n_texts, unknown_of(batch, rows, tokenizer)
    columns = {
        "id": _row_ids(batch, rows),
        "source": pa.repeat(batch.source, n_rows),
        "tokenizer": pa.repeat(name, n_rows),
        "window": rows.numbers,
        "ids": pa.nulls(n_rows, pa.list_(pa.int32())) if tokenizer.vocab is None else _lists(rows.corpus),
        "n_tokens": rows.corpus.lengths(),
        "n_unk": unknown.tokens,
        "n_unk_chars": unknown.characters,
        "offsets": [encoding.offsets for encoding in encodings],
        "bytes": [[data.hex() for data in encoding.token_bytes] for encoding in encodings],
    }
    return pa.table([_as(columns[field.name], field.type) for field in schema], schema)


def _row_ids(batch: Batch, rows: Rows) -> pa.Array:
    """The text's id of each row."""
    if batch.own_ids is not None:
        ids = pa.array(batch.ids())
    else:
        numbers = pa.array(np.asarray(batch.numbers, np.int64)).cast(pa.string())
        ids = pc.binary_join_element_wise(batch.source, numbers, ":")
    return ids if len(ids) == len(rows.texts) else ids.take(pa.array(rows.texts))


def _as(column: object, type_: pa.DataType) -> pa.Array:
    return column.cast(type_) if isinstance(column, pa.Array) else pa.array(column, type_)


def _lists(corpus: Corpus) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(corpus.starts.astype(np.int32)), pa.array(corpus.ids))


def _joined(parts: list[_Part], words: dict[str, OpenVocabulary]) -> pa.Table:
    """A batch's rows: a text's rows together, in the order of the tokenizers."""
    tables = [
        part.table if part.words is None else _numbered(part.table, part.words, words[part.name]) for part in parts
    ]
    if len(parts) == 1:
        return tables[0]
    order = np.argsort(np.concatenate([part.texts for part in parts]), kind="stable")
    return pa.concat_tables(tables).take(pa.array(order))


def _numbered(table: pa.Table, corpus: Corpus, words: OpenVocabulary) -> pa.Table:
    place = table.schema.get_field_index("ids")
    ids = pa.ListArray.from_arrays(pa.array(corpus.starts.astype(np.int32)), pa.array(words.numbers(corpus)))
    return table.set_column(place, table.schema.field(place), ids)


def _write_ranked(first: IO[bytes], file: IO[bytes], schema: pa.Schema, words: dict[str, OpenVocabulary]) -> None:
    """The same table with the words of open vocabularies as places where the most frequent comes first."""
    ranks = {name: vocabulary.ranks() for name, vocabulary in words.items()}
    first.flush()
    first.seek(0)
    # Not by threads: one that lets go of a Python file just as the program ends would end it badly.
    with pq.ParquetFile(first, pre_buffer=False) as source, _row_groups(file, schema) as groups:
        for group in range(source.num_row_groups):
            groups.add(_ranked(source.read_row_group(group, use_threads=False), ranks))


def _ranked(table: pa.Table, ranks: dict[str, NDArray[np.int32]]) -> pa.Table:
    place = table.schema.get_field_index("ids")
    column = table["ids"].combine_chunks()
    ids = column.flatten().to_numpy(zero_copy_only=False).copy()
    n_tokens = table["n_tokens"].to_numpy()
    for name, rank in ranks.items():
        own = np.repeat(pc.equal(table["tokenizer"], name).to_numpy(), n_tokens)
        ids[own] = rank[ids[own]]
    return table.set_column(place, table.schema.field(place), pa.ListArray.from_arrays(column.offsets, pa.array(ids)))
