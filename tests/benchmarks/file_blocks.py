"""A file's lines as the block of bytes that tokembed's `encode_batch` takes, checked to be UTF-8."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa

from tokembed.blocks import Block


def file_block(path: Path, n_threads: int) -> Block:
    """The file's lines, each with its end, which is white space to every tokenizer.

    Raises:
        pyarrow.ArrowInvalid: it is not UTF-8.
    """
    data = np.fromfile(path, np.uint8)
    bounds = np.concatenate([[0], np.flatnonzero(data == ord("\n")) + 1])
    if bounds[-1] != len(data):
        bounds = np.append(bounds, len(data))

    def check(part: int) -> None:
        first, last = (bounds[(len(bounds) - 1) * end // n_threads] for end in (part, part + 1))
        ends = pa.py_buffer(np.array([0, last - first]))
        pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(data[first:last])).validate(full=True)

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(check, range(n_threads)))
    return Block(data, bounds)
