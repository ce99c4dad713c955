"""Tokens as Parquet: one row a text and tokenizer, ids as lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tokembed.corpus import Corpus, from_encodings
from tokembed.coverage import unknown_by_text
from tokembed.types import Text, Tokenizer
from tokembed.vocab import Vocab

_DETAILS = {"offsets": pa.list_(pa.list_(pa.int32(), 2)), "bytes": pa.list_(pa.string())}


@contextmanager
def parquet(
    file: IO[bytes], *, offsets: bool, token_bytes: bool
) -> Iterator[Callable[[Sequence[Text], Mapping[str, Tokenizer]], None]]:
    """What writes blocks of texts as row groups: id, source, tokenizer, ids, n_tokens, n_unk, n_unk_chars.

    A tokenizer without a vocabulary of its own has null ids; the column `tokens` has its tokens, and is null for
    the others. `offsets` and `bytes` (hex) stand behind where they are asked for.
    """
    details = [name for name, is_asked in (("offsets", offsets), ("bytes", token_bytes)) if is_asked]
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("source", pa.string()),
            ("tokenizer", pa.string()),
            ("ids", pa.list_(pa.int32())),
            ("tokens", pa.list_(pa.string())),
            ("n_tokens", pa.int32()),
            ("n_unk", pa.int32()),
            ("n_unk_chars", pa.int32()),
            *((name, _DETAILS[name]) for name in details),
        ]
    )

    def write(block: Sequence[Text], tokenizers: Mapping[str, Tokenizer]) -> None:
        parts = [_table(block, name, tokenizer, schema, details) for name, tokenizer in tokenizers.items()]
        # A text's rows stand together, in the order of the tokenizers.
        order = np.arange(len(parts) * len(block)).reshape(len(parts), len(block)).T.ravel()
        writer.write_table(pa.concat_tables(parts).take(order) if len(parts) > 1 else parts[0])

    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        yield write


def _table(
    block: Sequence[Text], name: str, tokenizer: Tokenizer, schema: pa.Schema, details: Sequence[str]
) -> pa.Table:
    texts = [text.text for text in block]
    is_open = tokenizer.vocab is None
    encodings = [tokenizer.encode(text) for text in texts] if details else []
    vocab = tokenizer.vocab or Vocab()
    corpus = from_encodings(encodings, vocab) if details else tokenizer.encode_batch(texts, vocab)
    n_unk, n_unk_chars = unknown_by_text(texts, corpus, tokenizer)
    nothing = pa.nulls(len(block))
    columns = {
        "id": [text.id for text in block],
        "source": [text.source for text in block],
        "tokenizer": pa.repeat(name, len(block)),
        "ids": nothing if is_open else _lists(corpus, pa.array(corpus.ids)),
        "tokens": _lists(corpus, _strings(corpus)) if is_open else nothing,
        "n_tokens": pa.array(corpus.lengths(), pa.int32()),
        "n_unk": n_unk,
        "n_unk_chars": n_unk_chars,
        "offsets": [encoding.offsets for encoding in encodings],
        "bytes": [[data.hex() for data in encoding.token_bytes] for encoding in encodings],
    }
    return pa.table([_as(columns[field.name], field.type) for field in schema], schema)


def _as(column: object, type_: pa.DataType) -> pa.Array:
    return column.cast(type_) if isinstance(column, pa.Array) else pa.array(column, type_)


def _lists(corpus: Corpus, values: pa.Array) -> pa.Array:
    return pa.LargeListArray.from_arrays(pa.array(corpus.starts), values)


def _strings(corpus: Corpus) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(corpus.ids), pa.array(corpus.vocab.tokens)).cast(pa.string())
