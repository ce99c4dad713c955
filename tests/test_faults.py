"""Bad input and faults: no half-written output, no lost or doubled line, and a status that says so.

First the reader: whatever the bytes and the borders between the blocks they come in, the lines are those of a slow and
obvious reader. Then what is written, and then each fault by name, through the command.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import lzma
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stderr
from functools import cache
from itertools import cycle, pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tokembed
from tests.conftest import COMMAND, Run, without_compiling
from tokembed.cli import app, tokenize
from tokembed.errors import BadInput
from tokembed.inputs import columns, decoding, texts
from tokembed.inputs.decoding import Decoder, ErrorPolicy
from tokembed.inputs.opening import SAMPLE_BYTES
from tokembed.inputs.reading import Reading
from tokembed.inputs.texts import read_batches
from tokembed.tokens import arrays as token_arrays
from tokembed.tokens import tables as token_tables
from tokembed.tokens import writing as tokenization
from tokembed.tokens.formats import SUFFIXES, Cutting, writing
from tokembed.tokens.writing import write_tokens
from tokembed.types import Tokenizer
from tokembed.vocab import escaped

DONE, FAILED, ASKED_WRONGLY, SOME_SKIPPED, INTERRUPTED = 0, 1, 2, 3, 130
FOREVER = 10**9
FORMS = tuple(SUFFIXES)
FORMS_AND_NAMES = [(form, "bert") for form in FORMS] + [(form, "whitespace") for form in FORMS if form != "ids"]
POLICIES: tuple[ErrorPolicy, ...] = ("strict", "replace", "skip")
MIB = 1 << 20

# The lines of any bytes, at any block borders


class Portions(io.RawIOBase):
    """A stream of which each read gives as many bytes as the next of `sizes` says."""

    def __init__(self, data: bytes, sizes: Iterable[int]) -> None:
        self._data = data
        self._sizes = cycle(sizes)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        portion = self._data[: min(next(self._sizes), len(buffer))]
        self._data = self._data[len(portion) :]
        buffer[: len(portion)] = portion
        return len(portion)


class Whole(NamedTuple):
    """What bytes hold: the numbered lines, None for one left out, and how the message begins that stops them."""

    lines: list[tuple[int, str | None]]
    failure: str | None
    n_replaced: int


def read_whole(data: bytes, codec: str, errors: str, max_line: int) -> Whole:
    """The slow and obvious reader: everything at once, a line behind each line feed, one decoded after the other."""
    unit = len("\n".encode(codec))
    lines: list[list[bytes]] = [[]]
    for begin in range(0, len(data), unit):
        lines[-1].append(data[begin : begin + unit])
        if lines[-1][-1].decode(codec, "replace") == "\n":
            lines.append([])
    found, n_replaced = list[tuple[int, str | None]](), 0
    for number, characters in enumerate(lines if lines[-1] else lines[:-1], start=1):
        is_ended = number < len(lines)
        line = b"".join(characters[:-1] if is_ended else characters)
        text: str | None = None
        if len(line) + unit * is_ended > max_line:
            if errors != "skip":
                return Whole(found, f"line {number}: a line must have at most {max_line:,} bytes", n_replaced)
        else:
            try:
                text = line.decode(codec)
            except UnicodeDecodeError as error:
                if errors == "strict":
                    place = f"line {number}, byte {error.start + 1}"
                    return Whole(found, f"{place}: must be {codec}, found byte 0x{line[error.start]:02x}", n_replaced)
                if errors == "replace":
                    text = line.decode(codec, errors="replace")
                    n_replaced += 1
        found.append((number, text.removesuffix("\r") if text and is_ended else text))
    return Whole(found, None, n_replaced)


def is_told(message: str | None, expected: Whole) -> bool:
    """Whether what stopped the slow reader is what the message says."""
    if message is None or expected.failure is None:
        return message is expected.failure
    return message.startswith(f"a.txt, {expected.failure}")


@st.composite
def bytes_in(draw: st.DrawFn, codec: str) -> bytes:
    """Text in the encoding, with bytes among it that may be none."""
    letters = ["a", "plain ", "\n", "\n", "\r", "\r\n", "\0", "가", "학교를"]
    letters += [] if codec == "cp949" else ["😀", "é", "\u2028", "\u0a0a\u0d0a"]
    pieces = [letter.encode(codec) for letter in letters]
    bad = [b"\xff", b"\x80", b"\xed\xa0\x80", b"\xec\x95", b"\n", b"\r", b"\xd8", b"\0"]
    any_of = st.one_of(st.sampled_from(pieces), st.sampled_from(pieces), st.sampled_from(bad), st.binary(max_size=3))
    n_pieces = draw(st.integers(0, 40))  # a list of any length has few, left to itself
    return b"".join(draw(st.lists(any_of, min_size=n_pieces, max_size=n_pieces)))


sizes = st.lists(st.integers(1, 40), min_size=1, max_size=8)
limits = st.sampled_from([1, 2, 5, 12, 40, FOREVER])


class Borders(NamedTuple):
    """Where a stream is cut, and from how many bytes on the kernels see it."""

    portions: list[int]
    first: int
    block: int
    bulk: int


borders = st.builds(Borders, sizes, st.integers(1, 64), st.integers(1, 64), st.sampled_from([0, 16, FOREVER]))


def decoder(data: bytes, cut: Borders, notices: list[str], **options: Any) -> Decoder:
    stream = io.BufferedReader(Portions(data, cut.portions), SAMPLE_BYTES)
    return Decoder("a.txt", stream, notice=notices.append, first_bytes=cut.first, **options)


def small_blocks(patch: pytest.MonkeyPatch, cut: Borders) -> None:
    patch.setattr(decoding, "BLOCK_BYTES", cut.block)
    patch.setattr(texts, "BLOCK_BYTES", cut.block)
    patch.setattr(decoding, "BULK_BYTES", cut.bulk)
    patch.setattr(tokenization, "BULK_BYTES", cut.bulk)


CODECS = ["utf-8", "utf-16-le", "utf-16-be", "cp949"]


@pytest.mark.parametrize("errors", POLICIES)
@pytest.mark.parametrize("codec", CODECS)
@given(data=st.data(), cut=borders, max_line=limits)
def test_bytes_cut_at_any_block_borders_are_the_lines_of_the_whole(
    codec: str, errors: ErrorPolicy, data: st.DataObject, cut: Borders, max_line: int
) -> None:
    given_bytes = data.draw(bytes_in(codec))
    expected = read_whole(given_bytes, codec, errors, max_line)
    found, failure, notices = list[tuple[int, str | None]](), None, list[str]()
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, cut)
        try:
            for run in decoder(given_bytes, cut, notices, encoding=codec, errors=errors, max_line=max_line).runs():
                strings = run.strings if run.data is None else run.data.decode().split("\n")[:-1]
                assert (run.first, run.number) == (len(found) + 1, len(strings))
                found += enumerate(strings, start=run.first)
        except BadInput as error:
            failure = str(error)
    assert found == expected.lines
    assert is_told(failure, expected)
    said = [] if failure or not expected.n_replaced else [str(expected.n_replaced)]
    assert [re.findall(r"in (\d+) line", notice) for notice in notices] == [said] * bool(said)


def codec_of(data: bytes) -> str:
    """UTF-8, unless what stands from the first line on that is not ASCII is CP949 and no UTF-8."""
    lines = data.split(b"\n")
    while lines and lines[0].isascii():
        del lines[0]
    for codec in ("utf-8", "cp949"):
        try:
            codecs.getincrementaldecoder(codec)().decode(b"\n".join(lines))
        except UnicodeDecodeError:
            continue
        return codec
    return "utf-8"


@pytest.mark.parametrize("errors", POLICIES)
@given(data=st.one_of(bytes_in("utf-8"), bytes_in("cp949")), cut=borders)
def test_the_encoding_that_is_told_does_not_depend_on_block_borders(
    errors: ErrorPolicy, data: bytes, cut: Borders
) -> None:
    data = b"text" + data.replace(b"\0", b"")  # neither a mark nor a NUL, which would make it binary
    expected = read_whole(data, codec_of(data), errors, FOREVER)
    cut = cut._replace(portions=[len(data), *cut.portions])  # of a pipe, what has come at first is the sample
    found, failure = list[tuple[int, str | None]](), None
    with pytest.MonkeyPatch.context() as patch:
        small_blocks(patch, cut)
        try:
            found.extend(decoder(data, cut, [], encoding=None, errors=errors).lines())
        except BadInput as error:
            failure = str(error)
    assert is_told(failure, expected)
    assert found == expected.lines


def batches_of(name: str, data: bytes, cut: Borders, reading: Reading, patch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The batches of an input of that name which comes in portions."""
    small_blocks(patch, cut)
    reading.first_bytes = cut.first
    stream = io.BufferedReader(Portions(data, cut.portions), SAMPLE_BYTES)
    patch.setattr(columns, "open_bytes", lambda _source, _count: stream)
    return read_batches([name], reading=reading)


