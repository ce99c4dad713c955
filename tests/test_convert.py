"""`tokembed convert`, as a user runs it."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from tests.conftest import Run
from tests.vector_examples import assert_same, example, written
from tokembed.convert import read_vectors
from tokembed.vocab import unescaped

GLOVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "glove.6B.50d.top20k.txt.gz"
SMALL = b"a 1 2\nb 3 4\n"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_chain_of_forms_changes_nothing(run: Run, tmp_path: Path) -> None:
    source = written(tmp_path, "glove", example()).name
    for target, form in (("a.safetensors", "safetensors"), ("b.bin", "word2vec-binary"), ("c", "parquet")):
        done = run("convert", source, target, "--to", form)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        source = target
    assert_same(read_vectors(str(tmp_path / source)), example())


def test_the_suffix_sets_the_form(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(SMALL)
    done = run("convert", "x.txt", "x.vec")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "x.vec").read_bytes() == b"2 2\na 1 2\nb 3 4\n"


def test_vectors_come_from_stdin(run: Run, tmp_path: Path) -> None:
    done = run("convert", "-", "x.npy", input=SMALL)
    assert (done.returncode, done.stderr) == (0, b"")
    assert np.load(tmp_path / "x.npy").tolist() == [[1, 2], [3, 4]]
    done = run("convert", "-", "y.npy", input=(tmp_path / "x.npy").read_bytes())
    assert (done.returncode, names(tmp_path)) == (1, ["x.npy", "x.npy.vocab.txt"])
    assert b"name their file, not a pipe" in done.stderr
    assert run("convert", "/dev/stdin", "y.npy", input=SMALL).returncode == 0
    assert (tmp_path / "y.npy").read_bytes() == (tmp_path / "x.npy").read_bytes()


def test_a_bad_row_stops_or_is_left_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(SMALL + b". . . 5 6\nb 7 8\n")
    done = run("convert", "x.txt", "x.npy")
    assert (done.returncode, names(tmp_path)) == (1, ["x.txt"])
    assert done.stderr.startswith(
        b"tokembed: x.txt, line 3: a word must have no space in it, found '. . .'; convert --errors skip"
    )
    done = run("convert", "x.txt", "x.npy", "--errors", "skip")
    assert done.returncode == 0
    assert done.stderr.decode().splitlines() == [
        "tokembed: x.txt: a word must have no space in it; left out: 1 row (line 3)",
        "tokembed: x.txt: words must differ; left out: 1 row (line 4)",
    ]
    assert np.load(tmp_path / "x.npy").tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x.bin"], b".bin may be word2vec-binary or fasttext; choose one with --to"),
        (["x.vectors"], b"what is written must end in .vec, .bin, .txt, .tsv, .npy, .safetensors, .parquet"),
        (["x.npy", "--to", "glov"], b"--to must be one of"),
        (["x.npy", "--from", "fastext"], b"did you mean 'fasttext'?"),
        (["x.npy", "--errors", "replace"], b"--errors must be one of strict, skip"),
        (["x.txt"], b"the output must not be an input"),
    ],
)
def test_what_is_asked_wrongly_is_told(run: Run, tmp_path: Path, arguments: list[str], message: bytes) -> None:
    (tmp_path / "x.txt").write_bytes(SMALL)
    done = run("convert", "x.txt", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert names(tmp_path) == ["x.txt"]


def test_what_a_form_has_no_place_for_is_told(run: Run, tmp_path: Path) -> None:
    done = run("convert", datapath("toy-model.bin"), "x.vec")
    assert done.returncode == 0
    assert b"'x.vec' has no place for counts and n-grams, which are left out: word2vec holds none\n" in done.stderr
    ours, theirs = (KeyedVectors.load_word2vec_format(path) for path in (tmp_path / "x.vec", datapath("toy-model.vec")))
    assert ours.index_to_key == theirs.index_to_key
    np.testing.assert_allclose(ours.vectors, theirs.vectors, atol=1e-5)


def test_a_pickle_is_refused(run: Run, tmp_path: Path) -> None:
    done = run("convert", datapath("word2vec_old"), "x.npy")
    assert (done.returncode, names(tmp_path)) == (1, [])
    assert b"unpickling can run any code; save the vectors from the program it comes from" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_what_stood_beside_an_earlier_output_goes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(SMALL)
    for name in ("y.npy.json", "y.npy.ids.txt", "y.npy"):
        (tmp_path / name).write_bytes(b"of an earlier run")
    assert run("convert", "x.txt", "y.npy").returncode == 0
    assert names(tmp_path) == ["x.txt", "y.npy", "y.npy.vocab.txt"]


@pytest.mark.skipif(not GLOVE.exists(), reason="the shared GloVe vectors are not here")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed file:ResourceWarning")
def test_published_glove_vectors_are_as_gensim_reads_them(run: Run, tmp_path: Path) -> None:
    done = run("convert", str(GLOVE), "x.npy")
    assert done.returncode == 0, done.stderr
    (tmp_path / "glove.txt").write_bytes(gzip.decompress(GLOVE.read_bytes()))
    peer = KeyedVectors.load_word2vec_format(tmp_path / "glove.txt", no_header=True)
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), peer.vectors)
    lines = (tmp_path / "x.npy.vocab.txt").read_text("utf-8").split("\n")[:-1]
    assert [unescaped(line) for line in lines] == peer.index_to_key
