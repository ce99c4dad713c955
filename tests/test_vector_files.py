"""Files of vectors: what is written is read, by us and by each form's own programs, and what these write too."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import gensim.scripts.word2vec2tensor
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gensim.models import FastText, KeyedVectors
from gensim.models.fasttext import load_facebook_model, load_facebook_vectors, save_facebook_model
from gensim.test.utils import datapath
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import load_file, save_file

from tests.vector_examples import FORM_NAMES, WORDS, assert_same, example, skipped, written
from tokembed.convert import form_of, read_vectors, write_vectors
from tokembed.types import Kind
from tokembed.vector_files.recognizing import IS_FORM
from tokembed.vector_files.source import Source
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

CHARACTERS = st.characters(exclude_categories=["Cs"])
gensim_leaves_a_file_open = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed file:ResourceWarning"
)
TEXT_FORMS = ("word2vec", "word2vec-binary", "glove")
REFUSED = {**dict.fromkeys(TEXT_FORMS, " \t\n\v\f\r\ufeff"), "fasttext": "\0", "projector": "\t\n\r"}


@st.composite
def word_vectors(draw: st.DrawFn, form: str) -> WordVectors:
    word = st.text(CHARACTERS.filter(lambda letter: letter not in REFUSED.get(form, "")), max_size=8)
    if form in TEXT_FORMS:
        word = word.filter(bool)
    elif form == "projector":
        word = word.filter(lambda text: bool(text.strip()))
    words = draw(st.lists(word, min_size=1, max_size=6, unique=True))
    numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
    matrix = draw(arrays(np.float32, (len(words), draw(st.integers(1, 4))), elements=numbers))
    return WordVectors(Vocab(words), matrix)


@pytest.mark.parametrize("form", FORM_NAMES)
@given(data=st.data())
def test_what_is_written_is_read_to_the_bit(form: str, data: st.DataObject) -> None:
    vectors = data.draw(word_vectors(form))
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), form, vectors)
        assert_same(read_vectors(str(path), form=form), vectors)


@pytest.mark.parametrize("form", IS_FORM)
def test_a_form_is_told_by_what_is_in_the_file(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form, example())
    assert form_of(Source(str(path), str(path))).name == form
    assert_same(read_vectors(str(path)), example())


def test_every_form_can_be_told() -> None:
    assert sorted([*IS_FORM, "model"]) == sorted(FORM_NAMES)


@pytest.mark.parametrize("form", ["parquet", "safetensors", "fasttext", "projector"])
def test_counts_are_kept(tmp_path: Path, form: str) -> None:
    found = read_vectors(str(written(tmp_path, form, example(counts=True))))
    assert_same(found, example())
    assert found.counts is not None
    assert found.counts.tolist() == [70, 63, 56, 49, 42, 35, 28, 21, 14, 7]


@pytest.mark.parametrize("form", ["npy", "safetensors"])
def test_arrays_stay_on_disk(tmp_path: Path, form: str) -> None:
    matrix = read_vectors(str(written(tmp_path, form, example()))).matrix
    assert isinstance(matrix, np.memmap)
    assert not matrix.flags.writeable


@gensim_leaves_a_file_open
@pytest.mark.parametrize(
    ("form", "options"),
    [("word2vec", {}), ("glove", {"no_header": True}), ("word2vec-binary", {"binary": True})],
)
def test_gensim_and_we_read_each_others_word_vectors(tmp_path: Path, form: str, options: dict[str, bool]) -> None:
    vectors = example()
    peer = KeyedVectors.load_word2vec_format(written(tmp_path, form, vectors), **options)
    assert peer.index_to_key == WORDS
    np.testing.assert_array_equal(peer.vectors, vectors.matrix)
    if form != "glove":
        peer.save_word2vec_format(tmp_path / "peer", **options)
    else:
        peer.save_word2vec_format(tmp_path / "peer", write_header=False)
    assert_same(read_vectors(str(tmp_path / "peer")), vectors)


@pytest.mark.parametrize("ngrams", [False, True])
def test_gensim_reads_our_fasttext_model(tmp_path: Path, ngrams: bool) -> None:
    vectors = example(counts=True, ngrams=ngrams)
    path = written(tmp_path, "fasttext", vectors)
    words = [word for word in WORDS if word != "</s>"]  # to gensim it has n-grams, to fastText it has none
    for peer in (load_facebook_vectors(path), load_facebook_model(path).wv):
        assert peer.index_to_key == WORDS
        assert [peer.get_vecattr(word, "count") for word in WORDS] == [70, 63, 56, 49, 42, 35, 28, 21, 14, 7]
        np.testing.assert_array_equal([peer[word] for word in words], vectors.lookup(words).vectors)
        if ngrams:
            np.testing.assert_array_equal(peer["학교에"], vectors.lookup(["학교에"]).vectors[0])


def test_fasttext_itself_reads_our_model_and_we_read_its(tmp_path: Path) -> None:
    fasttext = pytest.importorskip("fasttext")
    vectors = example(ngrams=True)
    peer = fasttext.load_model(str(written(tmp_path, "fasttext", vectors)))
    words = [*WORDS, "학교에", "안녕"]
    theirs = [peer.get_word_vector(word) for word in words]
    np.testing.assert_allclose(theirs, vectors.lookup(words).vectors, rtol=1e-6)  # it divides otherwise than gensim
    (tmp_path / "corpus").write_text("학교를 갑니다 학교에 갔다\n" * 50, encoding="utf-8")
    trained = fasttext.train_unsupervised(
        str(tmp_path / "corpus"), dim=6, minCount=1, minn=2, maxn=4, bucket=500, thread=1, verbose=0
    )
    trained.save_model(str(tmp_path / "trained.bin"))
    found = read_vectors(str(tmp_path / "trained.bin"))
    assert found.terms.tokens == trained.words
    words = [*trained.words, "학교로"]
    theirs = [trained.get_word_vector(word) for word in words]
    np.testing.assert_allclose(theirs, found.lookup(words).vectors, rtol=1e-6)


def test_a_fasttext_model_comes_back_with_its_ngrams(tmp_path: Path) -> None:
    vectors = example(counts=True, ngrams=True)
    found = read_vectors(str(written(tmp_path, "fasttext", vectors)))
    assert_same(found, vectors)
    assert found.ngrams is not None
    assert vectors.ngrams is not None
    np.testing.assert_array_equal(found.ngrams.is_trained, vectors.ngrams.is_trained)
    np.testing.assert_array_equal(found.lookup(["안녕"]).vectors, vectors.lookup(["안녕"]).vectors)
    again = tmp_path / "again.bin"
    write_vectors(again, found, form="fasttext")
    assert again.read_bytes() == (tmp_path / "x.bin").read_bytes()


def test_we_read_what_gensim_trained(tmp_path: Path) -> None:
    model = FastText([["학교를", "갑니다"]] * 50, vector_size=6, min_count=1, min_n=2, max_n=4, bucket=300)
    save_facebook_model(model, str(tmp_path / "peer.bin"))
    found = read_vectors(str(tmp_path / "peer.bin"))
    words = ["학교를", "갑니다", "학교에", "갑니까"]
    np.testing.assert_array_equal(found.lookup(words).vectors, [model.wv[word] for word in words])


@pytest.mark.parametrize(
    "name",
    [
        *("crime-and-punishment", "toy-model", "toy-model-pretrained", "lee_fasttext", "lee_fasttext_new"),
        *("non_ascii_fasttext", "pang_lee_polarity_fasttext"),
    ],
)
def test_the_models_that_gensim_ships_have_the_vectors_that_fasttext_wrote(name: str) -> None:
    found, _ = skipped(Path(datapath(f"{name}.bin")))
    if name == "pang_lee_polarity_fasttext":  # it has labels, which gensim does not read, and words that are not UTF-8
        peer, _ = skipped(Path(datapath(f"{name}.vec")))
        np.testing.assert_allclose(found.lookup(peer.terms.tokens).vectors, peer.matrix, rtol=1e-3, atol=1e-5)
        return
    model = load_facebook_vectors(datapath(f"{name}.bin"))
    words = [word for word in model.index_to_key if word != "</s>"]
    np.testing.assert_array_equal(found.lookup(words).vectors, [model[word] for word in words])
    unseen = [word[:-1] + "qz" for word in words[:200] if word[:-1] + "qz" not in model.key_to_index]
    lookup = found.lookup(unseen)
    has_vector = lookup.kind == Kind.NGRAMS
    assert has_vector.any()
    np.testing.assert_array_equal(lookup.vectors[has_vector], [model[word] for word in np.array(unseen)[has_vector]])


def test_the_end_of_a_text_has_the_vector_that_fasttext_wrote() -> None:
    found, theirs = (read_vectors(datapath(f"crime-and-punishment{suffix}")) for suffix in (".bin", ".vec"))
    np.testing.assert_allclose(found.lookup(["</s>"]).vectors, theirs.lookup(["</s>"]).vectors, atol=1e-5)


@gensim_leaves_a_file_open
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("toy-model.vec", {}), ("crime-and-punishment.vec", {}), ("lee_fasttext.vec", {}), ("word2vec_pre_kv_c", {}),
        ("EN.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt", {}), ("high_precision.kv.txt", {}),
        ("test_glove.txt", {"no_header": True}), ("high_precision.kv.bin", {"binary": True}),
        ("euclidean_vectors.bin", {"binary": True}), ("poincare_vectors.bin", {"binary": True}),
    ],
)  # fmt: skip
def test_the_word_vectors_that_gensim_ships_are_as_gensim_reads_them(name: str, options: dict[str, bool]) -> None:
    found, peer = read_vectors(datapath(name)), KeyedVectors.load_word2vec_format(datapath(name), **options)
    assert found.terms.tokens == peer.index_to_key
    np.testing.assert_array_equal(found.matrix, peer.vectors)


def test_numpy_reads_our_array_and_its_words_stand_beside(tmp_path: Path) -> None:
    path = written(tmp_path, "npy", example())
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), example().matrix)
    lines = (tmp_path / "x.npy.vocab.txt").read_text("utf-8").split("\n")
    assert lines == [*(word.replace("\\", "\\\\") for word in WORDS), ""]


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2", "<i8", "|u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_we_read_the_arrays_that_numpy_saves(tmp_path: Path, dtype: str, order: Literal["C", "F"]) -> None:
    array = (np.arange(6).reshape(3, 2) / 2).astype(dtype, order=order)
    np.save(tmp_path / "x.npy", array)
    (tmp_path / "x.npy.vocab.txt").write_bytes("가\r\n나\\\\\r\n다".encode())
    found = read_vectors(str(tmp_path / "x.npy"))
    assert found.terms.tokens == ["가", "나\\", "다"]
    np.testing.assert_array_equal(found.matrix, array.astype(np.float32))


def test_safetensors_reads_our_tensors(tmp_path: Path) -> None:
    tensors = load_file(written(tmp_path, "safetensors", example(counts=True)))
    assert {name: str(tensor.dtype) for name, tensor in tensors.items()} == {"counts": "int64", "vectors": "float32"}
    np.testing.assert_array_equal(tensors["vectors"], example().matrix)


@pytest.mark.parametrize("tensors", [
    {"vectors": np.ones((2, 3), np.float32), "other": np.ones((4, 4), np.float16)},
    {"embeddings": np.ones((2, 3), np.float16), "weights": np.ones(2, np.uint8)},
])  # fmt: skip
def test_we_read_the_tensors_that_safetensors_saves(tmp_path: Path, tensors: dict[str, np.ndarray]) -> None:
    save_file(tensors, tmp_path / "x.safetensors", {"format": "pt"})
    (tmp_path / "x.safetensors.vocab.txt").write_text("a\nb\n")
    found = read_vectors(str(tmp_path / "x.safetensors"))
    assert found.terms.tokens == ["a", "b"]
    np.testing.assert_array_equal(found.matrix, np.ones((2, 3)))


def by_pyarrow(path: Path) -> list[tuple[str, list[float], int]]:
    table = pq.read_table(path)
    return list(zip(*(table[name].to_pylist() for name in ("word", "vector", "count")), strict=True))


def by_polars(path: Path) -> list[tuple[str, list[float], int]]:
    return [
        (word, list(vector), count) for word, vector, count in pytest.importorskip("polars").read_parquet(path).rows()
    ]


def by_duckdb(path: Path) -> list[tuple[str, list[float], int]]:
    rows = pytest.importorskip("duckdb").sql(f"SELECT word, vector, count FROM '{path}'").fetchall()
    return [(word, list(vector), count) for word, vector, count in rows]


@pytest.mark.parametrize("peer", [by_pyarrow, by_polars, by_duckdb])
def test_others_read_our_parquet(tmp_path: Path, peer: Callable[[Path], list[tuple[str, list[float], int]]]) -> None:
    vectors = example(counts=True)
    rows = peer(written(tmp_path, "parquet", vectors))
    assert [(word, count) for word, _, count in rows] == list(zip(WORDS, range(70, 0, -7), strict=True))
    np.testing.assert_array_equal(np.array([vector for _, vector, _ in rows], np.float32), vectors.matrix)


@pytest.mark.parametrize("kind", [
    pa.list_(pa.float64()), pa.large_list(pa.float32()), pa.list_(pa.float32(), 2), pa.list_(pa.float16())
], ids=str)  # fmt: skip
def test_we_read_parquet_of_any_list(tmp_path: Path, kind: pa.DataType) -> None:
    vectors = pa.array(np.array([[1, 2], [3, 4.5]], np.float16).tolist(), pa.list_(pa.float32())).cast(kind)
    words = pa.array(["가", "나"]).dictionary_encode()
    pq.write_table(pa.table({"id": [1, 2], "vector": vectors, "word": words}), tmp_path / "x.parquet")
    found = read_vectors(str(tmp_path / "x.parquet"))
    assert (found.terms.tokens, found.matrix.tolist()) == (["가", "나"], [[1, 2], [3, 4.5]])


def test_we_read_what_polars_and_duckdb_write(tmp_path: Path) -> None:
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    polars.DataFrame({"word": ["가", "나"], "vector": [[1.0, 2.0], [3.0, 4.5]]}).write_parquet(tmp_path / "p.parquet")
    duckdb.sql(f"COPY (FROM '{tmp_path}/p.parquet') TO '{tmp_path}/d.parquet'")
    for name in ("p.parquet", "d.parquet"):
        assert read_vectors(str(tmp_path / name)).matrix.tolist() == [[1, 2], [3, 4.5]]


def test_numpy_reads_our_projector_files(tmp_path: Path) -> None:
    path = tmp_path / "vectors.tsv"
    write_vectors(path, example())
    np.testing.assert_array_equal(np.loadtxt(path, np.float32, delimiter="\t"), example().matrix)
    assert (tmp_path / "metadata.tsv").read_text("utf-8").split("\n") == [*WORDS, ""]  # one column has no name


def test_projector_metadata_of_two_columns_have_names(tmp_path: Path) -> None:
    written(tmp_path, "projector", example(counts=True))
    assert (tmp_path / "x.metadata.tsv").read_text("utf-8").startswith("word\tcount\n학교\t70\n나\t63\n")


def test_we_read_what_gensim_makes_for_the_projector(tmp_path: Path) -> None:
    path = written(tmp_path, "word2vec", example())
    gensim.scripts.word2vec2tensor.word2vec2tensor(str(path), str(tmp_path / "peer"))
    found = read_vectors(str(tmp_path / "peer_tensor.tsv"))
    assert found.terms.tokens == WORDS
    np.testing.assert_allclose(found.matrix, example().matrix, rtol=1e-6)
