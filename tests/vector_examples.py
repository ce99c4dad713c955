"""Word vectors for the tests of files that hold them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tokembed.convert import read_vectors, write_vectors
from tokembed.errors import BadInput
from tokembed.ngrams import with_ngrams
from tokembed.vector_files import FORMS
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

FORM_NAMES = [form.name for form in FORMS]
SUFFIX_OF = {form.name: (*form.suffixes, "")[0] for form in FORMS}
WORDS = ["학교", "나", "café", "😀", "a\u00a0b", "\\n", "3", '"', "</s>", "ﬁ\u3000"]


def example(*, counts: bool = False, ngrams: bool = False, dim: int = 5) -> WordVectors:
    """WORDS with vectors, among them large, small and subnormal numbers and both zeros."""
    matrix = np.random.default_rng(0).normal(size=(len(WORDS), dim)).astype(np.float32)
    matrix[0, :5] = [0.0, -0.0, 1e-45, -3.4028235e38, 1.1754942e-38]
    n_times = np.arange(len(WORDS), 0, -1) * 7 if counts else None
    if not ngrams:
        return WordVectors(Vocab(WORDS), matrix, n_times)
    matrix[0] = 1
    buckets = np.random.default_rng(1).normal(size=(40, dim)).astype(np.float32)
    vectors, grams = with_ngrams(WORDS, matrix, buckets, min_n=2, max_n=3)
    return WordVectors(Vocab(WORDS), vectors, n_times, grams)


def written(folder: Path, form: str, vectors: WordVectors) -> Path:
    """A file of these vectors."""
    path = folder / f"x{SUFFIX_OF[form]}"
    write_vectors(path, vectors, form=form)
    return path


def assert_same(found: WordVectors, expected: WordVectors) -> None:
    """The same words in the same order, and the same bits."""
    assert found.terms.tokens == expected.terms.tokens
    assert found.matrix.dtype == np.float32
    assert found.matrix.shape == expected.matrix.shape
    np.testing.assert_array_equal(found.matrix.view(np.uint32), expected.matrix.view(np.uint32))


def problem(path: Path, form: str | None = None) -> str:
    """What is wrong with the file, in one line."""
    with pytest.raises(BadInput) as raised:
        read_vectors(str(path), form=form)
    message = str(raised.value)
    assert "\n" not in message
    return message


def skipped(path: Path, form: str | None = None) -> tuple[WordVectors, list[str]]:
    """What is read of the file without its bad rows, and what is told about them."""
    notices: list[str] = []
    return read_vectors(str(path), form=form, errors="skip", notice=notices.append), notices
