"""Where nothing may be written, and an output that is an input: refused, with everything left as it was."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.asking import ASKED_WRONGLY, FAILED, asked, contents, one_line
from tests.conftest import COMMAND

pytestmark = pytest.mark.usefixtures("kept_tokenizers")


def as_a_user() -> list[str]:
    """What to put before a command so that permissions hold for it, which they do not for root."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and there is no setpriv")
    return ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]


@pytest.mark.parametrize("out", ["closed/out.npy", "closed/", "closed/new/"])
def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path, shell: dict[str, str], out: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\n")
    (tmp_path / "closed").mkdir(mode=0o555)
    done = subprocess.run(
        [*as_a_user(), *COMMAND, "tokenize", "a.txt", "-o", out],
        capture_output=True, cwd=tmp_path, env=shell, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (FAILED, b"")
    assert "closed" in one_line(done.stderr)
    assert contents(tmp_path) == {"a.txt": b"a\n"}


def test_a_folder_that_takes_no_files_is_refused_though_it_says_it_does(tmp_path: Path) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("only Linux has such a folder")
    (tmp_path / "a.txt").write_bytes(b"a\n")
    for name in ("out.txt", "out.parquet", "out.npy"):
        status, stderr = asked("tokenize", tmp_path / "a.txt", "-o", f"/proc/{name}")
        assert status == FAILED
        assert "/proc" in one_line(stderr)


SAME = {
    "the same name": ["a.txt", "-o", "a.txt"],
    "by another path": ["a.txt", "-o", "folder/../a.txt"],
    "through a link": ["a.txt", "-o", "link.txt"],
    "by another name": ["a.txt", "-o", "hard.txt"],
    "one of several": ["b.txt", "a.txt", "-o", "a.txt"],
    "in a folder": ["b.txt", "a.txt", "-o", "."],
    "the words beside an array": ["x.npy.vocab.txt", "-t", "whitespace", "-o", "x.npy"],
    "words that an array no longer has": ["x.npy.vocab.txt", "-o", "x.npy"],
    "the words beside a table": ["x.parquet.vocab.txt", "-o", "x.parquet"],
}


@pytest.mark.parametrize("args", SAME.values(), ids=SAME)
def test_an_output_that_is_an_input_is_asked_wrongly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    for name in ("a.txt", "b.txt", "x.npy.vocab.txt", "x.parquet.vocab.txt"):
        Path(name).write_bytes(b"a b\n")
    Path("link.txt").symlink_to("a.txt")
    os.link("a.txt", "hard.txt")
    before = contents(tmp_path)
    status, stderr = asked("tokenize", *args)
    assert status == ASKED_WRONGLY
    assert "the output must not be an input" in one_line(stderr)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("args", ["a.txt", "- < a.txt", "< a.txt", "b.txt a.txt"])
def test_a_stdout_that_leads_into_an_input_is_asked_wrongly(tmp_path: Path, shell: dict[str, str], args: str) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(b"a b\n")
    call = f"{shlex.join(COMMAND)} tokenize {args} >> a.txt"
    done = subprocess.run(["sh", "-c", call], cwd=tmp_path, env=shell, capture_output=True, timeout=60)
    assert done.returncode == ASKED_WRONGLY
    assert "the output must not be an input" in one_line(done.stderr)
    assert (tmp_path / "a.txt").read_bytes() == b"a b\n"
