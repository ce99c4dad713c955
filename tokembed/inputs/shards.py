"""`--shard I/N`: one of N parts of all texts, as they stand one after another, for as many processes or machines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tokembed.errors import BadUsage
from tokembed.inputs.batches import Batch


@dataclass(frozen=True, slots=True)
class Shard:
    """The part with this number, from 1, of so many.

    >>> [Shard(number, 3).span(10) for number in (1, 2, 3)]
    [(0, 3), (3, 6), (6, 10)]
    """

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def span(self, n_texts: int) -> tuple[int, int]:
        """The first text of the part and the one behind its last; the parts' sizes differ by one at the most."""
        return n_texts * (self.number - 1) // self.of, n_texts * self.number // self.of

    def part(self, batches: Iterable[Batch], n_texts: int) -> Iterator[Batch]:
        """What of the batches, which have n_texts, belongs to the part.

        Reading stops behind it; for the last part it goes on to the end, where what was met on the way is told.
        """
        first, last = self.span(n_texts)
        behind = 0
        for batch in batches:
            before, behind = behind, behind + len(batch)
            if before < last and behind > first:
                is_whole = first <= before and behind <= last
                yield batch if is_whole else batch.part(max(first - before, 0), min(last, behind) - before)
            if behind >= last and self.number < self.of:
                return


def parsed_shard(word: str) -> Shard:
    """The shard that `I/N` names.

    Raises:
        BadUsage: it is not of that form, or I is not in 1..N.
    """
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", word, re.ASCII)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise BadUsage(f"--shard must be I/N with I in 1..N, such as 2/8, got {word!r}")
    return Shard(int(found[1]), int(found[2]))
