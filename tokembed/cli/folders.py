"""`-o FOLDER/`: an output for each input, of which `--resume` makes only those that are not there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import tokembed
from tokembed import registry
from tokembed.cli.inputs import Inputs
from tokembed.cli.output import tell
from tokembed.cli.progress import Progress, progress
from tokembed.cli.tokens import tell_what_was_cut
from tokembed.errors import BadInput, BadUsage, counted, one_of
from tokembed.inputs.batches import Batch
from tokembed.inputs.opening import without_compression
from tokembed.inputs.texts import INLINE, STDIN
from tokembed.tokens.formats import FORMATS, SUFFIXES, Cutting, files_of, writing
from tokembed.tokens.long_texts import Cuts
from tokembed.tokens.writing import write_tokens
from tokembed.writers import check_targets, is_done, mark_done, unmark_done


class _NotRead(Exception):
    """An input could not be read to its end, so its output must not appear."""


def is_folder(out: str | None) -> bool:
    """Whether `-o` names a folder: one that is there, or that a slash at the end says is one."""
    return bool(out and (out.endswith(("/", os.sep)) or Path(out).is_dir()))


def folder_format(asked: str | None) -> str:
    """The format that `-f` names; text where it is not given.

    Raises:
        BadUsage: there is no such format.
    """
    one_of("-f", asked or "text", FORMATS)
    return asked or "text"


def write_folder(inputs: Inputs, form: str, cutting: Cutting, folder: Path, *, resume: bool) -> None:
    """Write the tokens of each input to a file of its own; one that cannot be read to its end gets none."""
    paths = _output_paths(folder, inputs, form, cutting)
    options = _options(inputs, form, cutting)
    n_left_out = 0
    with progress("tokenize", lambda: inputs.n_bytes, inputs.total_bytes()) as line:
        for source, batches in inputs.by_source():
            path, made_from = paths[source], {"input": _state(source), "options": options}
            files = files_of(form, path, cutting)
            if resume and is_done(files, made_from):
                n_left_out += 1
                continue
            unmark_done(path)
            try:
                cuts = _write(batches, source, inputs, form, cutting, path, line)
            except _NotRead:
                continue
            mark_done(files, made_from)
            tell_what_was_cut(cuts, cutting)
    if n_left_out:
        tell(f"complete and unchanged, so left out: {n_left_out:,} of {counted(len(paths), 'input')}")


def _output_paths(folder: Path, inputs: Inputs, form: str, cutting: Cutting) -> dict[str, Path]:
    """The output of each input: its name in the folder, with the format's suffix in place of its own.

    Raises:
        BadUsage: an input has no name, or two would be written to the same file.
        BadInput: the folder cannot be made or written to.
    """
    paths: dict[str, Path] = {}
    sources: dict[Path, str] = {}
    for source in inputs.sources:
        if source in (STDIN, INLINE):
            raise BadUsage("-o FOLDER/ names each output after its file, stdin and -c have none; name an output file")
        paths[source] = folder / (Path(without_compression(source)).stem + SUFFIXES[form])
        for file in files_of(form, paths[source], cutting):
            if file in sources:
                both = f"{sources[file]!r} and {source!r}"
                raise BadUsage(f"each input must have an output of its own, {both} would both be {file}")
            sources[file] = source
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise BadInput(f"the folder {str(folder)!r} cannot be made: {error.strerror or error}") from error
    check_targets(sources, inputs.files)
    return paths


def _write(
    batches: Iterator[Batch], source: str, inputs: Inputs, form: str, cutting: Cutting, path: Path, line: Progress
) -> dict[str, Cuts]:
    with writing(form, cutting, path, sys.stdout.buffer, lambda: inputs.record([source])) as format_:
        cuts = write_tokens(batches, format_, progress=line.add)
        if inputs.failed(source):
            raise _NotRead
    return cuts


def _options(inputs: Inputs, form: str, cutting: Cutting) -> dict[str, Any]:
    """All that an output depends on beside its input."""
    return {
        "tokembed": tokembed.__version__,
        "format": form,
        "tokenizers": {name: _description_sum(name) for name in cutting.tokenizers},
        "settings": dict(cutting.settings),
        "offsets": cutting.offsets,
        "bytes": cutting.token_bytes,
        "limit": asdict(cutting.limit) if cutting.limit else None,
        "reading": inputs.options(),
    }


def _description_sum(tokenizer: str) -> str | None:
    """SHA-256 of what a tokenizer's file says, which may change under the same name; None of one that is built in."""
    if registry.find("tokenizer", tokenizer) is not registry.PRETRAINED:
        return None
    from tokembed.tokenizers.pretrained_files import description_of

    return sha256(description_of(tokenizer).encode()).hexdigest()


def _state(source: str) -> dict[str, Any]:
    """By what an input shows that it has changed: its size and time."""
    path = Path(source).absolute()
    try:
        status = path.stat()
    except OSError:  # what is wrong with it, reading tells
        return {"source": str(path)}
    return {"source": str(path), "bytes": status.st_size, "changed_ns": status.st_mtime_ns}
