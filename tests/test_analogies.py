"""Analogies, against gensim and the formulas written out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from tests.conftest import Run
from tests.test_search import random_vectors
from tokembed.asking.analogies import analogy
from tokembed.asking.search import Search
from tokembed.errors import BadInput, BadUsage
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

QUESTIONS = [("man", "king", "woman"), ("france", "paris", "italy"), ("good", "better", "bad")]


@pytest.fixture(scope="module")
def peer(glove: WordVectors) -> KeyedVectors:
    keyed = KeyedVectors(glove.dim)
    keyed.add_vectors(glove.terms.tokens, glove.matrix)
    return keyed


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_3cosadd_is_gensims(glove: WordVectors, peer: KeyedVectors, words: tuple[str, str, str]) -> None:
    a, b, c = words
    expected = peer.most_similar(positive=[b, c], negative=[a], topn=20)
    answers = analogy(Search(glove), words, 20).answers
    assert [hit.word for hit in answers] == [word for word, _ in expected]
    assert [hit.score for hit in answers] == pytest.approx([score for _, score in expected], abs=1e-5)


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")
@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_3cosmul_is_gensims_but_for_epsilon(
    glove: WordVectors, peer: KeyedVectors, words: tuple[str, str, str]
) -> None:
    a, b, c = words
    expected = peer.most_similar_cosmul(positive=[b, c], negative=[a], topn=5)  # its epsilon is 0.000001
    answers = analogy(Search(glove), words, 5, method="mul").answers
    assert [hit.word for hit in answers] == [word for word, _ in expected]
    assert [hit.score for hit in answers] == pytest.approx([score for _, score in expected], rel=5e-3)


@pytest.mark.parametrize("method", ["add", "mul"])
def test_the_formulas_written_out(method: str) -> None:
    vectors = random_vectors()
    units = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    a, b, c = units[:3]
    if method == "add":
        scores = units @ (b - a + c) / np.linalg.norm(b - a + c)
    else:
        shifted = [(1 + units @ word) / 2 for word in (a, b, c)]
        scores = shifted[1] * shifted[2] / (shifted[0] + 0.001)
    order = np.argsort(-scores).tolist()
    found = analogy(Search(vectors), ["w0", "w1", "w2"], 9, method=method, include=True)
    assert [hit.row for hit in found.answers] == order[:9]
    assert [hit.score for hit in found.answers] == pytest.approx(scores[order[:9]], rel=1e-4)
    others = [row for row in order if row > 2]
    assert [hit.row for hit in analogy(Search(vectors), ["w0", "w1", "w2"], 9, method=method).answers] == others[:9]


def test_what_cannot_be_asked() -> None:
    vectors = WordVectors(Vocab(["a", "b", "c", "0"]), np.array([[1, 0], [0, 1], [1, -1], [0, 0]], np.float32))
    search = Search(vectors)
    assert analogy(search, ["a", "b", "0"], 3).answers == []
    assert analogy(search, ["a", "b", "?"], 3).answers == []
    with pytest.raises(BadUsage, match="--method must be one of add, mul"):
        analogy(search, ["a", "b", "c"], 3, method="cosadd")
    opposite = WordVectors(
        Vocab(["a", "b", "c"]), np.array([[1, 0], [0.5, 0.75**0.5], [0.5, -(0.75**0.5)]], np.float32)
    )
    with pytest.raises(BadInput, match="it is zero"):
        analogy(Search(opposite), ["a", "b", "c"], 3)


def test_the_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("man 1 0\nking 1 1\nwoman -1 0\nqueen -1 1.2\ncat 0 -1\n")
    done = run("analogy", "man", "king", "woman", "-m", "x.txt", "-k", "2")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines()[:2] == ["man : king = woman : ?", "x.txt  cosine"]
    assert done.stdout.decode().splitlines()[2].startswith("queen")
    done = run("analogy", "man", "king", "woman", "-m", "x.txt", "--method", "mul", "--include", "-f", "jsonl")
    record = json.loads(done.stdout)
    assert [record[key] for key in ("a", "b", "c", "model", "method")] == ["man", "king", "woman", "x.txt", "mul"]
    assert {answer["word"] for answer in record["answers"]} == {"man", "king", "woman", "queen", "cat"}
    assert b"-k is 10, x.txt has 5 words to show" in done.stderr
    done = run("analogy", "man", "kin", "woman", "-m", "x.txt", "-f", "tsv")
    assert (done.returncode, done.stdout) == (1, b"model\tmethod\trank\tword\tscore\n")
    assert b"'kin' has no vector in x.txt: it is not among its 5 words; did you mean 'king'?" in done.stderr
