"""GloVe's training: weighted least squares on log co-occurrence counts, by AdaGrad, cell by cell.

The order is random and made for the cache. Terms are put into groups at random; the cells of one group of
words with one group of context words are a tile, whose vectors fit a core's cache. An epoch visits
all tiles, and shuffles the cells of each. Tiles that share no group touch no common vector, so
threads work on them at once and the result has the same bits for every number of threads.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.kernels.compiled import compiled

LANES = 8  # float32 numbers in a register; vectors are padded to it, so that the loops need no remainder
TILE_BYTES = 1 << 20  # the vectors of a tile: within the second-level cache of any recent core
LEAST_GROUPS = 16  # so that threads find tiles to share in a small vocabulary too
MOST_GROUPS = 1024  # so that a large vocabulary does not get more tiles than cells
CLIP = np.float32(100.0)
CELL = np.dtype([("row", np.int32), ("column", np.int32), ("log", np.float32), ("weight", np.float32)])


class Weights(NamedTuple):
    """One side's weights, words or context words, in the order of training.

    vectors: float32 (n_terms, 2, width), the vector and its squared gradients; beyond dim they stay 0 and 1.
    biases: float32 (n_terms, 2), the bias and its squared gradients.
    """

    vectors: NDArray[np.float32]
    biases: NDArray[np.float32]


def train(
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    values: NDArray[np.float32],
    n_terms: int,
    *,
    dim: int,
    epochs: int,
    x_max: float,
    alpha: float,
    learning_rate: float,
    seed: int,
    workers: int,
    progress: Callable[[int, float], None] | None,
) -> tuple[NDArray[np.float32], list[float]]:
    """The sums of word and context vectors, float32 (n_terms, dim), and the mean loss of each epoch.

    J = mean over cells of 1/2 f(X_ij) (w_i . c_j + b_i + b_j - ln X_ij)^2,  f(x) = min(1, (x / x_max)^alpha)

    The same seed gives the same bits, for every number of workers.

    Args:
        rows, columns, values: the co-occurrence counts that are not zero, each (n_cells,).
        n_terms: how many terms there are, above every row and column.
        dim: length of a vector. epochs: passes over all cells. x_max, alpha: of f.
        learning_rate: AdaGrad's, the step of a number whose squared gradients are at their start, 1.
        seed: of the start values, the groups and the order.
        workers: threads.
        progress: called after each epoch with its number, from 1, and its loss.

    Source: Pennington et al. 2014, eq. 8 and 9; the published C program 1.2, glove.c: steps clipped at 100
        before the learning rate, biases moved without it, both sides from their old values, loss of a
        cell taken before its update.
    Differs: float32 where the program has double; start values divided by dim, not dim + 1; cells are
        shuffled in every epoch, tile by tile; a NaN is not skipped, it shows in the loss.
    """
    rng = np.random.default_rng(seed)
    words, contexts = start_weights(n_terms, dim, rng), start_weights(n_terms, dim, rng)
    position = rng.permutation(n_terms).astype(np.int32)  # a group is a range of positions
    side = tile_side(n_terms, words.vectors.shape[2])
    cells = np.empty(len(rows), CELL)
    tile_starts = sort_into_tiles(rows, columns, values, position, side, cells, x_max, alpha)
    losses = []
    with ThreadPoolExecutor(workers) as pool:
        for epoch in range(1, epochs + 1):
            total = _epoch(cells, tile_starts, words, contexts, learning_rate, rng, pool, workers)
            losses.append(total / max(1, len(cells)))
            if progress is not None:
                progress(epoch, losses[-1])
    return (words.vectors[position, 0, :dim] + contexts.vectors[position, 0, :dim]), losses


def start_weights(n_terms: int, dim: int, rng: np.random.Generator) -> Weights:
    """Vectors and biases uniform in [-0.5, 0.5) / dim, squared gradients 1."""
    width = -(-dim // LANES) * LANES
    vectors = np.zeros((n_terms, 2, width), np.float32)
    vectors[:, 0, :dim] = (rng.random((n_terms, dim), np.float32) - np.float32(0.5)) / np.float32(dim)
    vectors[:, 1] = 1
    biases = np.ones((n_terms, 2), np.float32)
    biases[:, 0] = (rng.random(n_terms, np.float32) - np.float32(0.5)) / np.float32(dim)
    return Weights(vectors, biases)


def tile_side(n_terms: int, width: int) -> int:
    """How many terms a group has: their vectors and squared gradients, of both sides, fill a tile."""
    fitting = TILE_BYTES // (2 * 2 * 4 * width)
    return max(1, -(-n_terms // MOST_GROUPS), min(fitting, -(-n_terms // LEAST_GROUPS)))


@compiled()
def sort_into_tiles(
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    values: NDArray[np.float32],
    position: NDArray[np.int32],
    side: int,
    cells: NDArray[np.void],
    x_max: float,
    alpha: float,
) -> NDArray[np.int64]:
    """Where each tile starts, (n_groups**2 + 1,); fills cells, CELL (n_cells,), tile by tile.

    Args:
        position: the place of each term in the order of training, (n_terms,).
        side: how many terms a group has.
    """
    n_groups = (position.shape[0] + side - 1) // side
    starts = np.zeros(n_groups * n_groups + 1, np.int64)
    for index in range(rows.shape[0]):
        starts[position[rows[index]] // side * n_groups + position[columns[index]] // side + 1] += 1
    starts = np.cumsum(starts)
    ends = starts[:-1].copy()
    for index in range(rows.shape[0]):
        row, column, value = position[rows[index]], position[columns[index]], values[index]
        tile = row // side * n_groups + column // side
        cell = cells[ends[tile]]
        ends[tile] += 1
        cell.row = row
        cell.column = column
        cell.log = np.log(value)
        cell.weight = 1.0 if value >= x_max else (value / x_max) ** alpha
    return starts


def _epoch(
    cells: NDArray[np.void],
    tile_starts: NDArray[np.int64],
    words: Weights,
    contexts: Weights,
    learning_rate: float,
    rng: np.random.Generator,
    pool: ThreadPoolExecutor,
    workers: int,
) -> float:
    """The summed loss of one pass over all tiles, in rounds of tiles that share no group."""
    n_groups = round((len(tile_starts) - 1) ** 0.5)
    word_groups, context_groups = rng.permutation(n_groups), rng.permutation(n_groups)
    losses = np.zeros((n_groups, n_groups))
    seeds = rng.integers(1, 1 << 63, (n_groups, n_groups), np.uint64)
    parts = [slice(n_groups * part // workers, n_groups * (part + 1) // workers) for part in range(workers)]
    for turn in range(n_groups):
        chosen = word_groups * n_groups + np.roll(context_groups, turn)
        jobs = [
            pool.submit(
                descend_tiles, cells, tile_starts, chosen[part], seeds[turn, part],
                *words, *contexts, np.float32(learning_rate), losses[turn, part],
            )
            for part in parts
        ]  # fmt: skip
        for job in jobs:
            job.result()
    return float(losses.sum())


@compiled()
def descend_tiles(
    cells: NDArray[np.void],
    tile_starts: NDArray[np.int64],
    chosen: NDArray[np.int64],
    seeds: NDArray[np.uint64],
    words: NDArray[np.float32],
    word_biases: NDArray[np.float32],
    contexts: NDArray[np.float32],
    context_biases: NDArray[np.float32],
    learning_rate: np.float32,
    losses: NDArray[np.float64],
) -> None:
    """Shuffles and descends the chosen tiles, one after another; writes the summed loss of each to losses."""
    for index in range(chosen.shape[0]):
        tile = cells[tile_starts[chosen[index]] : tile_starts[chosen[index] + 1]]
        shuffle(tile, seeds[index])
        losses[index] = descend(tile, words, word_biases, contexts, context_biases, learning_rate)


@compiled()
def shuffle(cells: NDArray[np.void], seed: np.uint64) -> None:
    """Puts cells into random order, in place.

    Args:
        cells: CELL, (n_cells,), fewer than 2**32.
        seed: not 0.

    Source: Fisher and Yates; Marsaglia's xorshift64 (13, 7, 17), its upper 32 bits scaled to the range.
    """
    state = seed
    for last in range(cells.shape[0] - 1, 0, -1):
        state ^= state << np.uint64(13)
        state ^= state >> np.uint64(7)
        state ^= state << np.uint64(17)
        other = ((state >> np.uint64(32)) * np.uint64(last + 1)) >> np.uint64(32)
        a, b = cells[last], cells[other]  # views, not copies
        a.row, b.row = b.row, a.row
        a.column, b.column = b.column, a.column
        a.log, b.log = b.log, a.log
        a.weight, b.weight = b.weight, a.weight


# Without numpy's error model each division would test for zero, and the loop would not be vectorized.
@compiled(fastmath=True, error_model="numpy")
def descend(
    cells: NDArray[np.void],
    words: NDArray[np.float32],
    word_biases: NDArray[np.float32],
    contexts: NDArray[np.float32],
    context_biases: NDArray[np.float32],
    learning_rate: np.float32,
) -> float:
    """The summed loss of the cells, each taken before its own update; changes the weights, cell by cell.

    Args:
        cells: CELL (n_cells,), in the order of the updates.
        words, word_biases, contexts, context_biases: the fields of two Weights.

    Source: Pennington et al. 2014, eq. 8; glove.c 1.2, glove_thread.
    """
    loss = 0.0
    for cell in cells:
        word, word_squares = words[cell.row, 0], words[cell.row, 1]
        context, context_squares = contexts[cell.column, 0], contexts[cell.column, 1]
        word_bias, context_bias = word_biases[cell.row], context_biases[cell.column]
        dot = np.float32(0)
        for lane in range(word.shape[0]):
            dot += word[lane] * context[lane]
        difference = dot + word_bias[0] + context_bias[0] - cell.log
        slope = cell.weight * difference
        loss += 0.5 * slope * difference
        for lane in range(word.shape[0]):
            word_step = min(max(slope * context[lane], -CLIP), CLIP) * learning_rate
            context_step = min(max(slope * word[lane], -CLIP), CLIP) * learning_rate
            word[lane] -= word_step / np.sqrt(word_squares[lane])
            context[lane] -= context_step / np.sqrt(context_squares[lane])
            word_squares[lane] += word_step * word_step
            context_squares[lane] += context_step * context_step
        word_bias[0] -= slope / np.sqrt(word_bias[1])
        context_bias[0] -= slope / np.sqrt(context_bias[1])
        word_bias[1] += slope * slope
        context_bias[1] += slope * slope
    return loss
