"""`tokembed compare` as a user runs it: models and their tokenizers, formats, colors, statuses."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import COMMAND, Run
from tests.forked_commands import ForkedCommands
from tokembed.convert import write_vectors
from tokembed.models.model import Model
from tokembed.models.named import opened, opened_parts
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

TEXTS = ("-c", "나는 학교에 간다", "-c", "Ab 집에 간다")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, forked_commands: ForkedCommands) -> Path:
    """A folder with a file of vectors, and models with tokenizers of their own."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "notes.txt").write_text("나는 학교에 간다\n너는 집에 간다\n" * 5, encoding="utf-8")
    words = WordVectors(Vocab(["나는", "간다", "ab"]), np.eye(3, dtype=np.float32))
    write_vectors(folder / "words.vec", words)
    for name, *options in (
        ("lower", "word2vec", "--dim", "4", "--min-count", "1", "-t", "bert", "--lower"),
        ("letters", "tfidf", "-t", "character"),
    ):
        method, *more = options
        assert forked_commands.run(["train", method, "notes.txt", *more, "-o", name], folder).returncode == 0
    return folder


def shown(run: Run, *args: str) -> dict:
    done = run("compare", *args, "-f", "json")
    assert (done.returncode, done.stderr) == (0, b"")
    return json.loads(done.stdout)


def test_each_model_reads_its_own_tokenizer_and_bare_vectors_every_one(run: Run, models: Path) -> None:
    named = [argument for name in ("words.vec", "lower", "letters") for argument in ("-m", str(models / name))]
    found = shown(run, *TEXTS, *named, "-t", "whitespace", "-t", "bert", "-e", "onehot")
    text = found["texts"][1]
    assert [row["tokenizer"] for row in text["tokenizers"]] == ["whitespace", "bert", "bert, lower", "character"]
    assert [(row["embedder"], row["tokenizer"]) for row in text["embedders"]] == [
        ("words.vec", "whitespace"),
        ("words.vec", "bert"),
        ("lower", "bert, lower"),
        ("letters", "character"),
        ("onehot", "whitespace"),
        ("onehot", "bert"),
    ]
    kinds = [[word["kind"] for word in row["words"]] for row in text["embedders"]]
    assert kinds[0] == ["none", "none", "exact"]
    assert kinds[4] == ["exact", "exact", "exact"]
    assert [row["tokens"] for row in text["tokenizers"]][1:3] == [
        ["Ab", "집", "##에", "간", "##다"],
        ["ab", "집", "##에", "간", "##다"],
    ]
    assert [pair["texts"] for pair in found["pairs"]] == [["-c:1", "-c:2"]]
    assert len(found["pairs"][0]["similarities"]) == 6


def test_a_tokenizer_that_is_asked_for_anyway_has_one_row(run: Run, models: Path) -> None:
    found = shown(run, *TEXTS, "-m", str(models / "lower"), "-t", "bert", "--lower")
    assert [row["tokenizer"] for row in found["texts"][0]["tokenizers"]] == ["bert"]
    assert [row["tokenizer"] for row in found["texts"][0]["embedders"]] == ["bert"]


def test_parts_of_a_model_are_those_of_the_whole_without_its_trainer(models: Path) -> None:
    whole = opened(str(models / "lower"))
    cutting, vectors = opened_parts(str(models / "lower"))
    assert isinstance(whole, Model)
    assert isinstance(vectors, WordVectors)
    assert cutting is not None
    assert cutting.record() == whole.cutting.record()
    assert vectors.terms.tokens == whole.embedder.terms.tokens
    np.testing.assert_array_equal(vectors.matrix, whole.word_vectors().matrix)
    call = ["compare", "-c", "나는", "-m", str(models / "lower")]
    code = f"import sys, tokembed.cli\ntry: tokembed.cli.app({call!r})\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert not {"gensim", "numba", "scipy", "pyarrow"} & set(done.stderr.split())


def test_200_korean_words_under_clip_name_those_past_the_75th_token(run: Run) -> None:
    words = [f"낱말{place}" for place in range(200)]
    done = run("compare", "-c", " ".join(words), "-t", "clip")
    lines = done.stdout.decode().splitlines()
    (place,) = [place for place, line in enumerate(lines) if "never sees" in line]
    named = " ".join(lines[place + 1 :]).split()
    n_seen = 200 - len(named)
    assert named == words[n_seen:]
    assert lines[place] == f"clip: a window of 77 tokens never sees {len(named)} of 200 words:"
    counted = [run("tokenize", "-c", " ".join(words[:n]), "-t", "clip", "--count") for n in (n_seen - 1, n_seen)]
    before, through = (int(one.stdout.split()[0]) for one in counted)
    assert before < 75 <= through
    assert ("sees in part" in done.stdout.decode()) == (through > 75)


