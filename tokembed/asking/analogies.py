"""Analogies: a is to b as c is to which word?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokembed.asking.asked import Asked, asked_words
from tokembed.asking.search import Hit, Search, unit
from tokembed.errors import BadInput, one_of

METHODS = ("add", "mul")
EPSILON = 0.001


@dataclass(frozen=True, slots=True)
class Analogy:
    """The three words of a question and the answers, the best first; none where a word has no direction."""

    asked: list[Asked]
    answers: list[Hit]


def analogy(search: Search, words: Sequence[str], k: int, *, method: str = "add", include: bool = False) -> Analogy:
    """The k words that c is to as a is to b.

    add (3CosAdd): cos(d, b - a + c) of unit vectors; mul (3CosMul): cos'(d, b) cos'(d, c) / (cos'(d, a) + 0.001)
    with cos' = (cos + 1) / 2.

    Args:
        words: a, b and c.
        include: let a, b and c themselves be answers.

    Raises:
        BadUsage: no method is called so.
        BadInput: b - a + c is zero.

    Source: Levy & Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word Representations", equations 2
        and 4; footnote 7 for cos'.
    """
    one_of("--method", method, METHODS)
    asked = asked_words(search.vectors, words)
    if not all(one.has_direction for one in asked):
        return Analogy(asked, [])
    directions = unit(np.stack([one.vector for one in asked]))
    scores = (_added if method == "add" else _multiplied)(search, directions)
    without = [] if include else [row for one in asked for row in one.rows]
    return Analogy(asked, search.best(scores, k, without=without))


def _added(search: Search, directions: NDArray[np.float32]) -> NDArray[np.float32]:
    a, b, c = directions
    target = b - a + c
    if not target.any():
        raise BadInput("b - a + c must have a direction, it is zero; use --method mul")
    cosines: NDArray[np.float32] = search.cosines(target[None])[0]
    return cosines


def _multiplied(search: Search, directions: NDArray[np.float32]) -> NDArray[np.float32]:
    a, b, c = (search.cosines(directions) + 1) / 2
    scores: NDArray[np.float32] = b * c / (a + np.float32(EPSILON))
    return scores
