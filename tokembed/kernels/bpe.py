"""Byte-level BPE: the bytes of a word become the ids of its tokens.

The word's symbols are its bytes, the last one marked as the end of the word; the neighbors of the lowest rank
are merged until no two neighbors have a rank. Three things make it fast and none changes an id:

- A cache: the ids of a word that was cut before are copied. It has a fixed number of places, a word's hash
  says which is its own, and a newcomer takes the place from who is there: bounded, and right when it is full.
- Cuts: where no merge of the vocabulary has the byte before on its left edge and the byte behind on its right,
  nothing is ever merged across; the pieces between such places are independent. (Four of five boundaries between
  Korean syllables are cuts.)
- A piece of up to SHORT symbols is searched for its lowest rank again and again; a longer one keeps its pairs in
  a heap, so that a word of ten million letters takes n log n steps.

No merged symbol is made by two merges, and a merge stands behind those that make its parts (both checked when
the tables are built), so a merge never makes a pair of a lower rank than its own, and taking the
lowest rank, and of equals the leftmost, merges in the order of the original.
"""

from __future__ import annotations

import numpy as np

from tokembed.kernels.bpe_tables import CACHED_IDS, CUT, FREE, KEY_BYTES, NO_PAIR, NO_RANK, PIECE_BYTES, SHORT
from tokembed.kernels.compiled import lean
from tokembed.kernels.instructions import load8_unsigned as load8


@lean
def pair_rank(pairs, left, right):
    """The rank of two neighboring symbols, NO_RANK if nothing merges them."""
    key = np.uint64(left) << np.uint64(20) | np.uint64(right)
    mask = np.uint64(pairs.size - 1)
    place = (key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40) & mask
    while True:
        entry = pairs[place]
        if entry >> np.uint64(24) == key:
            return np.int32(entry & np.uint64(0xFFFFFF))
        if entry == FREE:
            return np.int32(NO_RANK)
        place = (place + np.uint64(1)) & mask


@lean
def byte_pair_rank(byte_pairs, left, right):
    """The rank of two neighboring bytes, NO_RANK if nothing merges them."""
    rank = byte_pairs[left, right]
    return NO_RANK if rank >= NO_PAIR else np.int32(rank)


@lean
def merge_short(byte_ids, byte_pairs, pairs, piece, data, lo, hi, ends_word, ids, n):
    """The piece data[lo:hi] of at most SHORT bytes as ids from ids[n] on; the new n."""
    symbols, ranks = piece[0], piece[1]
    size = hi - lo
    for k in range(size):
        symbols[k] = byte_ids[data[lo + k]]
    for k in range(size - 1):
        ranks[k] = byte_pair_rank(byte_pairs, data[lo + k], data[lo + k + 1])
    if ends_word:
        symbols[size - 1] += 256
        ranks[size - 2] = byte_pair_rank(byte_pairs, data[hi - 2], np.intp(data[hi - 1]) + 256)
    while size > 1:
        best, place = ranks[0], 0
        for k in range(1, size - 1):
            if ranks[k] < best:
                best, place = ranks[k], k
        if best == NO_RANK:
            break
        symbols[place] = 512 + best
        size -= 1
        for k in range(place + 1, size):
            symbols[k] = symbols[k + 1]
            ranks[k - 1] = ranks[k]
        if place > 0:
            ranks[place - 1] = pair_rank(pairs, symbols[place - 1], symbols[place])
        if place + 1 < size:
            ranks[place] = pair_rank(pairs, symbols[place], symbols[place + 1])
    for k in range(size):
        ids[n + k] = symbols[k]
    return n + size


@lean
def sift_down(heap, size, place):
    """Puts heap[place] where it belongs among what stands below it."""
    item = heap[place]
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= item:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = item


@lean
def push(heap, size, item):
    """Adds an item to the heap's first `size`; the new size."""
    place = size
    while place > 0 and heap[(place - 1) >> 1] > item:
        heap[place] = heap[(place - 1) >> 1]
        place = (place - 1) >> 1
    heap[place] = item
    return size + 1


