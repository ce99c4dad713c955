"""GloVe's loops against the same equations written slowly in numpy, and their laws."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tokembed.kernels.cooccurrence import Rows
from tokembed.kernels.glove import (
    CELL,
    N_SMALL,
    Weights,
    descend,
    descend_tiles,
    shuffle,
    sort_into_groups,
    start_weights,
    tile_side,
    weighing,
)

N_TERMS = 40


@pytest.fixture(scope="module")
def counts() -> NDArray[np.float64]:
    """Random symmetric counts of 40 terms, half of the cells filled."""
    rng = np.random.default_rng(7)
    upper = np.triu(rng.exponential(8.0, (N_TERMS, N_TERMS)) * (rng.random((N_TERMS, N_TERMS)) < 0.5))
    return np.asarray(upper + upper.T)


@pytest.fixture(scope="module")
def cells(counts: NDArray[np.float64]) -> NDArray[np.void]:
    return records(counts, *counts.nonzero())


def records(counts: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.void]:
    """What is trained on, in this order."""
    result = np.empty(len(rows), CELL)
    result["row"], result["column"] = rows, columns
    result["log"] = np.log(counts[rows, columns])
    result["weight"] = np.minimum(1, (counts[rows, columns] / 10.0) ** 0.75)
    return result


def slow_descend(cells: NDArray[np.void], words: Weights, contexts: Weights, rate: float) -> float:
    """Eq. 8 and the program's AdaGrad, one cell at a time, in float64; changes the weights given."""
    w, w_squares, b, b_squares = (
        words.vectors[:, 0],
        words.vectors[:, 1],
        words.biases[:, 0],
        words.biases[:, 1],
    )
    c, c_squares, d, d_squares = (
        contexts.vectors[:, 0], contexts.vectors[:, 1], contexts.biases[:, 0], contexts.biases[:, 1]
    )  # fmt: skip
    loss = 0.0
    for i, j, log, weight in cells.tolist():
        difference = w[i] @ c[j] + b[i] + d[j] - log
        slope = weight * difference
        loss += 0.5 * weight * difference**2
        word_step = np.clip(slope * c[j], -100, 100) * rate
        context_step = np.clip(slope * w[i], -100, 100) * rate
        w[i] -= word_step / np.sqrt(w_squares[i])
        c[j] -= context_step / np.sqrt(c_squares[j])
        w_squares[i] += word_step**2
        c_squares[j] += context_step**2
        b[i] -= slope / np.sqrt(b_squares[i])
        d[j] -= slope / np.sqrt(d_squares[j])
        b_squares[i] += slope**2
        d_squares[j] += slope**2
    return loss


def in_double(weights: Weights) -> Weights:
    return Weights(*(array.astype(np.float64) for array in weights))  # type: ignore[arg-type]


@pytest.mark.parametrize("dim", [1, 8, 10, 33])
@pytest.mark.parametrize("size", [1.0, 40.0])  # start values so large that steps are clipped
def test_descend_equals_the_slow_equations(cells: NDArray[np.void], dim: int, size: float) -> None:
    rng = np.random.default_rng(1)
    words, contexts = start_weights(N_TERMS, dim, rng), start_weights(N_TERMS, dim, rng)
    words.vectors[:, 0] *= size
    slow_words, slow_contexts = in_double(words), in_double(contexts)
    for _ in range(3):
        chosen = rng.permutation(cells)
        loss = descend(chosen, *words, *contexts, np.float32(0.05))
        assert loss == pytest.approx(slow_descend(chosen, slow_words, slow_contexts, 0.05), rel=1e-4)
    for fast, slow in zip((*words, *contexts), (*slow_words, *slow_contexts), strict=True):
        np.testing.assert_allclose(fast, slow, rtol=1e-4, atol=1e-5)


def test_clipping_holds_a_huge_gradient() -> None:
    words, contexts = (
        start_weights(1, 8, np.random.default_rng(0)),
        start_weights(1, 8, np.random.default_rng(1)),
    )
    words.vectors[0, 0] = contexts.vectors[0, 0] = 1000
    slow_words, slow_contexts = in_double(words), in_double(contexts)
    cell = np.array([(0, 0, 0.0, 1.0)], CELL)
    descend(cell, *words, *contexts, np.float32(0.05))
    slow_descend(cell, slow_words, slow_contexts, 0.05)
    assert words.vectors[0, 0, 0] == pytest.approx(1000 - 100 * 0.05)
    np.testing.assert_allclose(words.vectors, slow_words.vectors, rtol=1e-6)


