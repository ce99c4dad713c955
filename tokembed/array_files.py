"""Arrays written as .npy piece by piece, so that none is ever held whole."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_HEADER_BYTES = 128


class ArrayFile:
    """A .npy file that is written piece by piece: its header is written anew when all pieces are there.

    Args:
        file: is at its beginning, and can be gone back in.
        columns: None for an array of one dimension.
    """

    def __init__(self, file: IO[bytes], dtype: DTypeLike, columns: int | None = None) -> None:
        self._file = file
        self._dtype = np.dtype(dtype).newbyteorder("<")
        self._columns = columns
        self._n_values = 0
        file.write(bytes(_HEADER_BYTES))

    def write(self, values: NDArray[Any]) -> None:
        """Append values."""
        self._file.write(np.ascontiguousarray(values, self._dtype).data)
        self._n_values += values.size

    def finish(self) -> None:
        """Write the header.

        Source: NEP 1, format version 1.0.
        """
        n = self._n_values
        shape = f"({n},)" if self._columns is None else f"({n // self._columns}, {self._columns})"
        text = f"{{'descr': '{self._dtype.str}', 'fortran_order': False, 'shape': {shape}, }}"
        magic = b"\x93NUMPY\x01\x00" + (_HEADER_BYTES - 10).to_bytes(2, "little")
        self._file.seek(0)
        self._file.write(magic + text.ljust(_HEADER_BYTES - 11).encode() + b"\n")
