"""Bad bytes, odd ends, wrong types: no line is lost or doubled, no half output stays, and the status says so."""

from __future__ import annotations

import gzip
import json
import lzma
from functools import cache
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.asking import DONE, FAILED, SOME_SKIPPED, asked, contents, one_line
from tests.conftest import Run
from tests.cut_streams import FOREVER, Borders, small_blocks
from tests.written_tokens import FORMS, FORMS_AND_NAMES, GOOD, POLICIES, tokens_of, tokens_written
from tokembed.cli import tokenize
from tokembed.tokens.formats import SUFFIXES

pytestmark = pytest.mark.usefixtures("kept_tokenizers")


@pytest.fixture(params=[(64, FOREVER), (7, 0)], ids=["one by one", "by the kernels"])
def in_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that every fault comes in the middle of a stream, behind some that were written."""
    block, bulk = request.param
    small_blocks(monkeypatch, Borders([], block, block, bulk))
    monkeypatch.setattr(tokenize, "BLOCK_BYTES", block)
    monkeypatch.setattr(tokenize, "_FIRST_BYTES", block)


BAD = {
    "a byte that is no UTF-8": (b"bad \xff!", "line 21, byte 5: must be utf-8, found byte 0xff", "bad \ufffd!"),
    "a character that is cut off": (b"bad \xea\xb0", "line 21, byte 5: must be utf-8, found byte 0xea", "bad \ufffd"),
    "a line that is too long": (b"long " * 20, "line 21: a line must have at most 99 bytes (--max-line)", None),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("errors", POLICIES)
@pytest.mark.parametrize(("bad", "said", "replaced"), BAD.values(), ids=BAD)
@pytest.mark.usefixtures("in_blocks")
def test_a_bad_line_in_the_middle_of_a_stream(
    tmp_path: Path, form: str, errors: str, bad: bytes, said: str, replaced: str | None
) -> None:
    lines = [line.encode() for line in GOOD]
    (tmp_path / "a.txt").write_bytes(b"\n".join([*lines[:20], bad, *lines[20:], b""]))
    before, out = contents(tmp_path), tmp_path / f"out{SUFFIXES[form]}"
    status, stderr = asked("tokenize", tmp_path / "a.txt", "-o", out, "--errors", errors, "--max-line", "99")
    if errors == "strict" or (errors == "replace" and replaced is None):
        assert status == FAILED
        assert f"a.txt, {said}" in one_line(stderr)
        assert contents(tmp_path) == before
        return
    assert status == DONE
    assert ("line 21" if errors == "skip" else "became U+FFFD in 1 line") in one_line(stderr)
    kept = [replaced] if errors == "replace" and replaced else []
    assert tokens_written(out, "bert") == tokens_of("bert", [*GOOD[:20], *kept, *GOOD[20:]])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("in_blocks")
def test_an_input_that_breaks_off_gives_what_stands_before_and_the_next_one_is_done(tmp_path: Path, form: str) -> None:
    good = "".join(line + "\n" for line in GOOD).encode()
    (tmp_path / "a.txt").write_bytes(good + b"\xff\n" + good)
    (tmp_path / "b.txt").write_bytes(good)
    out = tmp_path / f"out{SUFFIXES[form]}"
    status, stderr = asked("tokenize", tmp_path / "a.txt", tmp_path / "b.txt", "-o", out)
    assert status == SOME_SKIPPED
    assert "40 texts before it were read" in one_line(stderr)
    assert tokens_written(out, "bert") == tokens_of("bert", GOOD * 2)
    if form == "npy":
        sources = json.loads(Path(f"{out}.json").read_bytes())["inputs"]["sources"]
        assert [(source["texts"], source["complete"]) for source in sources] == [(40, False), (40, True)]


@pytest.mark.parametrize("form", ["text", "ids", "jsonl"])
def test_a_pipe_with_invalid_utf_8_is_answered_up_to_it(tmp_path: Path, run: Run, form: str) -> None:
    done = run("tokenize", "-f", form, input="\n".join(GOOD).encode() + b"\nbad \xff\n" + b"more\n" * 9)
    assert done.returncode == FAILED
    assert "-, line 41, byte 5: must be utf-8" in one_line(done.stderr)
    (tmp_path / f"out{SUFFIXES[form]}").write_bytes(done.stdout)
    assert tokens_written(tmp_path / f"out{SUFFIXES[form]}", "bert") == tokens_of("bert", GOOD)


ENDS = {
    "NUL bytes": (b"a\0b\n\0\n\0 \0c\n", ["a\0b", "\0", "\0 \0c"]),
    "CR LF": (b"a b\r\n\r\nc\r\n", ["a b", "", "c"]),
    "CR CR LF": (b"a b\r\r\nc\r\r\n", ["a b\r", "c\r"]),
    "a lone CR": (b"a\rb\n\r\n\rc\rd\n", ["a\rb", "", "\rc\rd"]),
    "a lone CR at the end": (b"a b\nc\r", ["a b", "c\r"]),
    "a last line without a line feed": (b"a b\nc", ["a b", "c"]),
    "a last line without a line feed, blank": (b"a b\n ", ["a b", " "]),
    "blank lines at the end": (b"a b\n\n\n", ["a b", "", ""]),
    "all kinds of ends": ("가\r\n나\n다\r라\n\n마\u2028\x85\r\n".encode(), ["가", "나", "다\r라", "", "마\u2028\x85"]),
}  # fmt: skip


@pytest.mark.parametrize(("form", "name"), FORMS_AND_NAMES)
@pytest.mark.parametrize(("data", "lines"), ENDS.values(), ids=ENDS)
@pytest.mark.usefixtures("in_blocks")
def test_every_end_of_a_line_in_every_format(
    tmp_path: Path, form: str, name: str, data: bytes, lines: list[str]
) -> None:
    (tmp_path / "a.txt").write_bytes("".join(line + "\n" for line in GOOD).encode() + data)
    out = tmp_path / f"out{SUFFIXES[form]}"
    assert asked("tokenize", "-t", name, tmp_path / "a.txt", "-o", out) == (DONE, "")
    assert tokens_written(out, name) == tokens_of(name, [*GOOD, *lines])
    if form == "jsonl":
        records = [json.loads(line) for line in out.read_bytes().split(b"\n")[:-1]]
        assert [record["text"] for record in records] == [*GOOD, *lines]


@cache
def noise() -> bytes:
    """1.5 MiB of lines that no compression makes short, so that a cut falls into their middle."""
    letters = Random(0)
    return b"".join(b"%0128x\n" % letters.getrandbits(512) for _ in range(3 * 2**19 // 129))


def xz(data: bytes) -> bytes:
    return lzma.compress(data, preset=0)


def zst(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The noise in compressed files of which the last tenth is missing."""
    folder, found = tmp_path_factory.mktemp("cut"), {}
    for suffix, compress in {"gz": gzip.compress, "xz": xz, "zst": zst}.items():
        found[suffix] = folder / f"a.txt.{suffix}"
        compressed = compress(noise())
        found[suffix].write_bytes(compressed[: len(compressed) * 9 // 10])
    return found


@pytest.mark.parametrize("suffix", ["gz", "xz", "zst"])
def test_a_truncated_file_gives_whole_lines_up_to_its_end(
    cut_off: dict[str, Path], capfdbinary: pytest.CaptureFixture[bytes], suffix: str
) -> None:
    status, stderr = asked("tokenize", "-t", "whitespace", cut_off[suffix])
    out = capfdbinary.readouterr().out
    n_lines = out.count(b"\n")
    assert status == FAILED
    message = one_line(stderr)
    assert f"{cut_off[suffix]} cannot be read past line {n_lines}: " in message
    assert message.endswith(f"; {n_lines:,} texts before it were read\n")
    assert out.endswith(b"\n")
    assert noise().startswith(out)
    assert n_lines > 1000


@pytest.mark.parametrize(("suffix", "form"), [("gz", "text"), ("gz", "parquet"), ("xz", "npy"), ("zst", "jsonl")])
def test_a_truncated_file_leaves_no_output(tmp_path: Path, cut_off: dict[str, Path], suffix: str, form: str) -> None:
    status, stderr = asked("tokenize", "-t", "whitespace", cut_off[suffix], "-o", tmp_path / f"out{SUFFIXES[form]}")
    assert status == FAILED
    assert "cannot be read past line" in one_line(stderr)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(("form", "name"), FORMS_AND_NAMES)
def test_a_parquet_file_with_the_wrong_type(tmp_path: Path, form: str, name: str) -> None:
    pq.write_table(pa.table({"text": pa.array([1, 2, 3])}), tmp_path / "a.parquet", row_group_size=1)
    before, out = contents(tmp_path), tmp_path / f"out{SUFFIXES[form]}"
    call = ("tokenize", "-t", name, tmp_path / "a.parquet", "-o", out)
    status, stderr = asked(*call)
    assert status == FAILED
    assert "a.parquet, line 1: column 'text' must hold text, found int" in one_line(stderr)
    assert contents(tmp_path) == before
    status, stderr = asked(*call, "--errors", "skip")
    assert (status, tokens_written(out, name)) == (DONE, [])
    assert "3 texts (line 1, line 2, line 3)" in one_line(stderr)


@pytest.mark.parametrize(("form", "name"), FORMS_AND_NAMES)
@pytest.mark.usefixtures("in_blocks")
def test_an_input_whose_every_line_is_bad_gives_an_empty_output(tmp_path: Path, form: str, name: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\n" * 100)
    out = tmp_path / f"out{SUFFIXES[form]}"
    status, stderr = asked("tokenize", "-t", name, tmp_path / "a.txt", "-o", out, "--errors", "skip")
    assert (status, tokens_written(out, name)) == (DONE, [])
    assert "100 texts (line 1, line 2, line 3, line 4, line 5, ...)" in one_line(stderr)
