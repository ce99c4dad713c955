"""Vectors as text: numbers in as few digits as tell one float32 from the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tokembed.errors import BadInput

_BLOCK_NUMBERS = 1 << 20
_SPACES = frozenset(" \t\n\v\f\r")  # what ends a word where C reads it


def check_words(words: Iterable[str]) -> None:
    """Raise BadInput unless each is one word to a program that reads words with spaces between."""
    for word in words:
        if not word or not _SPACES.isdisjoint(word):
            raise BadInput(
                f"a word must have no white space in it to stand before numbers, found {word!r}; "
                "write .npy, .safetensors or .parquet"
            )


def write_rows(file: IO[bytes], words: Sequence[str], matrix: NDArray[np.float32]) -> None:
    """A line a word: `word v1 ... v_dim`."""
    lines = zip(words, joined_rows(matrix, " "), strict=True)
    file.writelines(f"{word} {row}\n".encode() for word, row in lines)


def joined_rows(matrix: NDArray[np.float32], separator: str) -> Iterator[str]:
    """Each row's numbers with the separator between, as the shortest decimals that read back as the same float32."""
    dim = matrix.shape[1]
    step = max(1, _BLOCK_NUMBERS // dim)
    for first in range(0, len(matrix), step):
        block = np.ascontiguousarray(matrix[first : first + step])
        starts = pa.array(np.arange(len(block) + 1, dtype=np.int32) * dim)
        numbers = pc.cast(pa.array(block.ravel()), pa.string())
        yield from pc.binary_join(pa.ListArray.from_arrays(starts, numbers), separator).to_pylist()
