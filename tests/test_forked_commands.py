"""A command that is forked ends and says as one that starts from nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Run

CALLS = {
    "done, from stdin": (["tokenize", "-f", "jsonl"], "나는 학교에\n"),
    "done, to a file": (["tokenize", "-c", "학교", "-o", "x.parquet"], ""),
    "done, with a message": (["train", "tfidf", "none.txt", "a.txt", "-o", "m"], ""),
    "not done": (["stats", "none.txt"], ""),
    "asked wrongly": (["compare", "-c", "a", "-t", "bret"], ""),
    "no such option": (["embed", "--colour"], ""),
    "help": (["--help"], ""),
    "not at hand": (["tokenize", "-c", "a", "-t", "no/such-name"], ""),
}


@pytest.mark.parametrize(("args", "given"), CALLS.values(), ids=CALLS)
def test_status_and_streams_and_files(run: Run, run_anew: Run, tmp_path: Path, args: list[str], given: str) -> None:
    found = []
    for command in (run, run_anew):
        (tmp_path / "a.txt").write_text("a b\n", encoding="utf-8")
        done = command(*args, input=given.encode())
        files = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        said = re.sub(rb"in [\d.]+ s, [\d,]+ tokens a second", b"", done.stderr)
        found.append((done.returncode, done.stdout, said, files.keys()))
        for name in files:
            (tmp_path / name).unlink()
        if (tmp_path / "m").exists():
            (tmp_path / "m").rmdir()
    assert found[0] == found[1]
