"""Rows of words: the mean of the rows of tokens that stand in them, read from what `--level token` writes."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.conftest import Run, minilm_folder

TEXTS = ["나는 학교에서 배를 먹었다", "", "  the  unaffable ☃ dogs ", "☃", "학교 학교에 zzz"]
WORDS = ["나는", "학", "##교", "##에서", "##에", "배", "##를", "una", "##ble", "the", "dog", "##s"]
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed (pip install 'tokembed[neural]')"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Texts and vectors of some of their pieces."""
    (tmp_path / "a.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    draw = np.random.default_rng(3)
    lines = [f"{word} {' '.join(map(str, draw.integers(-9, 9, 4).tolist()))}" for word in WORDS]
    (tmp_path / "words.vec").write_text(f"{len(WORDS)} 4\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def of_tokens(tokens: list[dict[str, Any]], lost: set[str] = frozenset()) -> list[dict[str, Any]]:  # type: ignore[assignment]
    """The words as a plain loop makes them of rows of tokens; those that are lost count for nothing."""
    found = []
    for number, text in enumerate(TEXTS, start=1):
        for position, match in enumerate(re.finditer(r"\S+", text)):
            rows = [
                token["vector"]
                for token in tokens
                if token["id"].endswith(f":{number}")
                and token["token"] not in lost
                and match.start() <= token["start"] < token["end"] <= match.end()
            ]
            if rows:
                place = {"id": f"a.txt:{number}", "position": position, "word": match.group()}
                found.append({**place, "start": match.start(), "end": match.end(), "vector": np.mean(rows, axis=0)})
    return found


def check(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert [{**row, "vector": None} for row in found] == [{**row, "vector": None} for row in expected]
    for row, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(row["vector"], other["vector"], atol=1e-6)


@pytest.mark.parametrize("oov", ["skip", "zero"])
def test_words_of_static_vectors_are_means_of_their_tokens(run: Run, folder: Path, oov: str) -> None:
    for level in ("token", "word"):
        done = run(
            "embed", "a.txt", "-m", "words.vec", "-t", "bert", "--level", level, "--oov", oov, "-o", f"{level}.jsonl"
        )
        assert done.returncode == 0, done.stderr
    found = records(folder / "word.jsonl")
    check(found, of_tokens(records(folder / "token.jsonl")))
    n_without = 0 if oov == "zero" else 5  # 먹었다, ☃ twice, dogs and zzz
    assert len(found) == 12 - n_without
    assert json.loads((folder / "word.jsonl.json").read_text())["coverage"]["words_without_vector"] == n_without
    assert (b"as none of their tokens is known: 5 words" in done.stderr) == (oov == "skip")


@needs_torch
def test_words_of_a_model_that_reads_are_means_of_the_tokens_it_knows(run: Run, folder: Path) -> None:
    for level in ("token", "word"):
        done = run("embed", "a.txt", "-m", str(minilm_folder()), "--level", level, "-o", f"{level}.jsonl")
        assert done.returncode == 0, done.stderr
    check(records(folder / "word.jsonl"), of_tokens(records(folder / "token.jsonl"), {"[UNK]"}))
    assert b"without a row, as none of their tokens is known: " in done.stderr


def test_the_other_forms_have_the_same_rows(run: Run, folder: Path) -> None:
    for suffix in ("jsonl", "parquet", "npy"):
        run("embed", "a.txt", "-m", "words.vec", "-t", "bert", "--level", "word", "-o", f"w.{suffix}")
    rows = records(folder / "w.jsonl")
    table = pq.read_table(folder / "w.parquet")
    assert table.column_names == ["id", "position", "word", "start", "end", "vector"]
    assert [{**row, "vector": None} for row in table.to_pylist()] == [{**row, "vector": None} for row in rows]
    np.testing.assert_array_equal(np.load(folder / "w.npy"), np.array([row["vector"] for row in rows], np.float32))
    starts = np.load(folder / "w.npy.starts.npy")
    assert np.diff(starts).tolist() == [sum(row["id"] == f"a.txt:{text}" for row in rows) for text in range(1, 6)]


def test_words_need_vectors_of_tokens(run: Run, folder: Path) -> None:
    done = run("embed", "a.txt", "-e", "word2vec", "--level", "word", "-o", "x.npy")
    assert (done.returncode, b"--level word needs a model that is trained" in done.stderr) == (2, True)
    run("train", "tfidf", "a.txt", "-o", "tfidf")
    done = run("embed", "a.txt", "-m", "tfidf", "--level", "word", "-o", "x.npz")
    assert (done.returncode, b"gives texts a vector, not words" in done.stderr) == (2, True)
