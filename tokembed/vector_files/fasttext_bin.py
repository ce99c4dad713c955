"""fastText's .bin: words with counts, their own vectors, and those of the buckets that n-grams fall into.

Read are models with and without labels, of which the words are taken, and the first format, which had no version.
Written is version 12 with an output layer of zeros, as before training: it gives the same vectors, and any program that
reads such files can go on from there. A compressed model (.ftz) is refused: it has no vectors but approximations.

Source: facebookresearch/fastText, fasttext.cc, args.cc, dictionary.cc, densematrix.cc.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadInput
from tokembed.ngrams import NGrams, TrainedNGrams, ngrams_in, with_ngrams
from tokembed.vector_files.assembling import decoded, good_rows, rows_not_finite
from tokembed.vector_files.source import Source
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab
from tokembed.writers import Files

_MAGIC, _VERSION = 793712314, 12
_START = struct.Struct("<2i")
_SIZES = struct.Struct("<3iq")  # entries, words, labels, tokens
_PRUNED = struct.Struct("<q")
_ENTRY = struct.Struct("<qb")  # count, and 0 for a word or 1 for a label; the word stands before, with a zero byte
_FLAG = struct.Struct("<?")
_SHAPE = struct.Struct("<2q")
_NUMBER = np.dtype("<f4")
_SKIP_GRAM, _SUPERVISED, _NEGATIVE_SAMPLING = 2, 3, 2
_VERSION_OF_LABELS_WITHOUT_NGRAMS = 11


class _Args(NamedTuple):
    """How a model was trained; what does not bear on its vectors is what fastText begins with."""

    dim: int
    ws: int = 5
    epoch: int = 5
    min_count: int = 1
    neg: int = 5
    word_ngrams: int = 1
    loss: int = _NEGATIVE_SAMPLING
    model: int = _SKIP_GRAM
    bucket: int = 0
    minn: int = 0
    maxn: int = 0
    lr_update_rate: int = 100
    t: float = 1e-4


_ARGS = struct.Struct("<12id")


def read(source: Source) -> WordVectors:
    """The words, their vectors and counts, and the n-grams of a model that has any.

    Raises:
        BadInput: it is no such file, cut off, or compressed; or a bad row under `strict`.
    """
    with source.plain() as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                args, words, counts, matrix = _parts(source, data)
        except (struct.error, ValueError) as error:
            raise BadInput(f"{source.name!r} is cut off or no fastText .bin: {error}") from error
    own, buckets = matrix[: len(words)], matrix[len(words) :]
    if len(rows_not_finite(buckets)):
        raise BadInput(f"{source.name!r} must have finite numbers, those of an n-gram are not; train the model again")
    decoded_words = decoded(words)
    kept = good_rows(source, decoded_words, own, lambda row: f"row {row + 1}")
    if kept is not None:
        decoded_words = [decoded_words[row] for row in kept.tolist()]
        own, counts = own[kept], counts[kept]
    terms = Vocab(word for word in decoded_words if isinstance(word, str))
    if not len(buckets) or args.maxn <= 0:
        return WordVectors(terms, own, counts)
    vectors, ngrams = with_ngrams(
        terms.tokens, own, buckets, min_n=args.minn, max_n=args.maxn, progress=source.progress
    )
    return WordVectors(terms, vectors, counts, ngrams)


def _parts(source: Source, data: mmap.mmap) -> tuple[_Args, list[bytes], NDArray[np.int64], NDArray[np.float32]]:
    """What the model was trained with, its words and their counts, and the rows of the words and buckets."""
    start, version = _START.unpack_from(data)
    is_new = start == _MAGIC
    if is_new and version > _VERSION:
        raise BadInput(f"{source.name!r} is of version {version}, known is fastText's .bin up to {_VERSION}")
    at = _START.size if is_new else 0
    args = _Args(*_ARGS.unpack_from(data, at))
    if version == _VERSION_OF_LABELS_WITHOUT_NGRAMS and args.model == _SUPERVISED and is_new:
        args = args._replace(maxn=0)
    words, counts, at = _dictionary(data, at + _ARGS.size, is_new)
    if is_new:
        if _FLAG.unpack_from(data, at)[0]:
            raise BadInput(f"{source.name!r} is a compressed model, its vectors are approximations; take its .bin")
        at += _FLAG.size
    n_rows, dim = _SHAPE.unpack_from(data, at)
    at += _SHAPE.size
    if not 0 < dim == args.dim or n_rows != len(words) + args.bucket:
        raise BadInput(
            f"{source.name!r} must have a row of {args.dim} numbers for each of its {len(words):,} words and "
            f"{args.bucket:,} buckets, it has {n_rows:,} of {dim}; is it damaged?"
        )
    n_promised = at + n_rows * dim * _NUMBER.itemsize
    if n_promised > len(data):
        raise BadInput(f"{source.name!r} is cut off: it promises {n_promised:,} bytes and more, it has {len(data):,}")
    matrix = np.frombuffer(data, _NUMBER, n_rows * dim, at).reshape(n_rows, dim)
    return args, words, counts, matrix.astype(np.float32)  # a copy, as numbers begin anywhere in the file


def _dictionary(data: mmap.mmap, at: int, is_new: bool) -> tuple[list[bytes], NDArray[np.int64], int]:
    """The words, without labels, their counts, and where the dictionary ends."""
    n_entries, *_ = _SIZES.unpack_from(data, at)
    at += _SIZES.size
    n_pruned = 0
    if is_new:
        (n_pruned,) = _PRUNED.unpack_from(data, at)
        at += _PRUNED.size
    words, counts = [], []
    for _ in range(n_entries):
        end = data.find(b"\0", at)
        if end < 0:
            raise ValueError("a word has no end")
        count, is_label = _ENTRY.unpack_from(data, end + 1)
        if not is_label:
            words.append(data[at:end])
            counts.append(count)
        at = end + 1 + _ENTRY.size
    return words, np.array(counts, np.int64), at + max(0, n_pruned) * _START.size


def files(path: Path, vectors: WordVectors) -> Files:
    """The file; vectors without n-grams become a model without them.

    Raises:
        BadInput: a word has a zero byte in it, which the form cannot hold; or the n-grams are of Hangul letters, which
            it cannot tell: other programs would look for n-grams of syllables and give unseen words wrong vectors.
    """
    if vectors.ngrams is not None and vectors.ngrams.jamo:
        raise BadInput("the n-grams of a .bin must be of the words themselves, these are of Hangul letters; write .vec")
    for word in vectors.terms:
        if "\0" in word:
            raise BadInput(f"a word must have no zero byte in it to stand in a .bin, found {word!r}; write .npy")
    kept = vectors.ngrams
    ngrams = ngrams_in(vectors.terms.tokens, vectors.matrix, kept) if isinstance(kept, TrainedNGrams) else kept
    return {path: lambda file: _write(file, vectors, ngrams)}


def _write(file: IO[bytes], vectors: WordVectors, ngrams: NGrams | None) -> None:
    n_terms, dim = vectors.matrix.shape
    own, buckets = (vectors.matrix, vectors.matrix[:0]) if ngrams is None else (ngrams.own, ngrams.buckets)
    args = _Args(dim)
    if ngrams is not None:
        args = args._replace(bucket=len(buckets), minn=ngrams.min_n, maxn=ngrams.max_n)
    # Counts that are not known fall, as gensim's do; gensim leaves out words that never occurred.
    counts = np.arange(n_terms, 0, -1) if vectors.counts is None else np.maximum(vectors.counts, 1)
    file.write(_START.pack(_MAGIC, _VERSION) + _ARGS.pack(*args))
    file.write(_SIZES.pack(n_terms, n_terms, 0, int(counts.sum())) + _PRUNED.pack(-1))
    for word, count in zip(vectors.terms, counts.tolist(), strict=True):
        file.write(word.encode() + b"\0" + _ENTRY.pack(count, 0))
    file.write(_FLAG.pack(False) + _SHAPE.pack(n_terms + len(buckets), dim))
    for rows in (own, buckets):
        file.write(np.ascontiguousarray(rows, _NUMBER).data)
    file.write(_FLAG.pack(False) + _SHAPE.pack(n_terms, dim))
    zeros = bytes(_NUMBER.itemsize * dim)
    file.writelines(zeros for _ in range(n_terms))
