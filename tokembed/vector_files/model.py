"""A model's folder as word vectors: opened in milliseconds, and with all that is known of them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tokembed import model_folder
from tokembed.errors import BadInput
from tokembed.vector_files.source import Source
from tokembed.vectors import WordVectors

if TYPE_CHECKING:
    from tokembed.ngrams import NGrams, TrainedNGrams
    from tokembed.types import Arrays

WORDS_ALONE = "vectors"
"""What stands for the embedder of a folder that was converted from a file of vectors."""


def read(source: Source) -> WordVectors:
    """The words and vectors, which stay on disk.

    Raises:
        BadInput: it is no model's folder, not whole, or a model that has no vectors of words.
    """
    return word_vectors(model_folder.read(Path(source.path)), source.name)


def word_vectors(saved: model_folder.Saved, name: str) -> WordVectors:
    """The word vectors of what a folder holds."""
    if "vectors" not in saved.arrays:
        embedder = saved.record["embedder"]["name"]
        raise BadInput(f"{name!r} must have vectors of words, a model of {embedder} has none; train another embedder")
    return WordVectors(saved.terms, saved.arrays["vectors"], saved.counts, ngrams_of(saved), saved.arrays.get("norms"))


def ngrams_of(saved: model_folder.Saved) -> TrainedNGrams | None:
    """What gives unseen words a vector, None where nothing does."""
    if "ngram_vectors" not in saved.arrays:
        return None
    ngrams = import_module("tokembed.ngrams")  # loads numba, which few models need
    options = {name: saved.record["embedder"][name] for name in ("min_n", "max_n", "jamo")}
    kept: TrainedNGrams = ngrams.kept_ngrams(saved.arrays, **options)
    return kept


def write(path: Path, vectors: WordVectors) -> None:
    """Write the folder, whole or not at all.

    Raises:
        BadInput: something else stands there, or it cannot be written.
    """
    arrays, options = _kept(vectors.ngrams) if vectors.ngrams is not None else ({}, {})
    record = {"tokenizer": None, "embedder": {"name": WORDS_ALONE, **options}}
    model_folder.write(path, record, vectors.terms, vectors.counts, {"vectors": vectors.matrix, **arrays})


def _kept(ngrams: NGrams | TrainedNGrams) -> tuple[Arrays, dict[str, object]]:
    from tokembed.ngrams import NGrams, trained_in

    kept = trained_in(ngrams) if isinstance(ngrams, NGrams) else ngrams
    return kept.arrays(), {"min_n": kept.min_n, "max_n": kept.max_n, "jamo": kept.jamo}
