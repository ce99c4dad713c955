"""Random pairs' cosines, against scipy and a slow count; `tokembed similarity`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import percentileofscore

from tests.conftest import Run
from tests.test_search import random_vectors
from tokembed.asking import percentiles
from tokembed.asking.percentiles import N_PAIRS, percentile, random_cosines
from tokembed.asking.search import cosine
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab


@given(st.lists(st.integers(-3, 3), min_size=1), st.integers(-4, 4))
def test_a_percentile_is_scipys_mean_rank(sample: list[int], value: int) -> None:
    found = percentile(value, np.sort(np.array(sample, float)))
    assert found == pytest.approx(percentileofscore(sample, value, "mean"))


def test_the_sample_stands_for_all_pairs() -> None:
    vectors = random_vectors(200)
    units = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    every_pair = np.sort((units @ units.T)[np.triu_indices(200, 1)])
    sample = random_cosines(vectors)
    assert len(sample) == N_PAIRS
    np.testing.assert_array_equal(sample, random_cosines(vectors))
    for share in (0.1, 0.5, 0.9):  # 10,000 draws err by 0.5 points at most one time in three
        assert percentile(float(np.quantile(every_pair, share)), sample) == pytest.approx(100 * share, abs=2.5)


def test_a_pair_is_two_words_with_a_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.array([[1, 0], [0, 0], [0, 1], [-1, 0]], np.float32)
    counts = np.array([5, 90, 7, 1])
    vectors = WordVectors(Vocab("abcd"), matrix, counts)
    assert set(random_cosines(vectors).tolist()) == {-1, 0}  # a word with itself would give 1
    monkeypatch.setattr(percentiles, "N_FREQUENT", 3)
    assert set(random_cosines(vectors).tolist()) == {0}  # d is too rare, b has no direction
    assert set(random_cosines(WordVectors(vectors.terms, matrix[::-1])).tolist()) == {0}  # the first three rows
    monkeypatch.setattr(percentiles, "N_FREQUENT", 2)
    assert percentile(0.5, random_cosines(vectors)) is None


def test_the_command(run: Run, tmp_path: Path) -> None:
    vectors = random_vectors(30)
    lines = [f"w{row} {' '.join(map(str, numbers))}" for row, numbers in enumerate(vectors.matrix.tolist())]
    (tmp_path / "x.txt").write_text("\n".join(lines))
    (tmp_path / "one.txt").write_text("w3 1 2\nw8 0 0\n")
    done = run("similarity", "w3", "w4", "-m", "x.txt", "-f", "jsonl")
    assert (done.returncode, done.stderr) == (0, b"")
    value = cosine(vectors.matrix[3], vectors.matrix[4])
    record = json.loads(done.stdout)
    assert record == {
        "a": "w3",
        "b": "w4",
        "model": "x.txt",
        "cosine": pytest.approx(value, abs=1e-6),
        "percentile": percentile(record["cosine"], random_cosines(vectors)),
        "kinds": ["exact", "exact"],
    }
    done = run("similarity", "w3", "w4", "-m", "x.txt")
    head, row = done.stdout.decode().splitlines()
    assert head.split() == ["model", "cosine", "percentile", "w3", "w4"]
    assert row.split() == ["x.txt", f"{value:.3f}", f"{record['percentile']:.2f}", "exact", "exact"]
    done = run("similarity", "w3", "w8", "-m", "x.txt", "-m", "one.txt", "-f", "tsv")
    assert done.returncode == 3
    assert done.stderr == (
        b"tokembed: 'w8' has no direction in one.txt: its vector is all zeros, so no word is near it\n"
    )
    assert done.stdout.count(b"\n") == 2
    alone = run("similarity", "w3", "w3", "-m", "one.txt", "-f", "tsv")
    assert alone.stdout.splitlines()[1] == b"w3\tw3\tone.txt\t1.0\t\texact\texact"
