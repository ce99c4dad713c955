"""`tokembed neighbors`, as a user runs it, and how far models agree."""

from __future__ import annotations

import json
from pathlib import Path
from unicodedata import normalize

import pytest
from gensim.models.fasttext import load_facebook_vectors
from gensim.test.utils import datapath

from tests.conftest import Run
from tokembed.asking.neighbors import overlap
from tokembed.asking.search import Hit
from tokembed.cli.models import shown_names

KOREAN = "학교 1 0 0.2\n교실 0.9 0.1 0.1\n강아지 0 1 0\n영 0 0 0\n\x9b1m -1 0 0\n"


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    (tmp_path / "ko.txt").write_text(KOREAN, "utf-8")
    (tmp_path / "other.txt").write_text("학교 1 0\n고양이 0 1\n교실 1 1\n", "utf-8")


def test_several_models_stand_side_by_side(run: Run) -> None:
    done = run("neighbors", "학교", "-m", "ko.txt", "-m", "other.txt", "-k", "2")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == [
        "학교",
        "ko.txt  cosine  other.txt  cosine",
        "교실     0.990  교실        0.707",  # 0.92 / sqrt(1.04 * 0.83), 1 / sqrt(2)
        "강아지   0.000  고양이      0.000",
        "overlap@2 of ko.txt and other.txt: 0.50 (1 not in other.txt, 1 not in ko.txt)",
    ]


def test_lines_for_programs(run: Run) -> None:
    done = run("neighbors", "학교", "-m", "ko.txt", "-m", "other.txt", "-k", "3", "-f", "jsonl")
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["neighbors"][0] == {"word": "교실", "cosine": pytest.approx(0.92 / (1.04 * 0.83) ** 0.5, abs=1e-6)}
    assert [hit["word"] for hit in first["neighbors"]] == ["교실", "강아지", "\x9b1m"]
    assert "\x9b" not in done.stdout.decode()
    assert (second["model"], second["kind"], second["overlap"]) == (
        "other.txt",
        "exact",
        {"ko.txt": pytest.approx(1 / 3)},
    )
    assert done.stderr == b"tokembed: -k is 3, other.txt has 2 words to show; all of them are shown\n"
    done = run("neighbors", "학교", "-m", "ko.txt", "-k", "3", "-f", "tsv")
    head, *rows = (line.split("\t") for line in done.stdout.decode().splitlines())
    assert head == ["word", "model", "rank", "neighbor", "cosine", "kind"]
    assert [row[2:4] for row in rows] == [["1", "교실"], ["2", "강아지"], ["3", "\\x9b1m"]]
    assert rows[0][4] == str(first["neighbors"][0]["cosine"])


def test_words_that_are_missing(run: Run) -> None:
    done = run("neighbors", "학꾜", "학교", "영", "-m", "ko.txt", "-k", "1")
    assert (done.returncode, done.stdout.decode().splitlines()[0]) == (3, "학교")
    assert done.stderr.decode().splitlines() == [
        "tokembed: '학꾜' has no vector in ko.txt: it is not among its 5 words; did you mean '학교'?",
        "tokembed: '영' has no direction in ko.txt: its vector is all zeros, so no word is near it",
    ]
    done = run("neighbors", "강아지", "-m", "ko.txt", "-m", "other.txt", "-k", "1")
    assert (done.returncode, done.stdout.decode().splitlines()[1]) == (3, "ko.txt  cosine")
    done = run("neighbors", "영", b"\xff", "-m", "ko.txt")
    assert (done.returncode, done.stdout) == (1, b"")


def test_a_decomposed_word_is_found_in_its_composed_form(run: Run) -> None:
    done = run("neighbors", normalize("NFD", "학교"), "-m", "ko.txt", "-k", "1")
    assert (done.returncode, done.stdout.decode().splitlines()[0]) == (0, "학교")
    assert b"so its composed form (NFC) is taken" in done.stderr


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed file:ResourceWarning")
def test_words_by_ngrams_are_gensims(run: Run) -> None:
    path = datapath("toy-model.bin")
    peer = load_facebook_vectors(path)
    done = run("neighbors", "anarchistic", "the", "-m", path, "-k", "5", "-f", "jsonl")
    assert (done.returncode, done.stderr) == (0, b"")
    for record, kind in zip(map(json.loads, done.stdout.splitlines()), ("n-grams", "exact"), strict=True):
        expected = peer.most_similar(record["word"], topn=5)
        assert record["kind"] == kind
        assert [hit["word"] for hit in record["neighbors"]] == [word for word, _ in expected]
        assert [hit["cosine"] for hit in record["neighbors"]] == pytest.approx(
            [score for _, score in expected], abs=1e-5
        )
    assert b"toy-model.bin (by n-grams)" in run("neighbors", "anarchistic", "-m", path).stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["-k", "0"], 2, b"-k must be at least 1, got 0"),
        (["-f", "csv"], 2, b"-f must be one of table, jsonl, tsv"),
        (["-m", "none.txt"], 1, b"there is no file or model's folder 'none.txt'"),
    ],
)
def test_what_is_asked_wrongly_is_told(run: Run, arguments: list[str], status: int, message: bytes) -> None:
    done = run("neighbors", "학교", "-m", "ko.txt", *arguments)
    assert (done.returncode, done.stdout) == (status, b"")
    assert message in done.stderr


def test_overlap_is_a_share_of_the_longer_list() -> None:
    a, b, c = (Hit(word, row, 0.5) for row, word in enumerate("abc"))
    assert overlap([a, b], [b, c]) == 0.5
    assert overlap([a, b, c], [c]) == pytest.approx(1 / 3)
    assert overlap([], []) is None


def test_names_differ() -> None:
    assert shown_names(["a/x.vec", "a/y.vec"]) == ["x.vec", "y.vec"]
    assert shown_names(["a/x.vec", "b/x.vec"]) == ["a/x.vec", "b/x.vec"]
    assert shown_names(["a/x/", "-", "a/x/", "/"]) == ["x", "-", "x (2)", "/"]
