"""Ids out of token files, one text's at a time: a line a text, JSON Lines, Parquet, NumPy arrays."""

from __future__ import annotations

import json
import lzma
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokembed.errors import BadInput
from tokembed.inputs.opening import open_bytes, without_compression
from tokembed.surrogates import well_formed

STDIN = "-"
INLINE = "-c"
_BROKEN_STREAM = (EOFError, OSError, zlib.error, lzma.LZMAError)
_ID = re.compile("[0-9]{1,20}")  # int() refuses thousands of digits
_MOST_SHOWN = 40

Row = tuple[int, list[int] | None, Any, Any]
"""The line or row it is from 1 on, its ids, its own id, its tokenizer's name; None for what it does not have."""


@dataclass(frozen=True, slots=True)
class TextIds:
    """The ids of one text.

    Attributes:
        id: the row's own, else `source:line`.
        source: the input's name.
        place: where they stand, for messages.
        tokenizer: the name of what made them, None where the input does not say.
        ids: None where the row has null for them, as a tokenizer without a vocabulary of its own gives.
    """

    id: str
    source: str
    place: str
    tokenizer: str | None
    ids: list[int] | None


def inline_ids(lines: Sequence[str]) -> Iterator[TextIds]:
    """The ids of texts that are given as such: `7 12`.

    Raises:
        BadInput: a word is no whole number.
    """
    for number, line in enumerate(lines, start=1):
        place = f"{INLINE}, text {number}"
        yield TextIds(f"{INLINE}:{number}", INLINE, place, None, _Ids().of_line(line, place))


def read_ids(source: str) -> Iterator[TextIds]:
    """The ids of the texts of a file, or of stdin for `-`, in order.

    The suffix tells the form: .jsonl, .parquet or .npy, which has its `.starts.npy` beside it; anything else is a
    text a line. All but .parquet and .npy may be compressed.

    Raises:
        BadInput: the input cannot be read, or holds no ids; the message names the place.
    """
    suffix = Path(without_compression(source)).suffix.lower()
    if suffix in (".npy", ".parquet"):
        unit, rows = "row", _array_rows(source, suffix)
    else:
        unit, rows = "line", _jsonl_rows(source) if suffix == ".jsonl" else _ids_rows(source)
    for number, ids, own_id, tokenizer in rows:
        place = _place(source, unit, number)
        if not isinstance(tokenizer, str | None):
            raise BadInput(f"{place}: the tokenizer must be a name, found {_shortened(repr(tokenizer))}")
        text_id = well_formed(f"{source}:{number}" if own_id in (None, "") else str(own_id))
        yield TextIds(text_id, well_formed(source), place, tokenizer or None, ids)


class _Ids(dict[str, int]):
    """The id that each word writes, kept once it is read: the same ones come again and again."""

    def __missing__(self, word: str) -> int:
        if not _ID.fullmatch(word):
            raise ValueError(repr(word))
        self[word] = int(word)
        return self[word]

    def of_line(self, line: str, place: str) -> list[int]:
        """The ids in a line, white space between them."""
        try:
            return list(map(self.__getitem__, line.split()))
        except ValueError as error:
            raise BadInput(
                f"{place}: ids must be whole numbers from 0 on with white space between, found "
                f"{_shortened(str(error))}; `tokembed tokenize -f ids` writes such lines"
            ) from error


def checked_ids(ids: Any, place: str) -> list[int] | None:
    """`ids` itself, once it is null or a list of whole numbers.

    Raises:
        BadInput: it is not.
    """
    if ids is None:
        return None
    if not isinstance(ids, list):
        raise BadInput(f"{place}: ids must be a list of whole numbers, found {_shortened(repr(ids))}")
    if not set(map(type, ids)) <= {int}:
        position, wrong = next((position, found) for position, found in enumerate(ids) if type(found) is not int)
        raise BadInput(f"{place}: ids must be whole numbers, found {_shortened(repr(wrong))} at position {position}")
    return ids


def _ids_rows(source: str) -> Iterator[Row]:
    known = _Ids()
    for number, line in _lines(source):
        yield number, known.of_line(line.decode(errors="replace"), _place(source, "line", number)), None, None


def _jsonl_rows(source: str) -> Iterator[Row]:
    for number, line in _lines(source):
        if not line.strip():
            continue
        place = _place(source, "line", number)
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{place}: must be one JSON object, found: {getattr(error, 'msg', error)}") from error
        if not isinstance(record, dict) or "ids" not in record:
            found = ", ".join(record) or "none" if isinstance(record, dict) else type(record).__name__
            raise BadInput(f"{place}: must be a JSON object with a field 'ids', found {_shortened(found)}")
        yield number, checked_ids(record["ids"], place), record.get("id"), record.get("tokenizer")


def _lines(source: str) -> Iterator[tuple[int, bytes]]:
    number = 0
    with open_bytes(source) as stream:
        try:
            for number, line in enumerate(stream, start=1):
                yield number, line.removeprefix(BOM_UTF8) if number == 1 else line
        except _BROKEN_STREAM as error:
            reason = str(error).strip() or type(error).__name__
            raise BadInput(f"{_named(source)} cannot be read past line {number}: {reason}") from error


def _array_rows(source: str, suffix: str) -> Iterator[Row]:
    if without_compression(source) != source:
        raise BadInput(f"{source!r} must not be compressed, a {suffix} is read where it lies; decompress it first")
    with open_bytes(source):  # for the usual messages
        pass
    from tokembed.tokens.array_reading import npy_rows, parquet_rows  # the other forms do without numpy and pyarrow

    return npy_rows(Path(source)) if suffix == ".npy" else parquet_rows(source)


def _place(source: str, unit: str, number: int) -> str:
    return f"{_named(source)}, {unit} {number}"


def _named(source: str) -> str:
    return "stdin" if source == STDIN else source


def _shortened(found: str) -> str:
    return found if len(found) <= _MOST_SHOWN else found[:_MOST_SHOWN] + "…"
