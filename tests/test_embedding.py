"""`embed -m`: vectors of texts, tokens and words from a trained model or a file, against numbers made by hand."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import load_npz

import tokembed
from tests.conftest import Run
from tokembed.convert import write_vectors
from tokembed.corpus import Corpus
from tokembed.inputs.texts import read_batches
from tokembed.text_vectors import sif
from tokembed.text_vectors import static as embedding
from tokembed.text_vectors.coverage import covered
from tokembed.text_vectors.pooling import pooled, token_vectors
from tokembed.text_vectors.static import LeftOut, Pooling
from tokembed.types import POOLS, Kind, Pool
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

WORDS = WordVectors(
    Vocab(["학교", "집", "cat", "the"]),
    np.array([[1, 2, -3], [0, -1, 5], [4, 4, 4], [-1, 0, 1]], np.float32),
    np.array([40, 30, 20, 10]),
)
TEXTS = ["학교 집 학교", "zzz", "", "the cat zzz the", "cat 집 the 학교"]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    write_vectors(tmp_path / "words", WORDS)
    write_vectors(tmp_path / "words.vec", WORDS)
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in TEXTS), encoding="utf-8")
    return tmp_path


def by_hand(text: str, pool: str, *, zeros: bool) -> np.ndarray:
    """A text's vector, worked out word by word."""
    rows = [WORDS.lookup([word]) for word in text.split()]
    kept = [row.vectors[0] for row in rows if zeros or row.kind[0] != Kind.NONE]
    if not kept:
        return np.zeros(3, np.float32)
    return {"mean": np.mean, "max": np.max, "sum": np.sum}[pool](kept, axis=0)  # type: ignore[operator]


@pytest.mark.parametrize("oov", ["skip", "zero"])
@pytest.mark.parametrize("pool", ["mean", "max", "sum"])
@pytest.mark.parametrize("suffix", [".npy", ".jsonl", ".parquet"])
def test_a_texts_vector_is_made_of_its_words(run: Run, here: Path, pool: str, oov: str, suffix: str) -> None:
    out = here / f"x{suffix}"
    done = run("embed", "texts.txt", "-m", "words", "--pool", pool, "--oov", oov, "-o", out.name)
    assert done.returncode == 0, done.stderr.decode()
    found = {
        ".npy": lambda: np.load(out),
        ".jsonl": lambda: [json.loads(line)["vector"] for line in out.read_text("utf-8").splitlines()],
        ".parquet": lambda: pq.read_table(out)["vector"].to_pylist(),
    }[suffix]()
    np.testing.assert_allclose(found, [by_hand(text, pool, zeros=oov == "zero") for text in TEXTS], rtol=1e-6)
    record = json.loads((here / f"x{suffix}.json").read_text("utf-8"))
    assert (record["pool"], record["oov"], record["model"]["terms"]) == (pool, oov, 4)
    expected = {"texts": 5, "tokens": 12, "tokens_exact": 10, "tokens_without_vector": 2, "texts_without_vector": 2}
    assert expected.items() <= record["coverage"].items()
    assert "without a vector: 2 of 12 tokens (16.7 %)" in done.stderr.decode()


@given(st.lists(st.lists(st.sampled_from(["학교", "집", "cat", "zzz"]), max_size=9), max_size=9), st.booleans())
def test_pooling_is_numpys_on_any_texts(lists: list[list[str]], zeros: bool) -> None:
    texts = [" ".join(words) for words in lists]
    corpus = tokembed.tokenizer("whitespace").encode_batch(texts)
    tokens = token_vectors(corpus, WORDS)
    for pool in ("mean", "max", "sum"):
        found = pooled(corpus, tokens, pool=cast(Pool, pool), zeros=zeros)
        expected = np.array([by_hand(text, pool, zeros=zeros) for text in texts]).reshape(-1, 3)
        np.testing.assert_allclose(found.vectors, expected, rtol=1e-5, atol=1e-6)


def by_the_paper(texts: list[str]) -> np.ndarray:
    """Arora et al. 2017, algorithm 1, in float64."""
    share = {word: count / 100 for word, count in zip(WORDS.terms, [40, 30, 20, 10], strict=True)}
    rows = []
    for text in texts:
        known = [word for word in text.split() if word in share]
        weighted = [1e-3 / (1e-3 + share[word]) * WORDS.lookup([word]).vectors[0].astype(float) for word in known]
        rows.append(np.mean(weighted, axis=0) if weighted else np.zeros(3))
    matrix = np.array(rows)
    first = np.linalg.svd(matrix)[2][0]
    return matrix - np.outer(matrix @ first, first)


