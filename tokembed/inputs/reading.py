"""How inputs are to be read, and what was met on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tokembed.errors import BadInput
from tokembed.inputs.bulk import BLOCK_BYTES
from tokembed.inputs.decoding import MAX_LINE, ErrorPolicy

_N_PLACES = 5  # of as many as there may be


@dataclass(slots=True)
class Reading:
    """How inputs are to be read, and what was met on the way.

    Attributes:
        column: the column of a table that holds the texts; None for "text".
        others: further columns of a table, whose values come with each text.
        encoding: the encoding of all inputs; None to tell it from each one's first MiB.
        errors: what to do with bytes the encoding does not allow and rows that cannot be read.
        notice: called with one line about each thing worth knowing.
        max_line: how many bytes a line may have.
        first_bytes: about how many bytes the first batch has: little where someone waits for the first texts.
        n_bytes: how many bytes were read so far, before they were decompressed.
        failed: sources that could not be read to their end, with the reason, which `notice` has told.
        n_texts: how many texts each source gave.
        n_surrogates, n_empty_values, n_skipped: what was replaced, read as empty, left out.
        skipped_places: the first few lines that were left out of the input being read.
    """

    column: str | None = None
    encoding: str | None = None
    errors: ErrorPolicy = "strict"
    notice: Callable[[str], None] = lambda _: None
    max_line: int = MAX_LINE
    first_bytes: int = BLOCK_BYTES
    others: tuple[str, ...] = ()
    n_bytes: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    n_texts: dict[str, int] = field(default_factory=dict)
    n_surrogates: int = 0
    n_empty_values: int = 0
    n_skipped: int = 0
    skipped_places: list[int] = field(default_factory=list)

    @property
    def text_column(self) -> str:
        """The name of the column that is asked for."""
        return self.column or "text"

    def count_bytes(self, n_bytes: int) -> None:
        """Note that so many more bytes were read."""
        self.n_bytes += n_bytes

    def skip(self, line: int) -> None:
        """Note that what stands on this line is left out."""
        self.n_skipped += 1
        if len(self.skipped_places) < _N_PLACES:
            self.skipped_places.append(line)

    def bad_row(self, source: str, line: int, message: str) -> None:
        """Leave a row out where that was asked for.

        Raises:
            BadInput: it was not.
        """
        if self.errors == "strict":
            raise BadInput(f"{source}, line {line}: {message}; use --errors skip to leave such rows out")
        self.skip(line)
