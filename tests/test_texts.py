"""Inputs become texts: one a line, or a column of a table, whatever the form and the compression."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Run
from tokembed.errors import BadInput
from tokembed.inputs import opening
from tokembed.inputs.decoding import Decoder
from tokembed.inputs.reading import Reading
from tokembed.inputs.texts import blocks, read_texts
from tokembed.types import Text

KOREAN = "아침 먹고\n학교를 갑니다\n".encode()


def texts_of(path: Path, reading: Reading | None = None) -> list[str]:
    return [text.text for text in read_texts([path], reading=reading)]


def lines_of(path: Path, reading: Reading | None = None) -> list[tuple[int, str]]:
    """The line in each id `source:line`, and the text."""
    return [(int(text.id.removeprefix(f"{path}:")), text.text) for text in read_texts([path], reading=reading)]


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as refused:
        list(read_texts([path]))
    return str(refused.value)


LINES = {
    "nothing": (b"", []),
    "only a byte-order mark": (b"\xef\xbb\xbf", []),
    "one blank line": (b"\n", [""]),
    "one line": (b"a b\n", ["a b"]),
    "the last line without its end": (b"a\nb", ["a", "b"]),
    "blank lines keep their place": (b"\na\n\n\nb\n\n", ["", "a", "", "", "b", ""]),
    "white space is kept": (b" a \n\t\n", [" a ", "\t"]),
    "CR LF": (b"a\r\n\r\nb\r\n", ["a", "", "b"]),
    "one CR of two before LF": (b"a\r\r\n", ["a\r"]),
    "a lone CR inside": (b"a\rb\n", ["a\rb"]),
    "a lone CR at the end of the file": (b"a\rb\r", ["a\rb\r"]),
    "U+0085, U+2028, U+2029": ("a\u0085b\u2028c\u2029d\n".encode(), ["a\u0085b\u2028c\u2029d"]),
    "VT, FF, FS": (b"a\x0bb\x0cc\x1cd\n", ["a\x0bb\x0cc\x1cd"]),
    "a byte-order mark inside": ("a\ufeffb\n\ufeffc\n".encode(), ["a\ufeffb", "\ufeffc"]),
}


@pytest.mark.parametrize(("data", "expected"), LINES.values(), ids=LINES)
def test_only_a_line_feed_ends_a_line(tmp_path: Path, data: bytes, expected: list[str]) -> None:
    assert texts_of(written(tmp_path, "a.txt", data)) == expected


def zst_by_hand(data: bytes) -> bytes:
    """A Zstandard frame with one raw block, as RFC 8878 lays it out."""
    assert len(data) < 256
    header = b"\x28\xb5\x2f\xfd" + bytes([0b0010_0000, len(data)])  # single segment, its size in one byte
    return header + ((len(data) << 3) | 1).to_bytes(3, "little") + data


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zst_by_hand,
}


@pytest.mark.parametrize(("suffix", "compress"), COMPRESSIONS.items(), ids=COMPRESSIONS)
def test_a_compressed_file_reads_as_what_it_holds(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    assert texts_of(written(tmp_path, f"a.txt.{suffix}", compress(KOREAN))) == ["아침 먹고", "학교를 갑니다"]


@pytest.mark.parametrize(("suffix", "compress"), COMPRESSIONS.items(), ids=COMPRESSIONS)
def test_compressed_pieces_one_after_another_are_one_file(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    assert texts_of(written(tmp_path, f"a.txt.{suffix}", compress(b"a\nb") + compress(b"c\nd\n"))) == ["a", "bc", "d"]


def test_the_form_is_told_by_the_suffix_before_that_of_the_compression(tmp_path: Path) -> None:
    path = written(tmp_path, "A.JSONL.GZ", gzip.compress(b'{"text": "a"}\n'))
    assert texts_of(path) == ["a"]


TABLES = {
    "jsonl": ("jsonl", b'{"text": "a \\"b\\""}\n{"n": 1, "text": "c"}\n', [(1, 'a "b"'), (2, "c")]),
    "jsonl with blank lines": ("jsonl", b'\n{"text": "a"}\n  \n{"text": ""}\n', [(2, "a"), (4, "")]),
    "jsonl without its last end": ("jsonl", b'{"text": "a"}', [(1, "a")]),
    "jsonl with a raw U+2028": ("jsonl", '{"text": "a\u2028b"}\n'.encode(), [(1, "a\u2028b")]),
    "jsonl with a line feed as escape": ("jsonl", b'{"text": "a\\nb"}\n', [(1, "a\nb")]),
    "jsonl with a byte-order mark": ("jsonl", b'\xef\xbb\xbf{"text": "a"}\n', [(1, "a")]),
    "csv": ("csv", b"n,text\n1,a b\n2,c\n", [(2, "a b"), (3, "c")]),
    "csv with CR LF": ("csv", b"text,n\r\na,1\r\nb,2\r\n", [(2, "a"), (3, "b")]),
    "csv with quotes": ("csv", b'text\n"a ""b"", c"\n""\n', [(2, 'a "b", c'), (3, "")]),
    "csv with line feeds in quotes": (
        "csv", b'n,text\n1,"a\n\nb"\n2,c\n"3\n",d\n4,e\n', [(2, "a\n\nb"), (5, "c"), (6, "d"), (8, "e")],
    ),
    "csv with a quoted header": ("csv", b'"n\n","text"\n1,a\n', [(3, "a")]),
    "csv with quoted CR": ("csv", b'text\n"a\rb"\n', [(2, "a\rb")]),
    "csv without its last end": ("csv", b"text\na", [(2, "a")]),
    "csv that ends in a blank line": ("csv", b"n,text\n1,a\n\n", [(2, "a")]),
    "csv of one column with a blank line": ("csv", b"text\na\n\nb\n", [(2, "a"), (3, ""), (4, "b")]),
    "csv with a byte-order mark": ("csv", b"\xef\xbb\xbftext\na\n", [(2, "a")]),
    "csv with a header alone": ("csv", b"n,text\n", []),
    "csv with nothing in it": ("csv", b"", []),
    "tsv": ("tsv", b"n\ttext\n1\ta b\n2\tc\n", [(2, "a b"), (3, "c")]),
    "tsv where quotes are text": ("tsv", b'n\ttext\n1\t"a\n2\tb"\n3\t""c""\n', [(2, '"a'), (3, 'b"'), (4, '""c""')]),
    "tsv with commas and CR LF": ("tsv", b"text\tn\r\na, b\t1\r\n\t2\r\n", [(2, "a, b"), (3, "")]),
}  # fmt: skip


@pytest.mark.parametrize(("suffix", "data", "expected"), TABLES.values(), ids=TABLES)
def test_a_record_is_named_after_the_line_it_begins_on(
    tmp_path: Path, suffix: str, data: bytes, expected: list[tuple[int, str]]
) -> None:
    assert lines_of(written(tmp_path, f"a.{suffix}", data)) == expected


def test_a_field_may_be_longer_than_the_csv_modules_own_limit(tmp_path: Path) -> None:
    assert texts_of(written(tmp_path, "a.csv", b"text\n" + b"x" * 200_000 + b"\n")) == ["x" * 200_000]


def test_a_parquet_row_is_named_after_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"n": [1, 2, 3], "text": ["아침", "", "a\nb"]}), path, row_group_size=2)
    assert lines_of(path) == [(1, "아침"), (2, ""), (3, "a\nb")]


@pytest.mark.parametrize(
    "column",
    [pa.array(["a", "b"], pa.large_string()), pa.array(["a", "b"]).dictionary_encode()],
    ids=["large strings", "a dictionary"],
)
def test_a_parquet_column_may_hold_its_text_in_other_ways(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
    assert texts_of(tmp_path / "a.parquet") == ["a", "b"]


def test_another_column_is_read_when_it_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "a.tsv", b"text\tdocument\nno\tyes\n")
    assert texts_of(path, Reading(column="document")) == ["yes"]


OWN_IDS = {
    "jsonl": b'{"id": "x", "text": "a"}\n{"id": 0, "text": "b"}\n{"id": null, "text": "c"}\n{"text": "d"}\n',
    "csv": b"id,text\nx,a\n0,b\n,c\n,d\n",
    "tsv": b"text\tid\na\tx\nb\t0\nc\t\nd\t\n",
}


@pytest.mark.parametrize(("suffix", "data"), OWN_IDS.items(), ids=OWN_IDS)
def test_a_text_has_its_own_id_where_it_has_one(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = written(tmp_path, f"a.{suffix}", data)
    third, fourth = (3, 4) if suffix == "jsonl" else (4, 5)
    assert [(text.id, text.source) for text in read_texts([path])] == [
        ("x", str(path)),
        ("0", str(path)),
        (f"{path}:{third}", str(path)),
        (f"{path}:{fourth}", str(path)),
    ]


@pytest.mark.parametrize("ids", [["7", None], [7, None]], ids=["text", "numbers"])
def test_a_parquet_row_has_its_own_id_where_it_has_one(tmp_path: Path, ids: list[str | int | None]) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ids, "text": ["a", "b"]}), path)
    assert [text.id for text in read_texts([path])] == ["7", f"{path}:2"]


def test_inline_texts_come_first_and_may_hold_line_feeds(tmp_path: Path) -> None:
    path = written(tmp_path, "a.txt", b"c\n")
    assert list(read_texts([path], ["a\nb", ""])) == [
        Text("-c:1", "-c", "a\nb"),
        Text("-c:2", "-c", ""),
        Text(f"{path}:1", str(path), "c"),
    ]


def test_values_that_are_missing_are_empty_texts_and_counted(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a", None]}), tmp_path / "a.parquet")
    written(tmp_path, "a.jsonl", b'{"text": null}\n{"text": ""}\n{"text": "b"}\n')
    reading = Reading()
    found = read_texts([tmp_path / "a.parquet", tmp_path / "a.jsonl"], reading=reading)
    assert [text.text for text in found] == ["a", "", "", "", "b"]
    assert reading.n_empty_values == 2


def test_unpaired_surrogates_become_replacement_characters_and_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", b'{"text": "a\\ud83db\\ude00"}\n{"text": "\\ud83d\\ude00"}\n')
    reading = Reading()
    assert texts_of(path, reading) == ["a\ufffdb\ufffd", "😀"]
    assert reading.n_surrogates == 2


def test_an_id_can_be_written_even_where_its_escapes_are_unpaired(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", b'{"id": "x\\ud83d", "text": "a"}\n')
    (text,) = read_texts([path])
    assert text.id.encode() == "x\ufffd".encode()


REFUSED = {
    "no such file": ("a.txt", None, "there is no file", "-c"),
    "a ragged csv row": ("a.csv", b"n,text\n1,a\n2\n", "line 3", "must have 2 columns", "found 1"),
    "a csv row with too much": ("a.csv", b"n,text\n1,a,b\n", "line 2", "must have 2 columns", "found 3"),
    "a ragged tsv row": ("a.tsv", b"n\ttext\n1\ta\n2\tb\tc\n", "line 3", "must have 2 columns", "found 3"),
    "a quote that never ends": ("a.csv", b'n,text\n1,a\n2,"b\nc\n', "line 3", "RFC 4180"),
    "text behind a closing quote": ("a.csv", b'text\n"a"b\n', "line 2", "RFC 4180"),
    "no json": ("a.jsonl", b'{"text": "a"}\ntext: b\n', "line 2", "must be one JSON object"),
    "a json list": ("a.jsonl", b'["a"]\n', "line 1", "must be one JSON object", "found list"),
    "json nested too deep": ("a.jsonl", b"[" * 100_000 + b"\n", "line 1", "must be one JSON object"),
    "a number for a text": ("a.jsonl", b'{"text": "a"}\n{"text": 5}\n', "line 2", "'text' must hold text", "found int"),
    "a list for a text": ("a.jsonl", b'{"text": ["a"]}\n', "line 1", "'text' must hold text", "found list"),
    "a missing csv column": ("a.csv", b"n,texts\n1,a\n", "column 'text'", "found n, texts", "did you mean 'texts'?"),
    "a missing tsv column": ("a.tsv", b"id\tdocument\n1\ta\n", "column 'text'", "id, document", "--column"),
    "a missing jsonl key": ("a.jsonl", b'{"txet": "a"}\n', "line 1", "column 'text'", "did you mean 'txet'?"),
    "no parquet": ("a.parquet", b"PAR1 but not really", "must be a Parquet file"),
}


@pytest.mark.parametrize(("name", "data", "said"), [(n, d, s) for n, d, *s in REFUSED.values()], ids=REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, name: str, data: bytes | None, said: list[str]
) -> None:
    path = tmp_path / name if data is None else written(tmp_path, name, data)
    message = refusal(path)
    assert all(part in message for part in [*said, str(path)]), message
    assert "\n" not in message


PARQUET_REFUSED = {
    "another column": (pa.table({"texts": ["a"]}), ["column 'text'", "did you mean 'texts'?"]),
    "two columns of one name": (pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["text", "text"]), ["'text'"]),
    "numbers": (pa.table({"text": [1]}), ["line 1", "'text' must hold text", "found int"]),
    "bytes": (pa.table({"text": [b"a"]}), ["line 1", "'text' must hold text", "found bytes"]),
}


@pytest.mark.parametrize(("table", "said"), PARQUET_REFUSED.values(), ids=PARQUET_REFUSED)
def test_a_parquet_file_without_text_where_it_should_be_is_refused(
    tmp_path: Path, table: pa.Table, said: list[str]
) -> None:
    pq.write_table(table, tmp_path / "a.parquet")
    message = refusal(tmp_path / "a.parquet")
    assert all(part in message for part in said), message


def test_bytes_in_a_parquet_column_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    offsets, data = pa.array([0, 1, 3], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff\xfe")
    column = pa.Array.from_buffers(pa.string(), 2, [None, offsets, data])
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
    assert "a.parquet" in refusal(tmp_path / "a.parquet")


@pytest.mark.parametrize("name", ["folder", "folder.gz", "folder.zst", "folder.parquet"])
def test_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert "must be a file, it is a folder" in refusal(tmp_path / name)


SKIPPED = {
    "ragged": ("a.csv", b"n,text\n1,a\n2\n3,c\n", [(2, "a"), (4, "c")]),
    "behind a row over several lines": ("a.csv", b'n,text\n1,"a\nb"\n2\n3,c\n', [(2, "a\nb"), (5, "c")]),
    "bad quotes": ("a.csv", b'n,text\n1,"a"b\n3,c\n', [(3, "c")]),
    "ragged tsv": ("a.tsv", b"n\ttext\n1\n3\tc\n", [(3, "c")]),
    "no json": ("a.jsonl", b'{"text": "a"}\n{\n{"text": "c"}\n', [(1, "a"), (3, "c")]),
    "no such key": ("a.jsonl", b'{"text": "a"}\n{}\n{"text": "c"}\n', [(1, "a"), (3, "c")]),
    "a wrong type": ("a.jsonl", b'{"text": "a"}\n{"text": 1}\n{"text": "c"}\n', [(1, "a"), (3, "c")]),
    "bad bytes": ("a.txt", b"a\n\xff\nc\n", [(1, "a"), (3, "c")]),
    "bad bytes in a tsv": ("a.tsv", b"n\ttext\n1\t\xff\n3\tc\n", [(3, "c")]),
    "bad bytes in a csv": ("a.csv", b"n,text\n1,\xff\n3,c\n", [(3, "c")]),
}


@pytest.mark.parametrize(("name", "data", "expected"), SKIPPED.values(), ids=SKIPPED)
def test_skip_leaves_out_what_cannot_be_read_and_says_how_many(
    tmp_path: Path, name: str, data: bytes, expected: list[tuple[int, str]]
) -> None:
    path, notices = written(tmp_path, name, data), list[str]()
    reading = Reading(errors="skip", notice=notices.append)
    assert lines_of(path, reading) == expected
    assert (reading.n_skipped, reading.failed) == (1, {})
    assert [str(path) in notice and "1 " in notice for notice in notices] == [True]


def test_an_input_that_fails_is_noted_and_the_next_one_is_read(tmp_path: Path) -> None:
    bad, good = written(tmp_path, "a.jsonl", b'{"text": "a"}\nno\n'), written(tmp_path, "b.txt", b"b\n")
    notices: list[str] = []
    reading = Reading(notice=notices.append)
    texts = [text.text for text in read_texts([tmp_path / "none.txt", bad, good], reading=reading)]
    assert texts == ["a", "b"]
    assert list(reading.failed) == [str(tmp_path / "none.txt"), str(bad)]
    assert [notice.startswith(reason) for notice, reason in zip(notices, reading.failed.values(), strict=True)]
    assert notices[1].endswith("1 text before it were read")
    assert list(reading.n_texts.values()) == [0, 1, 1]


def test_stdin_is_read_where_a_dash_stands(tmp_path: Path, run: Run) -> None:
    written(tmp_path, "a.txt", b"first\n")
    args = ("tokenize", "-t", "whitespace", "-f", "jsonl", "a.txt", "-")
    done = run(*args, input="둘째\n\n넷째".encode())
    records = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [(record["id"], record["source"], record["text"]) for record in records] == [
        ("a.txt:1", "a.txt", "first"),
        ("-:1", "-", "둘째"),
        ("-:2", "-", ""),
        ("-:3", "-", "넷째"),
    ]
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_pipe_is_decoded_as_the_same_file_is(tmp_path: Path, run: Run) -> None:
    data = b"plain ASCII for longer than one read of a pipe\n" * 5_000 + "아침 먹고\n".encode("cp949")
    from_file = run("tokenize", "-t", "whitespace", str(written(tmp_path, "a.txt", data)))
    from_pipe: subprocess.CompletedProcess[bytes] = run("tokenize", "-t", "whitespace", input=data)
    assert from_file.stdout.endswith("\n아침 먹고\n".encode())
    assert (from_pipe.returncode, from_pipe.stdout) == (0, from_file.stdout)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("n_first", [1, 2, 3, 5])
def test_a_byte_order_mark_may_come_in_parts(monkeypatch: pytest.MonkeyPatch, codec: str, n_first: int) -> None:
    data = "아침\n먹고\n".encode(codec)
    portions = iter([data[:n_first], data[n_first:], b""])
    monkeypatch.setattr(opening, "os", SimpleNamespace(read=lambda *_: next(portions, b"")))
    monkeypatch.setattr(opening._Pipe, "_has_more", lambda _: False)  # a pause behind each portion
    stream = io.BufferedReader(opening._Pipe(0, lambda _: None), opening.SAMPLE_BYTES)
    decoder = Decoder("-", stream, encoding=None, errors="strict", notice=lambda _: None)
    assert [line for _, line in decoder.lines()] == ["아침", "먹고"]


def test_blocks_hold_all_texts_in_order() -> None:
    texts = [Text(str(number), "-", "") for number in range(7)]  # an empty text counts as one code point
    assert list(blocks(texts, 3)) == [texts[:3], texts[3:6], texts[6:]]
    assert list(blocks([], 3)) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("texts")


def many(without: str = "\n") -> st.SearchStrategy[list[str]]:
    return st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=without)), max_size=8)


UTF_8 = "utf-8"  # given, since texts full of NUL look binary


@given(many())
def test_lines_read_back_as_they_were_written(folder: Path, texts: list[str]) -> None:
    data = b"\xef\xbb\xbf" + "".join(text + "\r\n" for text in texts).encode()
    assert texts_of(written(folder, "a.txt", data), Reading(encoding=UTF_8)) == texts


@given(many("\n\r"))
def test_utf_16_lines_read_back_as_they_were_written(folder: Path, texts: list[str]) -> None:
    data = "".join(text + "\n" for text in texts).encode("utf-16")
    assert texts_of(written(folder, "a16.txt", data)) == texts


@given(many(without=""), st.booleans())
def test_json_lines_read_back_as_they_were_written(folder: Path, texts: list[str], is_ascii: bool) -> None:
    data = "".join(json.dumps({"text": text}, ensure_ascii=is_ascii) + "\n" for text in texts).encode()
    assert texts_of(written(folder, "a.jsonl", data), Reading(encoding=UTF_8)) == texts


@given(many("\r"))
def test_csv_rows_read_back_as_they_were_written_line_feeds_too(folder: Path, texts: list[str]) -> None:
    rows = ['"{}",{}\n'.format(text.replace('"', '""'), place) for place, text in enumerate(texts)]
    path = written(folder, "a.csv", "".join(["text,n\n", *rows]).encode())
    assert texts_of(path, Reading(encoding=UTF_8)) == texts


@given(many())
def test_csv_rows_read_back_as_they_were_written_carriage_returns_too(folder: Path, texts: list[str]) -> None:
    rows = ['"{}"\r\n'.format(text.replace('"', '""')) for text in texts]
    path = written(folder, "b.csv", "".join(["text\r\n", *rows]).encode())
    assert texts_of(path, Reading(encoding=UTF_8)) == texts


@given(many("\n\t"))
def test_tsv_rows_read_back_as_they_were_written(folder: Path, texts: list[str]) -> None:
    rows = [f"{place}\t{text}\r\n" for place, text in enumerate(texts)]
    path = written(folder, "a.tsv", "".join(["n\ttext\r\n", *rows]).encode())
    assert texts_of(path, Reading(encoding=UTF_8)) == texts


@given(many(without=""))
def test_parquet_rows_read_back_as_they_were_written(folder: Path, texts: list[str]) -> None:
    pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), folder / "a.parquet")
    assert texts_of(folder / "a.parquet") == texts
