"""Inputs as (id, source, text) records: files, stdin, inline texts; lines or columns; any encoding.

A line ends at LF; a CR before it is dropped; every other line separator is text. A text's id is its own where the
input has a column `id`, else `source:line`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from tokembed.columns import parquet_values, text_values
from tokembed.errors import BadInput, counted
from tokembed.opening import without_compression
from tokembed.reading import Reading
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
    values = parquet_values(source, reading) if suffix == ".parquet" else text_values(source, suffix, reading)
    name = _readable_name(source)
    reading.skipped_places.clear()
    with closing(values):
        for line, text_id, value in values:
            if value is None:
                reading.n_empty_values += 1
            elif not isinstance(value, str):
                found = type(value).__name__
                reading.bad_row(source, line, f"column {reading.text_column!r} must hold text, found {found}")
                continue
            own_id = f"{name}:{line}" if text_id in (None, "") else well_formed(str(text_id))
            yield Text(own_id, name, _well_formed(value or "", reading))
    if reading.skipped_places:
        first, *more = [f"line {line}" for line in reading.skipped_places]
        places = ", ".join([first, *more[:4], *(["..."] if len(more) > 4 else [])])
        reading.notice(f"{source}: left out as it cannot be read: {counted(1 + len(more), 'text')} ({places})")


def _readable_name(source: str) -> str:
    """The path as text, with U+FFFD for bytes that are none."""
    return os.fsencode(source).decode("utf-8", errors="replace")


def _well_formed(text: str, reading: Reading) -> str:
    text, n_replaced = replaced(text)
    reading.n_surrogates += n_replaced
    return text
