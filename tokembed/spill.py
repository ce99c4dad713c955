"""Arrays that do not fit memory, put into a temporary file and read back piece by piece.

The file has no name (where the system knows such files), or loses it at once: whatever ends the process, a full
disk, Ctrl-C or a kill, leaves nothing behind.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadInput


class Spill:
    """A temporary file to append arrays to; any thread may read what is there.

    It lies in the folder that TMPDIR names, else in the system's own. Use it in a `with` statement.
    """

    def __init__(self) -> None:
        with _explained(0):
            self._file = tempfile.TemporaryFile(buffering=0, prefix="tokembed-")  # noqa: SIM115
        self.n_bytes = 0

    def append(self, array: NDArray[Any]) -> int:
        """Write an array, contiguous, behind what is there, and give the place of its first byte.

        Raises:
            BadInput: the disk is full, or the file cannot be written.
        """
        place = end = self.n_bytes
        left = _bytes_of(array)
        with _explained(place + len(left)):
            while left:  # one call writes 2 GB at the most
                n_written = os.pwrite(self._file.fileno(), left, end)
                left, end = left[n_written:], end + n_written
        self.n_bytes = end
        return place

    def read(self, place: int, array: NDArray[Any]) -> None:
        """Fill an array, contiguous, with what was written from this place on."""
        left = _bytes_of(array)
        with _explained(self.n_bytes):
            while left:
                n_read = os.preadv(self._file.fileno(), [left], place)
                if not n_read:
                    raise OSError(f"it ends at byte {place:,}")
                left, place = left[n_read:], place + n_read

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


@contextmanager
def _explained(n_bytes: int) -> Iterator[None]:
    """Turns what the system says into one line that says what to do."""
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"temporary files{_folder()} must have room for {n_bytes / 1e6:,.1f} MB and more, "
            f"found: {error.strerror or error}; set TMPDIR to a folder with more, or raise memory"
        ) from error


def _folder() -> str:
    try:
        return f" in {tempfile.gettempdir()!r}"
    except OSError:  # there is none that can be written
        return ""
