"""The nearest words of words, and how far two models agree about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokembed.asking.asked import Asked, asked_words
from tokembed.asking.search import Hit, Search


@dataclass(frozen=True, slots=True)
class Neighbors:
    """A word that is asked about and its nearest words, the nearest first; none where it has no direction."""

    asked: Asked
    nearest: list[Hit]


def neighbors(search: Search, words: Sequence[str], k: int) -> list[Neighbors]:
    """The k nearest words of each word, itself left out; all where there are fewer than k."""
    asked = asked_words(search.vectors, words)
    able = [one for one in asked if one.has_direction]
    nearest: list[list[Hit]] = []
    if able and k:
        nearest = search.nearest(np.stack([one.vector for one in able]), k, without=[one.rows for one in able])
    found = iter(nearest)
    return [Neighbors(one, next(found, []) if one.has_direction else []) for one in asked]


def overlap(first: Sequence[Hit], second: Sequence[Hit]) -> float | None:
    """How many words two lists of neighbors share, as a share 0..1 of the longer one; None where both are empty."""
    longest = max(len(first), len(second))
    if not longest:
        return None
    return len({hit.word for hit in first} & {hit.word for hit in second}) / longest
