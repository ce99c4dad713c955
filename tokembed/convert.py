"""Vectors from a file of any form or a model's folder, and to one: its content tells the form, or else the suffix."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from tokembed.errors import BadInput, BadUsage, one_of
from tokembed.inputs.opening import SAMPLE_BYTES, open_bytes
from tokembed.vector_files import FORMS, Form
from tokembed.vector_files.recognizing import recognized
from tokembed.vector_files.refused import check_not_refused
from tokembed.vector_files.source import ErrorPolicy, Source
from tokembed.vectors import WordVectors
from tokembed.writers import Files, sidecars, write_together

STDIN = "-"


def read_vectors(
    name: str,
    *,
    form: str | None = None,
    errors: ErrorPolicy = "strict",
    notice: Callable[[str], None] = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> WordVectors:
    """The words and vectors of a file or a model's folder; those that are float32 arrays stay on disk.

    Args:
        name: a path, compressed or not, or `-` for stdin.
        form: a name of the table; None to tell it from the first bytes.
        errors: whether a bad row stops the reading or is left out, which is told.
        notice: called with one line about each thing worth knowing.
        progress: called with how many more rows are read.

    Raises:
        BadInput: there is no such file, it is of no known form, or not as it should be.
        BadUsage: no form is called so.
    """
    if name != STDIN and not Path(name).exists():
        raise BadInput(f"there is no file or model's folder {name!r}")
    with _as_file(name) as path:
        source = Source(name, path, errors, notice, progress)
        if Path(path).is_dir():
            return _of_folder(source, form)
        check_not_refused(source)
        try:
            vectors: WordVectors = _module(form_named("--from", form) if form else form_of(source)).read(source)
        finally:
            source.tell_what_was_left_out()
    return vectors


def _of_folder(source: Source, form: str | None) -> WordVectors:
    if form and not form_named("--from", form).is_folder:
        raise BadInput(f"{source.name!r} must be a file to be {form}, it is a folder")
    vectors: WordVectors = _module(form_named("--from", "model")).read(source)
    return vectors


def write_vectors(
    path: Path,
    vectors: WordVectors,
    *,
    form: str | None = None,
    notice: Callable[[str], None] = lambda _: None,
    more: Files | None = None,
) -> None:
    """Write the file, and what stands beside it, whole or not at all.

    Args:
        form: a name of the table; None to tell it from the suffix.
        notice: told what the form has no place for.
        more: files that appear together with it; beside a file, not a folder.

    Raises:
        BadInput: the form cannot hold the words, or the folder cannot be written.
        BadUsage: no form is called so, or it cannot be told.
    """
    target = form_to_write(path, form)
    there = {"counts": vectors.counts, "n-grams": vectors.ngrams}
    lost = [what for what, value in there.items() if value is not None and what not in target.keeps]
    if target.is_folder:
        _module(target).write(path, vectors)
    else:
        write_together(_module(target).files(path, vectors) | (more or {}), outdated=sidecars(path))
    hashes = getattr(vectors.ngrams, "hashes", None)
    if hashes is not None and target.name == "fasttext":
        notice(
            f"{str(path)!r} knows n-grams by their bucket alone: {len(hashes):,} that were trained share "
            f"{len(vectors.ngrams.buckets):,} buckets, so some that never were count as trained"  # type: ignore[union-attr]
        )
    if lost:
        notice(f"{str(path)!r} has no place for {' and '.join(lost)}, which are left out: {target.name} holds none")


def form_to_write(path: Path, form: str | None = None) -> Form:
    """The form that is asked for, or else the one that the suffix stands for; without one a model's folder.

    Raises:
        BadUsage: no form is called so; or the suffix stands for none, or for two.
    """
    if form:
        return form_named("--to", form)
    if path.is_dir() or not path.suffix:
        return form_named("--to", "model")
    found = [known for known in FORMS if path.suffix.lower() in known.suffixes]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadUsage(f"{path.suffix} may be {' or '.join(known.name for known in found)}; choose one with --to")
    suffixes = ", ".join(dict.fromkeys(suffix for known in FORMS for suffix in known.suffixes))
    raise BadUsage(
        f"what is written must end in {suffixes}, or in none to be a model's folder, got {str(path)!r}; "
        "or choose its form with --to"
    )


def form_of(source: Source) -> Form:
    """The form of a file, by its first bytes.

    Raises:
        BadInput: it is of none.
    """
    name = recognized(source)
    if name is not None:
        return form_named("--from", name)
    names = ", ".join(form.name for form in FORMS if not form.is_folder)
    begins = f"begins with {source.head[:60].decode(errors='replace')[:20]!r}" if source.head else "is empty"
    raise BadInput(
        f"{source.name!r} must hold vectors ({names}), it {begins}; if it does, name its form with convert --from"
    )


def form_named(option: str, name: str) -> Form:
    """The form of that name.

    Raises:
        BadUsage: there is none.
    """
    one_of(option, name, [form.name for form in FORMS])
    return next(form for form in FORMS if form.name == name)


def _module(form: Form) -> Any:
    return import_module(f"tokembed.{form.module}")


@contextmanager
def _as_file(name: str) -> Iterator[str]:
    """A path to read again and again: what comes through a pipe is kept in a temporary file meanwhile."""
    if name != STDIN and not Path(name).is_fifo():
        yield name
        return
    with open_bytes(name) as pipe, tempfile.NamedTemporaryFile() as file:
        shutil.copyfileobj(pipe, file, SAMPLE_BYTES)
        file.flush()
        yield file.name
