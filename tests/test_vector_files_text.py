"""Rows of text: what is a row, what is told of others, and that the kernel and Python read the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vector_examples import problem, skipped
from tokembed.convert import read_vectors
from tokembed.kernels.decimal_numbers import AHEAD
from tokembed.vector_files import text_rows

BAD_ROWS = {
    "too few numbers": (b"x 1", "a row must have a word and 2 numbers, found 1 number"),
    "too many numbers": (b"x 1 2 3", "a row must have a word and 2 numbers, found 3 numbers"),
    "a blank line": (b"", "a row must have a word and 2 numbers, found 0 numbers"),
    "a word with spaces": (b". . . 1 2", "a word must have no space in it, found '. . .'"),
    "no word": (b" 1 2", "a row must begin with its word, found a space"),
    "no number": (b"x 1 two", "numbers must be decimal, found 'two'"),
    "a number with an underscore": (b"x 1 1_0", "numbers must be decimal, found '1_0'"),
    "a cut-off number": (b"x 1 -", "numbers must be decimal, found '-'"),
    "broken UTF-8": ("학교".encode("cp949") + b" 1 2", r"words must be UTF-8, found b'\xc7\xd0\xb1\xb3'"),
    "NaN": (b"x 1 nan", "numbers must be finite and fit into float32, found nan"),
    "infinity": (b"x -inf 2", "numbers must be finite and fit into float32, found -inf"),
    "too large a number": (b"x 1 1e39", "numbers must be finite and fit into float32, found inf"),
    "a word that is there": (b"a 1 2", "words must differ, 'a' is on line {first} too"),
}


@pytest.fixture(params=["plain", "bulk", "small blocks"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little text is read by Python, more by the kernel; the file comes in blocks of any size."""
    if request.param != "plain":
        monkeypatch.setattr(text_rows, "BULK_BYTES", 1)
    if request.param == "small blocks":
        monkeypatch.setattr(text_rows, "_BLOCK_BYTES", 5)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("form", ["glove", "word2vec"])
@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_is_told_with_its_line_or_left_out(tmp_path: Path, form: str, name: str) -> None:
    row, expected = BAD_ROWS[name]
    header = b"5 2\n" if form == "word2vec" else b""
    n_above = len(header) > 0
    path = tmp_path / "x.txt"
    path.write_bytes(header + b"a 1 2\nb 3 4\n" + row + b"\nc 5 6\n" + "학교 7 8".encode())
    line = f"line {3 + n_above}"
    message = expected.format(first=1 + n_above)
    assert problem(path, form) == f"{path}, {line}: {message}; convert --errors skip leaves such rows out"
    found, notices = skipped(path, form)
    assert found.terms.tokens == ["a", "b", "c", "학교"]
    assert found.matrix.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert notices == [f"{path}: {message.partition(',')[0]}; left out: 1 row ({line})"]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b" \n\n \r\n", b"\n" * 50])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_blank_lines_at_the_end_and_a_byte_order_mark_are_no_rows(tmp_path: Path, mark: bytes, end: bytes) -> None:
    (tmp_path / "x.txt").write_bytes(mark + b"a 1 2\r\nb\t3  4 \r\nccccccccccccc 5 6" + end)
    (tmp_path / "x.vec").write_bytes(mark + b"3 2\na 1 2\r\nb\t3  4 \r\nccccccccccccc 5 6" + end)
    for name in ("x.txt", "x.vec"):
        found = read_vectors(str(tmp_path / name))
        assert (found.terms.tokens, found.matrix.tolist()) == (["a", "b", "c" * 13], [[1, 2], [3, 4], [5, 6]])


def test_of_many_bad_rows_some_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("".join(f"w{k} {k}{' 0' if k % 3 else ''}\n" for k in range(30)))
    found, notices = skipped(tmp_path / "x.txt")
    assert len(found.terms) == 20
    (notice,) = notices
    assert notice.endswith("2 numbers; left out: 10 rows (line 1, line 4, line 7, line 10, line 13, ...)")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("4 2", "the first line says 4 rows, the file has 3 (is it cut off?)"),
        ("2 2", "the first line says 2 rows, the file has 3"),
        ("3 5", "the first line says 5 numbers a row, the rows have 2"),
    ],
)
def test_a_wrong_first_line_is_told_with_both_numbers(tmp_path: Path, header: str, message: str) -> None:
    path = tmp_path / "x.vec"
    path.write_text(f"{header}\na 1 2\nb 3 4\nc 5 6\n")
    assert problem(path).startswith(f"{path}: {message}; convert --errors skip")
    found, notices = skipped(path)
    assert found.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert notices == [f"{path}: {message}; the rows that are there are taken"]


def test_a_first_line_that_is_missing_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.vec").write_text("a 1 2\n")
    assert "--from glove" in problem(tmp_path / "x.vec", "word2vec")
    assert "first line must be two whole numbers" in problem(tmp_path / "x.vec", "word2vec-binary")


def test_a_block_has_the_room_behind_it_that_the_kernel_needs() -> None:
    assert text_rows._AHEAD >= AHEAD


def parts(lines: bytes, dim: int, *, has_words: bool) -> list[object]:
    """What the kernel and Python make of the same lines."""
    data = lines + b"\n" + bytes(8)
    found: list[object] = []
    for parse in (text_rows._bulk_part, text_rows._plain_part):
        part = parse(data, len(lines) + 1, dim, has_words)
        found.append((part.words, part.values.view(np.uint32).tolist(), part.lines.tolist(), part.n_lines, part.bad))
    return found


@settings(max_examples=500)
@given(
    st.lists(st.text("ab학\t  1205.+-e_\r\f\u00a0", max_size=12).map(str.encode) | st.binary(max_size=6), max_size=5),
    st.integers(1, 3),
    st.booleans(),
)
def test_the_kernel_and_python_read_the_same(lines: list[bytes], dim: int, has_words: bool) -> None:
    by_kernel, by_python = parts(b"\n".join(lines), dim, has_words=has_words)
    assert by_kernel == by_python


def test_a_file_of_many_blocks_is_read_as_python_reads_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    numerals = [[f"{value:.{digits}g}" for value in rng.normal(size=8)] for digits in rng.integers(1, 25, 60_000)]
    words = [f"{'학교' * (k % 3)}{k}" for k in range(len(numerals))]
    lines = [f"{word} {' '.join(row)}" for word, row in zip(words, numerals, strict=True)]
    lines[59_999] = lines[31_234] = "a b 1 2"
    (tmp_path / "x.txt").write_text("\n".join(lines), encoding="utf-8")
    assert (tmp_path / "x.txt").stat().st_size > text_rows._BLOCK_BYTES
    rows_done: list[int] = []
    found = read_vectors(str(tmp_path / "x.txt"), errors="skip", progress=rows_done.append)
    kept = [k for k in range(60_000) if k not in (31_234, 59_999)]
    assert found.terms.tokens == [words[k] for k in kept]
    assert found.matrix.tolist() == [[float(np.float32(float(value))) for value in numerals[k]] for k in kept]
    assert (sum(rows_done), len(rows_done) > 1) == (60_000, True)
    assert ", line 31235: " in problem(tmp_path / "x.txt")
