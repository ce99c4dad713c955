"""What is not read or written: pickles, which are never opened, what is packed or missing, words that do not fit."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from tests.vector_examples import FORM_NAMES, assert_same, example, problem, written
from tokembed.convert import read_vectors, write_vectors
from tokembed.errors import BadInput
from tokembed.vector_files.recognizing import IS_FORM
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

TEXT_FORMS = ("word2vec", "word2vec-binary", "glove")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"0 x\n", b"5", b"\0\0", "나는 학교에 간다\n".encode(), b"a b c\n"])
def test_a_file_without_vectors_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    problem(tmp_path / "x")
    for form in FORM_NAMES:
        problem(tmp_path / "x", form)


def test_a_file_with_a_first_line_alone_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("0 5\n")
    assert "must have at least one good row" in problem(tmp_path / "x")


def test_a_file_that_is_missing_or_a_folder_or_broken_is_told(tmp_path: Path) -> None:
    assert "there is no file" in problem(tmp_path / "none")
    assert "folder" in problem(tmp_path)
    whole = gzip.compress(b"a 1 2\n" * 1000)
    (tmp_path / "x.gz").write_bytes(whole[:-20])
    assert problem(tmp_path / "x.gz").startswith(f"'{tmp_path}/x.gz' cannot be read: ")
    (tmp_path / "x.txt").write_bytes(whole)
    assert "give it the suffix .gz" in problem(tmp_path / "x.txt")


class Payload:
    """What leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.trace), "w")


def torch_file(payload: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", payload)
    return file.getvalue()


def object_array(payload: Payload) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([[payload]]))
    return file.getvalue()


def test_nothing_pickled_is_opened(tmp_path: Path) -> None:
    trace, path = tmp_path / "trace", tmp_path / "x.npy"
    payload = Payload(trace)
    pickles = [pickle.dumps(payload, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for content in (*pickles, torch_file(pickles[2]), object_array(payload)):
        path.write_bytes(content)
        for form in (None, "npy"):
            message = problem(path, form)
            assert "unpickling can run any code" in message
            assert "save" in message
    assert not trace.exists()
    pickle.loads(pickles[0]).close()  # noqa: S301  it would leave one
    assert trace.exists()


def test_what_gensim_saves_as_its_own_is_refused(tmp_path: Path) -> None:
    vectors = KeyedVectors(2)
    vectors.add_vectors(["a"], np.ones((1, 2), np.float32))
    vectors.save(str(tmp_path / "x.kv"))
    assert "save_word2vec_format" in problem(tmp_path / "x.kv")
    for name in ("word2vec_old", "ft_model_2.3.0", "varembed_vectors.pkl", "ft_kv_3.6.0.model.gz"):
        assert "unpickling can run any code" in problem(Path(datapath(name)))


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "glove.zip", "w") as archive:
        archive.writestr("glove.6B.50d.txt", "a 1 2\n")
    assert "is a zip archive; unpack it" in problem(tmp_path / "glove.zip")


@pytest.mark.parametrize(
    ("form", "word"),
    [
        *((form, word) for form in TEXT_FORMS for word in ("", "a b", "a\tb", "a\nb", "\r")),
        *(("projector", word) for word in ("", " ", "\u3000", "a\tb", "a\nb")),
        *(("fasttext", "a\0b"), ("glove", "\ufeffa")),
    ],
)  # fmt: skip
def test_a_word_that_a_form_cannot_hold_is_told_and_nothing_written(tmp_path: Path, form: str, word: str) -> None:
    path = written(tmp_path, form, example())
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(BadInput, match=r"must (not|have no)"):
        write_vectors(path, WordVectors(Vocab([word]), np.ones((1, 2), np.float32)), form=form)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_compressed_file_is_read(tmp_path: Path, suffix: str) -> None:
    for form in IS_FORM:
        path = written(tmp_path, form, example())
        packed = path.with_name(path.name + suffix)
        packed.write_bytes(COMPRESS[suffix](path.read_bytes()))
        path.unlink()
        assert_same(read_vectors(str(packed)), example())
