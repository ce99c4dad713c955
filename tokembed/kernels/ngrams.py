"""fastText's character n-grams: which buckets they fall into, and the means of the buckets' vectors."""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from tokembed.kernels.compiled import lean_as
from tokembed.kernels.instructions import BYTES, FLOAT32S, INT64S, OUT_FLOAT32S, OUT_INT64S, at, put

FIRST_HASH, FACTOR = 2166136261, 16777619  # FNV-1a of 32 bits
LOW_32 = 0xFFFFFFFF
NEGATIVE = 0xFFFFFF00  # what a byte above 0x7F brings along where `char` is signed
NO_ARRAY = np.empty(0, np.int64)


def ngram_buckets(
    letters: NDArray[np.uint8], bounds: NDArray[np.int64], *, min_n: int, max_n: int, n_buckets: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The bucket of every n-gram of each word, in fastText's order, and where each word's begin, (n_words + 1,).

    Args:
        letters: the words in UTF-8 with their marks, "<word>", one after another; may be read-only.
        bounds: word k is letters[bounds[k]:bounds[k + 1]].
        min_n, max_n: code points of the shortest and the longest n-gram; a mark alone is none.

    Source: facebookresearch/fastText, dictionary.cc, computeSubwords and hash.
    """
    starts = np.empty(len(bounds), np.int64)
    n_ngrams = _buckets(letters, bounds, min_n, max_n, n_buckets, NO_ARRAY, starts)
    buckets = np.empty(n_ngrams, np.int64)
    _buckets(letters, bounds, min_n, max_n, n_buckets, buckets, starts)
    return buckets, starts


def average_in(
    vectors: NDArray[np.float32],
    buckets: NDArray[np.int64],
    starts: NDArray[np.int64],
    bucket_vectors: NDArray[np.float32],
    *,
    n_there: int,
) -> None:
    """Make each of `vectors` (n_words, dim), in place, the mean of what it is and its n-grams' bucket vectors.

    They are added up one by one in float32 and divided, which is what gensim does, to the bit.

    Args:
        n_there: 1 where `vectors` count as one more vector each, 0 where they are zeros.
    """
    _average_in(vectors.reshape(-1), buckets, starts, bucket_vectors.reshape(-1), vectors.shape[1], n_there)


@lean_as(types.int64(BYTES, INT64S, types.int64, types.int64, types.int64, OUT_INT64S, OUT_INT64S))
def _buckets(letters, bounds, min_n, max_n, n_buckets, buckets, starts):
    found = 0
    for word in range(starts.size - 1):
        put(starts, word, found)
        end = at(bounds, word + 1)
        for first in range(at(bounds, word), end):
            if at(letters, first) & 0xC0 == 0x80:
                continue
            code = types.int64(FIRST_HASH)
            i = first
            n = 1
            while i < end and n <= max_n:
                is_first_byte = True
                while i < end and (is_first_byte or at(letters, i) & 0xC0 == 0x80):
                    byte = at(letters, i)
                    code = ((code ^ (byte | (NEGATIVE if byte > 0x7F else 0))) * FACTOR) & LOW_32
                    is_first_byte = False
                    i += 1
                if n >= min_n and not (n == 1 and (first == bounds[word] or i == end)):
                    if buckets.size:
                        put(buckets, found, code % n_buckets)
                    found += 1
                n += 1
    put(starts, starts.size - 1, found)
    return found


@lean_as(types.void(OUT_FLOAT32S, INT64S, INT64S, FLOAT32S, types.int64, types.int64))
def _average_in(vectors, buckets, starts, bucket_vectors, dim, n_there):
    for word in range(starts.size - 1):
        own = vectors[word * dim : (word + 1) * dim]
        for place in range(starts[word], starts[word + 1]):
            more = bucket_vectors[buckets[place] * dim : (buckets[place] + 1) * dim]
            for k in range(dim):
                own[k] += more[k]
        n = types.float32(starts[word + 1] - starts[word] + n_there)
        if n > 0:
            for k in range(dim):
                own[k] /= n
