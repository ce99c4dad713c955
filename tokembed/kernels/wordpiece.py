"""WordPiece over UTF-8 bytes: the ids that Hugging Face `tokenizers` gives, at memory speed.

It does BertNormalizer, BertPreTokenizer and WordPiece, without added tokens: "[CLS]" in a text is
plain text. What depends on more of a text than one character at a time (canonical ordering of
marks that accent stripping leaves) is not approximated: such a text is flagged `unsure`.
"""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.kernels.wordpiece_characters import RARE, SINGLE, Characters
from tokembed.kernels.wordpiece_loops import N_RUNS, N_STOPS, RUN, SLACK, SLOT, cut_texts
from tokembed.kernels.wordpiece_vocabulary import NO_TOKEN, Vocabulary, token_of

CACHE_SLOTS = 1 << 17  # of 64 bytes: 8 MiB a thread, whatever the text
CHUNK_BYTES = 1 << 19  # one thread's portion; a longer text is one portion


class Cut(NamedTuple):
    """Many texts cut into tokens."""

    ids: NDArray[np.int32]  # (n_tokens,)
    starts: NDArray[np.int64]  # (n_texts + 1,)
    n_unk: NDArray[np.int32]  # (n_texts,), unknown tokens
    n_unk_chars: NDArray[np.int32]  # (n_texts,), code points of the given text under them
    unsure: NDArray[np.bool_]  # (n_texts,), its ids may be wrong: ask the reference


def cut(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    characters: Characters,
    vocabulary: Vocabulary,
    *,
    n_threads: int = 1,
    caches: list[NDArray[np.int64]] | None = None,
) -> Cut:
    """The tokens of many texts.

    Args:
        data: valid UTF-8, all texts one after another, (n_bytes,); may be read-only.
        bounds: text k is data[bounds[k]:bounds[k + 1]], (n_texts + 1,).
        characters, vocabulary: what to cut by.
        n_threads: how many threads work; the result is the same for any number.
        caches: what calls with the same tables have learned, used and left for the next one.
    """
    caches = [] if caches is None else caches
    n_texts, n_bytes = bounds.size - 1, int(bounds[-1] - bounds[0])
    result = Cut(
        np.empty(n_bytes + SLACK, np.int32),
        np.zeros(n_texts + 1, np.int64),
        np.empty(n_texts, np.int32),
        np.empty(n_texts, np.int32),
        np.empty(n_texts, np.bool_),
    )
    borders, tables = _chunk_borders(bounds, n_threads), (characters, vocabulary)
    if len(borders) <= 2:
        cache = _taken(caches)
        n_tokens = _cut_chunk(data, bounds, (0, n_texts), tables, cache, result.ids, result)
        caches.append(cache)
    else:
        n_tokens = _cut_chunks(data, bounds, borders, tables, n_threads, caches, result)
    # Shrinking gives the untouched pages back and moves nothing.
    result.ids.resize(n_tokens, refcheck=False)
    return result


def new_cache(n_slots: int = CACHE_SLOTS) -> NDArray[np.int64]:
    """An empty cache for one thread, each slot one cache line, ((n_slots + 1) * SLOT,); n_slots is a power of two."""
    size = (n_slots + 1) * SLOT
    space = np.zeros(size + SLOT, np.int64)
    skip = -space.ctypes.data % 64 // 8
    cache = space[skip : skip + size]
    cache[-SLOT:] = -1  # no run is of this length, so the last slot is never found
    return cache


def _taken(caches: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """A cache that no other thread has."""
    try:
        return caches.pop()
    except IndexError:
        return new_cache()


def _chunk_borders(bounds: NDArray[np.int64], n_threads: int) -> list[int]:
    """Where the portions of the threads begin and end, as text numbers."""
    n_texts = bounds.size - 1
    if n_threads <= 1:
        return [0, n_texts]
    wanted = np.arange(bounds[0] + CHUNK_BYTES, bounds[-1], CHUNK_BYTES)
    return np.unique([0, *np.searchsorted(bounds, wanted), n_texts]).tolist()


def _cut_chunk(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    texts: tuple[int, int],
    tables: tuple[Characters, Vocabulary],
    cache: NDArray[np.int64],
    ids: NDArray[np.int32],
    result: Cut,
) -> int:
    """Cut the texts of one portion, their ids to ids[0:]; return how many."""
    characters, vocabulary = tables
    runs = np.zeros(N_RUNS * RUN, np.int64)
    word = np.empty(max(vocabulary.max_chars, 1), np.int32)
    return cut_texts(  # type: ignore[no-any-return]
        data, bounds, *texts,
        *characters, *vocabulary, stops(characters, vocabulary),
        cache, runs, word,
        ids, result.starts, result.n_unk, result.n_unk_chars, result.unsure.view(np.uint8),
    )  # fmt: skip


def stops(characters: Characters, vocabulary: Vocabulary) -> NDArray[np.int64]:
    """What stands at each ASCII character that ends a run, (N_STOPS,); see wordpiece_loops."""
    kinds = characters.kinds[:128]
    tokens = token_of.py_func(vocabulary.first[:128])
    is_unknown = tokens == NO_TOKEN
    found = np.where(is_unknown, vocabulary.unk_id | 3 << 32, tokens | 1 << 32)
    what = np.where(kinds == SINGLE, found, np.where(kinds == RARE, 1 << 34, 0))
    return np.append(what, np.zeros(N_STOPS - 128, np.int64))


def _cut_chunks(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    borders: list[int],
    tables: tuple[Characters, Vocabulary],
    n_threads: int,
    caches: list[NDArray[np.int64]],
    result: Cut,
) -> int:
    """Cut all portions; each is copied to its place as soon as those before it are done."""
    spare: list[NDArray[np.int32]] = []
    # Oldest first: its texts, where its ids are, how many these will be.
    waiting: deque[tuple[tuple[int, int], NDArray[np.int32], Future[int]]] = deque()
    n_tokens = 0

    def work(texts: tuple[int, int], ids: NDArray[np.int32]) -> int:
        cache = _taken(caches)
        try:
            return _cut_chunk(data, bounds, texts, tables, cache, ids, result)
        finally:
            caches.append(cache)

    with ThreadPoolExecutor(n_threads) as pool:
        for texts in [*pairwise(borders), None]:
            while waiting and (texts is None or len(waiting) >= 2 * n_threads):
                (begin, end), ids, future = waiting.popleft()
                count = future.result()
                result.ids[n_tokens : n_tokens + count] = ids[:count]
                result.starts[begin + 1 : end + 1] += n_tokens
                n_tokens += count
                spare.append(ids)
            if texts is not None:
                size = int(bounds[texts[1]] - bounds[texts[0]]) + SLACK
                ids = spare.pop() if spare else np.empty(0, np.int32)
                if ids.size < size:
                    ids = np.empty(max(size, CHUNK_BYTES + SLACK), np.int32)
                waiting.append((texts, ids, pool.submit(work, texts, ids)))
    return n_tokens
