"""`tokembed train`: every embedder in a folder, byte for byte the same, with its tokenizer, and taken up again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tokembed
from tests.conftest import Run, minilm_folder
from tokembed import registry
from tokembed.corpus import Corpus
from tokembed.coverage import TokenCounts
from tokembed.inputs.texts import read_batches
from tokembed.models.model import Model, load
from tokembed.text_vectors.pooling import mean
from tokembed.training.corpus import corpus_on_disk
from tokembed.vectors import WordVectors

TEXTS = [
    "아침 먹고 학교를 갑니다",
    "학교를 가고 집에 갑니다",
    "the cat sat on the mat",
    "",
    "the dog sat on the log",
] * 8
EMBEDDERS = [method.name for method in registry.METHODS if method.output in ("texts", "tokens")]
SMALL = {name: ["--dim", "8", "--epochs", "2", "--min-count", "2"] for name in ("word2vec", "glove", "fasttext")}


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("".join(f"{text}\n" for text in TEXTS), encoding="utf-8")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("name", EMBEDDERS)
def test_two_runs_give_the_same_bytes_and_the_vectors_of_the_library(run: Run, tmp_path: Path, name: str) -> None:
    for out in ("a", "b"):
        done = run("train", name, "texts.txt", *SMALL.get(name, []), "-t", "bert", "--lower", "-o", out)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stderr.startswith(f"tokembed: {name}: ".encode())
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "texts.txt"]
    model = load(tmp_path / "a")
    assert isinstance(model, Model)
    assert model.cutting.record() == {"name": "bert", "lower": True}
    corpus = tokembed.tokenizer("bert", lower=True).encode_batch(TEXTS)
    settings = {"dim": 8, "epochs": 2, "min_count": 2} if name in SMALL else {}
    again = tokembed.embedder(name, **settings).fit(corpus)
    assert model.embedder.terms.tokens == again.terms.tokens
    for key, array in again.state().items():
        np.testing.assert_array_equal(model.embedder.state()[key], array)
    if model.is_sparse:
        assert (model.embedder.text_vectors(corpus) != again.text_vectors(corpus)).nnz == 0  # type: ignore[union-attr]
    else:
        np.testing.assert_array_equal(mean(corpus, model.word_vectors()).vectors, mean(corpus, again).vectors)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "settings"), [("fasttext", {"jamo": True, "min_n": 2}), ("tfidf", {"norm": "l1"})])
def test_options_are_remembered(tmp_path: Path, texts: Path, run: Run, name: str, settings: dict[str, object]) -> None:
    pairs = [pair for key, value in settings.items() for pair in ("--set", f"{key}={str(value).lower()}")]
    assert run("train", name, texts.name, *SMALL.get(name, []), *pairs, "-o", "m").returncode == 0
    model = load(tmp_path / "m")
    assert isinstance(model, Model)
    assert settings.items() <= model.embedder_settings.items()
    corpus = tokembed.tokenizer("whitespace").encode_batch(TEXTS)
    small = {"dim": 8, "epochs": 2, "min_count": 2} if name in SMALL else {}
    again = tokembed.embedder(name, **small, **settings).fit(corpus)
    if name == "tfidf":
        assert (model.embedder.text_vectors(corpus) != again.text_vectors(corpus)).nnz == 0  # type: ignore[union-attr]
    else:
        words = ["학굥", "학교를", "학교에서", "zzz"]
        found = model.word_vectors().lookup(words)
        np.testing.assert_array_equal(found.vectors, again.lookup(words).vectors)  # type: ignore[union-attr]
        assert model.word_vectors().ngrams == model.embedder.ngrams  # type: ignore[union-attr]


@pytest.mark.usefixtures("texts")
def test_a_tokenizer_file_is_kept_in_the_folder(run: Run, tmp_path: Path) -> None:
    folder = minilm_folder()
    assert run("train", "onehot", "texts.txt", "-t", str(folder), "-o", "m").returncode == 0
    assert (tmp_path / "m" / "tokenizer.json").exists()
    assert str(folder) not in (tmp_path / "m" / "model.json").read_text("utf-8")
    model = load(tmp_path / "m")
    assert isinstance(model, Model)
    assert (
        model.cutting.tokenizer.encode("Unaffable").tokens == tokembed.tokenizer(str(folder)).encode("Unaffable").tokens
    )
    assert run("embed", "texts.txt", "-m", "m", "-t", str(folder), "-o", "x.npz").returncode == 0
    other = run("embed", "texts.txt", "-m", "m", "-t", "bert", "-o", "y.npz")
    assert (other.returncode, (tmp_path / "y.npz").exists()) == (2, False)
    assert f"the tokenizer it was trained with, {folder.name!r}, got 'bert'".encode() in other.stderr


@pytest.mark.parametrize("name", registry.names("tokenizer"))
def test_a_corpus_on_disk_is_the_one_in_memory(name: str) -> None:
    texts = [*TEXTS, "☃ 龘 \x1c", "a" * 200]
    tokenizer = tokembed.tokenizer(name)
    counts = TokenCounts()
    expected = tokenizer.encode_batch(texts)
    counts.add_corpus(texts, expected, tokenizer)
    with corpus_on_disk(read_batches([], texts), tokenizer, named=True) as (corpus, found):
        assert as_tokens(corpus) == as_tokens(expected)
        assert corpus.starts.tolist() == expected.starts.tolist()
        assert (corpus.text_ids[0], corpus.vocab.unknown_id) == ("-c:1", expected.vocab.unknown_id)
        assert found == counts
        if tokenizer.vocab is None:  # in the order in which they occur, so that training is the same too
            assert corpus.vocab.tokens == expected.vocab.tokens


def as_tokens(corpus: Corpus) -> list[str]:
    return [corpus.vocab[token_id] for token_id in corpus.ids.tolist()]


KILLED_IN_STEP_2 = """
import os, signal
from tokembed.training import with_gensim as gensim_training
from tokembed.cli import main
take_step = gensim_training._take_step
def take_step_or_die(model, vocab, step, file):
    take_step(model, vocab, step, file)
    if step == 1:
        os.kill(os.getpid(), signal.SIGKILL)