@lean
def merge_long(byte_ids, pairs, links, heap, data, lo, hi, ends_word, ids, n):
    """The piece data[lo:hi] as ids from ids[n] on, by a heap of rank << 32 | place; the new n.

    A merge takes one item from the heap and adds at most two, so it never holds more than 2 items a byte.
    An item whose symbols have been merged with others since is known by its rank, and dropped.
    """
    size = hi - lo
    symbols, after, before = links[0], links[1], links[2]  # symbol -1: merged into the one before
    for k in range(size):
        symbols[k] = byte_ids[data[lo + k]]
        after[k], before[k] = k + 1, k - 1
    if ends_word:
        symbols[size - 1] += 256
    n_heap = 0
    for k in range(size - 1):
        rank = pair_rank(pairs, symbols[k], symbols[k + 1])
        if rank != NO_RANK:
            heap[n_heap] = np.int64(rank) << 32 | k
            n_heap += 1
    for k in range(n_heap // 2 - 1, -1, -1):
        sift_down(heap, n_heap, k)
    while n_heap > 0:
        item = heap[0]
        n_heap -= 1
        heap[0] = heap[n_heap]
        sift_down(heap, n_heap, 0)
        rank, place = np.int32(item >> 32), np.int32(item & 0x7FFFFFFF)
        then = after[place]
        if symbols[place] < 0 or then >= size or pair_rank(pairs, symbols[place], symbols[then]) != rank:
            continue
        symbols[place], symbols[then] = 512 + rank, -1
        after[place] = after[then]
        if after[place] < size:
            before[after[place]] = place
            rank = pair_rank(pairs, symbols[place], symbols[after[place]])
            if rank != NO_RANK:
                n_heap = push(heap, n_heap, np.int64(rank) << 32 | place)
        if before[place] >= 0:
            rank = pair_rank(pairs, symbols[before[place]], symbols[place])
            if rank != NO_RANK:
                n_heap = push(heap, n_heap, np.int64(rank) << 32 | before[place])
    for k in range(size):
        if symbols[k] >= 0:
            ids[n] = symbols[k]
            n += 1
    return n


@lean
def piece_ids(byte_ids, byte_pairs, pairs, pieces, piece, data, lo, hi, ends_word, ids, n):
    """The piece data[lo:hi] of 2 to PIECE_BYTES bytes as ids, from the cache if it is there; the new n."""
    about = np.uint64(hi - lo) | np.uint64(8 * ends_word)
    key = first_bytes(data, lo, hi - lo) | about << np.uint64(56)
    line = pieces[np.intp(mixed(key, np.uint64(0)) & np.uint64(pieces.shape[0] - 1))]
    if line[0] == key:
        for k in range(3):
            ids[n + k] = np.int32(line[1] >> np.uint64(20 * k) & np.uint64(0xFFFFF))
        return n + np.intp(line[1] >> np.uint64(60))
    end = merge_short(byte_ids, byte_pairs, pairs, piece, data, lo, hi, ends_word, ids, n)
    if end - n <= 3:
        line[0], line[1] = key, np.uint64(end - n) << np.uint64(60)
        for k in range(end - n):
            line[1] |= np.uint64(ids[n + k]) << np.uint64(20 * k)
    return end


@lean
def cut_word(byte_ids, byte_pairs, pairs, pieces, piece, links, heap, data, lo, hi, ids, n):
    """The word data[lo:hi] as ids from ids[n] on, piece by independent piece; the new n."""
    start = lo
    for k in range(lo + 1, hi + 1):
        ends_word = k == hi
        if not ends_word and byte_pairs[data[k - 1], data[k]] != CUT:
            continue
        if k - start == 1:
            ids[n] = byte_ids[np.intp(data[start]) + 256 * ends_word]
            n += 1
        elif k - start <= PIECE_BYTES:
            n = piece_ids(byte_ids, byte_pairs, pairs, pieces, piece, data, start, k, ends_word, ids, n)
        elif k - start <= SHORT:
            n = merge_short(byte_ids, byte_pairs, pairs, piece, data, start, k, ends_word, ids, n)
        else:
            n = merge_long(byte_ids, pairs, links, heap, data, start, k, ends_word, ids, n)
        start = k
    return n


@lean
def first_bytes(data, lo, size):
    """The first `size` bytes (8 at the most) from data[lo] as one number, zeros above them; 0 if size < 1."""
    if size >= 8:
        return load8(data, lo)
    if size <= 0:
        return np.uint64(0)
    return load8(data, lo) & ((np.uint64(1) << np.uint64(8 * size)) - np.uint64(1))


@lean
def mixed(hashed, more):
    """A hash with 8 bytes more in it."""
    hashed = (hashed ^ more) * np.uint64(0x9E3779B97F4A7C15)
    return hashed ^ hashed >> np.uint64(32)


@lean
def word_ids(byte_ids, byte_pairs, pairs, lines, pieces, piece, links, heap, data, lo, hi, ids, n):
    """The word data[lo:hi] as ids from ids[n] on, from the cache if it is there; the new n.

    data: uint8 with at least 16 bytes behind hi, whatever they are. ids: with 3 places more than tokens.
    """
    size = hi - lo
    if size > KEY_BYTES:
        return cut_word(byte_ids, byte_pairs, pairs, pieces, piece, links, heap, data, lo, hi, ids, n)
    key0, key1 = first_bytes(data, lo, size), np.uint64(0)
    hashed = mixed(key0, np.uint64(size))
    if size > 8:
        key1 = first_bytes(data, lo + 8, size - 8)
        hashed = mixed(hashed, key1)
    line = lines[np.intp(hashed & np.uint64(lines.shape[0] - 1))]
    about = line[2]
    if line[0] == key0 and line[1] == key1 and about & np.uint64(0xFF) == np.uint64(size):
        for k in range(3):  # whole groups: no branch for each id, and at most 3 too many
            ids[n + k] = np.int32(about >> np.uint64(16 * k + 16) & np.uint64(0xFFFF))
        n_ids = np.intp(about >> np.uint64(8) & np.uint64(0xFF))
        if n_ids > 3:
            for k in range(4):
                ids[n + 3 + k] = np.int32(line[3] >> np.uint64(16 * k) & np.uint64(0xFFFF))
        return n + n_ids
    end = cut_word(byte_ids, byte_pairs, pairs, pieces, piece, links, heap, data, lo, hi, ids, n)
    if end - n <= CACHED_IDS:
        line[0], line[1], line[3] = key0, key1, 0
        line[2] = size | (end - n) << 8
        for k in range(end - n):
            line[2 + (k + 1) // 4] |= np.uint64(ids[n + k]) << np.uint64((k + 1) % 4 * 16)
    return end
