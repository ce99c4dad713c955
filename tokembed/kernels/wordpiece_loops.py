"""The loops of WordPiece over UTF-8 bytes.

A text is taken as *runs*: as many bytes as stand together with no ASCII space or ASCII punctuation
between them. What tokens a run becomes depends on its bytes alone, so a short run that was cut
before is found in a cache by its bytes, one cache line with bytes and ids together. Only a run not
found there is decoded, normalized and cut by walking the vocabulary's tries.
"""

import numpy as np
from numba import types

from tokembed.kernels.compiled import lean_as, part
from tokembed.kernels.instructions import (
    BYTES,
    INT32S,
    INT64S,
    OUT_BYTES,
    OUT_INT32S,
    OUT_INT64S,
    at,
    copy32,
    letters_ahead,
    load8,
    prefetch,
    put,
)
from tokembed.kernels.wordpiece_characters import KEPT, NONSTARTER, RARE, REMOVED, SINGLE, SPACE
from tokembed.kernels.wordpiece_vocabulary import N_DIRECT, NO_TOKEN, NOWHERE, step, token_of

# A slot of the cache is 8 int64: three of the run's bytes, one of numbers (length, ids, unknown
# tokens, characters under them: 8 bits each, from the lowest), four of ids. Zeros are the empty run.
SLOT = 8
MAX_KEY = 24  # bytes
MAX_CACHED_IDS = 8
SLACK = 8  # ids may be written, and not meant, behind the last one

# Runs are found, and their slots asked for, some time before they are cut: the memory's delay
# passes meanwhile. Of each: three int64 of bytes, begin, end, slot.
RUN = 6
N_RUNS = 32

AHEAD = 32  # bytes that letters_ahead looks at

# What stands at an ASCII character that ends a run: id | 1 << 32 for a token | 1 << 33 if it is
# unknown | 1 << 34 to ask the reference. All zeros is a space; place 128 is the end of a text.
N_STOPS = 129

# _KEEP[16 + n] keeps the lowest n bytes of an int64, for n in -16..32.
_KEEP = np.array([0] * 17 + [(1 << 8 * n) - 1 for n in range(1, 8)] + [-1] * 25, np.int64)


@part
def decode(data, i):  # type: ignore[no-untyped-def]
    """The code point that begins at data[i], and its number of bytes."""
    b = at(data, i)
    if b < 0x80:
        return b, 1
    c = at(data, i + 1) & 0x3F
    if b < 0xE0:
        return (b & 0x1F) << 6 | c, 2
    d = at(data, i + 2) & 0x3F
    if b < 0xF0:
        return (b & 0x0F) << 12 | c << 6 | d, 3
    return (b & 0x07) << 18 | c << 12 | d << 6 | (at(data, i + 3) & 0x3F), 4


@part
def cut_word(word, n_chars, edges, first, unk_id, ids, n):  # type: ignore[no-untyped-def]
    """Write the tokens of word[:n_chars] to ids[n:]; return the new n, and 1 if it is unknown."""
    begin, here, root = n, 0, 0
    while here < n_chars:
        point = at(word, here)
        if point < N_DIRECT:
            edge = at(first, root * N_DIRECT + point)
        else:
            edge = step(edges, at(edges, root), point)
        best, best_end = np.int64(NO_TOKEN), here
        ahead = here + 1
        while edge != NOWHERE:
            if token_of(edge) != NO_TOKEN:
                best, best_end = token_of(edge), ahead
            if ahead == n_chars:
                break
            edge = step(edges, edge, at(word, ahead))
            ahead += 1
        if best == NO_TOKEN:
            put(ids, begin, unk_id)
            return begin + 1, 1
        put(ids, n, best)
        n += 1
        here, root = best_end, 1
    return n, 0


@part
def add_form(form, pool, word, n_chars, max_chars):  # type: ignore[no-untyped-def]
    """Append a character's form to word[:n_chars]; return how many characters it has now.

    Those behind max_chars are counted, not written: such a word is unknown.
    """
    if form >= 0:
        if n_chars < max_chars:
            put(word, n_chars, form)
        return n_chars + 1
    size = at(pool, ~form)
    for k in range(size):
        if n_chars + k < max_chars:
            put(word, n_chars + k, at(pool, ~form + 1 + k))
    return n_chars + size


