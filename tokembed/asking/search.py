"""The words nearest to a vector: every row is looked at, block by block, so a matrix on disk is never copied whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tokembed.cores import n_cores
from tokembed.errors import BadInput
from tokembed.vectors import WordVectors

_NUMBERS_A_PRODUCT = 1 << 26  # few large ones, as the threads of the matrix product wait for each other after each
_NUMBERS_A_THREAD = 1 << 22
_MOST_COSINES = 1 << 25
_PLAIN_NORMS = (1e-15, 1e15)  # between them the squares neither vanish nor overflow in float32


@dataclass(frozen=True, slots=True)
class Hit:
    """A word that was found, its row, and its score: a cosine, unless said otherwise."""

    word: str
    row: int
    score: float


class Search:
    """Word vectors that are asked for the nearest to others.

    A row of zeros has no direction: its cosine counts as 0, and it is never found.
    """

    def __init__(self, vectors: WordVectors) -> None:
        self.vectors = vectors
        self._matrix = np.asarray(vectors.matrix)  # slices of a memmap cost more than slices of an array

    @cached_property
    def norms(self) -> NDArray[np.float32]:
        """The Euclidean length of each row, (n_terms,)."""
        return row_norms(self._matrix) if self.vectors.norms is None else self.vectors.norms

    @cached_property
    def _divisors(self) -> NDArray[np.float32]:
        return np.where(self._has_direction, self.norms, np.float32(1))

    @cached_property
    def _has_direction(self) -> NDArray[np.bool_]:
        return (self.norms > 0) & (self.norms < np.inf)

    def cosines(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosine of each query with each row; the matrix product uses all cores.

        Args:
            queries: (n_queries, dim).

        Returns:
            (n_queries, n_terms), each in -1..1; 0 where one of the two is all zeros.
        """
        directions = unit(queries)
        cosines = np.empty((len(queries), len(self._matrix)), np.float32)
        with np.errstate(over="ignore", invalid="ignore"):  # in rows too long for float32, which are never found
            for part in _blocks(self._matrix, _NUMBERS_A_PRODUCT):
                cosines[:, part] = (self._matrix[part] @ directions.T).T / self._divisors[part]
        return np.clip(cosines, -1, 1, out=cosines)

    def nearest(
        self, queries: NDArray[np.float32], k: int, *, without: Sequence[Iterable[int]] | None = None
    ) -> list[list[Hit]]:
        """Of each query the k words with the highest cosine, the highest first; all where there are fewer.

        Args:
            queries: (n_queries, dim), none all zeros.
            without: for each query the rows that are not to be found.

        Raises:
            BadInput: a query has no direction.
        """
        if not queries.any(axis=1).all():
            raise BadInput("a vector must have a direction for others to be near it, got one of zeros")
        step = max(1, _MOST_COSINES // len(self._matrix))
        found = []
        for first in range(0, len(queries), step):
            for place, cosines in enumerate(self.cosines(queries[first : first + step]), start=first):
                found.append(self.best(cosines, k, without=() if without is None else without[place]))
        return found

    def best(self, scores: NDArray[np.float32], k: int, *, without: Iterable[int] = ()) -> list[Hit]:
        """The k words with the highest scores, the highest first; of equal ones that of the earlier row first.

        Args:
            scores: one for each row, (n_terms,).
            without: rows that are not to be found; those without a direction are not found either.
        """
        hidden = ~self._has_direction
        hidden[list(without)] = True
        k = min(k, len(scores) - int(hidden.sum()))
        if k < 1:
            return []
        scores = scores.copy()
        scores[hidden] = -np.inf
        least = np.partition(scores, -k)[-k]
        rows = np.flatnonzero(scores >= least)
        rows = rows[np.lexsort((rows, -scores[rows]))][:k]
        terms = self.vectors.terms
        return [Hit(terms[row], row, float(str(scores[row]))) for row in rows.tolist()]  # float32's own digits


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors with length 1, (n, dim); zeros stay zeros."""
    wide = vectors.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    directions: NDArray[np.float32] = (wide / np.where(norms > 0, norms, 1)).astype(np.float32)
    return directions


def cosine(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """The cosine of two vectors, 0 where one is all zeros; all of it in float64."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    norms = math.sqrt(float(a @ a) * float(b @ b))  # one root of both, so that a vector with itself gives 1
    return max(-1.0, min(1.0, float(a @ b) / norms)) if norms else 0.0


def row_norms(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """The Euclidean length of each row, float32 (n_rows,); the matrix may be larger than memory."""
    norms = np.empty(len(matrix), np.float32)

    def fill(part: slice) -> None:
        norms[part] = _lengths(matrix[part])

    with ThreadPoolExecutor(n_cores()) as pool:
        list(pool.map(fill, _blocks(matrix, _NUMBERS_A_THREAD)))
    return norms


def _blocks(matrix: NDArray[np.float32], n_numbers: int) -> Iterator[slice]:
    step = max(1, n_numbers // max(1, matrix.shape[1]))
    return (slice(first, first + step) for first in range(0, len(matrix), step))


def _lengths(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        lengths: NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        odd = np.flatnonzero((lengths < _PLAIN_NORMS[0]) | (lengths > _PLAIN_NORMS[1]))
        lengths[odd] = np.linalg.norm(rows[odd].astype(np.float64), axis=1)
    return lengths
