"""An input's bytes: a file, stdin, or what a compressed file holds."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
from pathlib import Path
from select import select
from typing import IO, Any, cast

from tokembed.errors import BadInput

SAMPLE_BYTES = 1 << 20
PAUSE = 0.02
"""Seconds without a byte after which a pipe's texts are answered."""
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")


def without_compression(source: str) -> str:
    """The name without the suffix of a compression."""
    suffix = Path(source).suffix.lower()
    return source[: -len(suffix)] if suffix in COMPRESSIONS else source


def open_bytes(source: str) -> io.BufferedReader:
    """The bytes of a path or, for `-`, of stdin, decompressed by suffix; `peek` shows the first MiB.

    Raises:
        BadInput: there is no such file, or it cannot be opened.
    """
    if source == "-":
        if sys.stdin is None:
            raise BadInput("stdin must be open to be read, it is closed; name a file")
        return io.BufferedReader(_Pipe(sys.stdin.fileno()), SAMPLE_BYTES)
    try:
        return io.BufferedReader(cast(Any, _open_file(Path(source))), SAMPLE_BYTES)
    except FileNotFoundError as error:
        raise BadInput(f"there is no file {source!r}; for a text on the command line use -c") from error
    except IsADirectoryError as error:
        raise BadInput(f"{source!r} must be a file, it is a folder; name the files in it") from error
    except OSError as error:
        raise BadInput(f"{source!r} cannot be opened: {error.strerror or error}") from error


class _Pipe(io.RawIOBase):
    """Stdin, of which one read gives all that comes without a pause, not only what the system's buffer holds."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer until it is full, the stream ends or nothing has come for a while."""
        n_read = 0
        while data := os.read(self._descriptor, len(buffer) - n_read):
            buffer[n_read : n_read + len(data)] = data
            n_read += len(data)
            if n_read == len(buffer) or not self._has_more():
                break
        return n_read

    def _has_more(self) -> bool:
        if sys.platform == "win32":  # select knows sockets alone there
            return False
        return bool(select([self._descriptor], [], [], PAUSE)[0])


def _open_file(path: Path) -> IO[bytes] | io.RawIOBase:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return cast(IO[bytes], gzip.open(path))
    if suffix == ".bz2":
        return bz2.open(path)
    if suffix == ".xz":
        return lzma.open(path)
    if suffix == ".zst":
        return _open_zst(path)
    return open(path, "rb", buffering=0)


def _open_zst(path: Path) -> IO[bytes]:
    import pyarrow as pa  # the standard library reads .zst from Python 3.14 on

    with open(path, "rb"):  # for the usual errors
        pass
    return cast(IO[bytes], pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
