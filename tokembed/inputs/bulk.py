"""Whether a job is small or bulk: decided here and nowhere else, without loading anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

BULK_BYTES = 1 << 20
"""From here on the kernels pay for being loaded; below it plain Python is as quick."""


BLOCK_BYTES = 1 << 21
"""What one core works on at a time: its loops outweigh what is around them, and several can be held."""


def is_bulk(texts: Iterable[str] | Any) -> bool:
    """Whether the kernels pay for these texts: strings or an Arrow array of them. A Block is made for them."""
    if hasattr(texts, "bounds"):
        return True
    n_bytes = getattr(texts, "nbytes", None)
    if n_bytes is not None:
        return int(n_bytes) >= BULK_BYTES
    n_chars = 0
    for text in texts:  # no need to go through all of many texts
        n_chars += len(text)
        if n_chars >= BULK_BYTES:
            return True
    return False
