"""What a model's folder or a file of word vectors holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tokembed.convert import read_vectors
from tokembed.vector_files import model_folder
from tokembed.vectors import WordVectors

_SHOWN = 5


def about(name: str, *, verify: bool = False, notice: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """What it is called, holds and was made with, by name, as JSON has it.

    Args:
        verify: check that a model's files are as they were written; a file of vectors is read whole anyway.

    Raises:
        BadInput: there is no such thing, or it is not as it should be.
    """
    path = Path(name)
    if not path.is_dir():
        return _about_vectors(path, read_vectors(name, notice=notice))
    saved = model_folder.read(path)
    if verify:
        model_folder.check_sums(path)
    record = {key: value for key, value in saved.record.items() if key not in ("terms", "files")}
    return {
        "name": path.resolve().name,
        "terms": len(saved.terms),
        "first_terms": saved.terms.tokens[:_SHOWN],
        "dim": int(saved.arrays["vectors"].shape[1]) if "vectors" in saved.arrays else None,
        "counts": saved.counts is not None,
        "trained_ngrams": _n_ngrams(saved),
        "bytes": sum(file["bytes"] for file in saved.record["files"].values()),
        "verified": verify,
        **record,
    }


def _n_ngrams(saved: model_folder.Saved) -> int | None:
    if "is_trained" in saved.arrays:
        return int(saved.arrays["is_trained"].sum())
    hashes = saved.arrays.get("ngram_hashes", saved.arrays.get("trained_buckets"))
    return None if hashes is None else len(hashes)


def _about_vectors(path: Path, vectors: WordVectors) -> dict[str, Any]:
    return {
        "name": path.name,
        "terms": len(vectors.terms),
        "first_terms": vectors.terms.tokens[:_SHOWN],
        "dim": vectors.dim,
        "counts": vectors.counts is not None,
        "trained_ngrams": None if vectors.ngrams is None else _n_trained(vectors),
        "bytes": path.stat().st_size if path.is_file() else None,
    }


def _n_trained(vectors: WordVectors) -> int:
    is_trained = getattr(vectors.ngrams, "is_trained", None)
    return int(is_trained.sum()) if is_trained is not None else 0
