"""GloVe's loops: weighted least squares on log co-occurrence counts, by AdaGrad, cell by cell.

The order is random and made for the cache. Terms are put into groups at random; the cells of one group of
words with one group of context words are a tile, whose vectors fit a core's cache. An epoch visits
all tiles, and shuffles the cells of each anew, always from the same order.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.kernels.compiled import compiled, lean, part
from tokembed.kernels.cooccurrence import Rows

LANES = 8  # float32 numbers in a register; vectors are padded to it, so that the loops need no remainder
TILE_BYTES = 1 << 20  # the vectors of a tile: within the second-level cache of any recent core
LEAST_GROUPS = 16  # so that threads find tiles to share in a small vocabulary too
MOST_GROUPS = 1024  # so that a large vocabulary does not get more tiles than cells
N_SMALL = 1 << 14  # sums whose logarithm and weight are looked up
CLIP = np.float32(100.0)
CELL = np.dtype([("row", np.int32), ("column", np.int32), ("log", np.float32), ("weight", np.float32)])


class Weights(NamedTuple):
    """One side's weights, words or context words, in the order of training.

    vectors: float32 (n_terms, 2, width), the vector and its squared gradients; beyond dim they stay 0 and 1.
    biases: float32 (n_terms, 2), the bias and its squared gradients.
    """

    vectors: NDArray[np.float32]
    biases: NDArray[np.float32]


class Weighing(NamedTuple):
    """How much a count x matters, f(x) = min(1, (x / x_max)^alpha), and what it is in the sums of Rows.

    scale: a sum is so many times the count.
    small: the logarithm and the weight of each small sum, float32 (N_SMALL, 2): nearly all cells of a text have one.
    """

    scale: int
    x_max: float
    alpha: float
    small: NDArray[np.float32]


def start_weights(n_terms: int, dim: int, rng: np.random.Generator) -> Weights:
    """Vectors and biases uniform in [-0.5, 0.5) / dim, squared gradients 1."""
    vectors = np.zeros((n_terms, 2, padded(dim)), np.float32)
    vectors[:, 0, :dim] = (rng.random((n_terms, dim), np.float32) - np.float32(0.5)) / np.float32(dim)
    vectors[:, 1] = 1
    biases = np.ones((n_terms, 2), np.float32)
    biases[:, 0] = (rng.random(n_terms, np.float32) - np.float32(0.5)) / np.float32(dim)
    return Weights(vectors, biases)


def padded(dim: int) -> int:
    """How many numbers a vector takes."""
    return -(-dim // LANES) * LANES


def tile_side(n_terms: int, dim: int) -> int:
    """How many terms a group has: their vectors and squared gradients, of both sides, fill a tile."""
    fitting = TILE_BYTES // (2 * 2 * 4 * padded(dim))
    return max(1, -(-n_terms // MOST_GROUPS), min(fitting, -(-n_terms // LEAST_GROUPS)))


def weighing(scale: int, x_max: float, alpha: float) -> Weighing:
    """How sums that are `scale` times the co-occurrences are weighed."""
    small = np.zeros((N_SMALL, 2), np.float32)
    _weigh_small(small, scale, x_max, alpha)
    return Weighing(scale, x_max, alpha, small)


def sort_into_groups(
    first: int, rows: Rows, weights: Weighing, *, position: NDArray[np.int32], side: int
) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Cells to train on, CELL (n_cells,), by the group of their context, and where each group's start, (n_groups + 1,).

    Within a group they stay in the order of the rows and their columns.

    Args:
        first: the place of the first row in the order of training.
        rows: of terms that follow each other in that order; the columns are terms.
        position: the place of each term in the order of training, (n_terms,).
        side: how many terms a group has.
    """
    cells = np.empty(len(rows.columns), CELL)
    starts = np.zeros(-(-len(position) // side) + 1, np.int64)
    _sort_into_groups(first, *rows, *weights, position, side, cells, starts)
    return cells, starts


@part
def _weigh(total: int, scale: int, x_max: float, alpha: float) -> tuple[np.float32, np.float32]:
    """The logarithm and the weight of one count."""
    value = np.float32(total / scale)
    weight = 1.0 if value >= x_max else (value / x_max) ** alpha
    return np.float32(np.log(value)), np.float32(weight)


@lean
def _weigh_small(small: NDArray[np.float32], scale: int, x_max: float, alpha: float) -> None:
    for total in range(1, small.shape[0]):
        small[total, 0], small[total, 1] = _weigh(total, scale, x_max, alpha)


@compiled()
def _sort_into_groups(
    first: int,
    ends: NDArray[np.int64],
    columns: NDArray[np.int32],
    sums: NDArray[np.int64],
    scale: int,
    x_max: float,
    alpha: float,
    small: NDArray[np.float32],
    position: NDArray[np.int32],
    side: int,
    cells: NDArray[np.void],
    starts: NDArray[np.int64],
) -> None:
    for column in columns:
        starts[position[column] // side + 1] += 1
    for group in range(1, starts.shape[0]):
        starts[group] += starts[group - 1]
    group_ends = starts[:-1].copy()
    index = 0
    for row in range(ends.shape[0]):
        while index < ends[row]:
            column = position[columns[index]]
            cell = cells[group_ends[column // side]]
            group_ends[column // side] += 1
            cell.row = first + row
            cell.column = column
            if sums[index] < small.shape[0]:
                cell.log, cell.weight = small[sums[index], 0], small[sums[index], 1]
            else:
                cell.log, cell.weight = _weigh(sums[index], scale, x_max, alpha)
            index += 1


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


@compiled()
def descend_tiles(
    cells: NDArray[np.void],
    piece_starts: NDArray[np.int64],
    first_pieces: NDArray[np.int64],
    word_groups: NDArray[np.int64],
    context_groups: NDArray[np.int64],
    seeds: NDArray[np.uint64],
    tile: NDArray[np.void],
    words: NDArray[np.float32],
    word_biases: NDArray[np.float32],
    contexts: NDArray[np.float32],
    context_biases: NDArray[np.float32],
    learning_rate: np.float32,
    losses: NDArray[np.float64],
) -> None:
    """Shuffles and descends some tiles, one after another; writes the summed loss of each to losses.

    Args:
        cells: CELL (n_cells,), piece by piece.
        piece_starts: where the cells of each group of contexts start in each piece, (n_pieces, n_groups + 1).
        first_pieces: the first piece of each group of words, (n_groups + 1,).
        word_groups, context_groups: of each tile to descend. seeds: for its shuffling.
        tile: room for the largest of them, CELL.
    """
    for index in range(seeds.shape[0]):
        context = context_groups[index]
        n_cells = 0
        for piece in range(first_pieces[word_groups[index]], first_pieces[word_groups[index] + 1]):
            start, end = piece_starts[piece, context], piece_starts[piece, context + 1]
            tile[n_cells : n_cells + end - start] = cells[start:end]
            n_cells += end - start
        shuffle(tile[:n_cells], seeds[index])
        losses[index] = descend(tile[:n_cells], words, word_biases, contexts, context_biases, learning_rate)
