"""Outputs that appear whole or not at all: a temporary file beside the target, then a rename."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from errno import EISDIR, ELOOP
from pathlib import Path
from typing import IO, Any

from tokembed.errors import BadInput, BadUsage

Writer = Callable[[IO[bytes]], Any]
Files = dict[Path, Writer]


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` once everything in it is written.

    Whatever interrupts the writing, an error or Ctrl-C, leaves what stood at `path` as it was. A link is
    followed; a device or a pipe, which cannot be replaced, is written to as it is.

    Raises:
        BadInput: the folder cannot be written, or the disk is full.
    """
    temporary: Path | None = None
    try:
        path = Path(os.path.realpath(path))  # a link stays, what it leads to is written
        if path.is_symlink():
            raise OSError(ELOOP, "it is a link that leads to itself")
        if path.exists() and not path.is_file() and not path.is_dir():
            with open(path, "wb") as file:
                yield file
            return
        if path.is_dir():
            raise IsADirectoryError(EISDIR, "it is a folder")
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".tokembed-")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            yield file
        temporary.chmod(0o666 & ~_umask())  # mkstemp's file is its owner's alone
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_target(path: Path, inputs: Sequence[str] = ()) -> None:
    """Raise BadInput where `path` cannot become a file, before much work is done for it, or is one of the inputs."""
    check_targets([path], inputs)


def check_targets(paths: Iterable[Path], inputs: Sequence[str] = ()) -> None:
    """Raise BadInput where one of the paths cannot become a file, BadUsage where it is one of the inputs."""
    taken = {place for place in map(_place, map(Path, inputs)) if place}
    folders = set()
    for path in paths:
        folder = path.absolute().parent
        if folder not in folders:
            _check_folder(folder, path.name)
            folders.add(folder)
        if _place(path) in taken:
            raise BadUsage(f"the output must not be an input, got {str(path)!r} for both")


def _check_folder(folder: Path, name: str) -> None:
    if not folder.is_dir():
        raise BadInput(f"there must be a folder {str(folder)!r} to write {name!r} in; make it, or name another")
    if not os.access(folder, os.W_OK):
        raise BadInput(f"{str(folder)!r} must be a folder that can be written to; name another")


def _place(path: Path) -> tuple[int, int] | None:
    """What tells a file from every other, whatever its names; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


@contextmanager
def together(paths: Sequence[Path], *, outdated: Sequence[Path] = ()) -> Iterator[list[IO[bytes]]]:
    """Several files to write, none of which appears before all are written.

    Args:
        outdated: files of an earlier output of the same name, which do not belong to this one: they are removed.
    """
    with ExitStack() as opened:
        files = [opened.enter_context(whole(path)) for path in paths]
        try:
            yield files
            for file in files:
                file.flush()  # a full disk shows now, before the first rename
        except OSError as error:  # the last one would take it for its own
            raise _refusal(paths[0], error) from error
    for path in outdated:
        if path not in paths:
            path.unlink(missing_ok=True)


def write_together(files: Mapping[Path, Writer], *, outdated: Sequence[Path] = ()) -> None:
    """Write several files, none of which appears before all are written; `outdated` as in `together`."""
    with together(list(files), outdated=outdated) as opened:
        for file, write in zip(opened, files.values(), strict=True):
            write(file)
            file.flush()


@contextmanager
def whole_folder(path: Path, *, replaces: Callable[[Path], bool]) -> Iterator[Path]:
    """A new folder to write files in that takes the place of `path` once all of them are written.

    Args:
        replaces: whether what stands at `path` is a folder that may be taken away.

    Raises:
        BadInput: it may not, or the folder cannot be written, or the disk is full.
    """
    check_folder_target(path, replaces=replaces)
    made: Path | None = None
    try:
        path = Path(os.path.realpath(path))
        made = Path(tempfile.mkdtemp(dir=path.parent, prefix=".tokembed-"))
        yield made
        made.chmod(0o777 & ~_umask())  # mkdtemp's folder is its owner's alone
        if path.exists():
            old = Path(tempfile.mkdtemp(dir=path.parent, prefix=".tokembed-")) / path.name
            path.rename(old)
            made.rename(path)
            shutil.rmtree(old.parent)
        else:
            made.rename(path)
        made = None
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def check_folder_target(path: Path, *, replaces: Callable[[Path], bool]) -> None:
    """Raise BadInput where `path` cannot become a folder, before much work is done for it; see `whole_folder`."""
    _check_folder(path.absolute().parent, path.name)
    if path.exists() and not (path.is_dir() and (replaces(path) or not any(path.iterdir()))):
        raise BadInput(f"{str(path)!r} is there already and no folder that may be replaced; name another")


def mark_done(files: Sequence[Path], made_from: Mapping[str, Any]) -> None:
    """Say beside a finished output what it was made from, in the first file's name + `.done.json`.

    Args:
        files: the output, and what may stand beside it.
    """
    record = {"output_bytes": _sizes(files), **made_from}
    with whole(_mark(files[0])) as file:
        file.write(json.dumps(record, ensure_ascii=False, indent=2).encode() + b"\n")


def is_done(files: Sequence[Path], made_from: Mapping[str, Any]) -> bool:
    """Whether the output stands there whole, with all that stood beside it, and was made from the same."""
    try:
        found = json.loads(_mark(files[0]).read_bytes())
        return bool(found == {"output_bytes": _sizes(files), **made_from})
    except (OSError, ValueError):
        return False


def unmark_done(path: Path) -> None:
    """Take the mark away, before the output is made anew."""
    _mark(path).unlink(missing_ok=True)


def _sizes(files: Sequence[Path]) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in files if file.exists()}


def _mark(path: Path) -> Path:
    return beside(path, ".done.json")


def _refusal(path: Path, error: OSError) -> BadInput:
    return BadInput(f"{str(path)!r} cannot be written: {error.strerror or error}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def beside(path: Path, ending: str) -> Path:
    """The name of a file that belongs to `path`: `x.npy` and `.json` give `x.npy.json`."""
    return path.with_name(path.name + ending)


def sidecars(path: Path) -> list[Path]:
    """Every file that may stand beside vectors."""
    return [beside(path, ending) for ending in (".json", ".ids.txt", ".vocab.txt")]
