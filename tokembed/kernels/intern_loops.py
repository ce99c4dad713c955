"""The loops that find white-space words in UTF-8 bytes and look them up.

A slot is 4 int64. Of a word of at most 24 bytes the first three are its bytes, so that one cache
line decides; of a longer one the first is a hash, and its bytes are compared in `letters`. The
fourth is length << 32 | number + 1, or 0 in an empty slot. At most two thirds are taken.
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
    load8,
    no_space_ahead,
    prefetch,
    put,
)
from tokembed.kernels.wordpiece_loops import AHEAD, MAX_KEY, key_of

SLOT = 4
N_FOUND = 32  # words that are found before they are looked up
FOUND = 6  # int64 of each: three of its key, begin, end, first slot
_LAST_LOW = 0xFFFFFFFF


@part
def space_size(data, i):  # type: ignore[no-untyped-def]
    """The number of bytes of the white space at data[i], 0 if it is none.

    Source: str.isspace() of Python, 29 code points.
    """
    b = at(data, i)
    if b <= 0x20:
        return 1 if b == 0x20 or 0x09 <= b <= 0x0D or 0x1C <= b <= 0x1F else 0
    if b == 0xC2:  # U+0085, U+00A0
        return 2 if at(data, i + 1) == 0x85 or at(data, i + 1) == 0xA0 else 0
    if b < 0xE1 or b > 0xE3:
        return 0
    point = b << 16 | at(data, i + 1) << 8 | at(data, i + 2)
    if 0xE28080 <= point <= 0xE2808A:  # U+2000 .. U+200A
        return 3
    if point == 0xE280A8 or point == 0xE280A9 or point == 0xE280AF or point == 0xE2819F:
        return 3  # U+2028, U+2029, U+202F, U+205F
    return 3 if point == 0xE19A80 or point == 0xE38080 else 0  # U+1680, U+3000


@part
def word_end(data, i, end):  # type: ignore[no-untyped-def]
    """Where the word that begins at i ends."""
    while i < end:
        step = no_space_ahead(data, i) if i + AHEAD <= data.size else 0
        i += step
        if step < AHEAD and i < end:
            if space_size(data, i):
                return i
            i += 1
    return end


@part
def long_hash(data, i, length):  # type: ignore[no-untyped-def]
    """A hash of the length bytes from i on, at least 8 of them."""
    h = length
    for k in range(0, length - 7, 8):
        h = (h ^ load8(data, i + k)) * 0x1E3779B97F4A7C15
        h ^= h >> 29
    return (h ^ load8(data, i + length - 8)) * 0x42B2AE3D27D4EB4F


@part
def same_bytes(data, i, letters, j, length):  # type: ignore[no-untyped-def]
    """Are the length bytes from data[i] on those from letters[j] on?"""
    for k in range(length):
        if at(data, i + k) != at(letters, j + k):
            return False
    return True


@part
def key_or_hash(data, i, length):  # type: ignore[no-untyped-def]
    """What the first three int64 of a word's slot hold."""
    if length <= MAX_KEY:
        return key_of(data, i, length)
    return long_hash(data, i, length), np.int64(0), np.int64(0)


