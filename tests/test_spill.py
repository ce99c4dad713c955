"""What is put into a temporary file comes back, no file has a name, and a full disk is one line."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokembed.errors import BadInput
from tokembed.spill import Spill


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def files_of_at_most(n_bytes: int) -> Iterator[None]:
    """A disk as good as full: the system lets no file grow beyond."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def open_files(folder: Path) -> list[str]:
    """The files in the folder that this process holds open, with or without a name."""
    links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [link for link in links if link.startswith(str(folder))]


@given(st.lists(st.tuples(st.sampled_from(["<i4", "<i8", "<f4"]), st.lists(st.integers(0, 99), max_size=9))))
def test_what_is_written_is_read_in_any_order(arrays: list[tuple[str, list[int]]]) -> None:
    given = [np.array(values, dtype) for dtype, values in arrays]
    with Spill() as spill:
        places = [spill.append(array) for array in given]
        for place, array in reversed(list(zip(places, given, strict=True))):
            back = np.empty_like(array)
            spill.read(place, back)
            assert back.tobytes() == array.tobytes()
        assert spill.n_bytes == sum(array.nbytes for array in given)


def test_threads_read_at_once() -> None:
    numbers = np.arange(200_000)
    found = []

    def look(spill: Spill, first: int) -> None:
        for start in range(first, 200_000, 40_000):
            part = np.empty(1000, np.int64)
            spill.read(8 * start, part)
            found.append((part == numbers[start : start + 1000]).all())

    with Spill() as spill:
        spill.append(numbers)
        threads = [Thread(target=look, args=(spill, 1000 * number)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(found), all(found)) == (40, True)


def test_the_file_has_no_name_while_it_is_there(folder: Path) -> None:
    with Spill() as spill:
        spill.append(np.arange(1000))
        assert list(folder.iterdir()) == []
        assert len(open_files(folder)) == 1
    assert open_files(folder) == []


def test_a_full_disk_is_one_line_and_leaves_nothing(folder: Path) -> None:
    with files_of_at_most(10_000), Spill() as spill:
        spill.append(np.zeros(1000, np.int64))
        with pytest.raises(BadInput) as caught:
            spill.append(np.zeros(1_000_000, np.int64))
    assert str(caught.value) == (
        f"temporary files in {str(folder)!r} must have room for 8.0 MB and more, found: File too large; "
        "set TMPDIR to a folder with more, or raise memory"
    )
    assert list(folder.iterdir()) == open_files(folder) == []


def test_no_folder_for_it_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "none"))
    with pytest.raises(BadInput, match=r"^temporary files in '.*none' must have room .*No such file or directory"):
        Spill()


def test_reading_behind_the_end_is_said() -> None:
    with Spill() as spill:
        spill.append(np.zeros(1))
        with pytest.raises(BadInput, match="it ends at byte 8"):
            spill.read(0, np.zeros(2))
