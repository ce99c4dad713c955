"""The co-occurrences in the order of training: in memory, or in a temporary file where they are too many."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.kernels.glove import CELL
from tokembed.spill import Spill

_log = logging.getLogger(__name__)


class Piece(NamedTuple):
    """Some cells of one group of words, CELL (n_cells,), by group of contexts.

    starts: where each group of contexts starts in cells, (n_groups + 1,).
    """

    group: int
    cells: NDArray[np.void]
    starts: NDArray[np.int64]


class AtHand(NamedTuple):
    """Tiles in memory, as `descend_tiles` takes them."""

    cells: NDArray[np.void]
    piece_starts: NDArray[np.int64]
    first_pieces: NDArray[np.int64]
    word_groups: NDArray[np.int64]
    context_groups: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tiles:
    """Cells by the group of their word, then of their context: a tile has those of one group and another.

    Attributes:
        n_groups: of words, and as many of contexts.
        cells: CELL (n_cells,), the pieces one after another; empty where they are in a file.
        piece_starts: where each group of contexts starts in each piece, (n_pieces, n_groups + 1), in cells.
        first_pieces: the first piece of each group of words, (n_groups + 1,).
    """

    n_groups: int
    cells: NDArray[np.void]
    piece_starts: NDArray[np.int64]
    first_pieces: NDArray[np.int64]
    spill: Spill | None

    @property
    def n_cells(self) -> int:
        return int(self.piece_starts[-1, -1]) if len(self.piece_starts) else 0

    def largest(self) -> int:
        """How many cells the largest tile has."""
        sizes = np.zeros((self.n_groups, self.n_groups), np.int64)
        groups = np.repeat(np.arange(self.n_groups), np.diff(self.first_pieces))
        np.add.at(sizes, groups, np.diff(self.piece_starts, axis=1))
        return int(sizes.max())

    def at_hand(
        self, word_groups: NDArray[np.int64], context_groups: NDArray[np.int64], room: NDArray[np.void]
    ) -> Iterator[tuple[slice, AtHand]]:
        """Which of these tiles are in memory, and where: all, or what of the file fits into `room`, time after time."""
        if self.spill is None:
            yield slice(None), AtHand(self.cells, self.piece_starts, self.first_pieces, word_groups, context_groups)
            return
        first, ends = 0, [0]
        for index, (word_group, context_group) in enumerate(zip(word_groups, context_groups, strict=True)):
            pieces = self.piece_starts[slice(*self.first_pieces[word_group : word_group + 2])]
            extents = pieces[:, context_group : context_group + 2].tolist()
            if ends[-1] + sum(end - start for start, end in extents) > len(room):
                yield slice(first, index), _one_after_another(room, ends)
                first, ends = index, [0]
            ends.append(ends[-1])
            for start, end in extents:
                self.spill.read(start * CELL.itemsize, room[ends[-1] : ends[-1] + end - start])
                ends[-1] += end - start
        yield slice(first, len(word_groups)), _one_after_another(room, ends)


def _one_after_another(cells: NDArray[np.void], ends: list[int]) -> AtHand:
    """Tiles without groups, each a piece of its own."""
    places = np.array(ends)
    numbers = np.arange(len(places))
    starts = np.stack([places[:-1], places[1:]], axis=1)
    return AtHand(cells, starts, numbers, numbers[:-1], np.zeros_like(numbers[:-1]))


@contextmanager
def gathered(pieces: Iterable[Piece], n_groups: int, memory: int) -> Iterator[Tiles]:
    """The tiles of all pieces, which come by group of words; a file they are in is there for the `with` block.

    Args:
        memory: how many bytes the cells may take; where they are more they all go to a file.

    Raises:
        BadInput: the temporary file cannot be written.
    """
    with ExitStack() as opened:
        cells = np.empty(0, CELL)
        spill = None
        starts, groups, n_cells = [], [], 0
        for piece in pieces:
            starts.append(n_cells + piece.starts)
            groups.append(piece.group)
            n_before, n_cells = n_cells, n_cells + len(piece.cells)
            if spill is None and n_cells * CELL.itemsize > memory:
                spill = opened.enter_context(Spill())
                _log.info("the co-occurrences lie in temporary files")
                spill.append(cells[:n_before])
                cells = np.empty(0, CELL)
            if spill is not None:
                spill.append(piece.cells)
                continue
            if n_cells > len(cells):  # in place where the system can, and with room for more
                cells.resize(max(n_cells, min(n_cells * 5 // 4, memory // CELL.itemsize)), refcheck=False)
            cells[n_before:n_cells] = piece.cells
        if spill is None:
            cells.resize(n_cells, refcheck=False)
        piece_starts = np.array(starts, np.int64).reshape(-1, n_groups + 1)
        yield Tiles(n_groups, cells, piece_starts, np.searchsorted(groups, np.arange(n_groups + 1)), spill)
