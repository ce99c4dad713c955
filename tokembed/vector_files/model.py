"""A model's folder as word vectors: opened in milliseconds, and with all that is known of them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tokembed.errors import BadInput
from tokembed.vector_files import WORDS_ALONE, model_folder
from tokembed.vector_files.source import Source
from tokembed.vectors import WordVectors

if TYPE_CHECKING:
    from tokembed.ngrams import NGrams, TrainedNGrams


def read(source: Source) -> WordVectors:
    """The words and vectors, which stay on disk.

    Raises:
        BadInput: it is no model's folder, not whole, or a model that has no vectors of words.
    """
    saved = model_folder.read(Path(source.path))
    if "other" in saved.arrays:
        source.notice(
            f"{source.name!r} reads texts in order; taken are the vectors of the look-up table it reads them by"
        )
    return word_vectors(saved, source.name)


def word_vectors(saved: model_folder.Saved, name: str) -> WordVectors:
    """The word vectors of what a folder holds."""
    if "vectors" not in saved.arrays:
        embedder = saved.record["embedder"]["name"]
        raise BadInput(f"{name!r} must have vectors of words, a model of {embedder} has none; train another embedder")
    return WordVectors(saved.terms, saved.arrays["vectors"], saved.counts, ngrams_of(saved), saved.arrays.get("norms"))


def ngrams_of(saved: model_folder.Saved) -> NGrams | TrainedNGrams | None:
    """What gives unseen words a vector, None where nothing does."""
    if not {"ngram_vectors", "bucket_vectors"} & saved.arrays.keys():
        return None
    ngrams = import_module("tokembed.ngrams")  # loads numba, which few models need
    restored = ngrams.kept_ngrams if "ngram_vectors" in saved.arrays else ngrams.all_ngrams
    options = {name: saved.record["embedder"][name] for name in ("min_n", "max_n", "jamo")}
    found: NGrams | TrainedNGrams = restored(saved.arrays, **options)
    return found


def write(path: Path, vectors: WordVectors) -> None:
    """Write the folder, whole or not at all.

    Raises:
        BadInput: something else stands there, or it cannot be written.
    """
    ngrams = vectors.ngrams
    arrays = {"vectors": vectors.matrix, **({} if ngrams is None else ngrams.arrays())}
    options = {} if ngrams is None else {"min_n": ngrams.min_n, "max_n": ngrams.max_n, "jamo": ngrams.jamo}
    record = {"tokenizer": None, "embedder": {"name": WORDS_ALONE, **options}}
    model_folder.write(path, record, vectors.terms, vectors.counts, arrays)
