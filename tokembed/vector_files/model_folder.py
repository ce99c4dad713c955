"""A model's folder: what was learned and what it was learned with, to be opened in milliseconds.

    model.json           what made it; of each other file how many bytes it has, and their SHA-256
    vocab.txt            a term a line, behind a tab how often it occurred; see `term_lines`
    arrays.safetensors   what was learned, and the counts once more, read by memory map
    tokenizer.json       what the texts were cut with, unless that is built in

Nothing in it is pickled. It holds no time, host or path: the same training gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tokembed.asking.search import row_norms
from tokembed.errors import BadInput, counted
from tokembed.vector_files.safetensors import mapped_arrays, write_arrays
from tokembed.vector_files.term_lines import TermLines, write_terms
from tokembed.vocab import Vocab
from tokembed.writers import whole_folder

if TYPE_CHECKING:
    from tokembed.types import Arrays

FORMAT = 1
RECORD, TERMS, ARRAYS, TOKENIZER = "model.json", "vocab.txt", "arrays.safetensors", "tokenizer.json"


@dataclass(frozen=True, slots=True)
class Saved:
    """What is in a model's folder.

    Attributes:
        record: model.json.
        counts: how often each term occurred, int64 (n_terms,); None where that is not known.
        arrays: on disk and read-only.
    """

    record: dict[str, Any]
    terms: Vocab
    counts: NDArray[np.int64] | None
    arrays: dict[str, NDArray[Any]]


def is_model(path: Path) -> bool:
    """Whether a folder is a model's."""
    return (path / RECORD).is_file()


def read(path: Path) -> Saved:
    """The model of a folder; of its files only the sizes are checked.

    Raises:
        BadInput: it is no model's folder, of a newer format, cut off, or its files do not belong together.
    """
    record = _record(path)
    _check_sizes(path, record)
    with open(path / ARRAYS, "rb") as file:
        arrays = mapped_arrays(file, str(path / ARRAYS))
    has_counts = bool(record["terms"]["counts"])
    terms = TermLines((path / TERMS).read_bytes(), has_counts=has_counts, name=str(path / TERMS)).vocab()
    for name in ("vectors", "weights", "norms", "counts"):
        if name in arrays and len(arrays[name]) != len(terms):
            raise BadInput(
                f"{str(path)!r} must have as many {name} as terms, it has {len(arrays[name]):,} and "
                f"{counted(len(terms), 'term')}; train or convert it again"
            )
    return Saved(record, terms, arrays.pop("counts", None), arrays)


def check_sums(path: Path) -> None:
    """Raise BadInput unless each file of a model's folder has the SHA-256 that model.json says."""
    for name, about in _record(path)["files"].items():
        found = _sum(path / name)
        if found != about["sha256"]:
            raise BadInput(
                f"{str(path / name)!r} must have the SHA-256 {about['sha256'][:12]}…, it has {found[:12]}…; "
                "it was changed after it was written: train or convert it again"
            )


def write(
    path: Path,
    record: Mapping[str, Any],
    terms: Vocab,
    counts: NDArray[np.int64] | None,
    arrays: Arrays,
    tokenizer: str | None = None,
) -> None:
    """Write a model's folder, whole or not at all; the lengths of `vectors` are stored beside them as `norms`.

    Args:
        record: what made the model; `format`, `terms` and `files` are added to it.
        tokenizer: the text of its tokenizer.json.

    Raises:
        BadInput: something else stands there, the folder cannot be written, or the disk is full.
    """
    if "vectors" in arrays:
        arrays = {**arrays, "norms": row_norms(np.asarray(arrays["vectors"], np.float32))}
    with whole_folder(path, replaces=is_model) as folder:
        with open(folder / TERMS, "wb") as file:
            write_terms(file, terms, counts)
        with open(folder / ARRAYS, "wb") as file:
            write_arrays(file, arrays if counts is None else {**arrays, "counts": counts})
        if tokenizer is not None:
            (folder / TOKENIZER).write_text(tokenizer, encoding="utf-8")
        files = {file.name: {"bytes": file.stat().st_size, "sha256": _sum(file)} for file in sorted(folder.iterdir())}
        about = {"number": len(terms), "counts": counts is not None, "sha256": terms.sha256()}
        text = json.dumps({"format": FORMAT, **record, "terms": about, "files": files}, ensure_ascii=False, indent=2)
        (folder / RECORD).write_text(text + "\n", encoding="utf-8")


def _record(path: Path) -> dict[str, Any]:
    if not is_model(path):
        hint = "make one with: train"
        if (path / "config.json").exists():
            hint = f"it may be a transformer's; write its words with: embed -m {path} --level vocab -o words.vec"
        raise BadInput(f"{str(path)!r} must be a model's folder with a {RECORD}, it has none; {hint}")
    try:
        record: dict[str, Any] = json.loads((path / RECORD).read_bytes())
        found = int(record["format"])
        record["terms"]["counts"], record["files"][TERMS]["bytes"], record["embedder"]["name"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{str(path / RECORD)!r} must be the record of a model, it cannot be read: {error}") from error
    if found > FORMAT:
        raise BadInput(f"{str(path)!r} is of format {found}, known are formats up to {FORMAT}; upgrade tokembed")
    return record


def _check_sizes(path: Path, record: Mapping[str, Any]) -> None:
    for name, about in record["files"].items():
        try:
            n_bytes = (path / name).stat().st_size
        except OSError as error:
            raise BadInput(f"{str(path / name)!r} must be there, it is not: {error.strerror}") from error
        if n_bytes != about["bytes"]:
            raise BadInput(
                f"{str(path / name)!r} must have {about['bytes']:,} bytes, it has {n_bytes:,}; is it cut off?"
            )


def _sum(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
