"""Commands as a user runs them: exit status, stdout, stderr, and what is left on the disk."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.conftest import COMMAND, Run

DONE, FAILED, ASKED_WRONGLY, SOME_SKIPPED, NOT_AT_HAND, INTERRUPTED = 0, 1, 2, 3, 4, 130
WHITESPACE = ("tokenize", "-t", "whitespace")
FILES = {
    "a.txt": b"a b c\n\nd\n",
    "b.txt": b"e  f\n",
    "empty.txt": b"",
    "blank.txt": b"\n \n\n",
    "binary.txt": bytes(range(256)) * 4,
    "invalid.txt": b"good\nbad \xff\n",
    "a.csv": b"id,texts\n1,a\n",
    "wrong.jsonl": b'{"text": "a"}\n{"text": 5}\n',
    "folder/c.txt": b"c\n",
}


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> dict[str, bytes]:
    """FILES in tmp_path, where `run` runs; what the folder holds is given back."""
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return contents(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one_line(stderr: bytes) -> str:
    """The message, which must be all there is: one line, no traceback."""
    message = stderr.decode()
    assert message.startswith("tokembed: "), message
    assert message.count("\n") == 1, message
    return message


UNREADABLE = {
    "a missing file": ("none.txt", "there is no file 'none.txt'", "-c"),
    "a folder": ("folder", "'folder' must be a file, it is a folder"),
    "a binary file": ("binary.txt", "binary.txt must be text, it looks binary", "--encoding"),
    "invalid UTF-8": ("invalid.txt", "invalid.txt, line 2, byte 5: must be utf-8, found byte 0xff", "--errors"),
    "a missing column": ("a.csv", "a.csv: there must be a column 'text', found id, texts; did you mean 'texts'?"),
    "a wrong type": ("wrong.jsonl", "wrong.jsonl, line 2: column 'text' must hold text, found int"),
}


@pytest.mark.parametrize(("name", "said"), [(n, s) for n, *s in UNREADABLE.values()], ids=UNREADABLE)
def test_an_input_that_cannot_be_read_ends_with_status_1_and_leaves_no_output(
    tmp_path: Path, run: Run, files: dict[str, bytes], name: str, said: list[str]
) -> None:
    done = run(*WHITESPACE, name, "-o", "out.jsonl")
    assert (done.returncode, done.stdout) == (FAILED, b"")
    message = one_line(done.stderr)
    assert all(part in message for part in said), message
    assert contents(tmp_path) == files


def test_the_inputs_that_can_be_read_are_done_and_the_others_named(tmp_path: Path, run: Run) -> None:
    done = run(*WHITESPACE, "a.txt", "none.txt", "invalid.txt", "b.txt", "-o", "out.txt")
    assert (done.returncode, done.stdout) == (SOME_SKIPPED, b"")
    assert [line.split(b"'none.txt'")[0].split(b",")[0] for line in done.stderr.splitlines()] == [
        b"tokembed: there is no file ",
        b"tokembed: invalid.txt",
    ]
    assert (tmp_path / "out.txt").read_bytes() == b"a b c\n\nd\ngood\ne f\n"


def test_all_inputs_failing_is_status_1(run: Run) -> None:
    done = run("compare", "-t", "whitespace", "none.txt", "folder")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (FAILED, b"", 2)


def test_an_inline_text_is_done_where_a_file_fails(run: Run) -> None:
    done = run(*WHITESPACE, "-c", "x  y", "none.txt")
    assert (done.returncode, done.stdout) == (SOME_SKIPPED, b"x y\n")
    one_line(done.stderr)


NO_ERROR = {
    "an empty file": ("empty.txt", b""),
    "blank lines": ("blank.txt", b"\n\n\n"),
    "blank lines between others": ("a.txt", b"a b c\n\nd\n"),
}


@pytest.mark.parametrize(("name", "stdout"), NO_ERROR.values(), ids=NO_ERROR)
def test_nothing_to_cut_is_no_error(run: Run, name: str, stdout: bytes) -> None:
    done = run(*WHITESPACE, name)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, stdout, b"")


NAMES = {
    "a tokenizer": (("tokenize", "-c", "x", "-t", "bret"), "no tokenizer is called 'bret'; did you mean 'bert'?"),
    "a tokenizer to compare": (("compare", "-c", "x", "-t", "clpi"), "'clpi'; did you mean 'clip'?"),
    "an embedder": (
        ("embed", "-c", "x", "-e", "glvoe", "-o", "o.npy"),
        "no embedder is called 'glvoe'; did you mean 'glove'?",
    ),
    "a method": (("methods", "tfidff"), "no method is called 'tfidff'; did you mean 'tfidf'?"),
    "nothing close": (("tokenize", "-c", "x", "-t", "zzz"), "there are whitespace, character, bert, clip"),
    "a format": (
        ("tokenize", "-c", "x", "-f", "jsnol"),
        "-f must be one of text, ids, jsonl, parquet, npy, got 'jsnol'",
    ),
    "a policy": (
        ("tokenize", "-c", "x", "--errors", "ignore"),
        "--errors must be one of strict, replace, skip, got 'ignore'",
    ),
    "an encoding": (("tokenize", "-c", "x", "--encoding", "utf-9"), "there is no encoding 'utf-9'"),
    "a Unicode form": (("tokenize", "-c", "x", "--unicode", "nfx"), "must be one of none, nfc, nfd, nfkc, got 'nfx'"),
    "an embedder's option": (
        ("embed", "-c", "x", "-e", "word2vec", "-o", "o.npy", "--set", "negatve=3"),
        "no option 'negatve'; did you mean 'negative'?",
    ),
    "an option of other embedders": (
        ("embed", "-c", "x", "-e", "tfidf", "-o", "o.npz", "--dim", "9"),
        "'tfidf' has no option 'dim'",
    ),
    "an option without a value": (
        ("embed", "-c", "x", "-e", "glove", "-o", "o.npy", "--set", "dim"),
        "--set must be NAME=VALUE, got 'dim'",
    ),
    "an option with a wrong value": (
        ("embed", "-c", "x", "-e", "glove", "-o", "o.npy", "--set", "dim=many"),
        "dim of glove must be a whole number, got 'many'",
    ),
    "special tokens where there are none": (
        ("tokenize", "-c", "x", "-t", "whitespace", "--special"),
        "--special needs a tokenizer with special tokens, whitespace has none",
    ),
}


@pytest.mark.parametrize(("args", "said"), NAMES.values(), ids=NAMES)
def test_a_name_that_does_not_exist_is_asked_wrongly_and_the_closest_is_named(
    run: Run, args: tuple[str, ...], said: str
) -> None:
    done = run(*args)
    assert (done.returncode, done.stdout) == (ASKED_WRONGLY, b"")
    assert said in one_line(done.stderr)


def test_an_option_that_does_not_exist_is_asked_wrongly(run: Run) -> None:
    done = run("tokenize", "-c", "x", "--offset")
    assert (done.returncode, done.stdout) == (ASKED_WRONGLY, b"")
    assert b"--offset" in done.stderr
    assert b"--offsets" in done.stderr
    assert b"Traceback" not in done.stderr


DISAGREEING = {
    "-f and the suffix of -o": (("-f", "jsonl", "-o", "out.parquet"), "must agree, got -f jsonl and 'out.parquet'"),
    "a suffix that is none": (("-o", "out.docx"), "-o must end in .txt, .ids, .jsonl, .parquet, .npy, got 'out.docx'"),
    "parquet on stdout": (("-f", "parquet"), "-f parquet needs a file, give one with -o"),
    "several tokenizers as text": (("-t", "character"), "several tokenizers need -f jsonl, -f parquet or --count"),
    "several tokenizers as .txt": (("-t", "character", "-o", "out.txt"), "several tokenizers need"),
    "ids without a vocabulary": (("-f", "ids"), "'whitespace' has none"),
    "ids without a vocabulary, to a file": (("-f", "ids", "-o", "out.ids"), "'whitespace' has none"),
    "a count as jsonl": (("--count", "-f", "jsonl"), "--count"),
    "a count to a file": (("--count", "-o", "out.txt"), "--count"),
    "offsets as text": (("--offsets",), "--offsets and --bytes need -f jsonl or -f parquet"),
}


@pytest.mark.parametrize(("args", "said"), DISAGREEING.values(), ids=DISAGREEING)
def test_options_that_disagree_are_asked_wrongly_and_nothing_is_written(
    tmp_path: Path, run: Run, files: dict[str, bytes], args: tuple[str, ...], said: str
) -> None:
    done = run(*WHITESPACE, "a.txt", *args)
    assert (done.returncode, done.stdout) == (ASKED_WRONGLY, b"")
    assert said in one_line(done.stderr)
    assert contents(tmp_path) == files


@pytest.mark.parametrize("name", ["empty.txt", "none.txt"])
def test_what_is_asked_wrongly_is_so_whatever_the_files_hold(run: Run, name: str) -> None:
    assert run(*WHITESPACE, "-f", "ids", name).returncode == ASKED_WRONGLY


def test_a_repeated_tokenizer_is_one_row_each_in_jsonl_and_parquet(tmp_path: Path, run: Run) -> None:
    args = (*WHITESPACE, "-t", "character", "a.txt")
    in_json = [json.loads(line) for line in run(*args, "-f", "jsonl").stdout.splitlines()]
    assert [(row["id"], row["tokenizer"], row["tokens"]) for row in in_json[:2] + in_json[-1:]] == [
        ("a.txt:1", "whitespace", ["a", "b", "c"]),
        ("a.txt:1", "character", ["a", "b", "c"]),
        ("a.txt:3", "character", ["d"]),
    ]
    assert run(*args, "-o", "out.parquet").returncode == DONE
    in_parquet = pq.read_table(tmp_path / "out.parquet").to_pylist()
    for row, expected in zip(in_parquet, in_json, strict=True):
        words = (tmp_path / f"out.parquet.{row['tokenizer']}.vocab.txt").read_text("utf-8").splitlines()
        assert [words[token_id] for token_id in row.pop("ids")] == expected["tokens"]
        assert row.pop("n_tokens") == len(expected["tokens"])
        assert row == {name: expected[name] for name in row}


COUNTS = {
    "one file": (("a.txt",), b"4\n", DONE),
    "several inline texts are one input": (("-c", "a b", "-c", "c"), b"3\n", DONE),
    "no text at all": (("empty.txt",), b"0\n", DONE),
    "several files": (("a.txt", "b.txt"), b"4\ta.txt\n2\tb.txt\n6\ttotal\n", DONE),
    "an empty one among them": (("empty.txt", "b.txt"), b"0\tempty.txt\n2\tb.txt\n2\ttotal\n", DONE),
    "a file and an inline text": (("-c", "x", "b.txt"), b"1\t-c\n2\tb.txt\n3\ttotal\n", DONE),
    "one that fails is left out": (("a.txt", "invalid.txt"), b"4\ta.txt\n4\ttotal\n", SOME_SKIPPED),
    "the only one fails": (("none.txt",), b"", FAILED),
}


@pytest.mark.parametrize(("args", "stdout", "status"), COUNTS.values(), ids=COUNTS)
def test_counts_are_printed_as_wc_does(run: Run, args: tuple[str, ...], stdout: bytes, status: int) -> None:
    done = run(*WHITESPACE, "--count", *args)
    assert (done.stdout, done.returncode) == (stdout, status)
    assert bool(done.stderr) == bool(status)


def test_a_pipe_is_counted_without_a_name(run: Run) -> None:
    assert run(*WHITESPACE, "--count", input=b"a b\nc").stdout == b"3\n"


def test_a_file_named_twice_counts_twice(run: Run) -> None:
    assert run(*WHITESPACE, "--count", "b.txt", "b.txt").stdout == b"2\tb.txt\n2\tb.txt\n4\ttotal\n"


def test_a_tokenizer_that_is_not_in_the_local_cache_names_the_command_that_brings_it(run: Run) -> None:
    done = run("tokenize", "-c", "x", "-t", "some-owner/some-model")
    assert (done.returncode, done.stdout) == (NOT_AT_HAND, b"")
    assert "hf download some-owner/some-model tokenizer.json" in one_line(done.stderr)


EMBED = {
    "no dimension": (("a.txt", "-e", "word2vec", "--dim", "0"), ".npy", ASKED_WRONGLY, "dim must be at least 1, got 0"),
    "no epoch": (("a.txt", "-e", "glove", "--epochs", "0"), ".npy", ASKED_WRONGLY, "epochs must be at least 1, got 0"),
    "dense vectors as sparse": (
        ("a.txt", "-e", "word2vec"),
        ".npz",
        ASKED_WRONGLY,
        "so -o must end in .npy, .jsonl, .parquet",
    ),
    "sparse vectors as dense": (
        ("a.txt", "-e", "tfidf"),
        ".npy",
        ASKED_WRONGLY,
        "-o must end in .npz, .jsonl, .parquet",
    ),
    "no token to weigh": (
        ("blank.txt", "-e", "tfidf"),
        ".npz",
        FAILED,
        "at least one text must have a token, found none in 3 texts",
    ),
    "no token to train on": (
        ("blank.txt", "-e", "fasttext"),
        ".npy",
        FAILED,
        "at least one text must have a token, found none in 3 texts",
    ),
    "no text": (
        ("empty.txt", "-e", "onehot"),
        ".npz",
        FAILED,
        "at least one text must have a token, found none in 0 texts",
    ),
    "no frequent word": (
        ("a.txt", "-e", "word2vec", "--min-count", "5"),
        ".vec",
        FAILED,
        "occur 5 times (--min-count), the most frequent occurs 1 time",
    ),
    "no file": (("none.txt", "-e", "tfidf"), ".npz", FAILED, "there is no file 'none.txt'"),
}


@pytest.mark.parametrize(("args", "suffix", "status", "said"), EMBED.values(), ids=EMBED)
def test_vectors_that_cannot_be_made_are_one_line_and_no_file(
    tmp_path: Path, run: Run, files: dict[str, bytes], args: tuple[str, ...], suffix: str, status: int, said: str
) -> None:
    done = run("embed", *args, "-o", f"out{suffix}")
    assert (done.returncode, done.stdout) == (status, b"")
    assert said in one_line(done.stderr)
    assert contents(tmp_path) == files


def test_vectors_of_the_inputs_that_can_be_read_are_written(tmp_path: Path, run: Run, files: dict[str, bytes]) -> None:
    done = run("embed", "a.txt", "none.txt", "b.txt", "-e", "onehot", "--ids", "-o", "out.npz")
    assert (done.returncode, done.stdout) == (SOME_SKIPPED, b"")
    new = contents(tmp_path).keys() - files.keys()
    assert new == {"out.npz", "out.npz.json", "out.npz.ids.txt", "out.npz.vocab.txt"}
    assert (tmp_path / "out.npz.ids.txt").read_bytes() == b"a.txt:1\na.txt:2\na.txt:3\nb.txt:1\n"


def test_an_output_in_a_folder_that_is_missing_is_refused(tmp_path: Path, run: Run, files: dict[str, bytes]) -> None:
    done = run(*WHITESPACE, "a.txt", "-o", "none/out.txt")
    assert done.returncode == FAILED
    assert "there must be a folder" in one_line(done.stderr)
    assert contents(tmp_path) == files


def test_an_old_output_stays_where_a_new_one_cannot_be_made(tmp_path: Path, run: Run) -> None:
    (tmp_path / "out.txt").write_bytes(b"old")
    assert run(*WHITESPACE, "invalid.txt", "-o", "out.txt").returncode == FAILED
    assert (tmp_path / "out.txt").read_bytes() == b"old"


def test_an_input_is_not_overwritten(tmp_path: Path, run: Run, files: dict[str, bytes]) -> None:
    done = run(*WHITESPACE, "b.txt", "-o", "b.txt")
    assert done.returncode == ASKED_WRONGLY
    assert "the output must not be an input" in one_line(done.stderr)
    assert contents(tmp_path) == files


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("how", [(), ("--count",)], ids=["texts", "counts"])
def test_a_stdout_that_takes_nothing_is_told_in_one_line(
    tmp_path: Path, shell: dict[str, str], how: tuple[str, ...]
) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, *WHITESPACE, "a.txt", *how],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=shell,
            timeout=60,
        )
    assert done.returncode == FAILED
    assert "cannot be written" in one_line(done.stderr)


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are text")
def test_a_file_name_that_is_no_text_is_no_obstacle(tmp_path: Path, run: Run) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"a b\n")
    done = run(*WHITESPACE, "-f", "jsonl", b"caf\xe9.txt")
    assert (done.returncode, done.stderr) == (DONE, b"")
    assert json.loads(done.stdout)["tokens"] == ["a", "b"]


def test_a_message_with_an_unpaired_surrogate_is_still_one_line(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"\\ud83d": "a"}\n')
    done = run(*WHITESPACE, "a.jsonl")
    assert done.returncode == FAILED
    assert "there must be a column 'text'" in one_line(done.stderr)


def test_control_characters_in_a_message_do_not_reach_the_terminal(run: Run) -> None:
    done = run(*WHITESPACE, "none\x1b[31m\n.txt")
    assert b"\x1b" not in done.stderr
    assert "none" in one_line(done.stderr)


def test_korean_comes_through_in_the_c_locale(shell: dict[str, str], run: Run) -> None:
    shell |= {"LANG": "C", "LC_ALL": "C"}
    assert run(*WHITESPACE, "-c", "아침  먹고").stdout == "아침 먹고\n".encode()


@pytest.mark.parametrize("command", ["tokenize", "compare"])
def test_nothing_given_on_a_terminal_shows_help(tmp_path: Path, shell: dict[str, str], command: str) -> None:
    ours, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [*COMMAND, command], stdin=terminal, capture_output=True, cwd=tmp_path, env=shell, timeout=60
        )
    finally:
        os.close(ours)
        os.close(terminal)
    assert (done.returncode, done.stdout) == (ASKED_WRONGLY, b"")
    assert f"tokembed {command} [OPTIONS] [FILES]...".encode() in done.stderr.replace(b"python -m ", b"")


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(tmp_path: Path, shell: dict[str, str]) -> None:
    (tmp_path / "long.txt").write_bytes(b"more than a pipe can hold\n" * 30_000)
    with subprocess.Popen(
        [*COMMAND, *WHITESPACE, "long.txt"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=shell
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"more than a pipe can hold\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == DONE


@pytest.mark.parametrize("out", [[], ["-o", "out.txt"]], ids=["stdout", "a file"])
def test_ctrl_c_ends_with_status_130_and_leaves_no_output(
    tmp_path: Path, shell: dict[str, str], files: dict[str, bytes], out: list[str]
) -> None:
    with subprocess.Popen(
        [*COMMAND, *WHITESPACE, *out],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=shell,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    ) as process:
        assert process.stdin
        process.stdin.write(b"more than is read at once\n" * 30_000)  # returns when most of it has been taken
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == INTERRUPTED  # stdin is still open
        assert process.stderr
        stderr = process.stderr.read()
    assert b"Traceback" not in stderr
    assert contents(tmp_path) == files
