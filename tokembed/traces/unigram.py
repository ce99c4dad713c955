"""Unigram: of all ways to put a word together from tokens the most likely, and the next best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tokembed.traces.steps import Step

COLUMNS = ("way", "tokens", "log probabilities", "sum")
_UNKNOWN_PENALTY = 10.0


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a word."""

    tokens: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    total: float = 0.0

    def then(self, token: str, score: float) -> Way:
        """The way with one more token."""
        return Way((*self.tokens, token), (*self.scores, score), self.total + score)


def two_best(word: str, scores: Mapping[str, float]) -> list[Way]:
    """The most likely ways to cut the word, two at the most, the best first.

    A character that is no token may be taken for unknown; its score is 10 below the lowest.

    Args:
        scores: the log probability of each token, in nats.

    Source: Kudo 2018, "Subword Regularization", section 3.1; Hugging Face `tokenizers`, `unigram/lattice.rs`.

    >>> [way.tokens for way in two_best("abc", {"a": -1.0, "bc": -2.0, "b": -3.0, "c": -3.0})]
    [('a', 'bc'), ('a', 'b', 'c')]
    """
    longest = max(map(len, scores), default=1)
    unknown = min(scores.values(), default=0.0) - _UNKNOWN_PENALTY
    best: list[list[Way]] = [[Way()]]
    for end in range(1, len(word) + 1):
        ways = []
        for start in range(max(0, end - longest), end):
            token = word[start:end]
            score = scores.get(token, unknown if end - start == 1 else None)
            if score is not None:
                ways += [way.then(token, score) for way in best[start]]
        best.append(sorted(ways, key=lambda way: -way.total)[:2])
    return best[-1]


def chosen(word: str, scores: Mapping[str, float]) -> tuple[Step, list[str]]:
    """The best way through the word beside its nearest rival, and its tokens, unknown characters one by one."""
    ways = two_best(word, scores)
    names = ("taken", "next best")
    rows = tuple((name, way.tokens, way.scores, way.total) for name, way in zip(names, ways, strict=False))
    return Step(f"word {word!r}", "the tokens whose probabilities multiply to the most", COLUMNS, rows), list(
        ways[0].tokens
    )
