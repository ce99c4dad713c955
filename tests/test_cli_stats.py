"""`tokembed stats` as a user runs it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from tests.conftest import COMMAND, Run, without_compiling
from tokembed.cli import app

Quick = Callable[..., "subprocess.CompletedProcess[bytes]"]
TEXT = "나는 학교에 간다\n너는 집에 간다\n\n"


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Quick:
    """The command as `run` runs it, but in this process, where the kernels are loaded once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run_here(*args: str) -> subprocess.CompletedProcess[bytes]:
        done = CliRunner().invoke(app, args)
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return subprocess.CompletedProcess(
            args, done.exit_code, done.stdout_bytes, without_compiling(done.stderr_bytes or b"")
        )

    return run_here


@pytest.fixture
def notes(tmp_path: Path) -> str:
    (tmp_path / "notes.txt").write_text(TEXT, encoding="utf-8")
    return "notes.txt"


def test_the_table_has_every_number_in_a_hundred_columns(run: Run, notes: str) -> None:
    done = run("stats", notes, "-t", "whitespace", "-t", "bert", "-t", "clip")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().split("\n")
    assert lines[:2] == ["texts  words  characters  bytes", "    3      6          13     43"]
    assert lines[4].split() == [
        "tokenizer",
        "tokens",
        "per",
        "word",
        "chars/token",
        "bytes/token",
        "whole",
        "words",
        "words",
        "in",
        ">4",
    ]
    assert lines[6].split() == ["bert", "12", "2.00", "1.08", "3.58", "16.7", "%", "0.0", "%"]
    assert any(line.startswith("Korean lens, on by itself as 100.0 % of the letters are Hangul") for line in lines)
    assert max(map(cell_len, lines)) <= 120


def test_json_and_jsonl_hold_the_same(quick: Quick, notes: str) -> None:
    whole = json.loads(quick("stats", notes, "-t", "bert", "-f", "json", "--unicode-forms").stdout)
    lines = quick("stats", notes, "-t", "bert", "-f", "jsonl", "--unicode-forms").stdout.splitlines()
    records = [json.loads(line) for line in lines]
    kinds = [record.pop("record") for record in records]
    assert kinds == ["row", *["unicode_form"] * 4, "lens"]
    assert records[0] == whole["rows"][0]
    assert records[1:5] == whole["unicode_forms"]
    assert whole["segmenter"] == "white space"
    assert (whole["rows"][0]["n_tokens"], whole["rows"][0]["fertility"]) == (12, 2.0)
    (lens,) = whole["lens"]["rows"]
    assert records[5]["kinds"] == lens["kinds"]
    assert sum(lens["kinds"].values()) == 12


def test_markdown(quick: Quick, notes: str) -> None:
    done = quick("stats", notes, "-t", "clip", "-f", "md")
    lines = done.stdout.decode().split("\n")
    assert lines[:3] == [
        "| texts | words | characters | bytes |",
        "| ---: | ---: | ---: | ---: |",
        "| 3 | 6 | 13 | 43 |",
    ]


def test_files_and_columns_are_groups_read_once(quick: Quick, notes: str, tmp_path: Path) -> None:
    (tmp_path / "b.tsv").write_text("language\ttext\n한국어\t가 나\n日本語\tかな\n한국어\t다\n", encoding="utf-8")
    by_column = json.loads(quick("stats", "b.tsv", "--by", "language", "-t", "bert", "-f", "json").stdout)
    assert [(row["group"], row["n_texts"], row["n_words"]) for row in by_column["rows"]] == [
        ("한국어", 2, 3),
        ("日本語", 1, 1),
    ]
    by_file = json.loads(quick("stats", "-c", "x", notes, "b.tsv", "--by", "file", "-t", "bert", "-f", "json").stdout)
    assert [(row["group"], row["n_texts"]) for row in by_file["rows"]] == [("-c", 1), ("notes.txt", 3), ("b.tsv", 3)]
    table = quick("stats", "b.tsv", "--by", "language", "-t", "bert", "-t", "clip").stdout.decode()
    head, *rows = table.split("\n\n")[1].split("\n")
    place = head.index("tokenizer")
    for row in rows[:4]:
        assert cell_len(re.split(r" +(?=bert|clip)", row)[0]) <= place
        assert cell_len(row[: re.search("bert|clip", row).start()]) == place  # type: ignore[union-attr]


