"""`-o FOLDER/`: an output for each input, and `--resume`, which makes only what is not there or has changed."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import Run
from tests.test_token_formats import ASKED_WRONGLY, DONE, FAILED, SOME_SKIPPED, asked, done, lines_of
from tokembed.cli import folders
from tokembed.tokens.formats import SUFFIXES
from tokembed.tokens.writing import write_tokens

BESIDE = {"npy": [".json", ".starts.npy"]}
WORDS = ("tokenize", "-t", "whitespace")
OUT = Path("out")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs in the current folder, one of each kind."""
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("나는 학교에 간다\n\nb b\n", encoding="utf-8")
    Path("b.tsv").write_text("text\tid\nc d\tone\ne\ttwo\n", encoding="utf-8")
    Path("c.jsonl.gz").write_bytes(gzip.compress(b'{"text": "f"}\n'))
    pq.write_table(pa.table({"text": ["g h", ""]}), "d.e.parquet")
    Path("there").mkdir()
    Path("there/no suffix").write_bytes(b"i\n")


INPUTS = {"a.txt": "a", "b.tsv": "b", "c.jsonl.gz": "c", "d.e.parquet": "d.e", "there/no suffix": "no suffix"}


def names() -> list[str]:
    return sorted(path.name for path in OUT.iterdir())


@pytest.mark.parametrize("form", SUFFIXES)
def test_each_input_has_an_output_with_its_name(form: str) -> None:
    done("tokenize", *INPUTS, "-t", "clip", "-f", form, "-o", "out/")
    outputs = [f"{stem}{SUFFIXES[form]}" for stem in INPUTS.values()]
    beside = [".done.json", *BESIDE.get(form, [])]
    assert names() == sorted(outputs + [output + ending for output in outputs for ending in beside])
    for source, output in zip(INPUTS, outputs, strict=True):
        alone = Path(f"alone{SUFFIXES[form]}")
        done("tokenize", source, "-t", "clip", "-f", form, "-o", str(alone))
        for ending in ["", *BESIDE.get(form, [])]:
            assert Path(f"out/{output}{ending}").read_bytes() == Path(f"{alone}{ending}").read_bytes()


def test_as_a_user_runs_it(run: Run) -> None:
    first = run(*WORDS, "a.txt", "b.tsv", "-o", "out/")
    assert (first.returncode, first.stdout, first.stderr) == (DONE, b"", b"")
    assert Path("out/b.txt").read_bytes() == b"c d\ne\n"
    second = run(*WORDS, "a.txt", "b.tsv", "c.jsonl.gz", "-o", "out/", "--resume")
    told = b"tokembed: complete and unchanged, so left out: 2 of 3 inputs\n"
    assert (second.returncode, second.stdout, second.stderr) == (DONE, b"", told)
    assert Path("out/c.txt").read_bytes() == b"f\n"


@pytest.mark.parametrize("form", ["npy", "parquet"])
def test_each_output_has_a_vocabulary_of_its_own_where_the_tokenizer_has_none(form: str) -> None:
    done(*WORDS, "a.txt", "b.tsv", "-f", form, "-o", "out/")
    assert Path(f"out/a.{form}.vocab.txt").read_text(encoding="utf-8") == "b\n나는\n학교에\n간다\n"
    assert Path(f"out/b.{form}.vocab.txt").read_text(encoding="utf-8") == "c\nd\ne\n"


def test_text_is_written_where_no_format_is_named() -> None:
    done(*WORDS, "a.txt", "-o", "out/")
    assert names() == ["a.txt", "a.txt.done.json"]


def test_a_folder_that_is_there_needs_no_slash_and_keeps_what_is_in_it() -> None:
    OUT.mkdir()
    (OUT / "old.txt").write_bytes(b"old\n")
    done(*WORDS, "b.tsv", "-o", "out")
    assert lines_of(OUT) | {"b.txt.done.json": []} == {
        "b.txt": [b"c d", b"e"],
        "b.txt.done.json": [],
        "old.txt": [b"old"],
    }


def test_what_was_cut_off_is_told_of_each_input() -> None:
    status, stderr = asked(*WORDS, "a.txt", "b.tsv", "--max-tokens", "1", "--on-long", "truncate", "-o", "out/")
    assert status == DONE
    assert [line.split(";")[1] for line in stderr.splitlines()] == [
        " first a.txt:1, which lost '학교에 간다'",
        " first one, which lost 'd'",
    ]


# What cannot be

