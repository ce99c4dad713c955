"""A file read as a block of lines holds the lines that Python reads, whatever the number of cores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tokembed.errors import BadInput
from tokembed.inputs import blocks
from tokembed.inputs.blocks import block_of


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blocks") / "a.txt"


@pytest.mark.parametrize("n_cores", [1, 2, 3])
@given(
    text=st.lists(st.sampled_from(["가", "é", "𠀀", "a", "\n", "\r\n", "\r", "\u2028", "\0"]), max_size=40).map("".join)
)
@example(text="")
@example(text="끝이 없는 줄")
def test_a_files_lines_are_those_between_line_feeds(path: Path, n_cores: int, text: str) -> None:
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "n_cores", lambda: n_cores)
        patch.setattr(blocks, "_PIECE_BYTES", 4)  # so that pieces end inside characters and lines
        block = blocks.file_block(path)
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    assert list(blocks.strings_of(block)) == [line for line in lines if line]
    assert (block.data.dtype, block.bounds.dtype, block.nbytes) == (np.uint8, np.int64, len(text.encode()))


@pytest.mark.parametrize(
    "data", [b"ok\n\xff\n", b"ok\n\xea\xb0", b"\xea\n\xb0\x80\n"], ids=["a byte", "the end", "a line feed"]
)
def test_a_file_that_is_not_utf_8_is_refused(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(BadInput, match="must be UTF-8"):
        blocks.file_block(path)


@pytest.mark.parametrize("rows", [[b"\xff"], [b"a\xea\xb0", b"\x80b"]], ids=["no UTF-8", "a character over two texts"])
def test_arrow_strings_that_are_no_utf_8_are_refused(rows: list[bytes]) -> None:
    texts = pa.array(rows, pa.binary()).view(pa.string())
    with pytest.raises(BadInput, match="must be valid UTF-8"):
        block_of(texts)