@part
def cut_run(  # type: ignore[no-untyped-def]
    data, begin, end, kinds, forms, pool, edges, first, unk_id, max_chars, word, ids, n
):
    """Cut data[begin:end], whatever characters are in it.

    Returns the new n, the number of unknown tokens, the characters under them, and 1 if the
    reference must be asked.
    """
    n_unk, n_unk_chars, unsure = 0, 0, 0
    n_chars = 0  # of the word that is being read, as normalized
    n_read, n_kept = 0, 0  # its characters as given: since its first kept one, up to its last kept
    movable = False  # may the last character change places with the next? (it may be a mark)
    i, size = begin, 0
    while True:
        i += size
        kind, point, size = np.int64(SPACE), np.int64(0), 0  # the end of a run ends its last word
        if i < end:
            point, size = decode(data, i)
            kind = at(kinds, point)
        if kind <= NONSTARTER:
            unsure |= movable and kind == NONSTARTER
            movable = kind == NONSTARTER or kind == REMOVED
            if kind != REMOVED:
                form = point if kind == KEPT else at(forms, point)
                n_chars = add_form(form, pool, word, n_chars, max_chars)
                n_kept = n_read + 1
            n_read += n_chars > 0
            continue
        single = n_chars == 0 and kind == SINGLE
        if single:
            put(word, 0, at(forms, point))
            n_chars = n_kept = 1
        elif n_chars > 0:
            size = 0  # the word first: the character that ended it is read once more
        if n_chars > max_chars:
            put(ids, n, unk_id)
            n, unknown = n + 1, 1
        else:
            n, unknown = cut_word(word, n_chars, edges, first, unk_id, ids, n)
        n_unk += unknown
        n_unk_chars += unknown * n_kept
        unsure |= kind == RARE
        if i >= end:
            return n, n_unk, n_unk_chars, unsure
        n_chars, n_read, n_kept, movable = 0, 0, 0, False


@part
def run_end(data, i, end, kinds):  # type: ignore[no-untyped-def]
    """Where the run that begins at i ends: at an ASCII character that is no part of a word."""
    while i < end:
        step = letters_ahead(data, i) if i + AHEAD <= data.size else 0
        i += step
        if step == AHEAD:
            continue
        if i >= end:
            break
        if at(data, i) < 0x80 and at(kinds, at(data, i)) > NONSTARTER:
            return i
        i += 1
    return end


@part
def key_of(data, i, length):  # type: ignore[no-untyped-def]
    """The length bytes from i on, at most 24, as three int64 filled with zeros."""
    if i + MAX_KEY <= data.size:
        return (
            load8(data, i) & at(_KEEP, 16 + length),
            load8(data, i + 8) & at(_KEEP, 8 + length),
            load8(data, i + 16) & at(_KEEP, length),
        )
    a, b, c = np.int64(0), np.int64(0), np.int64(0)
    for k in range(length):
        byte = at(data, i + k) << 8 * (k & 7)
        if k < 8:
            a |= byte
        elif k < 16:
            b |= byte
        else:
            c |= byte
    return a, b, c


