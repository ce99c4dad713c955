"""Words and rows that were read become word vectors, once the words differ and the numbers are finite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadInput
from tokembed.vector_files.source import Source
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

_BLOCK_NUMBERS = 1 << 20

Place = Callable[[int], str]
"""Where the k-th row stands, for messages: `line 17`."""


def word_vectors(
    source: Source,
    words: Sequence[str | bytes],
    matrix: NDArray[np.float32],
    place: Place,
    counts: NDArray[np.int64] | None = None,
) -> WordVectors:
    """The rows with a word of their own and finite numbers; a matrix without others is used where it is.

    Args:
        words: bytes where they are not UTF-8, as `decoded` gives them.

    Raises:
        BadInput: another row under `strict`, or no row at all.
    """
    kept = good_rows(source, words, matrix, place)
    if kept is None:
        return WordVectors(Vocab(cast(Sequence[str], words)), matrix, counts)
    terms = Vocab([cast(str, words[row]) for row in kept.tolist()])
    return WordVectors(terms, matrix[kept], None if counts is None else counts[kept])


def decoded(words: Sequence[bytes]) -> list[str | bytes]:
    """The words as text; those that are not UTF-8 stay as they are."""
    try:
        return [word.decode() for word in words]
    except UnicodeDecodeError:
        return [_decoded(word) for word in words]


def _decoded(word: bytes) -> str | bytes:
    try:
        return word.decode()
    except UnicodeDecodeError:
        return word


def good_rows(
    source: Source, words: Sequence[str | bytes], matrix: NDArray[np.float32], place: Place
) -> NDArray[np.int64] | None:
    """The rows with a word of their own and finite numbers, None for all.

    Raises:
        BadInput: another row under `strict`, or no row at all.
    """
    is_good = np.ones(len(words), np.bool_)
    for row in rows_not_finite(matrix).tolist():
        is_good[row] = False
        numbers = matrix[row]
        value = numbers[~np.isfinite(numbers)][0]
        source.bad_row(place(row), "numbers must be finite and fit into float32", f"found {value}")
    for row in [row for row, word in enumerate(words) if isinstance(word, bytes) and is_good[row]]:
        is_good[row] = False
        source.bad_row(place(row), "words must be UTF-8", f"found {words[row]!r}")
    for row, first in _repeated(words, np.flatnonzero(is_good).tolist()):
        is_good[row] = False
        source.bad_row(place(row), "words must differ", f"{words[row]!r} is on {place(first)} too")
    if not is_good.any():
        raise BadInput(f"{source.name!r} must have at least one good row, it has none")
    return None if is_good.all() else np.flatnonzero(is_good)


def rows_not_finite(matrix: NDArray[np.float32]) -> NDArray[np.int64]:
    """The rows with a number that is not finite; looked for block by block, as the matrix may be larger than memory."""
    step = max(1, _BLOCK_NUMBERS // max(1, matrix.shape[1]))
    found = [np.empty(0, np.int64)]
    for first in range(0, len(matrix), step):
        is_finite = np.isfinite(matrix[first : first + step])
        if not is_finite.all():
            found.append(np.flatnonzero(~is_finite.all(axis=1)) + first)
    return np.concatenate(found)


def _repeated(words: Sequence[str | bytes], rows: list[int]) -> list[tuple[int, int]]:
    """Of those rows the ones whose word an earlier one has, and that earlier one."""
    if len(set(words)) == len(words):
        return []
    first_of: dict[str | bytes, int] = {}
    firsts = [(row, first_of.setdefault(words[row], row)) for row in rows]
    return [(row, first) for row, first in firsts if row != first]


def stacked(blocks: list[NDArray[np.float32]], dim: int) -> NDArray[np.float32]:
    """The blocks' rows one after another; the list is used up, so that they are not in memory twice."""
    end = sum(map(len, blocks))
    matrix = np.empty((end, dim), np.float32)
    while blocks:
        block = blocks.pop()
        matrix[end - len(block) : end] = block
        end -= len(block)
    return matrix
