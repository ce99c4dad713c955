"""GloVe's training against the same equations written slowly in numpy, and its laws."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tokembed.kernels.cooccurrence import Cells
from tokembed.kernels.glove import (
    CELL,
    Weights,
    descend,
    shuffle,
    sort_into_tiles,
    start_weights,
    tile_side,
    train,
)

N_TERMS = 40
OPTIONS = {"dim": 10, "epochs": 5, "x_max": 10.0, "alpha": 0.75, "learning_rate": 0.05, "progress": None}


@pytest.fixture(scope="module")
def cells() -> Cells:
    """Random symmetric counts of 40 terms, half of the cells filled."""
    rng = np.random.default_rng(7)
    counts = np.triu(rng.exponential(8.0, (N_TERMS, N_TERMS)) * (rng.random((N_TERMS, N_TERMS)) < 0.5))
    counts = counts + counts.T
    rows, columns = counts.nonzero()
    return Cells(rows.astype(np.int32), columns.astype(np.int32), counts[rows, columns].astype(np.float32))


def records(cells: Cells, order: NDArray[np.int64], x_max: float = 10.0, alpha: float = 0.75) -> NDArray[np.void]:
    result = np.empty(len(order), CELL)
    result["row"], result["column"] = cells.rows[order], cells.columns[order]
    result["log"] = np.log(cells.values[order])
    result["weight"] = np.minimum(1, (cells.values[order] / x_max) ** alpha)
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
def test_descend_equals_the_slow_equations(cells: Cells, dim: int, size: float) -> None:
    rng = np.random.default_rng(1)
    words, contexts = start_weights(N_TERMS, dim, rng), start_weights(N_TERMS, dim, rng)
    words.vectors[:, 0] *= size
    slow_words, slow_contexts = in_double(words), in_double(contexts)
    for _ in range(3):
        chosen = records(cells, rng.permutation(len(cells.rows)))
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


def test_shuffle_keeps_every_cell_and_depends_on_its_seed(cells: Cells) -> None:
    given = records(cells, np.arange(len(cells.rows)))
    first, second, again = given.copy(), given.copy(), given.copy()
    for shuffled, seed in ((first, 1), (second, 2), (again, 1)):
        shuffle(shuffled, np.uint64(seed))
        assert sorted(shuffled.tolist()) == sorted(given.tolist())
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != second.tobytes() != given.tobytes()


def test_shuffle_is_fair() -> None:
    counts = np.zeros((5, 5))
    for seed in np.random.default_rng(0).integers(1, 1 << 63, 5000, np.uint64):
        line = np.zeros(5, CELL)
        line["row"] = np.arange(5)
        shuffle(line, seed)
        counts[np.arange(5), line["row"]] += 1
    assert np.abs(counts / 5000 - 0.2).max() < 0.03  # five standard deviations


def test_tiles_hold_every_cell_in_its_place(cells: Cells) -> None:
    position = np.random.default_rng(3).permutation(N_TERMS).astype(np.int32)
    side = 6
    sorted_cells = np.empty(len(cells.rows), CELL)
    starts = sort_into_tiles(*cells, position, side, sorted_cells, 10.0, 0.75)
    n_groups = 7
    assert len(starts) == n_groups**2 + 1
    for tile in range(n_groups**2):
        inside = sorted_cells[starts[tile] : starts[tile + 1]]
        assert np.all(inside["row"] // side == tile // n_groups)
        assert np.all(inside["column"] // side == tile % n_groups)
    moved = Cells(position[cells.rows], position[cells.columns], cells.values)
    expected = records(moved, np.lexsort((moved.columns, moved.rows)))
    found = sorted_cells[np.lexsort((sorted_cells["column"], sorted_cells["row"]))]
    for field in CELL.names or ():
        np.testing.assert_allclose(found[field], expected[field], rtol=1e-5, atol=1e-6)


def test_train_equals_the_slow_equations_when_all_is_one_tile(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of train, replayed from its seed: start values, order, losses, sums."""
    monkeypatch.setattr("tokembed.kernels.glove.tile_side", lambda *_: N_TERMS)
    vectors, losses = train(*cells, N_TERMS, seed=42, workers=1, **OPTIONS)
    rng = np.random.default_rng(42)
    words, contexts = in_double(start_weights(N_TERMS, 10, rng)), in_double(start_weights(N_TERMS, 10, rng))
    position = rng.permutation(N_TERMS).astype(np.int32)
    tile = np.empty(len(cells.rows), CELL)
    sort_into_tiles(*cells, position, N_TERMS, tile, 10.0, 0.75)
    for loss in losses:
        rng.permutation(1), rng.permutation(1)  # the order of one word group and of one context group
        shuffle(tile, rng.integers(1, 1 << 63, (1, 1), np.uint64)[0, 0])
        assert loss == pytest.approx(slow_descend(tile, words, contexts, 0.05) / len(tile), rel=1e-4)
    expected = (words.vectors[:, 0] + contexts.vectors[:, 0])[position, :10]
    np.testing.assert_allclose(vectors, expected, rtol=1e-3, atol=1e-4)


def test_same_seed_same_bits_for_every_number_of_workers(cells: Cells) -> None:
    first, losses = train(*cells, N_TERMS, seed=42, workers=1, **OPTIONS)
    for workers in (1, 2, 3, 20):
        again, again_losses = train(*cells, N_TERMS, seed=42, workers=workers, **OPTIONS)
        assert again.tobytes() == first.tobytes()
        assert again_losses == losses
    other, _ = train(*cells, N_TERMS, seed=43, workers=1, **OPTIONS)
    assert other.tobytes() != first.tobytes()


def test_the_loss_falls_and_is_reported(cells: Cells) -> None:
    told: list[tuple[int, float]] = []
    options = OPTIONS | {"progress": lambda epoch, loss: told.append((epoch, loss))}
    vectors, losses = train(*cells, N_TERMS, seed=42, workers=2, **options)
    assert told == list(enumerate(losses, start=1))
    assert losses == sorted(losses, reverse=True)
    assert vectors.dtype == np.float32
    assert vectors.shape == (N_TERMS, 10)


def test_padding_stays_as_it_was(cells: Cells) -> None:
    rng = np.random.default_rng(1)
    words, contexts = start_weights(N_TERMS, 10, rng), start_weights(N_TERMS, 10, rng)
    descend(records(cells, np.arange(len(cells.rows))), *words, *contexts, np.float32(0.05))
    assert not words.vectors[:, 0, 10:].any()
    assert np.all(words.vectors[:, 1, 10:] == 1)


def test_no_cells_give_the_start_values() -> None:
    none = Cells(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))
    vectors, losses = train(*none, 3, seed=1, workers=2, **OPTIONS)
    assert np.abs(vectors).max() <= 0.1
    assert losses == [0.0] * 5


@pytest.mark.parametrize("n_terms", [1, 15, 40, 40_000, 3_000_000])
def test_tiles_are_neither_too_few_nor_too_many(n_terms: int) -> None:
    n_groups = -(-n_terms // tile_side(n_terms, 104))
    assert min(n_terms, 13) <= n_groups <= 1024