@part
def first_slot(a, b, c, slots):  # type: ignore[no-untyped-def]
    """Where to look first for the slot of a word."""
    mixed = a * 0x1E3779B97F4A7C15 + b * 0x42B2AE3D27D4EB4F + c * 0x165667B19E3779F9
    mixed = (mixed ^ (mixed >> 29)) * 0x1B873593CC9E2D51
    return (mixed >> 31 & (slots.size // SLOT - 1)) * SLOT


@part
def find_slot(data, i, length, a, b, c, slot, letters, bounds, slots):  # type: ignore[no-untyped-def]
    """The place of a word's slot, or of the empty one where it belongs; looked for from slot on."""
    while True:
        numbers = at(slots, slot + 3)
        if numbers == 0:
            return slot
        differs = (
            (at(slots, slot) ^ a) | (at(slots, slot + 1) ^ b) | (at(slots, slot + 2) ^ c) | (numbers >> 32 ^ length)
        )
        if differs == 0:
            if length <= MAX_KEY:
                return slot
            begin = at(bounds, (numbers & _LAST_LOW) - 1)
            if same_bytes(data, i, letters, begin, length):
                return slot
        slot = (slot + SLOT) & (slots.size - 1)


@part
def add_word(data, i, length, a, b, c, slot, n_words, letters, bounds, slots):  # type: ignore[no-untyped-def]
    """Give a word the next number, n_words; there must be room for it."""
    begin = at(bounds, n_words)
    for k in range(length):
        letters[begin + k] = data[i + k]
    put(bounds, n_words + 1, begin + length)
    put(slots, slot, a)
    put(slots, slot + 1, b)
    put(slots, slot + 2, c)
    put(slots, slot + 3, length << 32 | (n_words + 1))


@part
def find_words(data, i, end, slots, found):  # type: ignore[no-untyped-def]
    """Write the next words of a text to `found`; return how many, and where to go on.

    Their slots are asked for here and looked at later: the memory's delay passes meanwhile.
    """
    n_found = 0
    while i < end and n_found < N_FOUND:
        size = space_size(data, i)
        if size:
            i += size
            continue
        stop = word_end(data, i, end)
        a, b, c = key_or_hash(data, i, stop - i)
        slot = first_slot(a, b, c, slots)
        prefetch(slots, slot)
        place = n_found * FOUND
        put(found, place, a)
        put(found, place + 1, b)
        put(found, place + 2, c)
        put(found, place + 3, i)
        put(found, place + 4, stop)
        put(found, place + 5, slot)
        n_found += 1
        i = stop
    return n_found, i


@lean_as(
    types.int64(
        BYTES, INT64S, types.intp,
        OUT_BYTES, OUT_INT64S, OUT_INT64S, OUT_INT64S,
        OUT_INT64S, OUT_INT64S, OUT_INT32S, OUT_INT64S,
    )
)  # fmt: skip
def intern_texts(  # type: ignore[no-untyped-def]
    data, text_bounds, end_text, letters, bounds, counts, slots, found, progress, ids, starts
):
    """Number the words of texts, from where `progress` says until the end or until room is needed.

    Args:
        data, text_bounds: see `intern.intern`.
        end_text: the text behind the last one.
        letters, bounds, counts, slots: the fields of Words.
        found: room to work in, (N_FOUND * FOUND,).
        progress: text, place in data, number of ids, number of words; left at what comes next.
        ids, starts: out; text k's ids end at starts[k + 1].

    Returns:
        0 at the end, else the bytes of the word that there must be room for.
    """
    i, n, n_words = progress[1], progress[2], progress[3]
    for text in range(progress[0], end_text):
        end = at(text_bounds, text + 1)
        while i < end:
            n_found, i = find_words(data, i, end, slots, found)
            for k in range(n_found):
                place = k * FOUND
                a, b, c = at(found, place), at(found, place + 1), at(found, place + 2)
                begin = at(found, place + 3)
                length = at(found, place + 4) - begin
                slot = at(found, place + 5)
                slot = find_slot(data, begin, length, a, b, c, slot, letters, bounds, slots)
                number = (at(slots, slot + 3) & _LAST_LOW) - 1
                if number < 0:
                    number = n_words
                    if n_words >= counts.size or at(bounds, n_words) + length > letters.size:
                        progress[0], progress[1], progress[2], progress[3] = text, begin, n, n_words
                        return length
                    add_word(data, begin, length, a, b, c, slot, n_words, letters, bounds, slots)
                    put(counts, number, 0)
                    n_words += 1
                put(counts, number, at(counts, number) + 1)
                put(ids, n, number)
                n += 1
        put(starts, text + 1, n)
    progress[0], progress[1], progress[2], progress[3] = end_text, i, n, n_words
    return 0


@lean_as(
    types.int64(
        BYTES, INT64S, types.intp, types.intp,
        OUT_BYTES, OUT_INT64S, OUT_INT64S, types.int64, OUT_INT32S,
    )
)  # fmt: skip
def add_words(  # type: ignore[no-untyped-def]
    new_letters, new_bounds, begin_word, end_word, letters, bounds, slots, n_words, mapping
):
    """Add words begin_word .. end_word - 1 of new ones to a vocabulary that has room for them.

    Returns how many it has then; mapping[k] becomes the number of new word k.
    """
    for k in range(begin_word, end_word):
        if k + N_FOUND < end_word:  # ask for a later word's slot now
            i = new_bounds[k + N_FOUND]
            a, b, c = key_or_hash(new_letters, i, new_bounds[k + N_FOUND + 1] - i)
            prefetch(slots, first_slot(a, b, c, slots))
        i = new_bounds[k]
        length = new_bounds[k + 1] - i
        a, b, c = key_or_hash(new_letters, i, length)
        slot = first_slot(a, b, c, slots)
        slot = find_slot(new_letters, i, length, a, b, c, slot, letters, bounds, slots)
        number = (at(slots, slot + 3) & _LAST_LOW) - 1
        if number < 0:
            number = n_words
            add_word(new_letters, i, length, a, b, c, slot, n_words, letters, bounds, slots)
            n_words += 1
        mapping[k] = number
    return n_words


@lean_as(types.void(INT64S, OUT_INT64S))
def move_slots(old, new):  # type: ignore[no-untyped-def]
    """Put the words of one slot table into a larger, empty one."""
    for place in range(0, old.size, SLOT):
        if at(old, place + 3) != 0:
            slot = first_slot(at(old, place), at(old, place + 1), at(old, place + 2), new)
            while at(new, slot + 3) != 0:
                slot = (slot + SLOT) & (new.size - 1)
            for k in range(SLOT):
                put(new, slot + k, at(old, place + k))


@lean_as(types.void(INT32S, INT32S, OUT_INT32S))
def renumber(ids, mapping, out):  # type: ignore[no-untyped-def]
    """out[k] = mapping[ids[k]]"""
    for k in range(ids.size):
        put(out, k, at(mapping, at(ids, k)))