@pytest.mark.parametrize("errors", POLICIES)
@given(data=bytes_in("utf-8"), cut=borders, max_line=limits)
def test_batches_hold_each_line_once_and_name_what_they_leave_out(
    errors: ErrorPolicy, data: bytes, cut: Borders, max_line: int
) -> None:
    expected = read_whole(data, "utf-8", errors, max_line)
    notices: list[str] = []
    reading = Reading(encoding="utf-8", errors=errors, notice=notices.append, max_line=max_line)
    with pytest.MonkeyPatch.context() as patch:
        batches = list(batches_of("a.txt", data, cut, reading, patch))
    records = [text for batch in batches for text in batch.records()]
    kept = [(number, text) for number, text in expected.lines if text is not None]
    assert [(text.id, text.text) for text in records] == [(f"a.txt:{number}", text) for number, text in kept]
    assert [len(batch) for batch in batches] == [len(batch.texts()) for batch in batches]
    assert reading.n_texts == {"a.txt": len(kept)}
    assert reading.n_skipped == len(expected.lines) - len(kept)
    assert is_told(reading.failed.get("a.txt"), expected)
    if reading.n_skipped and not reading.failed:
        left_out = [f"line {number}" for number, text in expected.lines if text is None]
        places = ", ".join(left_out[:5] + ["..."] * (len(left_out) > 5))
        assert f"{len(left_out)} text" in notices[-1]
        assert notices[-1].endswith(f"({places})")


