"""GloVe's training over tiles: which come when, on how many threads, and the loss of each epoch.

Tiles that share no group touch no common vector, so threads work on them at once, and the result has the same bits
for every number of threads; it has them too wherever the cells lie.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.embedders.glove_tiles import Tiles
from tokembed.kernels.glove import CELL, Weights, descend_tiles, start_weights

READ_CELLS = 1 << 16  # what is read from a file before it is gone through: small tiles in one go


class Parts(NamedTuple):
    """What training ends with, in the order of the terms; a term's vector is the sum of its two.

    words, contexts: float32 (n_terms, dim). word_biases, context_biases: float32 (n_terms,).
    """

    words: NDArray[np.float32]
    contexts: NDArray[np.float32]
    word_biases: NDArray[np.float32]
    context_biases: NDArray[np.float32]


def train(
    tiles: Tiles,
    position: NDArray[np.int32],
    *,
    dim: int,
    epochs: int,
    learning_rate: float,
    rng: np.random.Generator,
    workers: int,
    progress: Callable[[int, float], None],
    parts: Callable[[Parts], object] | None = None,
) -> tuple[NDArray[np.float32], list[float]]:
    """The sums of word and context vectors, float32 (n_terms, dim), and the mean loss of each epoch.

    J = mean over cells of 1/2 f(X_ij) (w_i . c_j + b_i + b_j - ln X_ij)^2,  f(x) = min(1, (x / x_max)^alpha)

    Args:
        tiles: the logarithms and weights of the co-occurrence counts that are not zero.
        position: the place of each term in the order of training, (n_terms,), a random one.
        dim: length of a vector. epochs: passes over all cells.
        learning_rate: AdaGrad's, the step of a number whose squared gradients are at their start, 1.
        rng: of the start values and the order.
        workers: threads.
        progress: called after each epoch with its number, from 1, and its loss.
        parts: given what the sums are made of, which is not kept otherwise.

    Source: Pennington et al. 2014, eq. 8 and 9; the published C program 1.2, glove.c: steps clipped at 100
        before the learning rate, biases moved without it, both sides from their old values, loss of a
        cell taken before its update.
    Differs: float32 where the program has double; cells are shuffled in every epoch, tile by tile; a NaN is not
        skipped, it shows in the loss.
    """
    words, contexts = start_weights(len(position), dim, rng), start_weights(len(position), dim, rng)
    losses = []
    rooms = _rooms(tiles, workers)
    with ThreadPoolExecutor(workers) as pool:
        for epoch in range(1, epochs + 1):
            total = _epoch(tiles, words, contexts, np.float32(learning_rate), rng, pool, rooms)
            losses.append(total / max(1, tiles.n_cells))
            progress(epoch, losses[-1])
    vectors = words.vectors[position, 0, :dim]
    if parts is not None:
        biases = words.biases[position, 0], contexts.biases[position, 0]
        parts(Parts(vectors.copy(), contexts.vectors[position, 0, :dim], *biases))
    vectors += contexts.vectors[position, 0, :dim]
    return vectors, losses


class _Room(NamedTuple):
    """What a thread needs beside the tiles: where it shuffles one, and where it puts what it reads from a file."""

    tile: NDArray[np.void]
    read: NDArray[np.void]


def _rooms(tiles: Tiles, workers: int) -> list[_Room]:
    largest = tiles.largest()
    n_read = 0 if tiles.spill is None else max(largest, READ_CELLS)
    return [_Room(np.empty(largest, CELL), np.empty(n_read, CELL)) for _ in range(workers)]


def _epoch(
    tiles: Tiles,
    words: Weights,
    contexts: Weights,
    learning_rate: np.float32,
    rng: np.random.Generator,
    pool: ThreadPoolExecutor,
    rooms: list[_Room],
) -> float:
    """The summed loss of one pass over all tiles, in rounds of tiles that share no group; each thread has a room."""
    n_groups, workers = tiles.n_groups, len(rooms)
    word_groups, context_groups = rng.permutation(n_groups), rng.permutation(n_groups)
    losses = np.zeros((n_groups, n_groups))
    seeds = rng.integers(1, 1 << 63, (n_groups, n_groups), np.uint64)
    parts = [slice(n_groups * part // workers, n_groups * (part + 1) // workers) for part in range(workers)]

    def descend(turn: int, part: slice, room: _Room) -> None:
        chosen = word_groups[part], np.roll(context_groups, turn)[part]
        for some, at_hand in tiles.at_hand(*chosen, room.read):
            descend_tiles(
                *at_hand, seeds[turn, part][some], room.tile, *words, *contexts, learning_rate, losses[turn, part][some]
            )

    for turn in range(n_groups):
        list(pool.map(descend, [turn] * workers, parts, rooms))
    return float(losses.sum())
