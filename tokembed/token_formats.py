"""Tokens as text, ids, JSON Lines or Parquet, one row a text and tokenizer; small blocks and large ones alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tokembed.bulk import is_bulk
from tokembed.errors import BadUsage, one_of
from tokembed.types import Encoding, Text, Tokenizer

FORMATS = ("text", "ids", "jsonl", "parquet")
_BY_SUFFIX = {".txt": ("text", "ids"), ".ids": ("ids",), ".jsonl": ("jsonl",), ".parquet": ("parquet",)}

Tokenizers = Mapping[str, Tokenizer]
Write = Callable[[Sequence[Text], Tokenizers], object]
"""Takes a block of texts and the tokenizers to cut it with, by name."""


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


@contextmanager
def writing(form: str, file: IO[bytes], *, offsets: bool, token_bytes: bool) -> Iterator[Write]:
    """What writes blocks of texts to `file` in that format; ids need a tokenizer with a vocabulary of its own."""
    if form == "parquet":
        from tokembed.token_tables import parquet  # the other formats do without pyarrow

        with parquet(file, offsets=offsets, token_bytes=token_bytes) as write:
            yield write
    elif form == "jsonl":
        yield lambda block, tokenizers: file.writelines(
            json.dumps(
                record(text, name, tokenizer.encode(text.text), offsets, token_bytes), ensure_ascii=False
            ).encode()
            + b"\n"
            for text in block
            for name, tokenizer in tokenizers.items()
        )
    else:
        yield lambda block, tokenizers: _write_lines(file, form, [text.text for text in block], tokenizers)


def record(text: Text, tokenizer: str, encoding: Encoding, offsets: bool, token_bytes: bool) -> dict[str, Any]:
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


def _write_lines(file: IO[bytes], form: str, texts: list[str], tokenizers: Tokenizers) -> None:
    for tokenizer in tokenizers.values():
        if is_bulk(texts):
            from tokembed.token_lines import lines_of

            file.write(lines_of(tokenizer.encode_batch(texts), form))
        else:
            for encoding in map(tokenizer.encode, texts):
                words = encoding.tokens if form == "text" else map(str, encoding.ids or ())
                file.write(" ".join(words).encode() + b"\n")
