"""Which form a file of vectors has, told by its first bytes, not by its name; loads none of the forms."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tokembed.vector_files.sample_lines import HEADER, NUMERAL, looks_like_row, sample_lines
from tokembed.vector_files.source import Source

_FASTTEXT_MAGIC = struct.pack("<i", 793712314)
_FASTTEXT_ARGS = struct.Struct("<12i8x3i")
"""dim, window, epochs, least count, negatives, word n-grams, loss, model, buckets, shortest and longest n-gram, and one
more; of 8 bytes nothing; how many entries, words and labels there are."""
_SAFETENSORS_LENGTH = 8
_MOST_SAFETENSORS_HEADER = 100_000_000  # the library's own limit


def is_npy(source: Source) -> bool:
    """Whether it begins as numpy's arrays do."""
    return source.head.startswith(b"\x93NUMPY")


def is_parquet(source: Source) -> bool:
    """Whether it begins as Parquet does."""
    return source.head.startswith(b"PAR1")


def is_safetensors(source: Source) -> bool:
    """Whether a header's length and the beginning of a header come first."""
    length, text = source.head[:_SAFETENSORS_LENGTH], source.head[_SAFETENSORS_LENGTH:]
    return text.startswith((b'{"', b"{}")) and int.from_bytes(length, "little") <= _MOST_SAFETENSORS_HEADER


def is_fasttext(source: Source) -> bool:
    """Whether it begins with fastText's number, or as the first format did, which had none."""
    if source.head.startswith(_FASTTEXT_MAGIC) or len(source.head) < _FASTTEXT_ARGS.size:
        return source.head.startswith(_FASTTEXT_MAGIC)
    numbers = _FASTTEXT_ARGS.unpack_from(source.head)
    dim, window, *_, loss, model, n_buckets, shortest, longest, _, n_entries, n_words, n_labels = numbers
    return (
        all(0 < number < 1 << 20 for number in (dim, window))
        and (1 <= loss <= 4 and 1 <= model <= 3)
        and (n_buckets >= 0 and 0 <= shortest <= longest < 1 << 10)
        and (n_words >= 0 <= n_labels and 0 < n_entries == n_words + n_labels)
    )


def is_projector(source: Source) -> bool:
    """Whether the first lines are numerals with tabs between, and nothing else."""
    lines = [line for line in sample_lines(source) if line]
    return bool(lines) and all(NUMERAL.fullmatch(field) for line in lines for field in line.split(b"\t"))


def is_word2vec(source: Source) -> bool:
    """Whether the first line is two whole numbers, and the second, where there is one, a word and numerals."""
    first, *rows = [*sample_lines(source), b""]
    return HEADER.fullmatch(first) is not None and (not any(rows) or looks_like_row(rows[0]))


def is_word2vec_binary(source: Source) -> bool:
    """Whether the first line is two whole numbers, and word2vec's text does not follow."""
    first, _, rest = source.head.partition(b"\n")
    return bool(rest) and HEADER.fullmatch(first) is not None and not is_word2vec(source)


def is_glove(source: Source) -> bool:
    """Whether most of the first lines are a word and numerals."""
    lines = [line for line in sample_lines(source) if line]
    return 2 * sum(map(looks_like_row, lines)) > len(lines)


IS_FORM: dict[str, Callable[[Source], bool]] = {
    "npy": is_npy,
    "parquet": is_parquet,
    "safetensors": is_safetensors,
    "fasttext": is_fasttext,
    "projector": is_projector,
    "word2vec": is_word2vec,
    "word2vec-binary": is_word2vec_binary,
    "glove": is_glove,
}
"""In the order in which they are asked: the sure ones first."""


def recognized(source: Source) -> str | None:
    """The name of the file's form, None where it has none of them."""
    return next((name for name, is_form in IS_FORM.items() if is_form(source)), None)
