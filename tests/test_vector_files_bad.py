"""Files of vectors that are not as they should be: told in one line, with the place; nothing pickled is opened."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.vector_examples import example, problem, skipped, written
from tokembed.convert import read_vectors


@pytest.mark.parametrize("form", ["npy", "safetensors", "fasttext", "word2vec-binary", "parquet"])
def test_a_file_that_is_cut_off_anywhere_is_told(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form, example(ngrams=form == "fasttext"))
    whole = path.read_bytes()
    n_not_needed = {"fasttext": 17 + example().matrix.nbytes, "word2vec-binary": 1}.get(form, 0)  # output layer, LF
    for n_bytes in range(len(whole) - n_not_needed):
        path.write_bytes(whole[:n_bytes])
        problem(path, form)
    path.write_bytes(whole[: len(whole) - n_not_needed])
    read_vectors(str(path), form=form)


def word2vec_binary(*rows: bytes, n_rows: int | None = None) -> bytes:
    return b"%d 2\n" % (len(rows) if n_rows is None else n_rows) + b"".join(rows)


def row(word: bytes, *numbers: float) -> bytes:
    return word + b" " + struct.pack("<2f", *numbers)


def test_bad_rows_of_word2vecs_binary_are_told(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    rows = row(b"a", 1, 2), row(b"\nb", 3, 4), row(b"a", 5, 6), row(b"\xff", 7, 8), row(b"c", np.nan, 0)
    path.write_bytes(word2vec_binary(*rows[:3]))
    assert ", row 3: words must differ, 'a' is on row 1 too;" in problem(path)
    path.write_bytes(word2vec_binary(*rows[:2], rows[3]))
    assert r", row 3: words must be UTF-8, found b'\xff';" in problem(path)
    path.write_bytes(word2vec_binary(*rows[:2], rows[4]))
    assert ", row 3: numbers must be finite and fit into float32, found nan;" in problem(path)
    path.write_bytes(word2vec_binary(*rows))
    found, notices = skipped(path)
    assert (found.terms.tokens, found.matrix.tolist(), len(notices)) == (["a", "b"], [[1, 2], [3, 4]], 3)


@pytest.mark.parametrize(
    ("n_rows", "message"),
    [(3, "says 3 rows, row 3 is cut off"), (1, "says 1 rows, more comes behind them")],
)
def test_word2vecs_binary_must_have_as_many_rows_as_it_says(tmp_path: Path, n_rows: int, message: str) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(word2vec_binary(row(b"a", 1, 2), row(b"b", 3, 4), n_rows=n_rows))
    assert message in problem(path)
    found, notices = skipped(path)
    assert (len(found.terms), len(notices)) == (min(2, n_rows), 1)


ARRAYS: dict[str, tuple[Callable[[], np.ndarray], str, str]] = {
    "one row of numbers": (lambda: np.ones(3), "a\nb\nc\n", "must hold rows of numbers, it holds 3 of float64"),
    "words": (lambda: np.array([["a"]]), "a\n", "must hold rows of numbers, it holds 1 x 1 of <U1"),
    "no rows": (lambda: np.ones((0, 3)), "", "must hold rows of numbers, it holds 0 x 3"),
    "no columns": (lambda: np.ones((1, 0)), "a\n", "must hold rows of numbers, it holds 1 x 0"),
    "fewer words": (lambda: np.ones((3, 2)), "a\nb\n", "has 3 rows, "),
    "more words": (lambda: np.ones((1, 2)), "a\nb\n", "has 1 row, "),
    "no words": (lambda: np.ones((2, 2)), "", "has 0 words; they do not belong together"),
    "the same word": (lambda: np.ones((2, 2)), "a\na\n", "row 2: words must differ, 'a' is on row 1 too"),
    "NaN": (lambda: np.array([[1, 2], [3, np.nan]]), "a\nb\n", "row 2: numbers must be finite"),
    "too large": (lambda: np.array([[1, 2], [3, 1e300]]), "a\nb\n", "row 2: numbers must be finite"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_and_its_words_must_belong_together(tmp_path: Path, name: str) -> None:
    make, words, message = ARRAYS[name]
    np.save(tmp_path / "x.npy", make())
    (tmp_path / "x.npy.vocab.txt").write_text(words)
    assert message in problem(tmp_path / "x.npy")


def test_of_an_array_too_bad_rows_are_left_out(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[1, 2], [3, np.nan], [5, 6], [7, 8]], np.float32))
    (tmp_path / "x.npy.vocab.txt").write_bytes(b"a\na\n\xff\na\n")
    found, notices = skipped(tmp_path / "x.npy")
    assert (found.terms.tokens, found.matrix.tolist(), len(notices)) == (["a"], [[1, 2]], 3)


@pytest.mark.parametrize("form", ["npy", "safetensors", "projector"])
def test_words_that_are_not_there_are_asked_for(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form, example())
    (words,) = [other for other in tmp_path.iterdir() if other != path]
    words.unlink()
    assert f"its words must be in {str(words)!r}" in problem(path)


def tensors(header: object, n_bytes: int = 8) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(n_bytes)


def tensor(dtype: str = "F32", shape: tuple[int, ...] = (1, 2), ends: tuple[int, int] = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": ends}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tensors(b'{"vectors"'), "its header cannot be read"),
        (tensors(b'{"vectors": 1}'), "its header cannot be read"),
        (tensors({"vectors": {"dtype": "F32"}}), "its header cannot be read"),
        (tensors({"vectors": tensor(shape=(1, 3))}), "its header cannot be read"),
        (tensors({"vectors": tensor(shape=(-1, -2))}), "its header cannot be read"),
        (tensors({"vectors": tensor(ends=(8, 0))}), "its header cannot be read"),
        (tensors({"vectors": tensor()}, 7), "is cut off: its header promises"),
        (tensors({"vectors": tensor()}, 9), "has bytes that belong to no tensor"),
        (tensors({"vectors": tensor(shape=(2,))}), "must have a matrix 'vectors', it has 'vectors'"),
        (tensors({"vectors": tensor("F8_E4M3", (1, 8))}), "must have a matrix 'vectors', it has none"),
        (tensors({"a": tensor(), "b": tensor()}), "must have a matrix 'vectors', it has 'a', 'b'"),
        (tensors({"vectors": tensor(), "counts": tensor("I32", (2,))}), "must have a count for each of its 1 rows"),
    ],
)
def test_safetensors_that_are_not_as_they_should_be_are_told(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    (tmp_path / "x.safetensors.vocab.txt").write_text("a\n")
    assert message in problem(tmp_path / "x.safetensors")


TABLES = {
    "no word": ({"vector": [[1.0]]}, "must have the columns word and vector, it has vector"),
    "no vector": ({"word": ["a"], "vektor": [[1.0]]}, "must have the columns word and vector, it has word, vektor"),
    "words that are numbers": ({"word": [1], "vector": [[1.0]]}, "column 'word' of"),
    "vectors that are words": ({"word": ["a"], "vector": ["b"]}, "column 'vector' of"),
    "counts that are words": ({"word": ["a"], "vector": [[1.0]], "count": ["b"]}, "column 'count' of"),
    "rows of several lengths": (
        {"word": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]},
        "row 2: a row must have 1 number, ",
    ),
    "an empty row": ({"word": ["a"], "vector": [[]], "n": [1.0]}, "column 'vector' of"),
    "a null word": ({"word": ["a", None], "vector": [[1.0], [2.0]]}, "row 2: a row must have a word, found null"),
    "a null row": ({"word": ["a", "b"], "vector": [[1.0], None]}, "row 2: a row must have 1 number, found null"),
    "a null number": ({"word": ["a", "b"], "vector": [[1.0], [None]]}, "row 2: numbers must be finite"),
    "the same word": ({"word": ["a", "a"], "vector": [[1.0], [2.0]]}, "row 2: words must differ, 'a' is on row 1"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_is_not_as_it_should_be_is_told(tmp_path: Path, name: str) -> None:
    columns, message = TABLES[name]
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    assert message in problem(tmp_path / "x.parquet")


def test_a_table_without_rows_is_told_and_bad_rows_are_left_out(tmp_path: Path) -> None:
    table = pa.table({"word": ["a", None, "b", "c"], "vector": [[1.0, 2.0], [3.0, 4.0], [5.0], [7.0, 8.0]]})
    pq.write_table(table, tmp_path / "x.parquet")
    found, notices = skipped(tmp_path / "x.parquet")
    assert (found.terms.tokens, found.matrix.tolist(), len(notices)) == (["a", "c"], [[1, 2], [7, 8]], 2)
    pq.write_table(table.slice(0, 0), tmp_path / "x.parquet")
    assert "must have at least one good row" in problem(tmp_path / "x.parquet")


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("a\n", "has 2 rows, "),
        ("word\tcount\na\t1\n", "has 1 word; they do not belong together"),
        ("word\tcount\na\t1\nb\n", "line 3: must have 2 columns as the first does, has 1"),
        ("a\na\n", "line 2: words must differ, 'a' is on line 1 too"),
    ],
)
def test_projector_metadata_must_belong_to_the_vectors(tmp_path: Path, metadata: str, message: str) -> None:
    (tmp_path / "vectors.tsv").write_text("1\t2\n3\t4\n")
    (tmp_path / "metadata.tsv").write_text(metadata)
    assert message in problem(tmp_path / "vectors.tsv")


def test_the_words_of_bad_projector_rows_are_left_out_too(tmp_path: Path) -> None:
    (tmp_path / "vectors.tsv").write_text("1\t2\n3\n5\t6\n")
    (tmp_path / "metadata.tsv").write_text("count\tword\n7\ta\n8\tb\n9\tc\n")
    found, _ = skipped(tmp_path / "vectors.tsv")
    assert (found.terms.tokens, found.matrix.tolist()) == (["a", "c"], [[1, 2], [5, 6]])
    assert found.counts is not None
    assert found.counts.tolist() == [7, 9]


def test_a_fasttext_model_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "fasttext", example(ngrams=True))
    whole = path.read_bytes()
    matrix = whole.index(struct.pack("<2q", 50, 5))
    for at, new, message in (
        (4, struct.pack("<i", 13), "is of version 13"),
        (matrix - 1, b"\1", "is a compressed model"),
        (matrix, struct.pack("<2q", 51, 5), "must have a row of 5 numbers for each of its 10 words and 40 buckets"),
        (matrix + 16, struct.pack("<f", np.nan), ", row 1: numbers must be finite"),
        (matrix + 16 + 20 * 10, struct.pack("<f", np.inf), "must have finite numbers, those of an n-gram are not"),
        (whole.index("학교".encode()), b"\xff", ", row 1: words must be UTF-8"),
    ):
        path.write_bytes(whole[:at] + new + whole[at + len(new) :])
        assert message in problem(path)
    path.write_bytes(whole.replace("나\0".encode(), "학교\0".encode()))
    assert ", row 2: words must differ, '학교' is on row 1 too" in problem(path)
    found, _ = skipped(path)
    expected = example(ngrams=True)
    assert found.terms.tokens == [term for term in expected.terms if term != "나"]
    np.testing.assert_array_equal(found.matrix, np.delete(expected.matrix, 1, axis=0))
