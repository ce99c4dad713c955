"""A model's folder: what is written is read, whatever interrupts the writing, and what does not belong is refused."""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from tests.conftest import small_files
from tests.vector_examples import example
from tokembed.convert import read_vectors, write_vectors
from tokembed.errors import BadInput
from tokembed.types import Kind
from tokembed.vector_files.model_folder import check_sums, is_model, read, write
from tokembed.vocab import Vocab
from tokembed.writers import whole_folder

RECORD: dict[str, Any] = {"tokenizer": None, "embedder": {"name": "vectors"}}
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def small(path: Path) -> Path:
    write(path, RECORD, Vocab(["나", "너"]), np.array([5, 3]), {"vectors": np.array([[3, 4], [0, 2]], np.float32)})
    return path


@given(
    st.lists(st.one_of(WORDS, st.text("\\\n\r\tnrt", max_size=4)), min_size=1, max_size=9, unique=True), st.booleans()
)
def test_terms_and_counts_come_back(words: list[str], has_counts: bool) -> None:
    counts = np.arange(len(words), 0, -1) * 10**12 if has_counts else None
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "m", RECORD, Vocab(words), counts, {"weights": np.ones(len(words))})
        saved = read(Path(folder) / "m")
    assert saved.terms.tokens == words
    assert (None if saved.counts is None else saved.counts.tolist()) == (None if counts is None else counts.tolist())


def test_the_arrays_are_safetensors_on_disk_and_norms_stand_beside_vectors(tmp_path: Path) -> None:
    path = small(tmp_path / "m")
    tensors = load_file(path / "arrays.safetensors")
    assert tensors["vectors"].tolist() == [[3, 4], [0, 2]]
    assert tensors["norms"].tolist() == [5, 2]
    saved = read(path)
    assert isinstance(saved.arrays["vectors"], np.memmap)
    assert not saved.arrays["vectors"].flags.writeable
    assert (path / "vocab.txt").read_text("utf-8") == "나\t5\n너\t3\n"


