"""Labels told from text vectors: the same accuracy as scikit-learn's own steps, and the command as a user runs it."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.conftest import Run
from tokembed import registry
from tokembed.errors import BadInput, BadUsage
from tokembed.evaluate.downstream import (
    Labelled,
    judge_rows,
    judge_text_embedder,
    judge_word_vectors,
    read_labelled,
    split_task,
)
from tokembed.inputs.reading import Reading
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

WORDS = [f"낱말{place}" for place in range(40)]


def reviews(n_texts: int = 400, labels: tuple[str, ...] = ("good", "bad")) -> Labelled:
    """Texts whose words lean to their label, so that it can be told most of the time; one in fifty is empty."""
    generator = np.random.default_rng(0)
    texts, chosen = [], []
    for place in range(n_texts):
        label = int(generator.integers(len(labels)))
        weights = np.where(np.arange(len(WORDS)) % len(labels) == label, 1.6, 1.0)
        drawn = generator.choice(WORDS, size=8, p=weights / weights.sum())
        texts.append("" if place % 50 == 7 else " ".join(drawn))
        chosen.append(labels[label])
    return Labelled(texts, chosen)


def embedder(name: str, **settings: Any) -> Any:
    return registry.embedder(name, **settings)


def halves(labelled: Labelled) -> list[Any]:
    return train_test_split(
        labelled.texts, labelled.labels, test_size=0.2, random_state=0, stratify=labelled.labels
    )  # texts, texts, labels, labels


@pytest.mark.parametrize("labels", [("good", "bad"), ("0", "1", "2")])
def test_tfidf_is_judged_as_scikit_learn_does(labels: tuple[str, ...]) -> None:
    labelled = reviews(labels=labels)
    train, held_out, train_labels, held_out_labels = halves(labelled)
    peer = make_pipeline(
        TfidfVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False), LogisticRegression(max_iter=1000)
    ).fit(train, train_labels)
    found = judge_text_embedder(split_task(labelled, registry.tokenizer("whitespace")), embedder("tfidf"))
    assert found.accuracy.value == pytest.approx(peer.score(held_out, held_out_labels))
    assert (found.n_train, found.n_held_out, found.n_labels) == (320, 80, len(labels))
    majority = max(set(train_labels), key=train_labels.count)
    assert found.majority == pytest.approx(held_out_labels.count(majority) / 80)
    assert (found.coverage.n_found, found.coverage.n_all) == (392, 400)
    assert found.accuracy.value > found.majority


def test_word_vectors_are_judged_by_their_mean_as_scikit_learn_does() -> None:
    labelled = reviews()
    known = dict(zip(WORDS[:30], np.random.default_rng(1).normal(size=(30, 12)).astype(np.float32), strict=True))
    vectors = WordVectors(Vocab(known), np.stack(list(known.values())))

    def means(texts: list[str]) -> np.ndarray:
        rows = [[known[word] for word in text.split() if word in known] for text in texts]
        return np.array([np.mean(row, axis=0) if row else np.zeros(12) for row in rows])

    train, held_out, train_labels, held_out_labels = halves(labelled)
    peer = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(means(train), train_labels)
    found = judge_word_vectors(split_task(labelled, registry.tokenizer("whitespace")), vectors)
    assert found.accuracy.value == pytest.approx(peer.score(means(held_out), held_out_labels))
    words = [word for text in labelled.texts for word in text.split()]
    assert found.token_share == pytest.approx(sum(word in known for word in words) / len(words))
    assert found.coverage.n_found == sum(any(word in known for word in text.split()) for text in labelled.texts)


def test_an_embedder_trained_here_can_be_judged_too() -> None:
    task = split_task(reviews(), registry.tokenizer("character"))
    found = judge_word_vectors(task, embedder("word2vec", dim=5, epochs=1).fit(task.train))
    assert 0 <= found.accuracy.value <= 1  # type: ignore[operator]
    assert found.coverage.n_all == 400


def test_the_split_depends_on_the_seed_alone_and_is_stratified() -> None:
    labelled = reviews()
    tasks = [split_task(labelled, registry.tokenizer(name)) for name in ("whitespace", "character")]
    assert tasks[0].held_out_labels == tasks[1].held_out_labels
    assert split_task(labelled, registry.tokenizer("character"), seed=1).held_out_labels != tasks[0].held_out_labels
    assert abs(tasks[0].held_out_labels.count("good") / 80 - labelled.labels.count("good") / 400) < 0.01


def test_what_is_fitted_has_not_seen_the_held_out_texts() -> None:
    labelled = Labelled([f"all {place}" for place in range(20)], ["a", "b"] * 10)
    task = split_task(labelled, registry.tokenizer("whitespace"))
    tfidf = embedder("tfidf")
    judge_text_embedder(task, tfidf)
    assert len(tfidf.terms) == 17
    assert set(tfidf.terms) == {task.train.vocab[token] for token in task.train.ids}


def test_a_regression_that_does_not_converge_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokembed.evaluate.downstream.MOST_STEPS", 1)
    task = split_task(reviews(), registry.tokenizer("whitespace"))
    rows = np.random.default_rng(0).normal(size=(400, 50)).astype(np.float32)
    everyone = [np.ones(320, np.bool_), np.ones(80, np.bool_)]
    assert not judge_rows(task, rows[:320], rows[320:], everyone).converged


ROWS = [("좋다", 1), ("나쁘다", 0), ("", 1), ("그저 그렇다", 0)]


def write_table(path: Path) -> None:
    """ROWS, labels as numbers where the form has them."""
    if path.suffix == ".parquet":
        texts, labels = zip(*ROWS, strict=True)
        pq.write_table(pa.table({"document": texts, "label": labels}), path)
        return
    if path.suffix == ".jsonl":
        lines = [json.dumps({"document": text, "label": label}) for text, label in ROWS]
    else:
        between = "," if path.suffix == ".csv" else "\t"
        lines = [between.join(map(str, row)) for row in [("document", "label"), *ROWS]]
    data = "".join(line + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize("name", ["x.tsv", "x.csv", "x.jsonl", "x.parquet", "x.tsv.gz"])
def test_texts_and_labels_from_every_table(tmp_path: Path, name: str) -> None:
    write_table(tmp_path / name)
    found = read_labelled(str(tmp_path / name), column="document", label="label")
    assert (found.texts, found.labels) == ([text for text, _ in ROWS], ["1", "0", "1", "0"])


def test_rows_without_a_label_and_rows_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    notices: list[str] = []
    path = tmp_path / "x.tsv"
    path.write_text("text\tlabel\na\t1\nb\t\nc\nd\t2\n", "utf-8")
    reading = Reading(errors="skip", notice=notices.append)
    found = read_labelled(str(path), column=None, label="label", reading=reading)
    assert (found.texts, found.labels) == (["a", "d"], ["1", "2"])
    assert notices == [
        f"{path}: left out as it cannot be read: 1 row",
        f"{path}: left out as it has no label in the column 'label': 1 row",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold labelled texts, found none"),
        ("text\tlabel\n", "must hold labelled texts, found none"),
        ("text\tlabl\na\t1\n", "there must be a column 'label', found text, labl; did you mean 'labl'?"),
        ("text\ty\na\t1\n", "there must be a column 'label', found text, y"),
        ("document\tlabel\na\t1\n", "there must be a column 'text', found document, label; name one with --column"),
        ("text\tlabel\n" + "a\t1\n" * 9, "there must be at least two labels, all texts have '1'"),
        ("text\tlabel\na\t1\na\t1\na\t2\n", "each label must be on at least 2 texts, '2' is on 1"),
        ("text\tlabel\n" + "a\t1\na\t2\na\t3\n" * 3, "the texts held out must be as many as the labels"),
    ],
)
def test_tables_that_cannot_be_learned_from(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.tsv"
    path.write_text(text, "utf-8")
    with pytest.raises(BadInput) as caught:
        split_task(read_labelled(str(path), column=None, label="label"), registry.tokenizer("whitespace"))
    assert message in str(caught.value)
    with pytest.raises(BadUsage, match="labelled texts must stand in a table"):
        read_labelled("x.txt", column=None, label="label")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    labelled = reviews()
    rows = [f"{text}\t{label}\n" for text, label in zip(labelled.texts, labelled.labels, strict=True)]
    (tmp_path / "평.tsv").write_text("document\tlabel\n" + "".join(rows), "utf-8")
    (tmp_path / "v.txt").write_text("".join(f"{word} {place % 2} {place} 1\n" for place, word in enumerate(WORDS)))
    return tmp_path


ON = ("--on", "평.tsv", "--column", "document", "--label", "label")


def test_the_command_judges_vectors_and_embedders_on_the_same_texts(run: Run, table: Path) -> None:
    done = run("evaluate", "-m", "v.txt", "-e", "tfidf", "-e", "onehot", "-t", "whitespace", "-t", "character", *ON)
    assert (done.returncode, done.stderr) == (0, b"")
    title, head, *rows = done.stdout.decode().splitlines()
    assert title == "평.tsv: share of 80 held-out texts whose label was told, of 2 labels, from 320 others"
    assert head.split()[:3] == ["model", "tokenizer", "accuracy"]
    assert len(rows) == 6
    assert rows[0].startswith("v.txt   whitespace")
    assert "0.0 % of the tokens are known" in rows[1]
    assert "0 of 400 (0.0 %)  " in rows[1]
    assert "cannot conclude" in rows[1]
    expected = judge_text_embedder(split_task(reviews(), registry.tokenizer("whitespace")), embedder("tfidf"))
    assert f"{100 * expected.accuracy.value:.1f} %" in rows[2]  # type: ignore[operator]


def test_word_sets_and_labelled_texts_in_one_call(run: Run, table: Path) -> None:
    done = run("evaluate", "-m", "v.txt", *ON, "--on", "wordsim353", "-f", "jsonl")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(record["set"], record["way"]) for record in records] == [
        ("wordsim353", "drop"), ("wordsim353", "zero"), ("wordsim353", "mean"), ("평.tsv", None),
    ]  # fmt: skip
    assert all(list(record) == list(records[0]) for record in records)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["-m", "v.txt", "--on", "평.tsv", "--column", "document", "--label", "lable"], 1, "did you mean 'label'?"),
        (["-e", "word2vec", *ON], 2, "-e must be onehot or tfidf, got 'word2vec'"),
        (["-e", "tfidf", "-t", "brt", *ON], 2, "did you mean 'bert'?"),
        (["-e", "tfidf", *ON, "--on", "google"], 2, "-m must name the vectors to judge on google"),
        (["-m", "v.txt", "--label", "label"], 2, "--label is about labelled texts"),
    ],
)
def test_what_is_asked_wrongly_is_one_line(
    run: Run, table: Path, arguments: list[str], status: int, message: str
) -> None:
    done = run("evaluate", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (status, b"", 1)
    assert message in done.stderr.decode()


def test_without_scikit_learn_the_message_names_the_extra(run: Run, shell: dict[str, str], table: Path) -> None:
    (table / "hidden" / "sklearn").mkdir(parents=True)
    (table / "hidden" / "sklearn" / "__init__.py").write_text("raise ImportError('hidden')")
    shell["PYTHONPATH"] = os.pathsep.join([str(table / "hidden"), shell["PYTHONPATH"]])
    done = run("evaluate", "-e", "tfidf", *ON)
    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr.decode() == (
        "tokembed: labelled texts need the package 'scikit-learn'; install it with: pip install 'tokembed[evaluate]'\n"
    )
