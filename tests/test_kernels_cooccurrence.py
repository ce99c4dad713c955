"""Windowed counts against a dict of exact fractions, and the laws that hold for every corpus."""

from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tokembed.kernels.cooccurrence import Cells, count_cooccurrences, count_ranges, distance_weights

Texts = list[list[int]]
N_TERMS = 150  # more than two words of 64 bits
texts_of_ids = st.lists(st.lists(st.integers(-1, N_TERMS - 1) | st.integers(-1, 3), max_size=40), max_size=6)


def corpus(texts: Texts) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    ids = np.array([term for text in texts for term in text], np.int32)
    return ids, np.cumsum([0] + [len(text) for text in texts], dtype=np.int64)


def count(texts: Texts, window: int, **options: int) -> Cells:
    return count_cooccurrences(*corpus(texts), N_TERMS, window=window, **options)


def slow_count(texts: Texts, window: int) -> dict[tuple[int, int], Fraction]:
    """Every pair of places in every text, one by one."""
    sums: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
    for text in texts:
        kept = [term for term in text if term >= 0]
        for here, term in enumerate(kept):
            for there, other in enumerate(kept):
                if here != there and abs(here - there) <= window:
                    sums[term, other] += Fraction(1, abs(here - there))
    return sums


def as_dict(cells: Cells) -> dict[tuple[int, int], float]:
    pairs = zip(cells.rows.tolist(), cells.columns.tolist(), strict=True)
    return dict(zip(pairs, cells.values.tolist(), strict=True))


def same_bits(first: Cells, second: Cells) -> bool:
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in zip(first, second, strict=True))


def test_three_words_worked_by_hand() -> None:
    cells = count([[0, 1, 2]], 2)
    assert as_dict(cells) == {(0, 1): 1, (0, 2): 0.5, (1, 0): 1, (1, 2): 1, (2, 0): 0.5, (2, 1): 1}


def test_a_term_beside_itself_counts_from_both_sides() -> None:
    assert as_dict(count([[5, 5]], 2)) == {(5, 5): 2}


def test_a_dropped_token_is_no_distance() -> None:
    assert as_dict(count([[0, -1, -1, 1]], 1)) == {(0, 1): 1, (1, 0): 1}


def test_windows_do_not_cross_texts() -> None:
    assert as_dict(count([[0], [], [1]], 5)) == {}


@pytest.mark.parametrize("texts", [[], [[]], [[-1, -1]], [[7]]])
def test_nothing_to_count(texts: Texts) -> None:
    cells = count(texts, 3)
    assert [len(column) for column in cells] == [0, 0, 0]
    assert [column.dtype for column in cells] == [np.int32, np.int32, np.float32]


@settings(deadline=None)
@given(texts_of_ids, st.integers(1, 22))
def test_equals_the_slow_count_exactly(texts: Texts, window: int) -> None:
    expected = {pair: float(np.float32(float(total))) for pair, total in slow_count(texts, window).items()}
    assert as_dict(count(texts, window)) == expected


def test_a_wide_window_is_near_the_slow_count() -> None:
    text = [0, *[1] * 60, 2]
    expected = {pair: float(total) for pair, total in slow_count([text], 100).items()}
    assert as_dict(count([text], 100)) == pytest.approx(expected, rel=1e-6)


@settings(deadline=None)
@given(texts_of_ids, st.integers(1, 12))
def test_sorted_symmetric_and_of_the_right_weight(texts: Texts, window: int) -> None:
    cells = count(texts, window)
    pairs = as_dict(cells)
    assert list(pairs) == sorted(pairs)
    assert all(pairs[column, row] == value for (row, column), value in pairs.items())
    lengths = [sum(term >= 0 for term in text) for text in texts]
    weight = sum(2 * (n - d) / d for n in lengths for d in range(1, min(window, n - 1) + 1))
    assert cells.values.sum(dtype=np.float64) == pytest.approx(weight, rel=1e-5)


@settings(deadline=None)
@given(texts_of_ids, st.integers(1, 12), st.integers(1, 3), st.sampled_from([1, 500, 5000, 1 << 30]))
def test_threads_and_memory_change_nothing(texts: Texts, window: int, workers: int, memory: int) -> None:
    assert same_bits(count(texts, window), count(texts, window, workers=workers, memory=memory))


def test_ranges_come_in_order_and_small() -> None:
    rng = np.random.default_rng(0)
    texts = [rng.integers(0, N_TERMS, 400).tolist()]
    ranges = list(count_ranges(*corpus(texts), N_TERMS, window=3, memory=40_000, workers=2))
    assert len(ranges) > 5
    assert max(len(cells.rows) for cells in ranges) * 12 < 40_000
    assert np.all(np.diff(np.concatenate([cells.rows for cells in ranges])) >= 0)


def test_distance_weights_are_exact_up_to_22() -> None:
    weights, scale = distance_weights(22)
    assert all(Fraction(int(weights[distance]), scale) == Fraction(1, distance) for distance in range(1, 23))