def test_a_crossed_limit_ends_with_5_and_is_told(quick: Quick) -> None:
    done = quick(
        "stats", "-c", "☃ 가", "-t", "bert", "-t", "clip", "--fail-if", "unk_chars>0.01", "--fail-if", "fertility > 9"
    )
    assert done.returncode == 5
    assert done.stderr.decode() == "tokembed: --fail-if unk_chars>0.01: bert has unk_chars 0.5\n"
    assert done.stdout
    assert quick("stats", "-c", "가", "-t", "bert", "--fail-if", "unk_chars>0.01").returncode == 0
    done = quick("stats", "-c", "日本語", "-t", "bert", "--fail-if", "fertility>9")
    assert (done.returncode, done.stderr) == (
        0,
        b"tokembed: --fail-if fertility>9: not checked, bert has no fertility\n",
    )


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["-c", "a", "--fail-if", "import os"], 2, "--fail-if must be NAME, one of > >= < <= == !=, and a number"),
        (["-c", "a", "--fail-if", "unknown>1"], 2, "--fail-if must name one of n_texts, n_words"),
        (["-c", "a", "--lens", "jp"], 2, "--lens must be one of ko, got 'jp'"),
        (["-c", "a", "-f", "csv"], 2, "-f must be one of table, json, jsonl, md, got 'csv'"),
        (["-c", "a", "--by", "code"], 2, "a text given with -c has no column 'code'"),
        (
            ["-c", "a", "--key", "article"],
            2,
            "--key needs --by COLUMN with the language of each text, got --by nothing",
        ),
        (["-c", "a", "--parallel", "a=b"], 2, "--parallel names its own files"),
        (["--parallel", "a"], 2, "--parallel must be LANG=FILE, such as eng=english.txt, got 'a'"),
        (["--parallel", "a=x", "--parallel", "a=y"], 2, "--parallel must name each language once, got 'a' twice"),
        (["--parallel", "a=x"], 2, "--parallel needs two languages at least, got 'a=x' alone"),
        (["--parallel", "a=x.txt", "--parallel", "b=x.txt"], 2, "--base must be one of a, b, got 'eng'"),
        (["--parallel", "eng=x.txt", "--parallel", "b=y.txt"], 1, "eng has 2 and b 1; line k of each must be the same"),
        (["-c", "a", "--by", "file", "--unicode-forms"], 2, "it goes with neither --by nor --parallel"),
        (["x.txt", "--by", "code"], 1, "to have a column 'code', an input must be a .jsonl, .csv, .tsv or .parquet"),
        (["x.tsv", "--by", "code"], 1, "there must be a column 'code', found text, cod; did you mean 'cod'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be(quick: Quick, tmp_path: Path, arguments: list[str], status: int, message: str) -> None:
    (tmp_path / "x.txt").write_text("a\nb\n", encoding="utf-8")
    (tmp_path / "y.txt").write_text("a\n", encoding="utf-8")
    (tmp_path / "x.tsv").write_text("text\tcod\na\tb\n", encoding="utf-8")
    done = quick("stats", "-t", "whitespace", *arguments)
    assert (done.returncode, done.stdout) == (status, b"")
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_parallel_files_have_premiums_and_a_gini(quick: Quick, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("w w\nw w\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("w w w\nw w w\n", encoding="utf-8")
    arguments = ["--parallel", "a=a.txt", "--parallel", "b=b.txt", "--base", "a", "-t", "whitespace"]
    found = json.loads(quick("stats", *arguments, "-f", "json").stdout)
    assert [row["premium"] for row in found["rows"]] == [1, 1.5]
    (one,) = found["fairness"]
    assert one["ranked"] == [{"language": "a", "premium": 1}, {"language": "b", "premium": 1.5}]
    assert one["gini"] == pytest.approx(0.1)
    table = quick("stats", *arguments).stdout.decode()
    assert "Premium: tokens over those of a on the same texts" in table
    assert re.search(r"2 +b  1\.50\n", table)


def test_decomposed_input_is_told(quick: Quick) -> None:
    done = quick("stats", "-c", "\u1112\u1161\u11ab\u1100\u1173\u11af", "-t", "bert")
    assert done.stderr.decode() == (
        "tokembed: 100.0 % of the words are decomposed (NFC makes them shorter); --unicode-forms shows what that does\n"
    )
    assert "bert *" in done.stdout.decode()
    assert "* not ranked: bert: 100.0 % of its characters are unknown" in done.stdout.decode()


def test_nothing_that_steers_a_terminal_is_printed(quick: Quick, tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("text\tcode\na\x1b[31m\tb\x1b[31m\u202e\n", encoding="utf-8")
    done = quick("stats", "x.tsv", "--by", "code", "--lens", "ko")
    assert done.returncode == 0
    assert not set(done.stdout.decode()) & {"\x1b", "\u202e"}
    assert "b\\x1b[31m\\u202e" in done.stdout.decode()


def test_many_groups_are_drawn_in_part_and_that_is_told(quick: Quick, tmp_path: Path) -> None:
    rows = [f"가{place}\t{place:03}" for place in range(30)]
    (tmp_path / "x.tsv").write_text("\n".join(["text\tcode", *rows]), encoding="utf-8")
    done = quick("stats", "x.tsv", "--by", "code", "-t", "bert")
    assert "10 more groups are not drawn; -f json and -f jsonl have them" in done.stdout.decode()
    assert len(json.loads(quick("stats", "x.tsv", "--by", "code", "-t", "bert", "-f", "json").stdout)["rows"]) == 30


def test_a_reader_that_has_seen_enough_is_no_failure(notes: str, tmp_path: Path, shell: dict[str, str]) -> None:
    command = " ".join(COMMAND) + f" stats {notes} -t bert | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, cwd=tmp_path, env=shell)
    assert (done.returncode, done.stdout) == (0, b"texts  words  characters  bytes\n")


def test_a_tokenizer_of_a_file_says_its_window(quick: Quick, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\na\n##b\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 5}', encoding="utf-8")
    (tmp_path / "x.txt").write_text("a a a\na a a a\nab\n", encoding="utf-8")
    (row,) = json.loads(quick("stats", "x.txt", "-t", "./model", "-f", "json").stdout)["rows"]
    assert (row["window"], row["n_beyond_window"], row["vocab_used"], row["vocab_size"]) == (5, 1, 2, 5)
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 1000000000000000019884624838656}', "utf-8")
    (row,) = json.loads(quick("stats", "x.txt", "-t", "./model", "-f", "json").stdout)["rows"]
    assert (row["window"], row["n_beyond_window"]) == (None, None)