def test_shuffle_keeps_every_cell_and_depends_on_its_seed(cells: NDArray[np.void]) -> None:
    first, second, again = cells.copy(), cells.copy(), cells.copy()
    for shuffled, seed in ((first, 1), (second, 2), (again, 1)):
        shuffle(shuffled, np.uint64(seed))
        assert sorted(shuffled.tolist()) == sorted(cells.tolist())
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != second.tobytes() != cells.tobytes()


def test_shuffle_is_fair() -> None:
    counts = np.zeros((5, 5))
    for seed in np.random.default_rng(0).integers(1, 1 << 63, 5000, np.uint64):
        line = np.zeros(5, CELL)
        line["row"] = np.arange(5)
        shuffle(line, seed)
        counts[np.arange(5), line["row"]] += 1
    assert np.abs(counts / 5000 - 0.2).max() < 0.03  # five standard deviations


def test_cells_are_sorted_by_group_of_context_and_keep_their_order(counts: NDArray[np.float64]) -> None:
    order = np.random.default_rng(3).permutation(N_TERMS)
    position = np.argsort(order).astype(np.int32)
    first, side, scale = 6, 6, 1 << 12  # so that some sums are small
    some = counts[order[first:12]]
    rows, columns = some.nonzero()
    sums = np.rint(some[rows, columns] * scale).astype(np.int64)
    counts = np.rint(counts * scale) / scale
    given = Rows(np.cumsum((some > 0).sum(axis=1)), columns.astype(np.int32), sums)
    assert 0.1 < (sums < N_SMALL).mean() < 0.9
    found, starts = sort_into_groups(first, given, weighing(scale, 10.0, 0.75), position=position, side=side)
    groups = position[columns] // side
    by_group = np.argsort(groups, kind="stable")
    expected = records(counts[np.ix_(order, order)], first + rows[by_group], position[columns[by_group]])
    assert starts.tolist() == [(groups < group).sum() for group in range(8)]
    for field in CELL.names or ():
        np.testing.assert_allclose(found[field], expected[field], rtol=1e-5, atol=1e-6)


def test_descending_tiles_is_shuffling_and_descending_each(cells: NDArray[np.void]) -> None:
    """Three groups of words; the cells of the second come in two pieces, those of the third in none."""
    cells = cells[cells["row"] < 20].copy()
    group = cells["column"] // 20
    pieces = [cells["row"] < 5, (cells["row"] >= 5) & (cells["row"] < 8), cells["row"] >= 8]
    parts = [[cells[piece & (group == context)] for context in range(2)] for piece in pieces]
    sizes = np.cumsum([0] + [len(part) for both in parts for part in both])
    starts = np.stack([sizes[[0, 1, 2]], sizes[[2, 3, 4]], sizes[[4, 5, 6]]])
    chosen = [(1, 0), (2, 1), (0, 1)]
    tiles = [np.concatenate([parts[1][0], parts[2][0]]), cells[:0], parts[0][1]]
    seeds = np.array([5, 6, 7], np.uint64)
    rng = np.random.default_rng(1)
    words, contexts = start_weights(20, 8, rng), start_weights(N_TERMS, 8, rng)
    slow_words, slow_contexts = (Weights(*(array.copy() for array in side)) for side in (words, contexts))
    losses = np.zeros(3)
    descend_tiles(
        np.concatenate([part for both in parts for part in both]), starts, np.array([0, 1, 3, 3]),
        *np.array(chosen).T.copy(), seeds, np.empty(len(cells), CELL),
        *words, *contexts, np.float32(0.05), losses,
    )  # fmt: skip
    for tile, seed, loss in zip(tiles, seeds, losses, strict=True):
        shuffle(tile, seed)
        assert descend(tile, *slow_words, *slow_contexts, np.float32(0.05)) == loss
    assert losses[0] > 0 == losses[1]
    for fast, slow in zip((*words, *contexts), (*slow_words, *slow_contexts), strict=True):
        np.testing.assert_array_equal(fast, slow)


def test_padding_stays_as_it_was(cells: NDArray[np.void]) -> None:
    rng = np.random.default_rng(1)
    words, contexts = start_weights(N_TERMS, 10, rng), start_weights(N_TERMS, 10, rng)
    descend(cells, *words, *contexts, np.float32(0.05))
    assert not words.vectors[:, 0, 10:].any()
    assert np.all(words.vectors[:, 1, 10:] == 1)


@pytest.mark.parametrize("n_terms", [1, 15, 40, 40_000, 3_000_000])
def test_tiles_are_neither_too_few_nor_too_many(n_terms: int) -> None:
    n_groups = -(-n_terms // tile_side(n_terms, 100))
    assert min(n_terms, 13) <= n_groups <= 1024
