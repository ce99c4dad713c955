"""Streams that come in portions of any size, read in blocks so small that a border falls everywhere."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import cycle
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st

from tokembed.inputs import columns, decoding, texts
from tokembed.inputs.opening import SAMPLE_BYTES
from tokembed.inputs.reading import Reading
from tokembed.inputs.texts import read_batches
from tokembed.tokens import writing as tokenization

FOREVER = 10**9


class Portions(io.RawIOBase):
    """A stream of which each read gives as many bytes as the next of `sizes` says."""

    def __init__(self, data: bytes, sizes: Iterable[int]) -> None:
        self._data = data
        self._sizes = cycle(sizes)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        portion = self._data[: min(next(self._sizes), len(buffer))]
        self._data = self._data[len(portion) :]
        buffer[: len(portion)] = portion
        return len(portion)


class Borders(NamedTuple):
    """Where a stream is cut, and from how many bytes on the kernels see it."""

    portions: list[int]
    first: int
    block: int
    bulk: int


sizes = st.lists(st.integers(1, 40), min_size=1, max_size=8)
borders = st.builds(Borders, sizes, st.integers(1, 64), st.integers(1, 64), st.sampled_from([0, 16, FOREVER]))


def small_blocks(patch: pytest.MonkeyPatch, cut: Borders) -> None:
    patch.setattr(decoding, "BLOCK_BYTES", cut.block)
    patch.setattr(texts, "BLOCK_BYTES", cut.block)
    patch.setattr(decoding, "BULK_BYTES", cut.bulk)
    patch.setattr(tokenization, "BULK_BYTES", cut.bulk)


def batches_of(name: str, data: bytes, cut: Borders, reading: Reading, patch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The batches of an input of that name which comes in portions."""
    small_blocks(patch, cut)
    reading.first_bytes = cut.first
    stream = io.BufferedReader(Portions(data, cut.portions), SAMPLE_BYTES)
    patch.setattr(columns, "open_bytes", lambda _source, _count: stream)
    return read_batches([name], reading=reading)
