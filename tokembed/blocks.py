"""Many texts as one run of UTF-8 bytes and where each begins: what the kernels take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tokembed.errors import BadUsage
from tokembed.surrogates import well_formed


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
    """The texts' bytes; those of an Arrow string array are used where they are, a null is an empty text."""
    if isinstance(texts, Block):
        return texts
    if not isinstance(texts, pa.Array):
        texts = pa.array(list(map(well_formed, texts)), pa.large_string())
    if texts.null_count:
        texts = texts.fill_null("")
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    if width is np.int32 and not pa.types.is_string(texts.type):
        return block_of(texts.cast(pa.large_string()))
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