REFUSED: dict[str, tuple[list[str], int, str]] = {
    "two of one name": (
        ["a.txt", "there/a.jsonl"],
        ASKED_WRONGLY,
        "'a.txt' and 'there/a.jsonl' would both be out/a.txt",
    ),
    "one named twice": (["a.txt", "b.tsv", "a.txt"], ASKED_WRONGLY, "'a.txt' and 'a.txt' would both be out/a.txt"),
    "stdin": (["a.txt", "-"], ASKED_WRONGLY, "stdin and -c have none; name an output file"),
    "stdin as nothing is named": ([], ASKED_WRONGLY, "stdin and -c have none; name an output file"),
    "inline texts": (["a.txt", "-c", "x"], ASKED_WRONGLY, "stdin and -c have none; name an output file"),
    "several tokenizers as text": (["a.txt", "-t", "character"], ASKED_WRONGLY, "several tokenizers need -f jsonl"),
    "a count": (["a.txt", "--count"], ASKED_WRONGLY, "--count prints numbers, it goes with neither -f nor -o"),
    "a format that is none": (["a.txt", "-f", "jsnol"], ASKED_WRONGLY, "did you mean 'jsonl'?"),
    "the folder of an input of that name": (
        ["a.txt", "-o", "./"],
        ASKED_WRONGLY,
        "the output must not be an input, got 'a.txt' for both",
    ),
    "the folder of another input of that name": (
        ["there/a.jsonl", "a.txt.gz", "-o", "there", "-f", "jsonl"],
        ASKED_WRONGLY,
        "would both be there/a.jsonl",
    ),
    "a folder in one that is not there": (["a.txt", "-o", "none/out/"], FAILED, "the folder 'none/out' cannot be made"),
    "a folder where a file is": (["b.tsv", "-o", "a.txt/"], FAILED, "the folder 'a.txt' cannot be made"),
    "no input that can be read": (["none.txt", "there"], FAILED, "there is no file 'none.txt'"),
}