gensim_training._take_step = take_step_or_die
main()
"""


def test_training_that_is_killed_goes_on_to_the_same_bytes(run: Run, tmp_path: Path, shell: dict[str, str]) -> None:
    rng = np.random.default_rng(0)
    words = [f"w{number}" for number in range(300)]
    lines = [" ".join(rng.choice(words, 40)) for _ in range(400)]
    (tmp_path / "big.txt").write_text("\n".join(lines), encoding="utf-8")
    call = ["train", "word2vec", "big.txt", "--dim", "50", "--epochs", "4"]
    assert run(*call, "-o", "whole").returncode == 0
    killed = subprocess.run([sys.executable, "-c", KILLED_IN_STEP_2, *call, "-o", "m"], cwd=tmp_path, env=shell)
    assert killed.returncode == -signal.SIGKILL
    state = tmp_path / "m.checkpoint" / "state.json"
    assert json.loads(state.read_bytes())["progress"]["steps"] == 1
    assert not (tmp_path / "m").exists()
    refused = run(*call, "-o", "m")
    assert refused.returncode == 2
    assert b"a training that was stopped is in 'm.checkpoint'; go on with --resume" in refused.stderr
    done = run(*call, "-o", "m", "--resume")
    assert done.returncode == 0
    assert b"since it went on; in m" in done.stderr  # how fast, gensim does not tell of this run alone
    assert contents(tmp_path / "m") == contents(tmp_path / "whole")
    assert not state.parent.exists()


ASKED_WRONGLY: dict[str, tuple[list[str], str]] = {
    "an embedder": (["word2vek", "texts.txt", "-o", "m"], "no embedder is called 'word2vek'; did you mean 'word2vec'?"),
    "an option": (["tfidf", "texts.txt", "--dim", "3", "-o", "m"], "embedder 'tfidf' has no option 'dim'"),
    "nothing to go on with": (
        ["word2vec", "texts.txt", "--resume", "-o", "m"],
        "--resume needs a training that was st",
    ),
    "no state": (["glove", "texts.txt", "--resume", "-o", "m"], "glove keeps no state"),
    "two tokenizers": (["glove", "texts.txt", "-t", "bert", "-t", "clip", "-o", "m"], "there must be one -t"),
}


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("case", ASKED_WRONGLY)
def test_what_is_asked_wrongly_is_one_line(run: Run, tmp_path: Path, case: str) -> None:
    arguments, message = ASKED_WRONGLY[case]
    done = run("train", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["texts.txt"]


@pytest.mark.usefixtures("texts")
def test_more_workers_are_told_to_differ(run: Run) -> None:
    done = run("train", "word2vec", "texts.txt", *SMALL["word2vec"], "--workers", "2", "-o", "m")
    assert (done.returncode, b"with --workers 2 two runs differ" in done.stderr) == (0, True)
    assert b"differ" not in run("train", "glove", "texts.txt", *SMALL["glove"], "--workers", "2", "-o", "m").stderr


def test_a_target_that_is_something_else_is_told_before_training(run: Run, tmp_path: Path, texts: Path) -> None:
    (tmp_path / "m").write_text("mine")
    done = run("train", "word2vec", texts.name, "-o", "m")
    assert (done.returncode, (tmp_path / "m").read_text()) == (1, "mine")
    assert run("train", "word2vec", texts.name, "-o", "none/m").returncode == 1


def test_what_converts_from_a_file_has_no_tokenizer_and_takes_any(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words.vec").write_text("2 2\n나는 1 0\n학교 0 1\n", encoding="utf-8")
    assert run("convert", "words.vec", "m").returncode == 0
    assert isinstance(load(tmp_path / "m"), WordVectors)
    for name in ("whitespace", "bert"):
        assert run("embed", "-c", "나는 학교", "-m", "m", "-t", name, "-o", "x.npy").returncode == 0
    assert np.load(tmp_path / "x.npy").shape == (1, 2)


@pytest.mark.usefixtures("texts")
def test_info_tells_what_a_model_holds(run: Run, tmp_path: Path) -> None:
    assert run("train", "fasttext", "texts.txt", *SMALL["fasttext"], "-o", "m").returncode == 0
    shown = run("info", "m").stdout.decode()
    assert "fasttext" in shown
    assert "40 texts, 160 tokens" in shown
    found = json.loads(run("info", "m", "--verify", "-f", "json").stdout)
    model = load(tmp_path / "m")
    assert isinstance(model, Model)
    assert (found["terms"], found["dim"], found["verified"]) == (len(model.embedder.terms), 8, True)
    assert found["trained_ngrams"] == len(model.embedder.ngrams.hashes)  # type: ignore[union-attr]
    (tmp_path / "m" / "vocab.txt").write_bytes((tmp_path / "m" / "vocab.txt").read_bytes()[:-1] + b"!")
    assert run("info", "m", "--verify").returncode == 1


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_texts_are_not_held(tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("학교를 갑니다 아침 먹고\n" * 1_000_000, encoding="utf-8")  # 36 MB, 16 MB of ids
    code = f"""
import re
from tokembed import tokenizer
from tokembed.inputs.texts import read_batches
from tokembed.training.corpus import corpus_on_disk
def anonymous(): return int(re.search("RssAnon:\\\\s+(\\\\d+)", open("/proc/self/status").read())[1])
cut = tokenizer("whitespace")
with corpus_on_disk(read_batches([{str(path)!r}], []), cut): pass
before = anonymous()
with corpus_on_disk(read_batches([{str(path)!r}], []), cut) as (corpus, _): print(anonymous() - before, corpus.n_tokens)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    grown, n_tokens = map(int, done.stdout.split())
    assert n_tokens == 4_000_000
    assert grown < 60_000  # kB; of the texts it would be 100,000 and more
