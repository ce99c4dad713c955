"""An array written piece by piece is the array that `np.save` writes at once."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from tokembed.array_files import ArrayFile

dtypes = (
    npst.integer_dtypes(endianness="?")
    | npst.unsigned_integer_dtypes(endianness="?")
    | npst.floating_dtypes(endianness="?", sizes=(16, 32, 64))
    | npst.complex_number_dtypes(endianness="?", sizes=(64, 128))
    | npst.boolean_dtypes()
)


def written(pieces: list[NDArray[np.generic]], dtype: np.dtype[np.generic], columns: int | None = None) -> bytes:
    file = io.BytesIO()
    array = ArrayFile(file, dtype, columns)
    for piece in pieces:
        array.write(piece)
    array.finish()
    return file.getvalue()


def loaded(data: bytes) -> NDArray[np.generic]:
    file = io.BytesIO(data)
    array: NDArray[np.generic] = np.load(file, allow_pickle=False)
    assert file.read() == b""  # nothing stands behind it
    return array


def saved(array: NDArray[np.generic]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@given(dtype=dtypes, columns=st.none() | st.integers(1, 4), data=st.data())
def test_pieces_are_read_as_the_array_that_is_saved_at_once(
    dtype: np.dtype[np.generic], columns: int | None, data: st.DataObject
) -> None:
    def shape(n_rows: int) -> tuple[int, ...]:
        return (n_rows,) if columns is None else (n_rows, columns)

    sizes = data.draw(st.lists(st.integers(0, 9), max_size=5))
    pieces = [data.draw(npst.arrays(dtype, shape(size))) for size in sizes]
    whole = np.concatenate([np.empty(shape(0), dtype), *pieces])
    found = loaded(written(pieces, dtype, columns))
    expected = loaded(saved(whole.astype(dtype.newbyteorder("<"))))
    assert (found.dtype.str, found.shape, found.tobytes()) == (expected.dtype.str, expected.shape, expected.tobytes())


@given(st.lists(st.integers(0, 65_535), max_size=20))
def test_values_take_the_type_of_the_file(values: list[int]) -> None:
    found = loaded(written([np.array(values, np.int64)], np.dtype(np.uint16)))
    assert (found.dtype, found.tolist()) == (np.uint16, values)


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_are_written_one_after_another_however_they_lie(order: str) -> None:
    rows = np.array(np.arange(12).reshape(4, 3), order=order)  # type: ignore[call-overload]
    assert loaded(written([rows[::2], rows[1::2, ::-1]], rows.dtype, 3)).tolist() == [
        [0, 1, 2],
        [6, 7, 8],
        [5, 4, 3],
        [11, 10, 9],
    ]


def test_the_values_begin_where_a_map_begins(tmp_path: Path) -> None:
    path, values = tmp_path / "x.npy", np.arange(10**5, dtype=np.int32)
    path.write_bytes(written([values[:7], values[7:]], values.dtype))
    assert path.stat().st_size == 128 + values.nbytes
    assert path.read_bytes() == saved(values)
    assert np.array_equal(np.load(path, mmap_mode="r"), values)


def test_what_is_not_finished_is_no_array() -> None:
    file = io.BytesIO()
    ArrayFile(file, np.int32).write(np.arange(3, dtype=np.int32))
    with pytest.raises(ValueError, match="allow_pickle"):
        loaded(file.getvalue())
