"""Texts that stand one after another in one input: whole lines of bytes, as they were read, or strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tokembed.types import Text


@dataclass(frozen=True, slots=True)
class Batch:
    """Some texts of one input, in order.

    Attributes:
        source: the input's name.
        numbers: the lines or rows they stand on, from 1.
        lines: the texts as UTF-8, a line feed behind each; None where `strings` has them.
        strings: the texts, without unpaired surrogates.
        own_ids: the texts' own ids, "" for one without; None where the input has none.
        others: of each text the values of the further columns that were asked for.
    """

    source: str
    numbers: Sequence[int]
    lines: bytes | None = None
    strings: Sequence[str] = ()
    own_ids: Sequence[str] | None = None
    others: Sequence[tuple[str, ...]] = ()

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def nbytes(self) -> int:
        """How many bytes the texts have, or at least: of strings it is their code points that are counted."""
        return len(self.lines) if self.lines is not None else sum(map(len, self.strings)) + len(self.strings)

    def texts(self) -> Sequence[str]:
        """The texts as strings."""
        return self.strings if self.lines is None else self.lines.decode().split("\n")[:-1]

    def ids(self) -> list[str]:
        """Each text's own id, else `source:line`."""
        own_ids = self.own_ids or [""] * len(self)
        return [own_id or f"{self.source}:{number}" for own_id, number in zip(own_ids, self.numbers, strict=True)]

    def records(self) -> Iterator[Text]:
        """Each text with its id and source."""
        for text_id, text in zip(self.ids(), self.texts(), strict=True):
            yield Text(text_id, self.source, text)

    def part(self, first: int, last: int) -> Batch:
        """The texts from place `first` up to, not including, place `last`."""
        lines = self.lines
        if lines is not None:
            lines = b"".join(line + b"\n" for line in lines.split(b"\n")[:-1][first:last])
        own_ids = None if self.own_ids is None else self.own_ids[first:last]
        numbers, strings, others = self.numbers[first:last], self.strings[first:last], self.others[first:last]
        return Batch(self.source, numbers, lines, strings, own_ids, others)
