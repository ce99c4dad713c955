"""A line above the limit is refused, or passed over, in little memory, of however many bytes it is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.asking import DONE, FAILED, asked, contents, one_line
from tests.conftest import COMMAND

PEAK = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""
MIB, GIB = 1 << 20, 1 << 30


class Fed(NamedTuple):
    """How a command ended that was fed by a pipe, how much it took, and its peak memory in MiB."""

    status: int
    stdout: bytes
    stderr: bytes
    n_bytes: int
    peak: int


def fed(shell: dict[str, str], pieces: Iterable[bytes], *args: str) -> Fed:
    """The command with the pieces on stdin; a process of its own stands between, whose memory is small and known."""
    with subprocess.Popen(
        [sys.executable, "-c", PEAK, *COMMAND, *args],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=shell,
    ) as process:
        assert process.stdin
        n_bytes = 0
        try:
            for piece in pieces:
                process.stdin.write(piece)
                n_bytes += len(piece)
        except BrokenPipeError:  # it has read enough
            pass
        stdout, stderr = process.communicate(timeout=120)
    message, peak = re.fullmatch(rb"(.*?)(\d+)\n", stderr, re.DOTALL).groups()  # type: ignore[union-attr]
    return Fed(process.returncode, stdout, message, n_bytes, int(peak) >> 10)


def one_long_line(n_bytes: int, codec: str = "utf-8") -> Iterator[bytes]:
    """A line before, one of so many bytes, and one behind, with a byte-order mark where there is one."""
    mark = b"\xff\xfe" if codec == "utf-16-le" else b""
    letters = "letters ".encode(codec)
    yield mark + "a b\n".encode(codec)
    for _ in range(n_bytes // MIB):
        yield letters * (MIB // len(letters))
    yield "\nc d\n".encode(codec)


WHITESPACE = ("tokenize", "-t", "whitespace", "-")


@pytest.mark.parametrize("form", ["text", "npy"])
def test_a_line_of_2_gb_is_refused_at_the_limit(tmp_path: Path, shell: dict[str, str], form: str) -> None:
    out = [] if form == "text" else ["-o", str(tmp_path / "out.npy")]
    done = fed(shell, one_long_line(2 * GIB), *WHITESPACE, *out)
    assert (done.status, done.stdout) == (FAILED, b"a b\n" if form == "text" else b"")
    assert "-, line 2: a line must have at most 67,108,864 bytes (--max-line)" in one_line(done.stderr)
    assert done.n_bytes < 80 * MIB
    assert done.peak < 400
    assert contents(tmp_path) == {}


LONG = {
    "64 MB": (64 * MIB, "utf-8", MIB),
    "64 MB in UTF-16": (64 * MIB, "utf-16-le", MIB),
    "three times the usual limit": (192 * MIB, "utf-8", 64 * MIB),
}
slow = pytest.mark.slow
LONGEST = {"2 GB": (2 * GIB, "utf-8", 64 * MIB), "2 GB in UTF-16": (2 * GIB, "utf-16-le", 64 * MIB)}


@pytest.mark.parametrize(
    ("n_bytes", "codec", "max_line"),
    [*(pytest.param(*case, id=name) for name, case in LONG.items()),
     *(pytest.param(*case, id=name, marks=slow) for name, case in LONGEST.items())],
)  # fmt: skip
def test_a_line_that_is_too_long_is_passed_over_in_little_memory(
    shell: dict[str, str], n_bytes: int, codec: str, max_line: int
) -> None:
    options = ("--errors", "skip", "--max-line", str(max_line))
    done = fed(shell, one_long_line(n_bytes, codec), *WHITESPACE, *options)
    assert (done.status, done.stdout) == (DONE, b"a b\nc d\n")
    *by_its_mark, message = done.stderr.splitlines(keepends=True)
    assert "left out as it cannot be read: 1 text (line 2)" in one_line(message)
    assert len(by_its_mark) == (codec != "utf-8")
    assert done.n_bytes > n_bytes
    assert done.peak < 64 + 3 * max_line // MIB


def test_a_csv_row_whose_quote_never_ends_is_refused_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'n,text\n1,a\n2,"b\n' + b"c\n" * 100 + b"3,d\n")
    status, stderr = asked("tokenize", tmp_path / "a.csv", "-o", tmp_path / "out.txt", "--max-line", "50")
    assert status == FAILED
    message = one_line(stderr)
    assert "a.csv, line 3: must be a row of RFC 4180, found field larger than field limit (50) (--max-line)" in message
    assert set(contents(tmp_path)) == {"a.csv"}