@part
def slot_of(a, b, c, cache):  # type: ignore[no-untyped-def]
    """The place of a key's slot in the cache, whose last slot is for runs that have no key."""
    mixed = a * 0x1E3779B97F4A7C15 + b * 0x42B2AE3D27D4EB4F + c * 0x165667B19E3779F9
    mixed = (mixed ^ (mixed >> 29)) * 0x1B873593CC9E2D51
    return (mixed >> 32 & (cache.size // SLOT - 2)) * SLOT


@part
def find_runs(data, i, end, kinds, cache, runs):  # type: ignore[no-untyped-def]
    """Write the next runs of a text to `runs`; return how many, and where the next one begins."""
    n_runs = 0
    while i < end and n_runs < N_RUNS:
        ahead = letters_ahead(data, i) if i + AHEAD <= data.size else AHEAD
        stop = min(i + ahead, end)
        if ahead > MAX_KEY or (stop < end and at(kinds, at(data, stop)) <= NONSTARTER):
            stop = run_end(data, i, end, kinds)
        place = n_runs * RUN
        slot = np.int64(cache.size - SLOT)
        if stop - i <= MAX_KEY:
            a, b, c = key_of(data, i, stop - i)
            slot = slot_of(a, b, c, cache)
            prefetch(cache, slot)
            put(runs, place, a)
            put(runs, place + 1, b)
            put(runs, place + 2, c)
        put(runs, place + 3, i)
        put(runs, place + 4, stop)
        put(runs, place + 5, slot)
        n_runs += 1
        i = stop + 1
    return n_runs, i


@part
def remember(cache, slot, runs, place, ids, n, numbers):  # type: ignore[no-untyped-def]
    """Overwrite a slot with a run, its ids and its numbers."""
    for k in range(3):
        put(cache, slot + k, at(runs, place + k))
    put(cache, slot + 3, numbers)
    copy32(ids, n, cache, slot + 4)


@lean_as(
    types.int64(
        BYTES, INT64S, types.intp, types.intp,
        BYTES, INT32S, INT32S, INT64S, INT64S, types.int64, types.int64, INT64S,
        OUT_INT64S, OUT_INT64S, OUT_INT32S,
        OUT_INT32S, OUT_INT64S, OUT_INT32S, OUT_INT32S, OUT_BYTES,
    )
)  # fmt: skip
def cut_texts(  # type: ignore[no-untyped-def]
    data, bounds, begin_text, end_text,
    kinds, forms, pool, edges, first, unk_id, max_chars, stops,
    cache, runs, word,
    ids, starts, n_unk, n_unk_chars, unsure,
):  # fmt: skip
    """Cut the texts begin_text .. end_text - 1, their ids to ids[0:]; return how many these are.

    Args:
        data, bounds: see `wordpiece.cut`.
        kinds .. max_chars: the fields of Characters and Vocabulary.
        stops: what stands at the end of a run, see above, (N_STOPS,).
        cache, runs, word: room to work in: ((n + 1) * SLOT,) with n a power of two, kept from
            call to call; (N_RUNS * RUN,); (max_chars,).
        ids: room for an id for each byte, and SLACK.
        starts, n_unk, n_unk_chars, unsure: by text; text k's ids end at starts[k + 1].
    """
    n = np.int64(0)
    for text in range(begin_text, end_text):
        i, end = at(bounds, text), at(bounds, text + 1)
        unknown, unknown_chars, doubtful = np.int64(0), np.int64(0), np.int64(0)
        while i < end:
            n_runs, i = find_runs(data, i, end, kinds, cache, runs)
            for k in range(n_runs):
                place = k * RUN
                begin, stop, slot = at(runs, place + 3), at(runs, place + 4), at(runs, place + 5)
                numbers = at(cache, slot + 3)
                differs = (
                    (at(cache, slot) ^ at(runs, place))
                    | (at(cache, slot + 1) ^ at(runs, place + 1))
                    | (at(cache, slot + 2) ^ at(runs, place + 2))
                    | (numbers & 0xFF ^ stop - begin)
                )
                if differs == 0:
                    copy32(cache, slot + 4, ids, n)
                    n += numbers >> 8 & 0xFF
                    unknown += numbers >> 16 & 0xFF
                    unknown_chars += numbers >> 24
                else:
                    before = n
                    n, u, chars, unclear = cut_run(
                        data, begin, stop, kinds, forms, pool, edges, first, unk_id, max_chars,
                        word, ids, n,
                    )  # fmt: skip
                    unknown += u
                    unknown_chars += chars
                    doubtful |= unclear
                    if stop - begin <= MAX_KEY and n - before <= MAX_CACHED_IDS and not unclear:
                        numbers = stop - begin | (n - before) << 8 | u << 16 | chars << 24
                        remember(cache, slot, runs, place, ids, before, numbers)
                what = at(stops, at(data, stop) if stop < end else N_STOPS - 1)
                put(ids, n, what & 0xFFFFFFFF)
                n += what >> 32 & 1
                unknown += what >> 33 & 1
                unknown_chars += what >> 33 & 1
                doubtful |= what >> 34
        put(starts, text + 1, n)
        put(n_unk, text, unknown)
        put(n_unk_chars, text, unknown_chars)
        put(unsure, text, doubtful)
    return n