def test_jsonl_has_a_line_for_each_text(run: Run) -> None:
    done = run("compare", *TEXTS, "-t", "clip", "-e", "tfidf", "-f", "jsonl")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["id"], one["tokenizers"][0]["tokenizer"]) for one in records] == [("-c:1", "clip"), ("-c:2", "clip")]
    assert records == shown(run, *TEXTS, "-t", "clip", "-e", "tfidf")["texts"]


def test_markdown_tables_are_whole(run: Run, models: Path) -> None:
    done = run("compare", *TEXTS, "-m", str(models / "lower"), "-e", "tfidf", "-f", "md")
    blocks = [block.splitlines() for block in done.stdout.decode().split("\n\n") if block.startswith("|")]
    assert len(blocks) == 6  # words and numbers of two texts, the totals, the pair
    for block in blocks:
        cells = [len(re.split(r"(?<!\\)\|", line)) for line in block]
        assert len(set(cells)) == 1
        assert set(block[1]) == set("| -")


NOTHING_TO_TRAIN = "`tokembed train word2vec FILES -o MODEL`"
WRONGLY_ASKED = {
    "an embedder to be trained": (("-e", "word2vec"), 2, NOTHING_TO_TRAIN),
    "an unknown embedder": (("-e", "tfidff"), 2, "did you mean 'tfidf'?"),
    "a word without a model": (("--word", "a"), 2, "name one with -m"),
    "a format": (("-f", "tsv"), 2, "-f must be one of"),
    "a model that is not there": (("-m", "nowhere"), 1, "'nowhere'"),
    "a word of one text": (("-m", "{words}", "--word", "나는"), 1, "'나는' is in 1 of 2 texts"),
}


@pytest.mark.parametrize("label", WRONGLY_ASKED)
def test_what_cannot_be_is_told_in_a_line(run: Run, models: Path, label: str) -> None:
    args, status, message = WRONGLY_ASKED[label]
    done = run("compare", *TEXTS, *(arg.format(words=models / "words.vec") for arg in args))
    assert (done.returncode, done.stdout) == (status, b"")
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


HARD = {
    "empty": "", "white space": " \t ", "emoji": "👨\u200d👩\u200d👧👍🏽", "right to left": "مرحبا بالعالم",
    "control": "\x1b]0;title\x07 \x9b31m \u202e", "a long word": "가" * 3000,
}  # fmt: skip


@pytest.mark.parametrize("label", HARD)
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "md"])
def test_hard_texts_are_shown_and_steer_no_terminal(
    label: str, form: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tokembed.cli import app

    model = ["-m", str(models / "words.vec"), "-e", "tfidf"]
    app(["compare", "-c", HARD[label], "-c", "나는 간다", *model, "-f", form], standalone_mode=False)
    out = capsys.readouterr().out
    assert not set(out) & set(map(chr, [*range(10), *range(11, 32), *range(127, 160), 0x202E]))
    assert "-c:2" in out or r"-c:2" in out


def test_more_than_twenty_texts_are_not_paired_and_that_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text("a b\n" * 25, encoding="utf-8")
    done = run("compare", "many.txt", "-e", "onehot", "-t", "whitespace", "--limit", "25")
    assert done.returncode == 0
    assert b"at most 20" in done.stderr
    assert b"percentile" not in done.stdout
    none = run("compare", "many.txt", "-e", "onehot", "-t", "whitespace", "--limit", "0")
    assert (none.returncode, len(none.stdout.splitlines())) == (0, 2)


@pytest.mark.parametrize("no_color", [False, True])
def test_colors_are_for_a_terminal_alone(shell: dict[str, str], no_color: bool) -> None:
    main, terminal = pty.openpty()
    environment = {**shell, "TERM": "xterm", **({"NO_COLOR": "1"} if no_color else {})}
    call = [*COMMAND, "compare", "-c", "갑니다 ☃", "-t", "bert"]
    subprocess.run(call, stdout=terminal, env=environment, stdin=subprocess.DEVNULL, check=True)
    os.close(terminal)
    drawn = os.read(main, 1 << 16).decode()
    os.close(main)
    assert ("\x1b[" in drawn) != no_color
    if not no_color:
        assert "\x1b[36m갑\x1b[0m\x1b[2m|\x1b[0m\x1b[33m##니다\x1b[0m" in drawn
        assert "\x1b[31m[UNK]=☃\x1b[0m" in drawn