@pytest.mark.parametrize(("args", "status", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_told_and_nothing_is_written(args: list[str], status: int, said: str) -> None:
    inputs = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    found, stderr = asked(*WORDS, "-o", "out/", *args)
    assert (found, said in stderr) == (status, True), stderr
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == inputs


def test_resume_needs_a_folder() -> None:
    for out in ([], ["-o", "out.txt"], ["-o", ""]):
        status, stderr = asked(*WORDS, "a.txt", "--resume", *out)
        assert status == ASKED_WRONGLY
        assert "--resume goes with -o FOLDER/" in stderr
    assert not Path("out.txt").exists()


@pytest.mark.parametrize("form", SUFFIXES)
def test_an_input_that_fails_has_no_output_and_the_others_have(form: str) -> None:
    Path("bad.txt").write_bytes(b"good\nbad \xff\n")
    status, stderr = asked("tokenize", "a.txt", "bad.txt", "none.txt", "b.tsv", "-t", "clip", "-f", form, "-o", "out/")
    assert status == SOME_SKIPPED
    assert [line.split(",")[0] for line in stderr.splitlines()] == [
        "tokembed: bad.txt",
        "tokembed: there is no file 'none.txt'; for a text on the command line use -c",
    ]
    outputs = [stem + SUFFIXES[form] for stem in "ab"]
    assert names() == sorted(output + end for output in outputs for end in ["", ".done.json", *BESIDE.get(form, [])])


# What is made once more


def resumed(*args: str) -> list[str]:
    """What `--resume` made anew: all outputs have been given a time that none can have been written at."""
    for path in OUT.glob("*"):
        os.utime(path, ns=(0, 0))
    status, stderr = asked(*args, "-o", "out/", "--resume")
    assert status == DONE
    made = sorted(path.name for path in OUT.glob("*") if path.stat().st_mtime_ns and not path.name.endswith(".json"))
    n_inputs = sum(Path(word).is_file() for word in args)
    n_left_out = n_inputs - len([name for name in made if not name.endswith((".starts.npy", ".vocab.txt"))])
    inputs = f"{n_inputs} input{'s' if n_inputs > 1 else ''}"
    told = f"tokembed: complete and unchanged, so left out: {n_left_out} of {inputs}\n"
    assert stderr == (told if n_left_out else "")
    return made


ARGS = (*WORDS, "a.txt", "b.tsv", "c.jsonl.gz")


@pytest.mark.parametrize("form", SUFFIXES)
def test_what_is_complete_and_unchanged_is_left_out(form: str) -> None:
    args = ("tokenize", *INPUTS, "-t", "clip", "-f", form)
    done(*args, "-o", "out/")
    before = {path.name: path.read_bytes() for path in OUT.iterdir()}
    assert resumed(*args) == []
    assert {path.name: path.read_bytes() for path in OUT.iterdir()} == before


def test_a_tokenizer_that_changed_under_its_name_cuts_anew() -> None:
    words = ["[UNK]", "first", "second", "a", "b", "c", "d"]
    Path("own").mkdir()
    Path("own/vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    args = ("tokenize", "a.txt", "-t", "own")
    done(*args, "-o", "out/")
    assert resumed(*args) == []
    Path("own/vocab.txt").write_text("\n".join([*words, "e"]) + "\n", encoding="utf-8")
    assert resumed(*args) == ["a.txt"]


def test_nothing_is_left_out_without_resume() -> None:
    done(*ARGS, "-o", "out/")
    for path in OUT.iterdir():
        path.write_bytes(b"x" * path.stat().st_size)
    done(*ARGS, "-o", "out/")
    assert Path("out/b.txt").read_bytes() == b"c d\ne\n"


def append_and_hide_it() -> None:
    """One more line, and the time as before."""
    changed_ns = Path("b.tsv").stat().st_mtime_ns
    with open("b.tsv", "ab") as file:
        file.write(b"more\tthree\n")
    os.utime("b.tsv", ns=(0, changed_ns))


CHANGES: dict[str, Callable[[], object]] = {
    "the output is missing": lambda: Path("out/b.txt").unlink(),
    "the output is cut short": lambda: os.truncate("out/b.txt", 3),
    "the output is longer": lambda: Path("out/b.txt").write_bytes(b"c d\ne\nf\n"),
    "the mark is missing": lambda: Path("out/b.txt.done.json").unlink(),
    "the mark is cut short": lambda: os.truncate("out/b.txt.done.json", 20),
    "the mark is empty": lambda: os.truncate("out/b.txt.done.json", 0),
    "the mark is another's": lambda: Path("out/a.txt.done.json").replace("out/b.txt.done.json"),
    "the input has another size": append_and_hide_it,
    "the input has a later time": lambda: os.utime("b.tsv", ns=(0, Path("b.tsv").stat().st_mtime_ns + 1)),
    "the input has an earlier time": lambda: os.utime("b.tsv", ns=(0, 10**9)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_not_complete_or_has_changed_is_made_anew(change: Callable[[], object]) -> None:
    done(*ARGS, "-o", "out/")
    change()
    lost_too = [] if Path("out/a.txt.done.json").exists() else ["a.txt"]
    assert resumed(*ARGS) == [*lost_too, "b.txt"]
    assert Path("out/b.txt").read_bytes().startswith(b"c d\ne\n")
    assert len(Path("out/b.txt").read_bytes().splitlines()) == len(Path("b.tsv").read_bytes().splitlines()) - 1
    assert resumed(*ARGS) == []


def test_an_input_that_failed_is_made_once_it_can_be_read() -> None:
    Path("bad.txt").write_bytes(b"\xff\n")
    assert asked(*ARGS, "bad.txt", "-o", "out/")[0] == SOME_SKIPPED
    Path("bad.txt").write_bytes(b"mended\n")
    assert resumed(*ARGS, "bad.txt") == ["bad.txt"]
    assert Path("out/bad.txt").read_bytes() == b"mended\n"


def test_an_output_of_an_input_that_fails_now_is_not_taken_for_its_own() -> None:
    done(*ARGS, "-o", "out/")
    Path("b.tsv").write_bytes(b"text\nx\n\xff\n")
    assert asked(*ARGS, "-o", "out/", "--resume")[0] == SOME_SKIPPED
    assert not Path("out/b.txt.done.json").exists()


OPTIONS = {
    "another tokenizer": ("jsonl", [], ["-t", "character"]),
    "more tokenizers": ("jsonl", [], ["-t", "whitespace", "-t", "character"]),
    "in lower case": ("text", [], ["--lower"]),
    "another Unicode form": ("text", [], ["--unicode", "nfd"]),
    "special tokens": ("ids", ["-t", "bert"], ["-t", "bert", "--special"]),
    "special tokens parsed": ("ids", ["-t", "bert"], ["-t", "bert", "--parse-special"]),
    "offsets": ("jsonl", [], ["--offsets"]),
    "bytes": ("jsonl", [], ["--bytes"]),
    "a limit": ("text", [], ["--max-tokens", "9"]),
    "another limit": ("text", ["--max-tokens", "9"], ["--max-tokens", "8"]),
    "truncation": ("jsonl", ["--max-tokens", "9"], ["--max-tokens", "9", "--on-long", "truncate"]),
    "another stride": (
        "jsonl",
        ["--max-tokens", "9", "--on-long", "window"],
        ["--max-tokens", "9", "--on-long", "window", "--stride", "1"],
    ),
    "another column": ("text", [], ["--column", "id"]),
    "another encoding": ("text", [], ["--encoding", "utf-8"]),
    "other errors": ("text", [], ["--errors", "replace"]),
    "another longest line": ("text", [], ["--max-line", "1000"]),
}


@pytest.mark.parametrize(("form", "before", "now"), OPTIONS.values(), ids=OPTIONS)
def test_what_had_other_options_is_made_anew(form: str, before: list[str], now: list[str]) -> None:
    names = ["-t", "whitespace"]
    args = ("tokenize", "b.tsv", "-f", form)
    done(*args, *([] if "-t" in before else names), *before, "-o", "out/")
    now = [*([] if "-t" in now else names), *now]
    assert resumed(*args, *now) == [f"b{SUFFIXES[form]}"]
    assert resumed(*args, *now) == []


def test_another_format_stands_beside_the_first() -> None:
    done(*WORDS, "a.txt", "-o", "out/")
    assert resumed(*WORDS, "a.txt", "-f", "jsonl") == ["a.jsonl"]
    assert names() == ["a.jsonl", "a.jsonl.done.json", "a.txt", "a.txt.done.json"]


def test_the_same_input_by_its_whole_path_is_the_same() -> None:
    done(*ARGS, "-o", "out/")
    assert resumed(*WORDS, *(str(Path(name).absolute()) for name in ARGS[3:])) == []


@pytest.mark.parametrize("ending", [".starts.npy", ".json", ".vocab.txt"])
def test_a_file_beside_the_output_that_is_missing_is_made_anew(ending: str) -> None:
    args = (*ARGS, "-f", "npy")
    done(*args, "-o", "out/")
    Path(f"out/b.npy{ending}").unlink()
    resumed(*args)
    assert Path(f"out/b.npy{ending}").exists()


# The mark


def test_the_mark_says_what_the_output_was_made_from() -> None:
    done(*WORDS, "b.tsv", "--lower", "-o", "out/")
    mark = json.loads(Path("out/b.txt.done.json").read_bytes())
    state = Path("b.tsv").stat()
    source = {"source": str(Path("b.tsv").absolute()), "bytes": state.st_size, "changed_ns": state.st_mtime_ns}
    assert (mark["output_bytes"], mark["input"]) == ({"b.txt": Path("out/b.txt").stat().st_size}, source)
    assert (mark["options"]["tokenizers"], mark["options"]["settings"]) == ({"whitespace": None}, {"lower": True})


class Killed(BaseException):
    pass


def test_the_mark_is_written_last() -> None:
    """An output that was complete when the program died has no mark, and is made once more."""

    def die(files: object, made_from: object) -> None:
        assert names() == ["a.npy", "a.npy.json", "a.npy.starts.npy"]
        raise Killed

    args = ("tokenize", "a.txt", "b.tsv", "-t", "clip", "-f", "npy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "mark_done", die)
        with pytest.raises(Killed):
            asked(*args, "-o", "out/")
    assert resumed(*args) == ["a.npy", "a.npy.starts.npy", "b.npy", "b.npy.starts.npy"]


def test_a_mark_is_taken_away_before_its_output_is_made_anew() -> None:
    def die(*_: object, **__: object) -> None:
        assert [name for name in names() if name.endswith(".done.json")] == ["a.txt.done.json"]
        raise Killed

    done(*WORDS, "a.txt", "b.tsv", "-o", "out/")
    os.utime("b.tsv", ns=(0, 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "write_tokens", die)
        with pytest.raises(Killed):
            asked(*WORDS, "a.txt", "b.tsv", "-o", "out/", "--resume")
    assert resumed(*WORDS, "a.txt", "b.tsv") == ["b.txt"]


def test_an_input_that_changed_while_it_was_read_is_read_again() -> None:
    def write_and_change(*args: Any, **options: Any) -> object:
        cuts = write_tokens(*args, **options)
        append_and_hide_it()
        return cuts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "write_tokens", write_and_change)
        done(*WORDS, "b.tsv", "-o", "out/")
    assert Path("out/b.txt").read_bytes() == b"c d\ne\n"
    assert resumed(*WORDS, "b.tsv") == ["b.txt"]
    assert Path("out/b.txt").read_bytes() == b"c d\ne\nmore\n"