def test_the_record_says_what_is_in_each_file(tmp_path: Path) -> None:
    path = small(tmp_path / "m")
    record = json.loads((path / "model.json").read_bytes())
    assert record["format"] == 1
    for name, about in record["files"].items():
        content = (path / name).read_bytes()
        assert about == {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    assert sorted([*record["files"], "model.json"]) == sorted(file.name for file in path.iterdir())
    assert str(tmp_path) not in (path / "model.json").read_text("utf-8")


def broken_record(path: Path, **changed: object) -> None:
    record = json.loads((path / "model.json").read_bytes())
    (path / "model.json").write_text(json.dumps(record | changed))


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no record": (lambda path: (path / "model.json").unlink(), "must be a model's folder with a model.json"),
    "another record": (lambda path: (path / "model.json").write_text("[1]"), "must be the record of a model"),
    "a record cut off": (lambda path: (path / "model.json").write_text('{"format": 1'), "it cannot be read"),
    "a newer format": (lambda path: broken_record(path, format=2), "is of format 2, known are formats up to 1"),
    "arrays cut off": (lambda path: (path / "arrays.safetensors").write_bytes(b"x"), "is it cut off?"),
    "no arrays": (lambda path: (path / "arrays.safetensors").unlink(), "must be there, it is not"),
    "no words": (lambda path: (path / "vocab.txt").unlink(), "must be there, it is not"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_whole_is_refused_in_one_line(tmp_path: Path, fault: str) -> None:
    path = small(tmp_path / "m")
    damage, message = FAULTS[fault]
    damage(path)
    with pytest.raises(BadInput) as raised:
        read_vectors(str(path))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_terms_and_vectors_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m"
    write(path, RECORD, Vocab(["a"]), None, {"vectors": np.ones((2, 3), np.float32)})
    with pytest.raises(BadInput, match="must have as many vectors as terms, it has 2 and 1 term"):
        read(path)


def test_a_byte_that_changed_is_found_by_the_sums(tmp_path: Path) -> None:
    path = small(tmp_path / "m")
    check_sums(path)
    content = bytearray((path / "arrays.safetensors").read_bytes())
    content[-1] ^= 1
    (path / "arrays.safetensors").write_bytes(content)
    read(path)  # the size is the same
    with pytest.raises(BadInput, match=r"arrays\.safetensors' must have the SHA-256"):
        check_sums(path)


def test_a_model_without_words_is_no_word_vectors(tmp_path: Path) -> None:
    write(tmp_path / "m", {"tokenizer": None, "embedder": {"name": "tfidf"}}, Vocab("a"), None, {"weights": np.ones(1)})
    with pytest.raises(BadInput, match="a model of tfidf has none"):
        read_vectors(str(tmp_path / "m"))


def test_a_folder_is_replaced_where_it_is_a_model_and_nothing_else_is(tmp_path: Path) -> None:
    small(tmp_path / "m")
    (tmp_path / "empty").mkdir()
    for name in ("m", "empty"):
        write(tmp_path / name, RECORD, Vocab("x"), None, {"weights": np.ones(1)})
        assert read(tmp_path / name).terms.tokens == ["x"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("all of it")
    (tmp_path / "file").write_text("mine")
    for name in ("other", "file"):
        with pytest.raises(BadInput, match="is there already and no folder that may be replaced"):
            small(tmp_path / name)
    assert (tmp_path / "other" / "thesis.txt").read_text() == "all of it"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "m", "other"]


def test_a_full_disk_leaves_the_model_that_was_there(tmp_path: Path) -> None:
    path = small(tmp_path / "m")
    with small_files(1 << 12), pytest.raises(BadInput, match="cannot be written: File too large"):
        write(path, RECORD, Vocab("ab"), None, {"vectors": np.ones((2, 1000), np.float32)})
    assert read(path).terms.tokens == ["나", "너"]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with whole_folder(tmp_path / "m", replaces=is_model) as folder:
            (folder / "a").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not [*tmp_path.iterdir()]


def test_what_fasttext_knows_of_unseen_words_is_kept(tmp_path: Path) -> None:
    vectors = example(counts=True, ngrams=True)
    write_vectors(tmp_path / "m", vectors)
    found = read_vectors(str(tmp_path / "m"))
    words = ["학교", "안녕", "학교에", "zzz"]
    np.testing.assert_array_equal(found.lookup(words).kind, vectors.lookup(words).kind)
    np.testing.assert_array_equal(found.lookup(words).vectors, vectors.lookup(words).vectors)
    assert Kind.NGRAMS in found.lookup(words).kind.tolist()
    assert found.counts is not None
    assert found.counts.tolist() == [70, 63, 56, 49, 42, 35, 28, 21, 14, 7]
    write_vectors(tmp_path / "again", found)
    for name in ("arrays.safetensors", "vocab.txt"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "m" / name).read_bytes()
    for name, given_ in {"x.bin": vectors, "y.bin": found}.items():
        write_vectors(tmp_path / name, given_, form="fasttext")
    assert (tmp_path / "x.bin").read_bytes() == (tmp_path / "y.bin").read_bytes()


class Payload:
    """What leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.trace), "w")


@pytest.mark.parametrize("name", ["arrays.safetensors", "vocab.txt", "model.json"])
def test_nothing_in_the_folder_is_run(tmp_path: Path, name: str) -> None:
    path = small(tmp_path / "m")
    content = pickle.dumps(Payload(tmp_path / "trace"))
    (path / name).write_bytes(content)
    if name != "model.json":
        files = json.loads((path / "model.json").read_bytes())["files"]
        broken_record(path, files=files | {name: {"bytes": len(content), "sha256": ""}})
    with pytest.raises(BadInput):
        read_vectors(str(path)).lookup(["나"] * 100)
    assert not (tmp_path / "trace").exists()
