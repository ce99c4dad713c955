"""A run that a signal ends leaves what was there, and the next one does the rest; one that is done ends in silence."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.asking import DONE, INTERRUPTED, asked, contents, one_line
from tests.conftest import COMMAND, Run
from tests.written_tokens import GOOD, tokens_of, tokens_written
from tokembed.tokens.formats import SUFFIXES

pytestmark = pytest.mark.usefixtures("kept_tokenizers")

MIB = 1 << 20
LINE = b"words that come again and again " * 30 + b"\n"
OUTPUTS = [
    ("whitespace", "out.txt"), ("bert", "out.ids"), ("whitespace", "out.jsonl"), ("whitespace", "out.parquet"),
    ("whitespace", "out.npy"),
]  # fmt: skip


def ended_in_the_middle(folder: Path, shell: dict[str, str], by: signal.Signals, *args: str) -> tuple[int, bytes]:
    """The status and stderr of a command that an endless pipe feeds and a signal ends, stdin still open."""
    with subprocess.Popen(
        [*COMMAND, "tokenize", *args],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=shell,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    ) as process:
        assert process.stdin
        assert process.stderr
        for _ in range(6 * MIB // len(LINE)):
            process.stdin.write(LINE)  # returns when it has been taken, but for what the pipe holds
        assert list(folder.rglob(".tokembed-*"))
        process.send_signal(by)
        stderr = process.stderr.read()
        return process.wait(timeout=60), stderr


@pytest.mark.parametrize(("name", "out"), OUTPUTS, ids=map(" ".join, OUTPUTS))
def test_ctrl_c_in_the_middle_leaves_what_was_there(tmp_path: Path, shell: dict[str, str], name: str, out: str) -> None:
    (tmp_path / out).write_bytes(b"old")
    status, stderr = ended_in_the_middle(tmp_path, shell, signal.SIGINT, "-", "-t", name, "-o", out)
    assert status == INTERRUPTED
    assert b"Traceback" not in stderr
    assert contents(tmp_path) == {out: b"old"}


@pytest.mark.parametrize(
    ("out", "old"), [("out.txt", None), ("out.jsonl", b"old"), ("out.parquet", b"old"), ("out.npy", None)]
)
def test_after_kill_9_nothing_has_appeared_and_the_next_run_succeeds(
    tmp_path: Path, shell: dict[str, str], out: str, old: bytes | None
) -> None:
    if old is not None:
        (tmp_path / out).write_bytes(old)
    before = contents(tmp_path)
    status, _ = ended_in_the_middle(tmp_path, shell, signal.SIGKILL, "-", "-t", "whitespace", "-o", out)
    assert status == -signal.SIGKILL
    assert {file: data for file, data in contents(tmp_path).items() if not file.startswith(".tokembed-")} == before
    (tmp_path / "a.txt").write_text("".join(line + "\n" for line in GOOD), encoding="utf-8")
    assert asked("tokenize", "-t", "whitespace", tmp_path / "a.txt", "-o", tmp_path / out) == (DONE, "")
    assert tokens_written(tmp_path / out, "whitespace") == tokens_of("whitespace", GOOD)


@pytest.mark.parametrize("form", ["text", "npy"])
def test_after_kill_9_resume_does_the_rest(
    tmp_path: Path, shell: dict[str, str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    lines, suffix = "".join(line + "\n" for line in GOOD), SUFFIXES[form]
    for name in ("a.txt", "c.txt"):
        Path(name).write_text(lines, encoding="utf-8")
    Path("b.txt").symlink_to("/dev/stdin")
    call = ("-t", "whitespace", "a.txt", "b.txt", "c.txt", "-f", form, "-o", "out/", "--resume")
    status, _ = ended_in_the_middle(tmp_path, shell, signal.SIGKILL, *call)
    assert status == -signal.SIGKILL
    found = {path.name for path in Path("out").iterdir() if not path.name.startswith((".tokembed-", f"a{suffix}"))}
    assert found == set()
    first = Path(f"out/a{suffix}").stat()
    Path("b.txt").unlink()
    Path("b.txt").write_text(lines, encoding="utf-8")
    status, stderr = asked("tokenize", *call)
    assert status == DONE
    assert "left out: 1 of 3 inputs" in one_line(stderr)
    assert Path(f"out/a{suffix}").stat() == first
    for name in "abc":
        assert tokens_written(Path(f"out/{name}{suffix}"), "whitespace") == tokens_of("whitespace", GOOD)


@pytest.mark.parametrize("n_runs", [2, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("out", ["x.parquet", "x.npy"])
def test_the_program_ends_in_silence_however_often_it_is_run(
    tmp_path: Path, run_anew: Run, out: str, n_runs: int
) -> None:
    (tmp_path / "a.txt").write_bytes(b"a b\nc\n")
    for _ in range(n_runs):
        done = run_anew("tokenize", "-t", "whitespace", "a.txt", "-o", out)
        assert (done.returncode, done.stdout, done.stderr) == (DONE, b"", b"")
