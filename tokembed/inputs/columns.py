"""What an input holds, line by line or row by row: plain text, JSON Lines, CSV, TSV, Parquet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Container, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from tokembed.errors import BadInput, counted, did_you_mean
from tokembed.inputs.decoding import Decoder, Lines
from tokembed.inputs.opening import open_bytes
from tokembed.inputs.reading import Reading

_LONE_CR = "\ufdd0"  # a code point that Unicode keeps free for such uses; no text has it
_FIELD_LIMIT = 2**31 - 1  # the most that the csv module can be told

Value = tuple[int, Any, Any, Sequence[Any]]
"""The line it stands on, the input's own id or None, what the column holds, and what the further columns hold."""
TABLES = (".jsonl", ".csv", ".tsv", ".parquet")


def plain_runs(source: str, suffix: str, reading: Reading) -> Generator[Lines, None, None]:
    """The lines of an input that is one text a line."""
    with open_bytes(source, reading.count_bytes) as stream:
        _tell_that_it_is_plain(source, suffix, reading)
        yield from _decoder(source, stream, reading).runs()


def table_values(source: str, suffix: str, reading: Reading) -> Generator[Value, None, None]:
    """The values of the column that is asked for, of an input with one of the suffixes in TABLES."""
    if suffix == ".parquet":
        yield from _parquet(source, reading)
        return
    with open_bytes(source, reading.count_bytes) as stream:
        lines = _decoder(source, stream, reading).lines()
        if suffix == ".csv":
            yield from _table(_csv_rows(lines, source, reading), source, reading)
        elif suffix == ".jsonl":
            yield from _jsonl(_readable(lines, reading), source, reading)
        else:
            rows = ((number, line.split("\t")) for number, line in _readable(lines, reading))
            yield from _table(rows, source, reading)


def _decoder(source: str, stream: io.BufferedReader, reading: Reading) -> Decoder:
    return Decoder(
        source,
        stream,
        encoding=reading.encoding,
        errors=reading.errors,
        notice=reading.notice,
        max_line=reading.max_line,
        first_bytes=reading.first_bytes,
    )


def _tell_that_it_is_plain(source: str, suffix: str, reading: Reading) -> None:
    if reading.others:
        raise BadInput(
            f"to have a column {reading.others[0]!r}, an input must be a .jsonl, .csv, .tsv or .parquet, "
            f"{source!r} is plain text"
        )
    if reading.column is not None:
        name = "stdin" if source == "-" else source
        reading.notice(f"{name} is read as plain text, a text a line: --column needs .jsonl, .csv, .tsv or .parquet")
    elif suffix == ".json":
        reading.notice(f"{source} is read as plain text, a text a line: JSON Lines is .jsonl")


def _readable(lines: Iterator[tuple[int, str | None]], reading: Reading) -> Iterator[tuple[int, str]]:
    """The lines but for those that cannot be read."""
    for number, line in lines:
        if line is None:
            reading.skip(number)
        else:
            yield number, line


def _jsonl(lines: Iterator[tuple[int, str]], source: str, reading: Reading) -> Iterator[Value]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "it is nested too deep")
            reading.bad_row(source, number, f"must be one JSON object, found: {reason}")
            continue
        if not isinstance(record, dict):
            reading.bad_row(source, number, f"must be one JSON object, found {type(record).__name__}")
        elif missing := _missing(reading, record):
            reading.bad_row(source, number, _no_column(reading, missing, list(record)))
        else:
            others = [record[name] for name in reading.others]
            yield number, record.get("id"), record[reading.text_column], others


def _csv_rows(
    lines: Iterator[tuple[int, str | None]], source: str, reading: Reading
) -> Iterator[tuple[int, list[str]]]:
    """The rows of RFC 4180, each with the line it begins on; one with a line that cannot be read is left out."""
    # Its own limit, 131,072 characters, would refuse long texts; without one a quote that never ends fills the memory.
    csv.field_size_limit(min(reading.max_line, _FIELD_LIMIT))
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
            option = " (--max-line)" if "field limit" in str(error) else ""
            reading.bad_row(source, numbers[0], f"must be a row of RFC 4180, found {error}{option}")
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
    if missing := _missing(reading, header):
        raise BadInput(f"{source}: {_no_column(reading, missing, header)}")
    text_at = header.index(reading.text_column)
    others_at = [header.index(name) for name in reading.others]
    id_at = header.index("id") if "id" in header else None
    for number, row in rows:
        row = row or [""]
        if row == [""] and len(header) > 1:
            continue  # a blank line, which ends many files
        if len(row) != len(header):
            expected = counted(len(header), "column")
            reading.bad_row(source, number, f"must have {expected} as the first line does, found {len(row)}")
        else:
            yield number, None if id_at is None else row[id_at], row[text_at], [row[place] for place in others_at]


def _parquet(source: str, reading: Reading) -> Iterator[Value]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_bytes(source):  # for the usual messages
        pass
    try:
        with pq.ParquetFile(source) as table:
            names = table.schema_arrow.names
            column = reading.text_column
            if missing := _missing(reading, names):
                raise BadInput(f"{source}: {_no_column(reading, missing, names)}")
            if any(names.count(name) > 1 for name in (column, "id", *reading.others)):
                raise BadInput(
                    f"{source}: each column must have a name of its own, found {', '.join(map(repr, names))}"
                )
            wanted = list(dict.fromkeys([column, *(["id"] if "id" in names else []), *reading.others]))
            line, n_bytes = 0, Path(source).stat().st_size
            for batch in table.iter_batches(columns=wanted):
                reading.count_bytes(n_bytes * len(batch) // max(table.metadata.num_rows, 1))
                texts = batch.column(column).to_pylist()
                ids = batch.column("id").to_pylist() if "id" in names else [None] * len(texts)
                others = [batch.column(name).to_pylist() for name in reading.others]
                for text_id, text, *more in zip(ids, texts, *others, strict=True):
                    line += 1
                    yield line, text_id, text, more
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{source!r} must be a Parquet file, found: {_first_line(error)}") from error


def _missing(reading: Reading, found: Container[str]) -> str | None:
    """The first column asked for that is not there."""
    return next((name for name in (reading.text_column, *reading.others) if name not in found), None)


def _no_column(reading: Reading, column: str, found: Sequence[str]) -> str:
    hint = did_you_mean(column, found) or ("; name one with --column" if column == reading.text_column else "")
    if len(found) == 1 and re.search(r"[;\t|]", found[0]):
        hint = "; a .csv has commas and a .tsv tabs between its columns"
    return f"there must be a column {column!r}, found {', '.join(found) or 'none'}{hint}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]