def test_sif_is_the_papers(run: Run, here: Path) -> None:
    assert run("embed", "texts.txt", "-m", "words", "--pool", "sif", "--ids", "-o", "x.npy").returncode == 0
    np.testing.assert_allclose(np.load(here / "x.npy"), by_the_paper(TEXTS), atol=1e-7)
    assert (here / "x.npy.ids.txt").read_text("utf-8").splitlines() == [f"texts.txt:{place}" for place in range(1, 6)]
    assert (
        b"give two or more, found 1" in run("embed", "-c", "cat", "-m", "words", "--pool", "sif", "-o", "y.npy").stderr
    )
    done = run("embed", "texts.txt", "-m", "words.vec", "--pool", "sif", "-o", "y.npy")
    assert (done.returncode, (here / "y.npy").exists()) == (2, False)
    assert b"these vectors have no counts" in done.stderr


def test_a_word_that_never_occurred_weighs_fully() -> None:
    weigh = sif.weights_of(WORDS.terms, cast(Any, WORDS.counts))
    np.testing.assert_allclose(weigh(["학교", "새말"]), [1e-3 / (1e-3 + 0.4), 1.0], rtol=1e-6)


@pytest.mark.parametrize("oov", ["skip", "zero"])
@pytest.mark.parametrize("tokenizer", ["whitespace", "bert"])
def test_a_tokens_row_tells_where_it_stands(run: Run, here: Path, tokenizer: str, oov: str) -> None:
    call = ["embed", "texts.txt", "-m", "words", "-t", tokenizer, "--level", "token", "--oov", oov]
    for out in ("x.parquet", "x.jsonl", "x.npy"):
        assert run(*call, "-o", out).returncode == 0
    expected = []
    for place, text in enumerate(TEXTS, start=1):
        encoding = tokembed.tokenizer(tokenizer).encode(text)
        found = WORDS.lookup(encoding.tokens)
        expected += [
            {"id": f"texts.txt:{place}", "position": position, "token": token, "start": span[0], "end": span[1],
             "vector": vector.tolist()}
            for position, (token, span, vector, kind) in enumerate(
                zip(encoding.tokens, encoding.offsets, found.vectors, found.kind, strict=True)
            )
            if oov == "zero" or kind != Kind.NONE
        ]  # fmt: skip
    assert pq.read_table(here / "x.parquet").to_pylist() == expected
    assert [json.loads(line) for line in (here / "x.jsonl").read_text("utf-8").splitlines()] == expected
    vectors, starts = np.load(here / "x.npy"), np.load(here / "x.npy.starts.npy")
    assert vectors.tolist() == [row["vector"] for row in expected]
    by_text = [sum(row["id"] == f"texts.txt:{place}" for row in expected) for place in range(1, 6)]
    assert [end - start for start, end in pairwise(starts.tolist())] == by_text


def test_a_token_without_a_vector_can_stop_it(run: Run, here: Path) -> None:
    for level in ("text", "token"):
        done = run("embed", "texts.txt", "-m", "words", "--oov", "error", "--level", level, "-o", "x.npy")
        assert (done.returncode, (here / "x.npy").exists()) == (1, False)
        assert done.stderr.decode() == (
            "tokembed: every token must have a vector under --oov error, 'zzz' in texts.txt:2 has none; "
            "use --oov skip or zero\n"
        )


def test_the_words_own_vectors_need_no_texts(run: Run, here: Path) -> None:
    assert run("embed", "-m", "words", "-o", "again.vec").returncode == 0
    assert (here / "again.vec").read_bytes() == (here / "words.vec").read_bytes()
    assert run("embed", "-m", "words", "--level", "vocab", "-o", "x.npy").returncode == 0
    np.testing.assert_array_equal(np.load(here / "x.npy"), WORDS.matrix)
    assert run("embed", "texts.txt", "-m", "words", "-o", "again.vec").returncode == 2


def test_the_words_of_sparse_models_have_a_column_each(run: Run, here: Path) -> None:
    for name, diagonal in (("onehot", None), ("tfidf", "weights")):
        assert run("train", name, "texts.txt", "-o", name).returncode == 0
        assert run("embed", "-m", name, "--level", "vocab", "-o", "x.npz").returncode == 0
        rows = load_npz(here / "x.npz").toarray()
        corpus = tokembed.tokenizer("whitespace").encode_batch(TEXTS)
        state = tokembed.embedder(name).fit(corpus).state()
        expected = np.ones(len(rows)) if diagonal is None else state[diagonal]
        np.testing.assert_allclose(rows, np.diag(expected), rtol=1e-6)
        for wrong in (["--level", "token"], ["--pool", "max"], ["--oov", "zero"]):
            assert run("embed", "texts.txt", "-m", name, *wrong, "-o", "y.npz").returncode == 2


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", ["tfidf", "word2vec"])
def test_a_model_gives_what_training_on_the_spot_gives(run: Run, tmp_path: Path, name: str) -> None:
    options = ["--dim", "4", "--min-count", "1"] if name == "word2vec" else []
    out = "x.npz" if name == "tfidf" else "x.npy"
    assert run("train", name, "texts.txt", *options, "-o", "m").returncode == 0
    assert run("embed", "texts.txt", "-m", "m", "-o", out).returncode == 0
    first = (tmp_path / out).read_bytes()
    assert run("embed", "texts.txt", "-e", name, *options, "-o", out).returncode == 0
    if name == "word2vec":
        assert (tmp_path / out).read_bytes() == first
    else:
        again = load_npz(tmp_path / out)
        (tmp_path / out).write_bytes(first)
        assert (load_npz(tmp_path / out) != again).nnz == 0


