"""Arrow batches in, the same batches with their texts' ids out: what data engines call in their workers.

A call and its settings are all that travels to a worker: a few words, no tables.

    from functools import partial
    from tokembed.engines import tokenize_batch

    clip = partial(tokenize_batch, tokenizer="clip")

Ray Data, Spark, Polars and DuckDB:

    ds.map_batches(clip, batch_format="pyarrow")

    new = "ids array<int>, n_tokens int, n_unk int, n_unk_chars int"
    df.select("text").mapInArrow(lambda batches: map(clip, batches), f"text string, {new}")

    polars.from_arrow(clip(frame.to_arrow()))

    duckdb.from_arrow(clip(duckdb.sql("from 'reviews.parquet'").to_arrow_table()))

A worker makes each tokenizer once and keeps it. Batches with 1 MiB of text or more go through the kernels, which are
many times as quick, on every core that the worker may run on: where an engine runs one worker a core, bind each to its
own as it starts (on Linux, `os.sched_setaffinity(0, {core})`). The kernels are compiled once for a machine, at the
first such batch; cut one before many workers start.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np
import pyarrow as pa

from tokembed import registry
from tokembed.corpus import Corpus
from tokembed.coverage import unknown_by_text
from tokembed.errors import BadInput, BadUsage, did_you_mean
from tokembed.inputs.blocks import arrow_block
from tokembed.inputs.bulk import is_bulk
from tokembed.types import Tokenizer

Batch = TypeVar("Batch", pa.RecordBatch, pa.Table)

TOKEN_FIELDS = pa.schema(
    [("ids", pa.list_(pa.int32())), ("n_tokens", pa.int32()), ("n_unk", pa.int32()), ("n_unk_chars", pa.int32())]
)
"""The new columns: ids, how many there are, how many of them are unknown, and the code points under those."""

_MOST_TOKENS = 2**31 - 1
"""What the offsets of a list column can count."""


def tokenize_batch(
    batch: Batch,
    *,
    tokenizer: str = "bert",
    column: str = "text",
    unicode: str = "none",
    lower: bool = False,
    special: bool = False,
    parse_special: bool = False,
) -> Batch:
    """The batch with columns for its texts' ids and how many tokens and unknown ones they have.

    Args:
        batch: a RecordBatch or a Table; the same comes out, with all its rows and columns, then TOKEN_FIELDS.
        tokenizer: its name, or a path that every worker can read; it is read once in a process.
        column: the texts: strings of any width, plain or as a dictionary. A null has null in every new column; an
            empty text has no ids, or the special tokens alone.
        unicode: the form every text is brought to first: none, nfc, nfd or nfkc.
        lower: put every text in lower case after that.
        special: add the special tokens a model expects.
        parse_special: read strings such as [MASK] in the text as special tokens, not as text.

    Raises:
        BadUsage: there is no such tokenizer or option, the tokenizer has no vocabulary of its own, or it is no batch.
        BadInput: the column is not there or holds no text, or a column of TOKEN_FIELDS is there already.
        NotAtHand: the tokenizer's hub name is not in the local cache.

    >>> batch = pa.RecordBatch.from_pydict({"text": ["홀로서기 ☃", None]})
    >>> for row in tokenize_batch(batch).to_pylist():
    ...     print(row)
    {'text': '홀로서기 ☃', 'ids': [9988, 92413, 12310, 100], 'n_tokens': 4, 'n_unk': 1, 'n_unk_chars': 1}
    {'text': None, 'ids': None, 'n_tokens': None, 'n_unk': None, 'n_unk_chars': None}
    """
    texts = _texts(batch, column)
    made = _tokenizer(tokenizer, unicode, lower, special, parse_special)
    found = _columns(made, texts.drop_null())
    if texts.null_count:
        found = found.take(_places(texts))
    for field, values in zip(TOKEN_FIELDS, found.columns, strict=True):
        batch = batch.append_column(field, values)
    return batch


@lru_cache
def _tokenizer(name: str, unicode: str, lower: bool, special: bool, parse_special: bool) -> Tokenizer:
    """The tokenizer, made once for its settings."""
    flags = {"special": special, "parse_special": parse_special}
    asked = {flag: value for flag, value in flags.items() if value is not False}  # not every tokenizer has them
    made = registry.tokenizer(name, unicode=unicode, lower=lower, **asked)
    if made.vocab is None:
        raise BadUsage(
            f"tokenizer must have a vocabulary of its own, or its ids mean something else in every batch, "
            f"got {name!r}; use 'bert' or 'clip'"
        )
    return made


def _texts(batch: Batch, column: str) -> pa.Array:
    """The column as one array of strings; the buffers of a plain one are used where they are."""
    if not isinstance(batch, pa.RecordBatch | pa.Table):
        raise BadUsage(
            f"batch must be an Arrow RecordBatch or Table, got {type(batch).__name__}; "
            'in Ray Data ask for batch_format="pyarrow"'
        )
    _check_columns(batch.schema, column)
    values = batch.column(column)
    texts = _joined(values.chunks if isinstance(values, pa.ChunkedArray) else [values])
    try:
        texts.validate(full=True)  # not every engine checks what it takes for text, and the kernels trust it
    except pa.ArrowInvalid as error:
        raise BadInput(f"column {column!r} must be valid UTF-8, found: {error}") from error
    return texts


def _check_columns(schema: pa.Schema, column: str) -> None:
    names = schema.names
    if column not in names:
        hint = did_you_mean(column, names) or "; name one with column="
        raise BadInput(f"there must be a column {column!r}, found {', '.join(names) or 'none'}{hint}")
    taken = [name for name in TOKEN_FIELDS.names if name in names]
    if taken:
        raise BadInput(f"the batch must not have the new columns yet, found {', '.join(taken)}; rename or drop them")
    if names.count(column) > 1:
        raise BadInput(f"each column must have a name of its own, found {', '.join(map(repr, names))}")
    type_ = schema.field(column).type
    if not _is_text(type_.value_type if pa.types.is_dictionary(type_) else type_):
        raise BadInput(f"column {column!r} must hold text, found {type_}; cast it or name another with column=")


def _is_text(type_: pa.DataType) -> bool:
    return type_ in (pa.string(), pa.large_string(), pa.string_view(), pa.null())


def _joined(chunks: Sequence[pa.Array]) -> pa.Array:
    if len(chunks) == 1:
        return _plain(chunks[0])
    wide = [_plain(chunk).cast(pa.large_string()) for chunk in chunks]  # together they may have more than 2 GiB
    return pa.chunked_array(wide, pa.large_string()).combine_chunks()


def _plain(texts: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(texts.type):
        return texts.dictionary.cast(pa.large_string()).take(texts.indices)
    return texts if texts.type in (pa.string(), pa.large_string()) else texts.cast(pa.large_string())


def _columns(tokenizer: Tokenizer, texts: pa.Array) -> pa.RecordBatch:
    """TOKEN_FIELDS of texts of which none is null."""
    corpus = tokenizer.encode_batch(arrow_block(texts) if is_bulk(texts) else texts)
    n_unk, n_unk_chars = unknown_by_text(lambda place: texts[place].as_py(), corpus, tokenizer)
    n_tokens = corpus.lengths().astype(np.int32)
    return pa.record_batch([_lists(corpus), n_tokens, n_unk, n_unk_chars], schema=TOKEN_FIELDS)


def _lists(corpus: Corpus) -> pa.Array:
    """The texts' ids, where they are in memory.

    Raises:
        BadInput: there are more of them than a list column can count.
    """
    if corpus.n_tokens > _MOST_TOKENS:
        raise BadInput(f"a batch must have at most {_MOST_TOKENS:,} tokens, found {corpus.n_tokens:,}; make it smaller")
    return pa.ListArray.from_arrays(pa.array(corpus.starts.astype(np.int32)), pa.array(corpus.ids))


def _places(texts: pa.Array) -> pa.Array:
    """Where each text stands among those that are not null, null for a null."""
    is_null = texts.is_null().to_numpy(zero_copy_only=False)
    return pa.array(np.cumsum(~is_null) - 1, mask=is_null)
