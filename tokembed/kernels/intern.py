"""White-space words as numbers: texts are cut where Python's str.split() cuts them.

A word's number is the order in which it first occurred, in text order, whatever the number of
threads: the first thread adds to the vocabulary itself, each other one to a vocabulary of its own,
and these are merged in text order. A vocabulary only grows, so later calls can go on from it.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tokembed.kernels.intern_loops import (
    FOUND,
    N_FOUND,
    SLOT,
    add_words,
    intern_texts,
    move_slots,
    renumber,
)

T = TypeVar("T", bound=np.generic)

_FEW = 1 << 11  # slots at first
_BATCH = 1 << 14  # words that are added at once
_THREAD_BYTES = 1 << 18  # less than this is not worth a thread


class Words(NamedTuple):
    """A vocabulary of distinct words, with room to grow behind the last one."""

    n_words: int
    letters: NDArray[np.uint8]  # UTF-8 of all words, one after another
    bounds: NDArray[np.int64]  # word k is letters[bounds[k]:bounds[k + 1]]
    counts: NDArray[np.int64]  # how often each word occurred
    slots: NDArray[np.int64]  # where a word is looked for, see intern_loops


class Interned(NamedTuple):
    """Texts as word numbers."""

    ids: NDArray[np.int32]  # (n_tokens,)
    starts: NDArray[np.int64]  # (n_texts + 1,)
    words: Words


def no_words() -> Words:
    """A vocabulary without words."""
    return Words(
        0,
        np.empty(8 * _FEW, np.uint8),
        np.zeros(_capacity(_FEW) + 1, np.int64),
        np.zeros(_capacity(_FEW), np.int64),
        np.zeros(_FEW * SLOT, np.int64),
    )


def known_words(letters: NDArray[np.uint8], bounds: NDArray[np.int64]) -> Words:
    """A vocabulary of given distinct words, numbered in the order given, each seen 0 times."""
    words = no_words()
    mapping = np.empty(bounds.size - 1, np.int32)
    return _added(words, letters, bounds, np.zeros(bounds.size - 1, np.int64), mapping)


def with_words(
    words: Words, letters: NDArray[np.uint8], bounds: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[Words, NDArray[np.int32]]:
    """The vocabulary with other words added, and the number that each has there, (n_others,).

    Args:
        words: its arrays are used up, go on with the returned ones.
        letters, bounds: the others, word k is letters[bounds[k]:bounds[k + 1]].
        counts: how often each of them occurred.
    """
    numbers = np.empty(counts.size, np.int32)
    return _added(words, letters, bounds, counts, numbers), numbers


def intern(data: NDArray[np.uint8], bounds: NDArray[np.int64], words: Words, *, n_threads: int = 1) -> Interned:
    """The words of many texts as numbers, and the vocabulary with the new ones behind the known.

    Args:
        data: valid UTF-8, all texts one after another, (n_bytes,); may be read-only.
        bounds: text k is data[bounds[k]:bounds[k + 1]], (n_texts + 1,).
        words: the words known so far; its arrays are used up, go on with the returned ones.
        n_threads: how many threads work; the result is the same for any number.
    """
    borders = _borders(bounds, n_threads)
    starts = np.zeros(bounds.size, np.int64)
    jobs = list(pairwise(borders))
    if len(jobs) <= 1:
        ids, words = _interned(data, bounds, (0, bounds.size - 1), words, starts)
        return Interned(ids, starts, words)
    with ThreadPoolExecutor(n_threads) as pool:
        futures = [
            pool.submit(_interned, data, bounds, job, no_words() if k else words, starts) for k, job in enumerate(jobs)
        ]
        parts = [future.result() for future in futures]
        return _merged(parts, jobs, starts, pool)


def _borders(bounds: NDArray[np.int64], n_threads: int) -> list[int]:
    """Where the threads' texts begin and end: about as many bytes for each."""
    n_bytes = int(bounds[-1] - bounds[0])
    n_jobs = max(1, min(n_threads, n_bytes // _THREAD_BYTES))
    wanted = bounds[0] + n_bytes * np.arange(1, n_jobs) // n_jobs
    return np.unique([0, *np.searchsorted(bounds, wanted), bounds.size - 1]).tolist()  # type: ignore[no-any-return]


def _interned(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    texts: tuple[int, int],
    words: Words,
    starts: NDArray[np.int64],
) -> tuple[NDArray[np.int32], Words]:
    """The numbers of the words of some texts; the loop stops and goes on when it needs room."""
    begin, end = texts
    n_bytes = int(bounds[end] - bounds[begin])
    words = _with_room(words, n_bytes // 128, n_bytes // 16)  # a guess: growing later costs more
    ids = np.empty(n_bytes // 2 + (end - begin) + 1, np.int32)
    progress = np.array([begin, bounds[begin], 0, words.n_words], np.int64)
    found = np.empty(N_FOUND * FOUND, np.int64)
    while length := intern_texts(data, bounds, end, *words[1:], found, progress, ids, starts):
        words = _with_room(words._replace(n_words=int(progress[3])), 1, length)
    ids.resize(int(progress[2]), refcheck=False)
    return ids, words._replace(n_words=int(progress[3]))


def _with_room(words: Words, n_more: int, n_bytes: int) -> Words:
    """The same words with room for n_more of n_bytes altogether; what must grow is doubled."""
    n_words, letters, bounds, counts, slots = words
    n_used = int(bounds[n_words])
    if n_words + n_more > counts.size:
        n_slots = slots.size // SLOT
        while _capacity(n_slots) < n_words + n_more:
            n_slots *= 2
        size = _capacity(n_slots)
        bounds, counts = _longer(bounds, size + 1), _longer(counts, size)
        more_slots = np.zeros(n_slots * SLOT, np.int64)
        move_slots(slots, more_slots)
        slots = more_slots
    if n_used + n_bytes > letters.size:
        letters = _longer(letters, 2 * (n_used + n_bytes))
    return Words(n_words, letters, bounds, counts, slots)


def _capacity(n_slots: int) -> int:
    """How many words a table of so many slots may hold: above two thirds, looking takes longer."""
    return 2 * n_slots // 3


def _longer(array: NDArray[T], size: int) -> NDArray[T]:
    """A copy with more room behind, not set to anything."""
    longer = np.empty(size, array.dtype)
    longer[: array.size] = array
    return longer


def _added(
    words: Words,
    letters: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    counts: NDArray[np.int64],
    mapping: NDArray[np.int32],
) -> Words:
    """The vocabulary with counts.size given words added; mapping[k] becomes the number of the k-th."""
    n_known, n_words = words.n_words, words.n_words
    for k in range(0, counts.size, _BATCH):  # most may be known, so no room is made for all
        end = min(k + _BATCH, counts.size)
        words = _with_room(words, end - k, int(bounds[end] - bounds[k]))
        n_words = add_words(letters, bounds, k, end, words.letters, words.bounds, words.slots, n_words, mapping)
        words = words._replace(n_words=n_words)
    words.counts[n_known:n_words] = 0
    words.counts[:n_words] += np.bincount(mapping, counts, n_words).astype(np.int64)
    return words


def _merged(
    parts: list[tuple[NDArray[np.int32], Words]],
    jobs: list[tuple[int, int]],
    starts: NDArray[np.int64],
    pool: ThreadPoolExecutor,
) -> Interned:
    """The parts' ids one after another, in the numbers of the first part's vocabulary, as it grows."""
    words = parts[0][1]
    ids = np.empty(sum(part[0].size for part in parts), np.int32)
    n = parts[0][0].size
    done = [pool.submit(np.copyto, ids[:n], parts[0][0])]
    for (part_ids, own), (begin, end) in zip(parts[1:], jobs[1:], strict=True):
        mapping = np.empty(own.n_words, np.int32)
        words = _added(words, own.letters, own.bounds, own.counts[: own.n_words], mapping)
        done.append(pool.submit(renumber, part_ids, mapping, ids[n : n + part_ids.size]))
        starts[begin + 1 : end + 1] += n
        n += part_ids.size
    for future in done:
        future.result()
    return Interned(ids, starts, words)
