"""What a command reads: its files, stdin and inline texts, and how it ends when some cannot be read."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import typer

from tokembed.cli.output import tell
from tokembed.errors import BadInput, at_least, counted, one_of
from tokembed.inputs.batches import Batch
from tokembed.inputs.bulk import BLOCK_BYTES
from tokembed.inputs.decoding import MAX_LINE, POLICIES, ErrorPolicy, checked_encoding
from tokembed.inputs.reading import Reading
from tokembed.inputs.shards import Shard
from tokembed.inputs.texts import INLINE, STDIN, read_batches
from tokembed.types import Text


class Inputs:
    """The texts of a command, in order.

    Args:
        ctx: of the command, whose help is shown when there is nothing to read.
        files: paths or `-`; stdin is read when there are none and no inline texts, unless it is a terminal.
        max_line: how many bytes a line may have.
        first_bytes: about how many bytes are read at first: little where someone waits for the first texts.
        others: further columns of the tables, whose values come with each text.
    """

    def __init__(
        self,
        ctx: typer.Context,
        files: Sequence[str] | None,
        inline: Sequence[str] | None,
        *,
        column: str | None,
        encoding: str | None,
        errors: str,
        max_line: int = MAX_LINE,
        first_bytes: int = BLOCK_BYTES,
        others: Sequence[str] = (),
    ) -> None:
        one_of("--errors", errors, POLICIES)
        at_least("--max-line", max_line, 1)
        self._reading = Reading(
            column=column,
            encoding=checked_encoding(encoding) if encoding else None,
            errors=cast(ErrorPolicy, errors),
            notice=tell,
            max_line=max_line,
            first_bytes=first_bytes,
            others=tuple(others),
        )
        self._recorded = self._reading  # of a part too, what all inputs gave
        self.inline = list(inline or [])
        self.files = list(files or [])
        if not self.files and not self.inline:
            if sys.stdin is None or sys.stdin.isatty():
                typer.echo(ctx.get_help(), err=True)
                raise typer.Exit(2)
            self.files = [STDIN]

    @property
    def sources(self) -> list[str]:
        """The names of the inputs, in order."""
        return ([INLINE] if self.inline else []) + self.files

    @property
    def n_bytes(self) -> int:
        """How many bytes were read so far, as they stand in the files."""
        return self._reading.n_bytes

    def total_bytes(self) -> int | None:
        """How many bytes all inputs have, as they stand in the files; None where that cannot be known."""
        paths = [Path(source) for source in self.files]
        return sum(path.stat().st_size for path in paths) if all(path.is_file() for path in paths) else None

    def __iter__(self) -> Iterator[Text]:
        for batch in self.batches():
            yield from batch.records()

    def batches(self, shard: Shard | None = None) -> Iterator[Batch]:
        """The texts of all inputs, or of one of N parts of them, many at a time.

        Raises:
            BadInput: a part is asked for, and an input cannot be read to its end.
        """
        batches = (batch for _, batches in self.by_source() for batch in batches)
        return batches if shard is None else shard.part(batches, self._n_texts())

    def by_source(self) -> Iterator[tuple[str, Iterator[Batch]]]:
        """Each input's name and its texts."""
        for source in self.sources:
            files, inline = ([], self.inline) if source == INLINE else ([source], [])
            yield source, read_batches(files, inline, reading=self._reading)
        self._tell_what_was_changed()
        if self._reading.failed and len(self._reading.failed) == len(set(self.files)) and not self.inline:
            raise typer.Exit(1)

    def _n_texts(self) -> int:
        """How many texts all inputs have: they are read once more, and nothing is told twice."""
        reading = replace(self._reading, notice=lambda _: None, failed={}, n_texts={}, skipped_places=[])
        n_texts = sum(map(len, read_batches(self.files, self.inline, reading=reading)))
        for reason in reading.failed.values():  # once it can be read, every part would begin elsewhere
            raise BadInput(f"{reason}; --shard needs inputs that can be read to their end")
        self._recorded = reading
        return n_texts

    def failed(self, source: str) -> bool:
        """Whether that input could not be read to its end."""
        return source in self._reading.failed

    def options(self) -> dict[str, object]:
        """How the inputs are read."""
        return {
            "column": self._reading.text_column,
            "encoding": self._reading.encoding,
            "errors": self._reading.errors,
            "max_line": self._reading.max_line,
        }

    def record(self, sources: Sequence[str] | None = None) -> dict[str, object]:
        """How the inputs were read; of each its name, how many texts it gave, and whether it was read to its end.

        Args:
            sources: those that are asked for; None for all.
        """
        reading = self._recorded
        n_texts = {INLINE: len(self.inline)} | reading.n_texts
        return {
            "column": reading.text_column,
            "encoding": reading.encoding,
            "errors": reading.errors,
            "skipped": reading.n_skipped,
            "sources": [
                {"source": source, "texts": n_texts.get(source, 0), "complete": not self.failed(source)}
                for source in (self.sources if sources is None else sources)
            ],
        }

    def finish(self) -> None:
        """End with status 3 where some inputs were done and others were not."""
        if self._reading.failed:
            raise typer.Exit(3)

    def _tell_what_was_changed(self) -> None:
        if self._reading.n_surrogates:
            surrogates = counted(self._reading.n_surrogates, "unpaired surrogate")
            tell(f"which no encoding can write, so became U+FFFD: {surrogates}")
        if self._reading.n_empty_values:
            tell(f"without a value, so read as an empty text: {counted(self._reading.n_empty_values, 'row')}")
