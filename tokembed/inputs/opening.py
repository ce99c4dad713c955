"""An input's bytes: a file, stdin, or what a compressed file holds."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from select import select
from typing import Any, cast

from tokembed.errors import BadInput

SAMPLE_BYTES = 1 << 20
PAUSE = 0.02
LONGEST_WAIT = 0.1
"""Seconds without a byte after which a pipe's texts are answered, and after which they are though more comes."""
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")


def without_compression(source: str) -> str:
    """The name without the suffix of a compression."""
    suffix = Path(source).suffix.lower()
    return source[: -len(suffix)] if suffix in COMPRESSIONS else source


def open_bytes(source: str, count: Callable[[int], object] = lambda _: None) -> io.BufferedReader:
    """The bytes of a path or, for `-`, of stdin, decompressed by suffix; `peek` shows the first MiB.

    Args:
        count: told how many bytes were read, before they are decompressed, whenever some are.

    Raises:
        BadInput: there is no such file, or it cannot be opened.
    """
    if source == "-":
        if sys.stdin is None:
            raise BadInput("stdin must be open to be read, it is closed; name a file")
        return io.BufferedReader(_Pipe(sys.stdin.fileno(), count), SAMPLE_BYTES)
    try:
        file = _File(Path(source), count)
        return _Stream(_decompressed(file, Path(source).suffix.lower()), SAMPLE_BYTES, file)
    except FileNotFoundError as error:
        raise BadInput(f"there is no file {source!r}; for a text on the command line use -c") from error
    except IsADirectoryError as error:
        raise BadInput(f"{source!r} must be a file, it is a folder; name the files in it") from error
    except OSError as error:
        raise BadInput(f"{source!r} cannot be opened: {error.strerror or error}") from error


class _Pipe(io.RawIOBase):
    """Stdin, of which one read gives all that comes without a pause, not only what the system's buffer holds."""

    def __init__(self, descriptor: int, count: Callable[[int], object]) -> None:
        self._descriptor = descriptor
        self._count = count
        self._has_begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer until it is full, the stream ends, nothing has come for a while or some has waited.

        What may be a part of a byte-order mark is waited for, however long the rest takes.
        """
        n_read, latest = 0, None
        while data := os.read(self._descriptor, len(buffer) - n_read):
            latest = latest or time.monotonic() + LONGEST_WAIT
            buffer[n_read : n_read + len(data)] = data
            n_read += len(data)
            if not self._has_begun and _may_be_cut(bytes(buffer[:n_read])):
                continue
            if n_read == len(buffer) or not self._has_more() or time.monotonic() > latest:
                break
        self._has_begun = True
        self._count(n_read)
        return n_read

    def _has_more(self) -> bool:
        if sys.platform == "win32":  # select knows sockets alone there
            return False
        return bool(select([self._descriptor], [], [], PAUSE)[0])


def _may_be_cut(data: bytes) -> bool:
    return any(len(data) < len(mark) and mark.startswith(data) for mark in _MARKS)


class _File(io.FileIO):
    """A file that tells how many bytes are read from it."""

    def __init__(self, path: Path, count: Callable[[int], object]) -> None:
        super().__init__(path)
        self._count = count

    def readinto(self, buffer: Any, /) -> int | None:
        n_read = super().readinto(buffer)
        self._count(n_read or 0)
        return n_read

    def read(self, size: int | None = -1, /) -> bytes | Any:
        data = super().read(size)
        self._count(len(data or b""))
        return data


class _Stream(io.BufferedReader):
    """What a file holds; closing it closes the file too, which decompressors do not."""

    def __init__(self, raw: Any, size: int, file: _File) -> None:
        super().__init__(raw, size)
        self._file = file

    def close(self) -> None:
        super().close()
        self._file.close()


def _decompressed(file: _File, suffix: str) -> Any:
    if suffix == ".gz":
        return gzip.GzipFile(fileobj=file)
    if suffix == ".bz2":
        return bz2.BZ2File(cast(Any, file))
    if suffix == ".xz":
        return lzma.LZMAFile(cast(Any, file))
    if suffix == ".zst":
        import pyarrow as pa  # the standard library reads .zst from Python 3.14 on

        return pa.CompressedInputStream(pa.PythonFile(file), "zstd")
    return file
