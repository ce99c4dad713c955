"""Inputs as texts with ids: files, stdin, inline texts; lines or columns; any encoding.

A line ends at LF; a CR before it is dropped; every other line separator is text. A text's id is its own where the
input has a column `id`, else `source:line`.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from tokembed.errors import BadInput, counted
from tokembed.inputs.batches import Batch
from tokembed.inputs.bulk import BLOCK_BYTES
from tokembed.inputs.columns import TABLES, Value, plain_runs, table_values
from tokembed.inputs.decoding import Lines
from tokembed.inputs.opening import without_compression
from tokembed.inputs.reading import Reading
from tokembed.surrogates import replaced, well_formed
from tokembed.types import Text

STDIN = "-"
INLINE = "-c"
BLOCK_CHARS = 1 << 23
"""Code points of a block: enough for every core, little enough to hold several."""


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
    for batch in read_batches(inputs, inline, reading=reading):
        yield from batch.records()


def read_batches(
    inputs: Iterable[str | Path] = (), inline: Sequence[str] = (), *, reading: Reading | None = None
) -> Iterator[Batch]:
    """The texts of all inputs as `read_texts` gives them, many at a time: what a core works on, or what has come.

    Raises:
        BadInput: an input cannot be read, and `reading` is None.
    """
    strict = reading is None
    reading = Reading() if reading is None else reading
    if inline:
        strings = [_well_formed(text, reading) for text in inline]
        yield Batch(INLINE, range(1, len(inline) + 1), strings=strings)
    for source in map(str, inputs):
        reading.n_texts[source] = 0
        try:
            with closing(_read_input(source, reading)) as batches:
                for batch in batches:
                    reading.n_texts[source] += len(batch)
                    yield batch
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


def _read_input(source: str, reading: Reading) -> Generator[Batch, None, None]:
    suffix = Path(without_compression(source)).suffix.lower()
    reading.skipped_places.clear()
    n_skipped_before = reading.n_skipped
    name = _readable_name(source)
    if suffix in TABLES:
        with closing(table_values(source, suffix, reading)) as values:
            yield from _gathered(values, source, name, reading)
    else:
        with closing(plain_runs(source, suffix, reading)) as runs:
            for run in runs:
                if run.data is not None:
                    yield Batch(name, range(run.first, run.first + run.number), run.data)
                else:
                    yield _without_skipped(run, name, reading)
    if n_skipped := reading.n_skipped - n_skipped_before:
        places = ", ".join(f"line {line}" for line in reading.skipped_places)
        more = ", ..." if n_skipped > len(reading.skipped_places) else ""
        reading.notice(f"{source}: left out as it cannot be read: {counted(n_skipped, 'text')} ({places}{more})")


def _without_skipped(run: Lines, name: str, reading: Reading) -> Batch:
    numbers, strings = [], []
    for number, text in enumerate(run.strings, start=run.first):
        if text is None:
            reading.skip(number)
        else:
            numbers.append(number)
            strings.append(_well_formed(text, reading))
    return Batch(name, numbers, strings=strings)


def _gathered(values: Iterable[Value], source: str, name: str, reading: Reading) -> Iterator[Batch]:
    """The values in batches; those before one that cannot be read come out before it fails."""
    size = n_left = reading.first_bytes
    numbers: list[int] = []
    strings: list[str] = []
    own_ids: list[str] = []
    others: list[tuple[str, ...]] = []
    try:
        for number, own_id, value, more in values:
            text = _text(number, value, source, reading)
            if text is None:
                continue
            numbers.append(number)
            strings.append(text)
            own_ids.append("" if own_id is None else well_formed(str(own_id)))
            others.append(tuple("" if other is None else well_formed(str(other)) for other in more))
            n_left -= len(text) + 1
            if n_left <= 0:
                yield Batch(name, numbers, strings=strings, own_ids=own_ids, others=others)
                numbers, strings, own_ids, others = [], [], [], []
                size = n_left = min(4 * size, BLOCK_BYTES)
        failure = None
    except BadInput as error:
        failure = error
    if numbers:
        yield Batch(name, numbers, strings=strings, own_ids=own_ids, others=others)
    if failure:
        raise failure


def _text(number: int, value: object, source: str, reading: Reading) -> str | None:
    """The value as a text; None where it is none and such rows are left out."""
    if value is None:
        reading.n_empty_values += 1
        return ""
    if isinstance(value, str):
        return _well_formed(value, reading)
    found = type(value).__name__
    reading.bad_row(source, number, f"column {reading.text_column!r} must hold text, found {found}")
    return None


def _readable_name(source: str) -> str:
    """The path as text, with U+FFFD for bytes that are none."""
    return os.fsencode(source).decode("utf-8", errors="replace")


def _well_formed(text: str, reading: Reading) -> str:
    text, n_replaced = replaced(text)
    reading.n_surrogates += n_replaced
    return text