TABLES = {
    "a.csv": b'id,text\n,"line\nfeeds ""\n\n"" in quotes"\r\nown,\xea\xb0\x80\n\n3,"","\n4,bad \xff\n5,"x\ry"\n6,z',
    "a.tsv": b'text\tid\n"a\t1\r\n\xed\x95\x99\xea\xb5\x90\t\n\tempty\nragged\nbad \xff\t5\nlast\t6',
    "a.jsonl": b'{"text": "a"}\n\n{"text": "\xea\xb0\x80\\n"}\r\nno\n{"text": 5}\n{"text": "\xff"}\n{"text": ""}',
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("errors", POLICIES)
@given(cut=borders)
@settings(max_examples=30)
def test_tables_cut_at_any_block_borders_are_those_of_the_whole(name: str, errors: ErrorPolicy, cut: Borders) -> None:
    found = []
    for borders_ in (Borders([FOREVER], FOREVER, FOREVER, FOREVER), cut):
        reading = Reading(encoding="utf-8", errors=errors)
        with pytest.MonkeyPatch.context() as patch:
            batches = batches_of(name, TABLES[name], borders_, reading, patch)
            records = [text for batch in batches for text in batch.records()]
        found.append((records, reading.failed, reading.n_skipped))
    assert found[0] == found[1]
    assert len(found[0][0]) >= 2


# What is written of a stream, at any block borders


class Stream(NamedTuple):
    """Lines and where they are cut, and the sizes of what is written."""

    lines: list[str]
    borders: Borders
    row_group: int
    ids_at_once: int


words = st.sampled_from(["아침", "학교를", "unaffable", "a", "a", "b", "\\n", '"', "\x07", "\0", "龘", "😀", "Café"])
streams = st.builds(
    Stream,
    st.integers(0, 12).flatmap(lambda n: st.lists(st.lists(words, max_size=5).map(" ".join), min_size=n, max_size=n)),
    borders,
    st.sampled_from([1, 7, FOREVER]),
    st.sampled_from([1, 3, FOREVER]),
)


@cache
def tokenizer_of(name: str) -> Tokenizer:
    return tokembed.tokenizer(name)


def written(folder: Path, form: str, name: str, stream: Stream) -> Path:
    """The file that the stream becomes, from bytes on."""
    path = folder / f"x{SUFFIXES[form]}"
    data = "".join(line + "\n" for line in stream.lines).encode()
    cutting, reading = Cutting({name: tokenizer_of(name)}), Reading(encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_tables, "ROW_GROUP_TOKENS", stream.row_group)
        patch.setattr(token_arrays, "_IDS_AT_ONCE", stream.ids_at_once)
        batches = batches_of("-", data, stream.borders, reading, patch)
        with writing(form, cutting, path, sys.stdout.buffer, dict) as format_:
            write_tokens(batches, format_)
    return path


def vocabulary_by_counter(rows: Sequence[Sequence[str]]) -> list[str]:
    """The words, the most frequent first, of equals the one that came first."""
    return [word for word, _ in Counter(word for row in rows for word in row).most_common()]


def rows_written(path: Path, vocab: Sequence[str]) -> list[list[str]]:
    """The tokens of each row of a table or an array."""
    if path.suffix == ".npy":
        ids, starts = np.load(path).tolist(), np.load(f"{path}.starts.npy").tolist()
        assert (starts[0], starts[-1]) == (0, len(ids))
        rows = [ids[begin:end] for begin, end in pairwise(starts)]
    else:
        rows = pq.read_table(path).column("ids").to_pylist()
    return [[vocab[token_id] for token_id in row] for row in rows]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.mark.parametrize("name", ["bert", "clip", "whitespace"])
@given(stream=streams)
@settings(max_examples=30)
def test_tokens_of_a_stream_are_those_of_its_lines_one_by_one(folder: Path, name: str, stream: Stream) -> None:
    encodings = [tokenizer_of(name).encode(line) for line in stream.lines]
    assert written(folder, "text", name, stream).read_text(encoding="utf-8") == "".join(
        " ".join(encoding.tokens) + "\n" for encoding in encodings
    )
    if name != "whitespace":
        assert written(folder, "ids", name, stream).read_text(encoding="utf-8") == "".join(
            " ".join(map(str, encoding.ids or [])) + "\n" for encoding in encodings
        )
    records = [json.loads(line) for line in written(folder, "jsonl", name, stream).read_bytes().splitlines()]
    assert [(record["id"], record["text"], record["tokens"], record["ids"]) for record in records] == [
        (f"-:{number}", line, list(encoding.tokens), None if encoding.ids is None else list(encoding.ids))
        for number, (line, encoding) in enumerate(zip(stream.lines, encodings, strict=True), start=1)
    ]


@pytest.mark.parametrize("form", ["parquet", "npy"])
@pytest.mark.parametrize("name", ["bert", "clip", "whitespace"])
@given(stream=streams)
@settings(max_examples=30)
def test_rows_of_a_stream_are_those_of_its_lines_one_by_one(folder: Path, name: str, form: str, stream: Stream) -> None:
    tokenizer = tokenizer_of(name)
    encodings = [tokenizer.encode(line) for line in stream.lines]
    tokens = [list(encoding.tokens) for encoding in encodings]
    path = written(folder, form, name, stream)
    if tokenizer.vocab is None:
        vocab = vocabulary_by_counter(tokens)
        assert Path(f"{path}.vocab.txt").read_text(encoding="utf-8") == "".join(map(escaped, vocab))
    else:
        vocab = list(tokenizer.vocab)
    assert rows_written(path, vocab) == tokens
    unknown = [(encoding.n_unk, encoding.n_unk_chars) for encoding in encodings]
    if form == "parquet":
        table = pq.read_table(path)
        columns_ = [table.column(column).to_pylist() for column in ("id", "n_tokens", "n_unk", "n_unk_chars")]
        assert list(zip(*columns_, strict=True)) == [
            (f"-:{number}", len(row), *unknown[number - 1]) for number, row in enumerate(tokens, start=1)
        ]
    else:
        record = json.loads(Path(f"{path}.json").read_bytes())
        counts = [record[name] for name in ("texts", "rows", "tokens", "unknown_tokens", "unknown_characters")]
        totals = map(sum, zip((0, 0), *unknown, strict=True))
        assert counts == [len(tokens), len(tokens), sum(map(len, tokens)), *totals]


# Each fault by name, through the command


def asked(*args: str | Path) -> tuple[int, str]:
    """The command in this process: its exit status and what it says on stderr."""
    with redirect_stderr(io.StringIO()) as stderr:
        status = app([str(arg) for arg in args], standalone_mode=False)
    return status or DONE, without_compiling(stderr.getvalue().encode()).decode()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one_line(stderr: str | bytes) -> str:
    """The message, which must be all there is: one line, no traceback."""
    message = without_compiling(stderr if isinstance(stderr, bytes) else stderr.encode()).decode()
    assert message.startswith("tokembed: "), message
    assert message.count("\n") == 1, message
    return message


def tokens_of(name: str, lines: Iterable[str]) -> list[list[str]]:
    return [list(tokenizer_of(name).encode(line).tokens) for line in lines]


def tokens_written(path: Path, name: str) -> list[list[str]]:
    """The tokens of each row, in whatever format; the words of whitespace's ids stand beside them."""
    vocab = tokenizer_of(name).vocab
    if path.suffix in (".txt", ".ids"):
        rows = [line.split(" ") if line else [] for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
        return rows if path.suffix == ".txt" else [[vocab[int(token_id)] for token_id in row] for row in rows]
    if path.suffix == ".jsonl":
        return [json.loads(line)["tokens"] for line in path.read_bytes().split(b"\n")[:-1]]
    words = Path(f"{path}.vocab.txt").read_text(encoding="utf-8").split("\n")[:-1] if vocab is None else list(vocab)
    return rows_written(path, words)


@pytest.fixture(autouse=True)
def kept_tokenizers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is run in this process makes each tokenizer once."""
    monkeypatch.setattr(tokenize, "made_tokenizers", lambda names, **_: {name: tokenizer_of(name) for name in names})


@pytest.fixture(params=[(64, FOREVER), (7, 0)], ids=["one by one", "by the kernels"])
def in_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that every fault comes in the middle of a stream, behind some that were written."""
    block, bulk = request.param
    small_blocks(monkeypatch, Borders([], block, block, bulk))
    monkeypatch.setattr(tokenize, "BLOCK_BYTES", block)
    monkeypatch.setattr(tokenize, "_FIRST_BYTES", block)


GOOD = [f"{number} 학교에 간다, unaffable 😀" for number in range(40)]
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
    return b"".join(b"%0128x\n" % letters.getrandbits(512) for _ in range(3 * MIB // 2 // 129))


def xz(data: bytes) -> bytes:
    return lzma.compress(data, preset=0)


def zst(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


@pytest.fixture(scope="module")
def cut_off(folder: Path) -> dict[str, Path]:
    """The noise in compressed files of which the last tenth is missing."""
    found = {}
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


# A line of 2 GB

PEAK = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""
GIB = 1 << 30


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


# A full disk

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
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FEW, hard))
    try:
        status, stderr = asked(*call)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
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


# An end from outside

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


# Where nothing may be written


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


@pytest.mark.parametrize("n_runs", [2, pytest.param(20, marks=slow)])
@pytest.mark.parametrize("out", ["x.parquet", "x.npy"])
def test_the_program_ends_in_silence_however_often_it_is_run(tmp_path: Path, run: Run, out: str, n_runs: int) -> None:
    (tmp_path / "a.txt").write_bytes(b"a b\nc\n")
    for _ in range(n_runs):
        done = run("tokenize", "-t", "whitespace", "a.txt", "-o", out)
        assert (done.returncode, done.stdout, done.stderr) == (DONE, b"", b"")
