"""The README tells the truth: its console examples print what stands there, its Python runs, its tables are whole."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run, minilm_folder
from tokembed import registry
from tokembed.convert import write_vectors
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
EXAMPLES = [
    (command, output)
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]

KO_WORDS = WordVectors(
    Vocab(["아침", "저녁", "학교를", "대학을", "먹고", "마시고", "school", "and"]),
    np.array([[3, 1, 0], [3, 2, 0], [0, 1, 3], [0, 2, 3], [2, 3, 1], [2, 4, 1], [1, 1, 3], [1, 1, 1]], np.float32),
    np.arange(16, 8, -1),
)


@pytest.mark.parametrize(("command", "output"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_a_console_example_prints_what_the_readme_says(
    run_anew: Run, tmp_path: Path, command: str, output: str
) -> None:
    write_vectors(tmp_path / "ko-model", KO_WORDS)
    (tmp_path / "words.vec").write_text("4 3\nbank 1 2 0\nriver 1 1 0\nmoney 2 2 1\nthe 0 1 1\n", encoding="utf-8")
    if "all-MiniLM-L6-v2" in command:
        pytest.importorskip("torch", reason="torch is not installed (pip install 'tokembed[neural]')")
        (tmp_path / "all-MiniLM-L6-v2").symlink_to(minilm_folder())
    given, _, call = command.rpartition(" | ")
    text = subprocess.run(["bash", "-c", given], capture_output=True, check=True).stdout if given else None
    done = run_anew(*shlex.split(call)[1:], input=text)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith(output)


CALLS = [line for line in re.findall(r"^tokembed .*$", README, re.MULTILINE) if " -" in line]
FIRST_CALLS = {line.split()[1]: line for line in reversed(CALLS)}
ANEW = [line for name, line in FIRST_CALLS.items() if not any(f"tokembed {name} " in call for call, _ in EXAMPLES)]


@pytest.mark.parametrize("line", CALLS)
def test_a_call_in_the_readme_runs(run: Run, run_anew: Run, tmp_path: Path, line: str) -> None:
    import gzip

    if re.search(r"(train|-e) (rnn|lstm|gru)\b", line):
        pytest.importorskip("torch", reason="torch is not installed (pip install 'tokembed[neural]')")
    texts = ["나는 학교에 간다", "너는 집에 간다"] * 5
    (tmp_path / "notes.txt").write_text("\n".join(texts), encoding="utf-8")
    (tmp_path / "reviews.tsv").write_text(
        "id\tdocument\tlabel\n" + "\n".join(f"{i}\t{t}\t{i % 2}" for i, t in enumerate(texts)), "utf-8"
    )
    for name in ("words.vec", "other.vec"):
        (tmp_path / name).write_text("5 2\n학교 1 0\n집 1 1\n나는 0 1\n너는 -1 0\n학교에 1 -1\n", encoding="utf-8")
    words = WordVectors(Vocab(["나는", "너는"]), np.eye(2, dtype=np.float32), np.array([5, 5]))
    write_vectors(tmp_path / "wiki-model", words)
    for name in ("more.txt.gz", "wiki.txt.gz"):
        (tmp_path / name).write_bytes(gzip.compress("\n".join(texts).encode()))
    done = (run_anew if line in ANEW else run)(*shlex.split(line)[1:])
    assert done.returncode == 0, done.stderr.decode()


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    offsets, shape = capsys.readouterr().out.splitlines()
    assert offsets.endswith("(4, 8))")
    assert shape.startswith("(2, ")


def test_every_method_has_a_row() -> None:
    for method in registry.METHODS:
        assert f"| `{method.name}` |" in README


def test_every_file_on_the_map_is_there() -> None:
    package = Path(__file__).parent.parent / "tokembed"
    names = re.findall(r"`(?:tokembed/)?((?:[a-z_]+/)*[a-z_]+\.py)`", README)
    assert names
    for name in names:
        assert list(package.rglob(name)) or (package.parent / name).exists(), name
