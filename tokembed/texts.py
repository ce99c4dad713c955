"""Inputs as (id, source, text) records: files, stdin, inline texts; lines or columns; any encoding.

A line ends at LF; a CR before it is dropped; every other line separator is text. A text's id is its own where the
input has a column `id`, else `source:line`.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokembed.decoding import Decoder, ErrorPolicy
from tokembed.errors import BadInput, counted, did_you_mean
from tokembed.opening import open_bytes, without_compression
from tokembed.surrogates import replaced, well_formed
from tokembed.types import Text

STDIN = "-"
INLINE = "-c"
BLOCK_CHARS = 1 << 23
"""Code points of a block: enough for every core, little enough to hold several."""
_LONE_CR = "\ufdd0"  # a code point that Unicode keeps free for such uses; no text has it
_FIELD_LIMIT = 2**31 - 1  # the csv module's own, 131,072 characters, would refuse long texts


@dataclass(slots=True)
class Reading:
    """How inputs are to be read, and what was met on the way.

    Attributes:
        column: the column of a table that holds the texts; None for "text".
        encoding: the encoding of all inputs; None to tell it from each one's first MiB.
        errors: what to do with bytes the encoding does not allow and rows that cannot be read.
        notice: called with one line about each thing worth knowing.
        failed: sources that could not be read to their end, with the reason, which `notice` has told.
        n_texts: how many texts each source gave.
        n_surrogates, n_empty_values, n_skipped: what was replaced, read as empty, left out.
    """

    column: str | None = None
    encoding: str | None = None
    errors: ErrorPolicy = "strict"
    notice: Callable[[str], None] = lambda _: None
    failed: dict[str, str] = field(default_factory=dict)
    n_texts: dict[str, int] = field(default_factory=dict)
    n_surrogates: int = 0
    n_empty_values: int = 0
    n_skipped: int = 0
    skipped_places: list[int] = field(default_factory=list)

    def skip(self, line: int) -> None:
        """Note that what stands on this line is left out."""
        self.n_skipped += 1
        self.skipped_places.append(line)


def read_texts(
    inputs: Iterable[str | Path] = (), inline: Sequence[str] = (), *, reading: Reading | None = None
) -> Iterator[Text]:
    """The texts of all inputs, in order; inline texts come first.

    Args:
        inputs: paths, or `-` for stdin. The suffix tells the form (.jsonl, .csv, .tsv, .parquet; anything else
            is one text a line), behind .gz, .bz2, .xz or .zst.
        inline: texts given as such; their ids are `-c:1`, `-c:2`, ...
        reading: options, and where failures are noted. With None a failure is raised; otherwise an input that
            fails is noted in `reading.failed`, and the next one is read.

    Raises:
        BadInput: an input cannot be read, and `reading` is None.
    """
    strict = reading is None
    reading = Reading() if reading is None else reading
    for number, text in enumerate(inline, start=1):
        yield Text(f"{INLINE}:{number}", INLINE, _well_formed(text, reading))
    for source in map(str, inputs):
        reading.n_texts[source] = 0
        try:
            for found in _read_input(source, reading):
                reading.n_texts[source] += 1
                yield found
        except BadInput as error:
            if strict:
                raise
            n_before = reading.n_texts[source]
            reading.failed[source] = str(error)
            reading.notice(f"{error}; {counted(n_before, 'text')} before it were read" if n_before else str(error))


def blocks(texts: Iterable[Text], n_chars: int = BLOCK_CHARS) -> Iterator[list[Text]]:
    """The texts in lists of about `n_chars` code points (an empty text counts as one); the last one is shorter."""
    block: list[Text] = []
    n_left = n_chars
    for text in texts:
        block.append(text)
        n_left -= len(text.text) + 1
        if n_left <= 0:
            yield block
            block, n_left = [], n_chars
    if block:
        yield block


def _read_input(source: str, reading: Reading) -> Iterator[Text]:
    suffix = Path(without_compression(source)).suffix.lower()
    values = _parquet_values(source, reading) if suffix == ".parquet" else _text_values(source, suffix, reading)
    name = _readable_name(source)
    reading.skipped_places.clear()
    with closing(values):
        for line, text_id, value in values:
            if value is None:
                reading.n_empty_values += 1
            elif not isinstance(value, str):
                found = type(value).__name__
                _bad_row(source, line, f"column {_column(reading)!r} must hold text, found {found}", reading)
                continue
            own_id = f"{name}:{line}" if text_id in (None, "") else well_formed(str(text_id))
            yield Text(own_id, name, _well_formed(value or "", reading))
    if reading.skipped_places:
        first, *more = [f"line {line}" for line in reading.skipped_places]
        places = ", ".join([first, *more[:4], *(["..."] if len(more) > 4 else [])])
        reading.notice(f"{source}: left out as it cannot be read: {counted(1 + len(more), 'text')} ({places})")


Value = tuple[int, Any, Any]
"""The line it stands on, the input's own id or None, and what the column holds."""


def _text_values(source: str, suffix: str, reading: Reading) -> Generator[Value, None, None]:
    with open_bytes(source) as stream:
        decoder = Decoder(source, stream, encoding=reading.encoding, errors=reading.errors, notice=reading.notice)
        lines = decoder.lines()
        if suffix == ".csv":
            yield from _table(_csv_rows(lines, source, reading), source, reading)
            return
        readable = _readable(lines, reading)
        if suffix == ".jsonl":
            yield from _jsonl(readable, source, reading)
        elif suffix == ".tsv":
            yield from _table(((number, line.split("\t")) for number, line in readable), source, reading)
        else:
            _tell_that_it_is_plain(source, suffix, reading)
            yield from ((number, None, line) for number, line in readable)