def test_many_batches_are_one_output(tmp_path: Path) -> None:
    texts = [f"학교 {place} cat" for place in range(30_000)]
    (tmp_path / "many.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    left_out, tokenizer = LeftOut(), tokembed.tokenizer("whitespace")
    pieces = embedding.corpora(
        read_batches([str(tmp_path / "many.txt")] * 3, []), tokenizer, left_out, progress=lambda _: None
    )
    embedding.write_text_vectors(tmp_path / "x.npy", pieces, WORDS, Pooling(), left_out, dict, ids=True)
    found = np.load(tmp_path / "x.npy")
    np.testing.assert_array_equal(found, np.tile(np.float32([2.5, 3, 0.5]), (90_000, 1)))
    names = (tmp_path / "x.npy.ids.txt").read_text("utf-8").splitlines()
    assert names == [f"{tmp_path}/many.txt:{place}" for place in range(1, 30_001)] * 3
    assert (left_out.tokens.n_tokens, left_out.vectors.tokens_without_vector) == (270_000, 90_000)


def as_corpus(text: str) -> Corpus:
    return tokembed.tokenizer("whitespace").encode_batch([text])


@pytest.mark.parametrize(
    ("text", "lower", "bare"),
    [
        ("The Cat 학교", 2, 0), ('학교. 집, "cat"', 0, 3), ("The. 학교를", 0, 1), ("THE the", 1, 0), ("... ZZZ", 0, 0),
    ],
)  # fmt: skip
def test_words_that_are_spelled_otherwise_are_counted(text: str, lower: int, bare: int) -> None:
    corpus = as_corpus(text)
    found = covered(corpus, token_vectors(corpus, WORDS), None, WORDS.terms)
    assert (found.tokens_lower, found.tokens_bare) == (lower, bare)


@pytest.mark.usefixtures("here")
def test_the_hint_names_what_helps(run: Run) -> None:
    told = run("embed", "-c", "The CAT sat 학교.", "-m", "words", "-o", "x.npy").stderr.decode()
    assert "50.0 % of the tokens have a vector in lower case alone (The as the); try --lower" in told
    assert "25.0 % of the tokens have a vector without their punctuation alone (학교. as 학교)" in told
    assert "-t bert" in told
    told = run(
        "embed", "-c", "The CAT sat 학교.", "-m", "words", "-t", "bert", "--lower", "-o", "x.npy"
    ).stderr.decode()
    assert "try" not in told


ASKED_WRONGLY: dict[str, tuple[list[str], str]] = {
    "neither": (["-c", "x", "-o", "x.npy"], "embed must have -e NAME"),
    "both": (["-c", "x", "-e", "tfidf", "-m", "words", "-o", "x.npy"], "got both"),
    "training": (["-c", "x", "-m", "words", "--dim", "3", "-o", "x.npy"], "options of training belong to -e"),
    "a level": (["-c", "x", "-m", "words", "--level", "sentence", "-o", "x.npy"], "--level must be one of text, word"),
    "a pool": (["-c", "x", "-m", "words", "--pool", "median", "-o", "x.npy"], "--pool must be one of mean, max, sum"),
    "a form": (["-c", "x", "-m", "words", "-o", "x.npz"], "the vectors of words are dense, one a text, so"),
    "ids": (["-c", "x", "-m", "words", "--level", "token", "--ids", "-o", "x.npy"], "--ids names texts"),
    "two models": (["-c", "x", "-m", "words", "-m", "words.vec", "-o", "x.npy"], "there must be one -m"),
    "a level of -e": (["-c", "x", "-e", "glove", "--level", "token", "-o", "x.npy"], "needs a model that is trained"),
}  # fmt: skip


@pytest.mark.parametrize("case", ASKED_WRONGLY)
def test_what_is_asked_wrongly_is_one_line(run: Run, here: Path, case: str) -> None:
    arguments, message = ASKED_WRONGLY[case]
    done = run("embed", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert not (here / "x.npy").exists()


@pytest.mark.usefixtures("here")
def test_a_model_that_is_not_there_is_told(run: Run) -> None:
    done = run("embed", "-c", "x", "-m", "none", "-o", "x.npy")
    assert (done.returncode, done.stderr) == (1, b"tokembed: there is no file or model's folder 'none'\n")


def test_every_pool_is_known() -> None:
    assert POOLS == ("mean", "max", "sum", "sif")
