"""CLIP's ids for many texts at once: kernels for what they can prove, the reference's cleaning for the rest.

Chunks of whole texts go through a pool of threads: a kernel cleans what it can, ftfy what is left, and a
kernel cuts both into ids. Which thread takes which chunk changes nothing, so neither does the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.kernels.bpe_tables import Merges, long_memory, merge_tables, new_memory
from tokembed.kernels.clip_cleaning import GROWTH, UNKNOWN, classify, clean_texts
from tokembed.kernels.clip_code_points import CodePoints, code_point_tables
from tokembed.kernels.clip_words import PADDING, texts_ids
from tokembed.tables import kept
from tokembed.tokenizers.clip_cleaning import clean

CHUNK_BYTES = 1 << 19
FIRST_SPECIAL = 49_406  # <|startoftext|>


class Ids(NamedTuple):
    """The ids of many texts: text t has ids[starts[t]:starts[t + 1]]; (n_tokens,) int32 and (n_texts + 1,) int64.

    by_reference: how many texts the kernel could not clean.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    by_reference: int


def kept_code_points() -> CodePoints:
    """The tables of the cleaning, from the cache folder where they are there.

    Raises:
        RuntimeError: another ftfy than the one that the proof was made for.
    """
    tables: dict[str, Any] = dict(kept("clip-code-points", lambda: code_point_tables()._asdict()))
    return CodePoints(**tables)


def kept_merges(merges_file: bytes, byte_order: list[int], pairs: list[tuple[int, int]], tokens: list[bytes]) -> Merges:
    """The tables of the merges, from the cache folder where they are there.

    Args:
        merges_file: what the rest was made of.
        byte_order: the bytes in the order of the first 256 ids.
        pairs: the two ids that each merge joins, by rank.
        tokens: the bytes of every id but the special ones.
    """
    tables: dict[str, Any] = dict(
        kept("clip-merges", lambda: merge_tables(byte_order, pairs, tokens)._asdict(), source=merges_file)
    )
    return Merges(**tables)


def clip_ids(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    code_points: CodePoints,
    merges: Merges,
    *,
    n_threads: int,
    parse_special: bool = False,
    desks: list[Desk] | None = None,
) -> Ids:
    """The ids of every text, exactly OpenAI's.

    Args:
        data: the texts' bytes one behind the other, valid UTF-8.
        bounds: text t is data[bounds[t]:bounds[t + 1]], (n_texts + 1,); need not begin at 0.
        n_threads: at least 1.
        parse_special: read <|startoftext|> and <|endoftext|> as special tokens, not as text.
        desks: what calls with the same tables have learned, used and left for the next one.
    """
    free = [] if desks is None else desks
    data, bounds = data.view(), bounds.view()
    data.flags.writeable = bounds.flags.writeable = False  # as Arrow's are: kernels are compiled for one kind only
    first_special = FIRST_SPECIAL if parse_special else 0

    def chunk_ids(chunk: tuple[int, int]) -> _Part:
        desk = _taken(free)
        try:
            places, by_reference = _clean_chunk(desk, data, bounds[chunk[0] : chunk[1] + 1], code_points)
            longest = long_memory(int((places[:, 1] - places[:, 0]).max()))
            ids = np.empty(int(places[:, 1].max()) + PADDING, np.int32)
            counts = np.empty(len(places), np.int64)
            n = texts_ids(
                *merges, *desk.memory, *longest, desk.cleaned, desk.classes, places, first_special, ids, counts
            )
            return _Part(ids[:n], counts, by_reference)
        finally:
            free.append(desk)

    chunks = list(_chunks(bounds))
    if n_threads == 1 or len(chunks) == 1:
        return _joined(list(map(chunk_ids, chunks)))
    with ThreadPoolExecutor(n_threads) as pool:
        return _joined(list(pool.map(chunk_ids, chunks)))


def _taken(desks: list[Desk]) -> Desk:
    """A desk that no other thread has."""
    try:
        return desks.pop()
    except IndexError:
        return Desk()


class _Part(NamedTuple):
    ids: NDArray[np.int32]
    counts: NDArray[np.int64]
    by_reference: int


class Desk:
    """What a thread works on, kept from chunk to chunk: fresh memory costs more than the cleaning that fills it."""

    def __init__(self) -> None:
        self.memory = new_memory()
        self.cleaned = np.empty(0, np.uint8)
        self.classes = np.empty(0, np.uint8)

    def make_room(self, size: int, used: int = 0) -> None:
        if size > len(self.cleaned):
            cleaned, classes = np.empty(size, np.uint8), np.empty(size, np.uint8)
            cleaned[:used], classes[:used] = self.cleaned[:used], self.classes[:used]
            self.cleaned, self.classes = cleaned, classes


def _clean_chunk(
    desk: Desk, data: NDArray[np.uint8], bounds: NDArray[np.int64], code_points: CodePoints
) -> tuple[NDArray[np.int64], int]:
    """Where each text stands on the desk, (n_texts, 2), and how many the reference had to clean.

    Those stand behind the ones that the kernel has cleaned.
    """
    desk.make_room(int((bounds[-1] - bounds[0]) * GROWTH) + PADDING)
    places = np.empty((len(bounds) - 1, 2), np.int64)
    at = clean_texts(code_points, data, bounds, desk.cleaned, desk.classes, places)
    unknown = np.flatnonzero(places[:, 0] == UNKNOWN)
    if len(unknown):
        texts = [clean(data[bounds[t] : bounds[t + 1]].tobytes().decode()).encode() for t in unknown]
        ends = at + np.cumsum([len(text) for text in texts])
        places[unknown, 0], places[unknown, 1] = [at, *ends[:-1]], ends
        desk.make_room(int(ends[-1]) + PADDING, used=at)
        desk.cleaned[at : ends[-1]] = np.frombuffer(b"".join(texts), np.uint8)
        classify(code_points, desk.cleaned, at, ends[-1], desk.classes)
    return places, len(unknown)


def _chunks(bounds: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of whole texts (first, last) of about CHUNK_BYTES, a longer text by itself."""
    first, n_texts = 0, len(bounds) - 1
    while first < n_texts:
        last = int(np.searchsorted(bounds, bounds[first] + CHUNK_BYTES, side="right")) - 1
        last = min(max(last, first + 1), n_texts)
        yield first, last
        first = last


def _joined(parts: list[_Part]) -> Ids:
    """All chunks' ids in one array; each chunk's own is let go as soon as it is copied."""
    counts = np.concatenate([np.zeros(1, np.int64), *(part.counts for part in parts)])
    starts = np.cumsum(counts)
    ids = np.empty(starts[-1], np.int32)
    by_reference = sum(part.by_reference for part in parts)
    parts.reverse()
    n = 0
    while parts:
        part = parts.pop().ids
        ids[n : n + len(part)] = part
        n += len(part)
    return Ids(ids, starts, by_reference)
