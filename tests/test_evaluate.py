"""Word sets judged as gensim judges them, missing words under each way, and the command as a user runs it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath
from scipy import stats

from tests.conftest import Run
from tests.vector_examples import example
from tokembed.cli.output import width
from tokembed.convert import read_vectors
from tokembed.evaluate.judge import Judgment, analogies, similarity
from tokembed.evaluate.word_sets import Analogies, Pairs, read_word_set
from tokembed.types import Kind
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

GLOVE = Path(__file__).resolve().parents[2] / "shared" / "data" / "glove.6B.50d.top20k.txt.gz"
needs_glove = pytest.mark.skipif(not GLOVE.exists(), reason="the shared GloVe vectors are not here")


def vectors_of(words: dict[str, list[float]]) -> WordVectors:
    return WordVectors(Vocab(words), np.array(list(words.values()), np.float32))


def by_way(judgments: list[Judgment], section: str | None = None) -> dict[str, Judgment]:
    return {judgment.way: judgment for judgment in judgments if judgment.section == section}


@pytest.fixture(scope="module")
def glove(tmp_path_factory: pytest.TempPathFactory) -> KeyedVectors:
    path = tmp_path_factory.mktemp("glove") / "glove.txt"
    path.write_bytes(gzip.decompress(GLOVE.read_bytes()))
    return KeyedVectors.load_word2vec_format(path, no_header=True)


@needs_glove
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize(("name", "file"), [("wordsim353", "wordsim353.tsv"), ("simlex999", "simlex999.txt")])
def test_similarity_is_gensims(glove: KeyedVectors, name: str, file: str) -> None:
    pairs = read_word_set(name)
    assert isinstance(pairs, Pairs)
    found = by_way(similarity(pairs, read_vectors(str(GLOVE))))
    _, dropped, missing = glove.evaluate_word_pairs(datapath(file))
    _, zero, _ = glove.evaluate_word_pairs(datapath(file), dummy4unknown=True)
    assert found["drop"].score.value == pytest.approx(dropped.statistic, abs=1e-6)
    assert found["zero"].score.value == pytest.approx(zero.statistic, abs=1e-6)
    assert 100 * (1 - found["drop"].coverage.share) == pytest.approx(missing)


@needs_glove
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_analogies_are_gensims_section_by_section(glove: KeyedVectors, tmp_path: Path) -> None:
    lines = Path(datapath("questions-words.txt")).read_text("utf-8").splitlines()
    path = tmp_path / "some.txt"
    path.write_text("\n".join(line for place, line in enumerate(lines) if line[0] == ":" or place % 40 == 0), "utf-8")
    questions = read_word_set(str(path))
    assert isinstance(questions, Analogies)
    judgments = analogies(questions, read_vectors(str(GLOVE)))
    _, sections = glove.evaluate_word_analogies(str(path))
    names = [None, *(section["section"] for section in sections[:-1])]
    for name, section in zip(names, [sections[-1], *sections[:-1]], strict=True):
        found = by_way(judgments, name)
        n_right, n_wrong = len(section["correct"]), len(section["incorrect"])
        assert found["drop"].coverage.n_found == n_right + n_wrong
        assert found["drop"].score.value == pytest.approx(n_right / (n_right + n_wrong))
        assert found["zero"].score.value == pytest.approx(n_right / found["zero"].coverage.n_all)
        assert found["mean"].score == found["drop"].score


ANGLES = {"a": [1.0, 0.0], "b": [0.8, 0.6], "c": [0.0, 1.0], "d": [-1.0, 0.0], "King": [0.6, 0.8], "king": [0.0, -2.0]}


def test_missing_words_under_each_way() -> None:
    words = [("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("a", "x"), ("y", "z")]
    people = [5.0, 4.0, 1.0, 2.0, 3.0, 6.0]
    cosines = [0.8, 0.0, -1.0, 0.6]  # worked by hand from ANGLES; their mean is 0.1
    found = by_way(similarity(Pairs("hand", words, people), vectors_of(ANGLES)))
    expected = {"drop": cosines, "zero": [*cosines, 0, 0], "mean": [*cosines, 0.1, 0.1]}
    for way, scores in expected.items():
        assert found[way].score.value == pytest.approx(stats.spearmanr(scores, people[: len(scores)]).statistic)
        assert (found[way].coverage.n_found, found[way].coverage.n_all) == (4, 6)


def test_a_word_is_taken_as_it_is_then_in_lower_case() -> None:
    words = [("King", "a"), ("KING", "a"), ("A", "b"), ("KINGS", "a")]
    found = by_way(similarity(Pairs("cases", words, [3.0, 1.0, 4.0, 2.0]), vectors_of(ANGLES)))["drop"]
    assert found.score.value == pytest.approx(1.0)  # cosines 0.6, 0.0 and 0.8
    assert (found.coverage.n_found, found.coverage.n_lower) == (3, 2)


def test_unseen_words_by_ngrams_are_found_and_counted() -> None:
    vectors = example(ngrams=True)
    words = [("학교", "나"), ("학교에", "나"), ("café", "cafés"), ("😀", "zzz")]
    kinds = [vectors.lookup(pair).kind for pair in words]
    found = by_way(similarity(Pairs("unseen", words, [1.0, 2.0, 3.0, 4.0]), vectors))["drop"].coverage
    assert found.n_found == sum(Kind.NONE not in kind for kind in kinds)
    assert found.n_by_ngrams == sum(Kind.NONE not in kind and Kind.NGRAMS in kind for kind in kinds) > 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([("x", "y"), ("a", "y")], "undefined: no pair has a vector for both words"),
        ([("a", "b"), ("a", "y")], "undefined: a correlation needs 2 pairs, there is 1"),
        ([("a", "a"), ("b", "b"), ("c", "y")], "undefined: all scores are equal"),
        ([("a", "null"), ("b", "null"), ("a", "b")], "undefined: a correlation needs 2 pairs, there is 1"),
    ],
)
def test_what_is_undefined_says_why(words: list[tuple[str, str]], reason: str) -> None:
    vectors = vectors_of(ANGLES | {"null": [0.0, 0.0]})
    score = by_way(similarity(Pairs("bad", words, [1.0, 2.0, 3.0][: len(words)]), vectors))["drop"].score
    assert (score.value, score.interval, score.reason) == (None, None, reason)


def test_analogies_are_those_of_brute_force_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(60, 4)).astype(np.float32)
    vectors = WordVectors(Vocab(f"w{row}" for row in range(60)), matrix)
    units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    asked, n_right = [], 0
    for a, b, c in generator.integers(0, 60, (100, 3)):
        cosines = units @ (units[b] - units[a] + units[c])
        cosines[[a, b, c]] = -np.inf
        best = int(cosines.argmax())
        answer = best if generator.random() < 0.5 else int(a)
        n_right += answer == best
        asked.append((f"w{a}", f"w{b}", f"w{c}", f"w{answer}"))
    for n_questions, n_terms in ((2048, 4096), (7, 11)):
        monkeypatch.setattr("tokembed.evaluate.judge._QUESTIONS_AT_ONCE", n_questions)
        monkeypatch.setattr("tokembed.evaluate.judge._TERMS_AT_ONCE", n_terms)
        told: list[int] = []
        found = by_way(analogies(Analogies("random", {"s": asked}), vectors, progress=told.append))
        assert found["drop"].score.value == n_right / 100
        assert sum(told) == 100


def test_questions_with_a_missing_word_are_dropped_or_wrong() -> None:
    vectors = vectors_of({"man": [1, 0, 0], "woman": [1, 1, 0], "king": [1, 0, 2], "queen": [1, 1, 2], "x": [0, 0, 1]})
    right, wrong, missing = ("man", "woman", "King", "queen"), ("man", "woman", "king", "x"), ("man", "?", "king", "x")
    found = analogies(Analogies("royal", {"one": [right, wrong], "two": [missing, missing]}), vectors)
    scores = {(judgment.section, judgment.way): judgment.score.value for judgment in found}
    assert scores == {
        (None, "drop"): 0.5, (None, "zero"): 0.25, (None, "mean"): 0.5,
        ("one", "drop"): 0.5, ("one", "zero"): 0.5, ("one", "mean"): 0.5,
        ("two", "drop"): None, ("two", "zero"): 0.0, ("two", "mean"): None,
    }  # fmt: skip
    assert [by_way(found, section)["drop"].coverage.concludes for section in (None, "one", "two")] == [
        True,
        True,
        False,
    ]


KOREAN = "word 1,word 2,score\n호랑이,고양이,7\n호랑이,책,1\n책,종이,6\n책,고양이,2\n없다,고양이,3\n"
VECTORS = "호랑이 1 0\n고양이 1 0.1\n책 0 1\n종이 0.2 1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "단어.csv").write_text(KOREAN, "utf-8")
    (tmp_path / "벡터.txt").write_text(VECTORS, "utf-8")
    (tmp_path / "b.txt").write_text("고양이 1 0\n책 0 1\n종이 0 1\n", "utf-8")
    return tmp_path


def test_the_command_shows_models_under_each_other(run: Run, folder: Path) -> None:
    done = run("evaluate", "-m", "벡터.txt", "-m", "b.txt", "--on", "단어.csv")
    assert (done.returncode, done.stderr) == (0, b"")
    title, head, *rows = done.stdout.decode().splitlines()
    assert title.startswith("단어.csv: Spearman of 5 pairs")
    assert head.split()[:3] == ["model", "way", "Spearman"]
    assert rows[0].startswith("벡터.txt  drop")
    assert "4 of 5 (80.0 %)" in rows[0]
    assert rows[3].split()[:2] == ["b.txt", "drop"]
    assert all("cannot conclude: under half covered" in row for row in rows[3:])
    ways = [row.index(way) for row, way in zip(rows, ["drop", "zero", "mean"] * 2, strict=True)]
    assert {width(row[:place]) for row, place in zip(rows, ways, strict=True)} == {width("벡터.txt") + 2}


def test_jsonl_holds_full_numbers_and_tsv_the_same(run: Run, folder: Path) -> None:
    (folder / "q.txt").write_text("호랑이 고양이 책 종이\n호랑이 고양이 책 없다\n", "utf-8")
    call = ["evaluate", "-m", "벡터.txt", "--on", "단어.csv,q.txt"]
    records = [json.loads(line) for line in run(*call, "-f", "jsonl").stdout.splitlines()]
    head, *rows = [line.split("\t") for line in run(*call, "-f", "tsv").stdout.decode().splitlines()]
    assert [(record["set"], record["section"], record["way"]) for record in records] == [
        *(("단어.csv", None, way) for way in ("drop", "zero", "mean")),
        *(("q.txt", section, way) for section in (None, "") for way in ("drop", "zero", "mean")),
    ]
    cosines = [1 / np.sqrt(1.01), 0, 1 / np.sqrt(1.04), 0.1 / np.sqrt(1.01)]
    assert records[0]["score"] == pytest.approx(stats.spearmanr(cosines, [7, 1, 6, 2]).statistic)
    assert [record["score"] for record in records[3:6]] == [1.0, 0.5, 1.0]
    as_words = [["" if value is None else str(value) for value in record.values()] for record in records]
    assert (list(records[0]), as_words) == (head, rows)


def test_without_on_the_three_english_sets_are_used_and_nothing_is_nan(run: Run, folder: Path) -> None:
    done = run("evaluate", "-m", "벡터.txt")
    assert done.returncode == 0
    text = done.stdout.decode()
    assert [block.split(":")[0] for block in text.split("\n\n")] == ["wordsim353", "simlex999", "google"]
    assert "nan" not in text.lower().replace("undefined", "")
    assert text.count("—") > 6
    assert "undefined: no pair has a vector for both words; cannot conclude" in text


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([], 2, "-m must name the vectors to judge on wordsim353, simlex999, google"),
        (["-m", "b.txt", "--on", "wordsm353"], 2, "did you mean 'wordsim353'?"),
        (["-m", "b.txt", "--on", "no.tsv"], 1, "there is no file 'no.tsv'"),
        (["-m", "b.txt", "--on", ","], 2, "--on must name a word set or a file"),
        (["-m", "b.txt", "--column", "x"], 2, "--column is about labelled texts"),
        (["-e", "tfidf", "--on", "단어.csv"], 2, "-e is about labelled texts"),
        (["-m", "b.txt", "--on", "bad.txt"], 1, "bad.txt, line 2: must have two words and a score"),
    ],
)
def test_what_is_asked_wrongly_is_one_line(
    run: Run, folder: Path, arguments: list[str], status: int, message: str
) -> None:
    (folder / "bad.txt").write_text("고양이 책 1\n고양이 책\n", "utf-8")
    done = run("evaluate", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (status, b"", 1)
    assert message in done.stderr.decode()
