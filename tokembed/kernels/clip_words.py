"""Cleaned text becomes words, words become ids: CLIP's pattern as a loop.

    <|startoftext|> | <|endoftext|> | 's | 't | 're | 've | 'm | 'll | 'd | letters+ | one number | others+

The first that fits at a place is taken, so a ' or < counts only where no run of others has swallowed it. The
pattern is asked without regard to case. After lower() that leaves one character to mind: ſ (U+017F) is an s.
"""

from __future__ import annotations

import numpy as np

from tokembed.kernels.bpe import word_ids
from tokembed.kernels.clip_code_points import LETTER, NUMBER, SPACE
from tokembed.kernels.compiled import lean
from tokembed.kernels.instructions import load8_unsigned as load8
from tokembed.kernels.instructions import trailing_zeros

PADDING = 32
"""Bytes that must be there behind the last text: a cache key is read eight bytes at a time."""
START_OF_TEXT = np.frombuffer(b"<|startoftext|>", np.uint8)
END_OF_TEXT = np.frombuffer(b"<|endoftext|>", np.uint8)


@lean
def run_end(classes, place, hi, word_class):
    """Where the bytes of a class that go on at classes[place] end, hi at the latest."""
    expected = np.uint64(word_class) * np.uint64(0x0101010101010101)
    while place < hi:
        other = load8(classes, place) ^ expected
        if other:
            return min(place + np.intp(trailing_zeros(other) >> np.uint64(3)), hi)
        place += 8
    return hi


@lean
def equals(data, place, hi, expected):
    """Where `expected` ends if data[place:hi] begins with it, a ſ standing for an s too; else 0."""
    for byte in expected:
        if place < hi and data[place] == byte:
            place += 1
        elif byte == 115 and place + 1 < hi and data[place] == 0xC5 and data[place + 1] == 0xBF:
            place += 2
        else:
            return 0
    return place


@lean
def contraction_end(data, place, hi):
    """Where 's, 't, 're, 've, 'm, 'll or 'd ends if one begins at data[place], a '; else 0."""
    if place + 1 >= hi:
        return 0
    first = data[place + 1]
    if first == 115 or first == 116 or first == 109 or first == 100:  # s t m d
        return place + 2
    if place + 2 >= hi:
        return 0
    second = data[place + 2]
    if second == 101 and (first == 114 or first == 118):  # re ve
        return place + 3
    if (first == 108 and second == 108) or (first == 0xC5 and second == 0xBF):  # ll ſ
        return place + 3
    return 0


@lean
def text_ids(
    byte_ids, byte_pairs, pairs, lines, pieces, piece, links, heap, data, classes, lo, hi, first_special, ids, n
):
    """The cleaned text data[lo:hi] as ids from ids[n] on; the new n."""
    place = lo
    while place < hi:
        word_class = classes[place]
        if word_class == SPACE:
            place += 1
            continue
        end = 0
        if word_class == NUMBER:
            end = place + 1
            while end < hi and data[end] & 0xC0 == 0x80:
                end += 1
        elif word_class != LETTER:
            if data[place] == 39:  # '
                end = contraction_end(data, place, hi)
            elif first_special and data[place] == 60:  # <
                end = max(equals(data, place, hi, START_OF_TEXT), equals(data, place, hi, END_OF_TEXT))
                if end - place == START_OF_TEXT.size or end - place == END_OF_TEXT.size:
                    ids[n] = first_special + (end - place == END_OF_TEXT.size)
                    n += 1
                    place = end
                    continue  # one with a ſ is longer: found by the pattern, but taken apart like any word
        if not end:
            end = run_end(classes, place + 1, hi, word_class)
        n = word_ids(byte_ids, byte_pairs, pairs, lines, pieces, piece, links, heap, data, place, end, ids, n)
        place = end
    return n


@lean
def texts_ids(
    byte_ids, byte_pairs, pairs, lines, pieces, piece, links, heap, data, classes, places, first_special, ids, counts
):
    """The ids of all texts, one behind the other; how many there are.

    Args:
        byte_ids, byte_pairs, pairs: bpe_tables.Merges. lines, pieces, piece: bpe_tables.Memory.
        links, heap: bpe_tables.LongMemory for the longest text.
        data, classes: uint8, cleaned bytes and their classes, PADDING more bytes behind the last.
        places: where each text begins and ends in them, (n_texts, 2) int64.
        first_special: the id of <|startoftext|>, the other's being the next; 0 to read neither.
        ids: int32, as long as `data`: a token has at least one byte. counts: (n_texts,) int64, is filled.
    """
    n = 0
    for text in range(places.shape[0]):
        lo, hi, before = places[text, 0], places[text, 1], n
        n = text_ids(
            byte_ids, byte_pairs, pairs, lines, pieces, piece, links, heap, data, classes, lo, hi, first_special, ids, n
        )
        counts[text] = n - before
    return n
