"""Whatever the bytes and the borders of the blocks they come in, the lines are those of a slow and obvious reader."""

from __future__ import annotations

import codecs
import io
import re
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cut_streams import FOREVER, Borders, Portions, batches_of, borders, small_blocks
from tests.written_tokens import POLICIES
from tokembed.errors import BadInput
from tokembed.inputs.decoding import Decoder, ErrorPolicy
from tokembed.inputs.opening import SAMPLE_BYTES
from tokembed.inputs.reading import Reading


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


limits = st.sampled_from([1, 2, 5, 12, 40, FOREVER])


def decoder(data: bytes, cut: Borders, notices: list[str], **options: Any) -> Decoder:
    stream = io.BufferedReader(Portions(data, cut.portions), SAMPLE_BYTES)
    return Decoder("a.txt", stream, notice=notices.append, first_bytes=cut.first, **options)


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
