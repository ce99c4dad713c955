"""A full disk leaves what was there, lets no half output appear and is told in one line."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from tests.asking import DONE, FAILED, asked, contents, one_line
from tests.conftest import COMMAND, Run, small_files

pytestmark = pytest.mark.usefixtures("kept_tokenizers")

FEW = 1 << 14
"""Bytes that a file may have, as on a disk that is nearly full."""


def many_tokens() -> str:
    numbers = Random(0)
    return " ".join(str(numbers.getrandbits(16)) for _ in range(12_000)) + "\n"


def many_lines() -> str:
    return "\n" * 3000


def many_words() -> str:
    """Few ids, of long words."""
    return " ".join(f"{number:040}" for number in range(500)) + "\n"


class Large(NamedTuple):
    """What becomes a large file, and which file that is."""

    tokenizer: str
    suffix: str
    text: Callable[[], str]
    large: str


LARGE = {
    "text": Large("bert", ".txt", many_tokens, "out.txt"),
    "ids": Large("bert", ".ids", many_tokens, "out.ids"),
    "jsonl": Large("bert", ".jsonl", many_tokens, "out.jsonl"),
    "parquet": Large("bert", ".parquet", many_tokens, "out.parquet"),
    "parquet of words": Large("whitespace", ".parquet", many_tokens, "out.parquet"),
    "the words beside parquet": Large("whitespace", ".parquet", many_words, "out.parquet.vocab.txt"),
    "npy": Large("bert", ".npy", many_tokens, "out.npy"),
    "the starts beside npy": Large("bert", ".npy", many_lines, "out.npy.starts.npy"),
    "npy of words": Large("whitespace", ".npy", many_tokens, "out.npy"),
    "the words beside npy": Large("whitespace", ".npy", many_words, "out.npy.vocab.txt"),
}


@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, large: Large) -> None:
    (tmp_path / "a.txt").write_text(large.text(), encoding="utf-8")
    out = tmp_path / f"out{large.suffix}"
    call = ("tokenize", "-t", large.tokenizer, tmp_path / "a.txt", "-o", out)
    assert asked(*call) == (DONE, "")
    assert (tmp_path / large.large).stat().st_size > FEW
    for path in tmp_path.glob("out*"):
        path.write_bytes(b"old")
    before = contents(tmp_path)
    with small_files(FEW):
        status, stderr = asked(*call)
    assert status == FAILED
    assert re.search(r"/out[.\w]+' cannot be written: File too large", one_line(stderr))
    assert contents(tmp_path) == before


needs_dev_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
FULL = {
    "bert": ["out.txt", "out.ids", "out.jsonl", "out.parquet", "out.npy", "out.npy.starts.npy", "out.npy.json"],
    "whitespace": ["out.parquet", "out.parquet.vocab.txt", "out.npy", "out.npy.vocab.txt"],
}


@needs_dev_full
@pytest.mark.parametrize(("name", "full"), [(name, file) for name, files in FULL.items() for file in files])
def test_a_device_that_is_full_lets_no_other_file_appear(tmp_path: Path, name: str, full: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"a b\nc\n")
    (tmp_path / full).symlink_to("/dev/full")
    out = re.match(r"out\.[a-z]+", full)
    assert out
    status, stderr = asked("tokenize", "-t", name, tmp_path / "a.txt", "-o", tmp_path / out[0])
    assert status == FAILED
    assert "cannot be written: No space left on device" in one_line(stderr)
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", full}


@needs_dev_full
@pytest.mark.parametrize(("name", "out"), [("bert", "out.parquet"), ("whitespace", "out.npy")])
def test_a_device_that_is_full_ends_the_program_in_one_line(tmp_path: Path, run: Run, name: str, out: str) -> None:
    (tmp_path / out).symlink_to("/dev/full")
    done = run("tokenize", "-t", name, "-o", out, input=b"a b\nc\n")
    assert (done.returncode, done.stdout) == (FAILED, b"")
    assert "cannot be written: No space left on device" in one_line(done.stderr)
    assert [path.name for path in tmp_path.iterdir()] == [out]


@needs_dev_full
@pytest.mark.parametrize("form", ["text", "ids", "jsonl"])
def test_a_stdout_that_is_full_ends_the_program_in_one_line(tmp_path: Path, shell: dict[str, str], form: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"more than is read at once\n" * 10_000)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "tokenize", "a.txt", "-f", form],
            stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, env=shell, timeout=60,
        )  # fmt: skip
    assert done.returncode == FAILED
    assert "cannot be written: No space left on device" in one_line(done.stderr)
