"""What a command reads: its files, stdin and inline texts, and how it ends when some cannot be read."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import cast

import typer

from tokembed.arrivals import arriving_blocks
from tokembed.cli.output import tell
from tokembed.decoding import POLICIES, ErrorPolicy, checked_encoding
from tokembed.errors import counted, one_of
from tokembed.reading import Reading
from tokembed.texts import INLINE, STDIN, blocks, read_texts
from tokembed.types import Text


class Inputs:
    """The texts of a command, in order.

    Args:
        ctx: of the command, whose help is shown when there is nothing to read.
        files: paths or `-`; stdin is read when there are none and no inline texts, unless it is a terminal.
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
    ) -> None:
        one_of("--errors", errors, POLICIES)
        self._reading = Reading(
            column=column,
            encoding=checked_encoding(encoding) if encoding else None,
            errors=cast(ErrorPolicy, errors),
            notice=tell,
        )
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

    def __iter__(self) -> Iterator[Text]:
        for _, texts in self.by_source():
            yield from texts

    def blocks(self) -> Iterator[list[Text]]:
        """The texts in blocks: large ones, but of stdin what has arrived, so that a pipe is answered as it flows."""
        return arriving_blocks(self) if STDIN in self.files else blocks(self)

    def by_source(self) -> Iterator[tuple[str, Iterator[Text]]]:
        """Each input's name and its texts."""
        for source in self.sources:
            files, inline = ([], self.inline) if source == INLINE else ([source], [])
            yield source, read_texts(files, inline, reading=self._reading)
        self._tell_what_was_changed()
        if self._reading.failed and len(self._reading.failed) == len(set(self.files)) and not self.inline:
            raise typer.Exit(1)

    def failed(self, source: str) -> bool:
        """Whether that input could not be read to its end."""
        return source in self._reading.failed

    def record(self) -> dict[str, object]:
        """How the inputs were read; of each its name, how many texts it gave, and whether it was read to its end."""
        n_texts = {INLINE: len(self.inline)} | self._reading.n_texts
        return {
            "column": self._reading.column or "text",
            "encoding": self._reading.encoding,
            "errors": self._reading.errors,
            "skipped": self._reading.n_skipped,
            "sources": [
                {"source": source, "texts": n_texts.get(source, 0), "complete": not self.failed(source)}
                for source in self.sources
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