def _tell_that_it_is_plain(source: str, suffix: str, reading: Reading) -> None:
    if reading.column is not None:
        name = "stdin" if source == STDIN else source
        reading.notice(f"{name} is read as plain text, a text a line: --column needs .jsonl, .csv, .tsv or .parquet")
    elif suffix == ".json":
        reading.notice(f"{source} is read as plain text, a text a line: JSON Lines is .jsonl")


Lines = Iterator[tuple[int, str]]
"""Line numbers from 1, and lines without their end."""


def _readable(lines: Iterator[tuple[int, str | None]], reading: Reading) -> Lines:
    for number, line in lines:
        if line is None:
            reading.skip(number)
        else:
            yield number, line


def _jsonl(lines: Lines, source: str, reading: Reading) -> Iterator[Value]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "it is nested too deep")
            _bad_row(source, number, f"must be one JSON object, found: {reason}", reading)
            continue
        if not isinstance(record, dict):
            _bad_row(source, number, f"must be one JSON object, found {type(record).__name__}", reading)
        elif _column(reading) not in record:
            _bad_row(source, number, _no_column(reading, list(record)), reading)
        else:
            yield number, record.get("id"), record[_column(reading)]


def _csv_rows(
    lines: Iterator[tuple[int, str | None]], source: str, reading: Reading
) -> Iterator[tuple[int, list[str]]]:
    """The rows of RFC 4180, each with the line it begins on; one with a line that cannot be read is left out."""
    csv.field_size_limit(_FIELD_LIMIT)
    numbers: list[int] = []  # of the lines that the row being read has taken so far
    unreadable: list[int] = []

    def ended() -> Iterator[str]:
        for number, line in lines:
            numbers.append(number)
            if line is None:
                unreadable.append(number)
            # The csv module takes a lone CR for the end of a line.
            yield (line or "").replace("\r", _LONE_CR) + "\n"

    reader = csv.reader(ended(), strict=True)
    while True:
        numbers.clear()
        unreadable.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            _bad_row(source, numbers[0], f"must be a row of RFC 4180, found {error}", reading)
            for number in numbers[1:]:  # a quote that never ends takes all that stands behind it
                reading.skip(number)
            continue
        if unreadable:
            reading.skip(numbers[0])
        else:
            yield numbers[0], [field.replace(_LONE_CR, "\r") for field in row]


def _table(rows: Iterator[tuple[int, list[str]]], source: str, reading: Reading) -> Iterator[Value]:
    _, header = next(rows, (0, None))
    if header is None:
        return  # an empty file has no text
    if _column(reading) not in header:
        raise BadInput(f"{source}: {_no_column(reading, header)}")
    text_at = header.index(_column(reading))
    id_at = header.index("id") if "id" in header else None
    for number, row in rows:
        row = row or [""]
        if row == [""] and len(header) > 1:
            continue  # a blank line, which ends many files
        if len(row) != len(header):
            expected = counted(len(header), "column")
            _bad_row(source, number, f"must have {expected} as the first line does, found {len(row)}", reading)
        else:
            yield number, None if id_at is None else row[id_at], row[text_at]


def _parquet_values(source: str, reading: Reading) -> Generator[Value, None, None]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(_existing(source)) as table:
            names = table.schema_arrow.names
            column = _column(reading)
            if column not in names:
                raise BadInput(f"{source}: {_no_column(reading, names)}")
            if names.count(column) > 1 or names.count("id") > 1:
                raise BadInput(
                    f"{source}: each column must have a name of its own, found {', '.join(map(repr, names))}"
                )
            wanted = [column, *(["id"] if "id" in names and column != "id" else [])]
            line = 0
            for batch in table.iter_batches(columns=wanted):
                texts = batch.column(column).to_pylist()
                ids = batch.column("id").to_pylist() if "id" in names else [None] * len(texts)
                for text_id, text in zip(ids, texts, strict=True):
                    line += 1
                    yield line, text_id, text
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{source!r} must be a Parquet file, found: {_first_line(error)}") from error


def _readable_name(source: str) -> str:
    """The path as text, with U+FFFD for bytes that are none."""
    return os.fsencode(source).decode("utf-8", errors="replace")


def _existing(source: str) -> io.BytesIO | str:
    if source == STDIN:
        return io.BytesIO(sys.stdin.buffer.read())
    with open_bytes(source):
        return source


def _well_formed(text: str, reading: Reading) -> str:
    text, n_replaced = replaced(text)
    reading.n_surrogates += n_replaced
    return text


def _bad_row(source: str, line: int, message: str, reading: Reading) -> None:
    if reading.errors == "strict":
        raise BadInput(f"{source}, line {line}: {message}; use --errors skip to leave such rows out")
    reading.skip(line)


def _column(reading: Reading) -> str:
    return reading.column or "text"


def _no_column(reading: Reading, found: Sequence[str]) -> str:
    column = _column(reading)
    hint = did_you_mean(column, found) or "; name one with --column"
    if len(found) == 1 and re.search(r"[;\t|]", found[0]):
        hint = "; a .csv has commas and a .tsv tabs between its columns"
    return f"there must be a column {column!r}, found {', '.join(found) or 'none'}{hint}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]
