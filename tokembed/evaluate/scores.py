"""A score with its 95 % interval; where there is none, why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, rankdata

SEED = 0
N_RESAMPLES = 1_000
LEAST_PAIRS = 10
"""Fewer have too few resamples that differ: the interval would be far too narrow."""
_VALUES_AT_ONCE = 1 << 21

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Score:
    """A number and the 95 % interval around it; None for what is not defined, and `reason` says why."""

    value: float | None
    interval: Interval | None
    reason: str = ""


def spearman(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> Score:
    """Spearman's rank correlation, ties ranked by their mean, with its bootstrap interval.

    The interval goes from the 2.5th to the 97.5th percentile of the correlations of 1,000 resamples of the pairs, drawn
    with replacement from seed 0; a resample in which all scores are equal has no correlation and is left out.

    Args:
        ours: one score a pair, (n_pairs,), finite.
        theirs: what it is compared with, (n_pairs,), finite.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3, percentile interval.

    >>> spearman(np.array([0.1, 0.5, 0.9]), np.array([1.0, 3.0, 2.0])).value
    0.5
    """
    n_pairs = len(ours)
    if n_pairs < 2:
        return Score(None, None, f"undefined: a correlation needs 2 pairs, there {_is_are(n_pairs)}")
    value = _correlations(ours[None], theirs[None])
    if not len(value):
        return Score(None, None, "undefined: all scores are equal")
    if n_pairs < LEAST_PAIRS:
        return Score(float(value[0]), None, f"no interval: it needs {LEAST_PAIRS} pairs, there {_is_are(n_pairs)}")
    low, high = np.quantile(_resampled(ours, theirs), [0.025, 0.975])
    return Score(float(value[0]), (float(low), float(high)))


def share(n_right: int, n_all: int) -> Score:
    """The share that is right, with Wilson's interval, which unlike a bootstrap holds for none and for all too.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference"; scipy's binomtest.

    >>> share(0, 10).value, share(0, 0).value
    (0.0, None)
    """
    if not n_all:
        return Score(None, None, "undefined: there is nothing to have a share of")
    interval = binomtest(n_right, n_all).proportion_ci(0.95, method="wilson")
    return Score(n_right / n_all, (float(interval.low), float(interval.high)))


def _is_are(number: int) -> str:
    return f"is {number}" if number == 1 else f"are {number}"


def _resampled(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The correlation of each resample that has one; they are drawn some at a time, to bound the memory."""
    generator = np.random.default_rng(SEED)
    at_once = max(1, _VALUES_AT_ONCE // len(ours))
    found = []
    for first in range(0, N_RESAMPLES, at_once):
        drawn = generator.integers(0, len(ours), (min(at_once, N_RESAMPLES - first), len(ours)))
        found.append(_correlations(ours[drawn], theirs[drawn]))
    return np.concatenate(found)


def _correlations(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spearman's correlation of each row, (at most n_rows,): one in which all scores are equal is left out."""
    ranks = [rankdata(values, axis=1) for values in (ours, theirs)]
    x, y = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    lengths = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    varied = lengths > 0
    correlations: NDArray[np.float64] = (x * y).sum(axis=1)[varied] / lengths[varied]
    return correlations.clip(-1, 1)
