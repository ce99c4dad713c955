"""Many texts as one run of UTF-8 bytes and where each begins: what the kernels take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tokembed.cores import n_cores
from tokembed.errors import BadInput, BadUsage
from tokembed.surrogates import well_formed

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """Texts one after another.

    Attributes:
        data: valid UTF-8, uint8 (n_bytes,); may be read-only.
        bounds: text k is data[bounds[k]:bounds[k + 1]], int64 (n_texts + 1,).
    """

    data: NDArray[np.uint8]
    bounds: NDArray[np.int64]

    @property
    def n_texts(self) -> int:
        return len(self.bounds) - 1

    @property
    def nbytes(self) -> int:
        """How many bytes the texts have."""
        return int(self.bounds[-1] - self.bounds[0])

    def text(self, place: int) -> str:
        """One of the texts."""
        return self.data[self.bounds[place] : self.bounds[place + 1]].tobytes().decode()


Texts: TypeAlias = Iterable[str] | pa.Array | Block
"""What `encode_batch` takes: strings, an Arrow array of them, or their bytes."""


def block_of(texts: Texts) -> Block:
    """The texts' bytes; those of an Arrow string array are used where they are, a null is an empty text.

    Raises:
        BadInput: a text of an Arrow array is not UTF-8.
    """
    if isinstance(texts, Block):
        return texts
    if not isinstance(texts, pa.Array):
        return arrow_block(pa.array(list(map(well_formed, texts)), pa.large_string()))
    try:
        texts.validate(full=True)  # not all that make such arrays check what they take for text, the kernels trust it
    except pa.ArrowInvalid as error:
        raise BadInput(f"every text must be valid UTF-8, found: {error}") from error
    return arrow_block(texts)


def arrow_block(texts: pa.Array) -> Block:
    """The bytes of Arrow strings that are known to be valid, where they are; a null is an empty text."""
    if texts.null_count:
        texts = texts.fill_null("")
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    if width is np.int32 and not pa.types.is_string(texts.type):
        return arrow_block(texts.cast(pa.large_string()))
    _, bounds, data = texts.buffers()
    starts = np.frombuffer(bounds, width)[texts.offset : texts.offset + len(texts) + 1] if bounds else np.zeros(1)
    return Block(np.frombuffer(data or b"", np.uint8), starts.astype(np.int64))


def strings_of(texts: Texts) -> Sequence[str]:
    """The texts as strings.

    Raises:
        BadUsage: a single text was given, which Python would take for a list of its characters.
    """
    if isinstance(texts, str):
        raise BadUsage("texts must be a list of texts, got one text; put it in a list")
    if isinstance(texts, Block):
        return [texts.text(place) for place in range(texts.n_texts)]
    if isinstance(texts, pa.Array):
        return [text or "" for text in texts.to_pylist()]
    return texts if isinstance(texts, list) else list(texts)


def strings_between(letters: NDArray[np.uint8], bounds: NDArray[np.int64]) -> list[str]:
    """The strings letters[bounds[k]:bounds[k + 1]], each of whole characters, all decoded at once.

    Raises:
        UnicodeDecodeError: the letters are not UTF-8.
    """
    letters = letters[bounds[0] : bounds[-1]]
    text = letters.tobytes().decode()
    # How long a string is is counted in code points, of which each has one first byte.
    is_first = (letters.view(np.int8) >= -64).view(np.uint8)
    lengths = np.diff(bounds)
    filled = np.flatnonzero(lengths)
    if len(filled):
        lengths[filled] = np.add.reduceat(is_first, bounds[filled] - bounds[0], dtype=np.int64)
    ends = np.cumsum(lengths)
    return [text[start:end] for start, end in zip((ends - lengths).tolist(), ends.tolist(), strict=True)]


def file_block(path: Path) -> Block:
    """A UTF-8 file's lines, each with its end, which is white space to every tokenizer; read by all cores.

    Raises:
        BadInput: the file is not UTF-8.
        OSError: it cannot be read.
    """
    with open(path, "rb", buffering=0) as file, ThreadPoolExecutor(n_cores()) as pool:
        data = np.empty(os.fstat(file.fileno()).st_size, np.uint8)
        edges = np.linspace(0, len(data), n_cores() + 1).astype(np.int64).tolist()
        parts = list(pool.map(lambda part: _read_part(file.fileno(), data, *part), pairwise(edges)))
        bounds = np.concatenate([np.zeros(1, np.int64), *parts])
        if bounds[-1] != len(data):
            bounds = np.append(bounds, len(data))
        # Whole lines only, so that no character is cut in two.
        edges = np.unique(bounds[np.searchsorted(bounds, edges)]).tolist()
        if not all(pool.map(lambda part: _is_utf8(data[slice(*part)]), pairwise(edges))):
            raise BadInput(f"{str(path)!r} must be UTF-8; read it with read_texts, which knows other encodings")
    return Block(data, bounds)


def _read_part(descriptor: int, data: NDArray[np.uint8], first: int, last: int) -> NDArray[np.int64]:
    """Read data[first:last] from the file; the places behind the line feeds in it."""
    found = [np.empty(0, np.int64)]
    while first < last:  # in pieces that are still in the core's cache when they are searched
        piece = data[first : min(first + _PIECE_BYTES, last)]
        n_read = os.preadv(descriptor, [piece.data], first)
        if not n_read:
            raise BadInput("the file must stay as it is while it is read, it has become shorter")
        found.append(np.flatnonzero(piece[:n_read] == ord("\n")) + first + 1)
        first += n_read
    return np.concatenate(found)


def _is_utf8(data: NDArray[np.uint8]) -> bool:
    ends = pa.py_buffer(np.array([0, len(data)]))
    try:
        pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
