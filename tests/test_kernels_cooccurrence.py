"""Windowed counts against a dict of exact fractions, and the laws that hold for every corpus."""

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tokembed.kernels.cooccurrence import Rows, add_rows, count_rows, distance_weights, keep, last_kept

Texts = list[list[int]]
Counts = dict[tuple[int, int], Fraction]
N_TERMS = 150  # more than two words of 64 bits
TERMS = np.arange(N_TERMS, dtype=np.int32)
NOTHING = np.empty(0, np.int32)
texts_of_ids = st.lists(st.lists(st.integers(-1, N_TERMS - 1) | st.integers(-1, 3), max_size=40), max_size=6)


def corpus(texts: Texts) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    ids = np.array([term for text in texts for term in text], np.int32)
    return ids, np.cumsum([0] + [len(text) for text in texts], dtype=np.int64)


def count(texts: Texts, window: int) -> Rows:
    return count_rows(keep(*corpus(texts), NOTHING, N_TERMS), TERMS, distance_weights(window)[0])


def slow_count(texts: Texts, window: int) -> Counts:
    """Every pair of places in every text, one by one."""
    sums: Counts = defaultdict(Fraction)
    for text in texts:
        kept = [term for term in text if term >= 0]
        for here, term in enumerate(kept):
            for there, other in enumerate(kept):
                if here != there and abs(here - there) <= window:
                    sums[term, other] += Fraction(1, abs(here - there))
    return sums


def as_dict(rows: Rows, window: int, first: int = 0) -> Counts:
    """The cells in the order they stand in; whether each row's columns are in order shows in the keys."""
    _, scale = distance_weights(window)
    row_of_cells = np.repeat(np.arange(len(rows.ends)), np.diff(rows.ends, prepend=0)) + first
    pairs = zip(row_of_cells.tolist(), rows.columns.tolist(), strict=True)
    return {pair: Fraction(total, scale) for pair, total in zip(pairs, rows.sums.tolist(), strict=True)}


def test_three_words_worked_by_hand() -> None:
    half = Fraction(1, 2)
    assert as_dict(count([[0, 1, 2]], 2), 2) == {(0, 1): 1, (0, 2): half, (1, 0): 1, (1, 2): 1, (2, 0): half, (2, 1): 1}


def test_a_term_beside_itself_counts_from_both_sides() -> None:
    assert as_dict(count([[5, 5]], 2), 2) == {(5, 5): 2}


def test_a_dropped_token_is_no_distance() -> None:
    assert as_dict(count([[0, -1, -1, 1]], 1), 1) == {(0, 1): 1, (1, 0): 1}


def test_windows_do_not_cross_texts() -> None:
    assert as_dict(count([[0], [], [1]], 5), 5) == {}


@pytest.mark.parametrize("texts", [[], [[]], [[-1, -1]], [[7]]])
def test_nothing_to_count(texts: Texts) -> None:
    rows = count(texts, 3)
    assert (len(rows.columns), len(rows.sums), rows.ends.tolist()) == (0, 0, [0] * N_TERMS)
    assert [array.dtype for array in rows] == [np.int64, np.int32, np.int64]


@given(texts_of_ids, st.integers(1, 22))
def test_equals_the_slow_count_exactly(texts: Texts, window: int) -> None:
    assert as_dict(count(texts, window), window) == slow_count(texts, window)


def test_a_wide_window_is_near_the_slow_count() -> None:
    text = [0, *[1] * 60, 2]
    expected = {pair: float(total) for pair, total in slow_count([text], 100).items()}
    found = {pair: float(total) for pair, total in as_dict(count([text], 100), 100).items()}
    assert found == pytest.approx(expected, rel=1e-6)


@given(texts_of_ids, st.integers(1, 12))
def test_sorted_symmetric_and_of_the_right_weight(texts: Texts, window: int) -> None:
    counts = as_dict(count(texts, window), window)
    assert list(counts) == sorted(counts)
    assert all(counts[column, row] == total for (row, column), total in counts.items())
    lengths = [sum(term >= 0 for term in text) for text in texts]
    weight = sum(Fraction(2 * (n - d), d) for n in lengths for d in range(1, min(window, n - 1) + 1))
    assert sum(counts.values()) == weight


@given(texts_of_ids, st.integers(1, 12), st.permutations(range(8)))
def test_rows_come_in_the_order_asked_for(texts: Texts, window: int, terms: list[int]) -> None:
    whole = as_dict(count(texts, window), window)
    weights, _ = distance_weights(window)
    some = count_rows(keep(*corpus(texts), NOTHING, N_TERMS), np.array(terms, np.int32), weights)
    expected = {(terms.index(row), column): total for (row, column), total in whole.items() if row in terms}
    assert as_dict(some, window) == expected


@given(texts_of_ids, st.integers(1, 12), st.lists(st.integers(0, 240), max_size=5))
def test_parts_cut_anywhere_add_up_to_the_whole(texts: Texts, window: int, cuts: list[int]) -> None:
    ids, starts = corpus(texts)
    weights, _ = distance_weights(window)
    edges = [0, *sorted(min(cut, len(ids)) for cut in cuts), len(ids)]
    known, parts = NOTHING, []
    for start, end in pairwise(edges):
        kept = keep(ids[start:end], starts[(starts >= start) & (starts < end)] - start, known, N_TERMS)
        parts.append(count_rows(kept, TERMS, weights))
        known = last_kept(kept, window)
        assert len(known) <= window
    n_before = np.cumsum([0] + [len(part.columns) for part in parts])[:-1]
    begins = np.stack([np.concatenate([[0], part.ends]) + n for part, n in zip(parts, n_before, strict=True)])
    columns, sums = (np.concatenate([part[field] for part in parts]) for field in (1, 2))
    added = add_rows(begins, columns, sums, N_TERMS)
    for one, other in zip(added, count(texts, window), strict=True):
        np.testing.assert_array_equal(one, other)


def test_distance_weights_are_exact_up_to_22() -> None:
    weights, scale = distance_weights(22)
    assert all(Fraction(int(weights[distance]), scale) == Fraction(1, distance) for distance in range(1, 23))
