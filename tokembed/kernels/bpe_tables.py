"""The arrays that byte-level BPE works with: a vocabulary's merges, and what a thread keeps between words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NO_RANK = 0xFFFFFF
NO_PAIR, CUT = 0xFFFE, 0xFFFF
FREE = np.uint64(0xFFFFFFFFFFFFFFFF)
SHORT = 48
KEY_BYTES = 16
CACHED_IDS = 7
CACHED_WORDS, CACHED_PIECES = 1 << 15, 1 << 14
"""Places of a thread's two caches, of 32 and 16 bytes: 1.25 MiB and never more, which fits a core's L2 cache."""
PIECE_BYTES = 7


class Merges(NamedTuple):
    """A vocabulary of merges as arrays.

    byte_ids: id of a byte inside a word and, + 256, at its end, (512,) int32. Merge number r makes the id 512 + r.
    byte_pairs: rank of two bytes, the second inside a word or, + 256, at its end, or one of NO_PAIR and CUT,
        (256, 512) uint16.
    pairs: open-addressing table of (left << 20 | right) << 24 | rank, a power of two long, uint64; free is all ones.
    """

    byte_ids: NDArray[np.int32]
    byte_pairs: NDArray[np.uint16]
    pairs: NDArray[np.uint64]


class Memory(NamedTuple):
    """What one thread keeps between words; never shared.

    lines: the cache, (CACHED_WORDS, 4) uint64: 16 bytes of the word, then 8 numbers of 16 bits: its length in bytes |
        its number of ids << 8, and the ids.
    pieces: a second cache for pieces of words, (CACHED_PIECES, 2) uint64: up to 7 bytes, their number | 8 at the end of
        a word; then up to three ids of 20 bits and how many they are.
    piece: a short piece while it is merged, its symbols and the ranks of its pairs, (2, SHORT + 1) int32.
    """

    lines: NDArray[np.uint64]
    pieces: NDArray[np.uint64]
    piece: NDArray[np.int32]


def new_memory() -> Memory:
    """An empty cache for one thread."""
    lines, pieces = np.zeros((CACHED_WORDS, 4), np.uint64), np.zeros((CACHED_PIECES, 2), np.uint64)
    return Memory(lines, pieces, np.zeros((2, SHORT + 1), np.int32))


class LongMemory(NamedTuple):
    """Room for a piece of up to n bytes: links (3, n) int32, heap (2 * n,) int64; 28 bytes a byte, if it is touched."""

    links: NDArray[np.int32]
    heap: NDArray[np.int64]


def long_memory(n_bytes: int) -> LongMemory:
    """Room for a long piece; the system gives it only where a piece is really that long."""
    return LongMemory(np.empty((3, n_bytes), np.int32), np.empty(2 * n_bytes, np.int64))


def merge_tables(byte_order: Sequence[int], merges: Sequence[tuple[int, int]], token_bytes: Sequence[bytes]) -> Merges:
    """The tables of a vocabulary: 256 bytes, the same at a word's end, then what each merge makes.

    Args:
        byte_order: the byte that each of the first 256 ids stands for.
        merges: the ids of the left and right part, in the order of their ranks.
        token_bytes: the bytes of every id up to the last merge.
    """
    byte_ids = np.zeros(512, np.int32)
    byte_ids[list(byte_order)] = np.arange(256)
    byte_ids[256:] = byte_ids[:256] + 256
    byte_pairs = np.full((256, 512), CUT, np.uint16)
    pairs = np.full(1 << (len(merges) * 2).bit_length(), FREE, np.uint64)
    for rank, (left, right) in enumerate(merges):
        if max(left, right) >= 512 + rank:
            raise ValueError(f"merge {rank} stands before what it is made of")
        meets = token_bytes[left][-1], token_bytes[right][0]
        for end in (0, 256):
            if byte_pairs[meets[0], meets[1] + end] == CUT:
                byte_pairs[meets[0], meets[1] + end] = NO_PAIR
        if left < 256 and right < 512:
            byte_pairs[meets[0], meets[1] + (right & 256)] = rank
        place = pair_place(left << 20 | right, len(pairs))
        while pairs[place] != FREE:
            place = (place + 1) & (len(pairs) - 1)
        pairs[place] = (left << 20 | right) << 24 | rank
    return Merges(byte_ids, byte_pairs, pairs)


def pair_place(key: int, size: int) -> int:
    """Where the search for a pair begins in a table of `size` places."""
    return (key * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF) >> 40 & (size - 1)
