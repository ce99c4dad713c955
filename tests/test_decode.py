"""`tokembed decode` as a user runs it, held to Hugging Face `tokenizers` and to OpenAI's own way to decode."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import pickle
import pty
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Reference
from tokenizers import decoders
from tokenizers.models import WordPiece

import tokembed
from tests import clip_reference
from tests.conftest import COMMAND, Run
from tests.test_pretrained import framed_byte_level
from tokembed.errors import BadInput
from tokembed.tokens.reading import read_ids

DONE, FAILED, ASKED_WRONGLY, SOME_SKIPPED, NOT_AT_HAND = 0, 1, 2, 3, 4
GOLDEN = Path(__file__).parent / "data" / "golden.json"
BERT_VOCAB = Path(tokembed.__file__).parent / "assets" / "bert-base-multilingual-cased" / "vocab.txt"
HEAVY = {"numpy", "scipy", "pyarrow", "numba", "gensim", "transformers"}
SCHOOL = [100585, 9953, 25242, 10530, 8845, 11903]  # 나는 학교에 간다
TOO_LARGE = 999_999

IdLists = Sequence[Sequence[int]]


def as_lines(rows: IdLists) -> bytes:
    return b"".join(" ".join(map(str, ids)).encode() + b"\n" for ids in rows)


def as_jsonl(rows: IdLists, tokenizer: str | None = None) -> bytes:
    said = {} if tokenizer is None else {"tokenizer": tokenizer}
    records = [{"id": f"t{number}", **said, "ids": ids} for number, ids in enumerate(rows, start=1)]
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def write_parquet(path: Path, rows: IdLists, tokenizer: str | None = None, number: Any = None) -> None:
    columns = {"ids": pa.array(rows, pa.list_(number or pa.int32()))}
    if tokenizer is not None:
        columns["tokenizer"] = pa.array([tokenizer] * len(rows))
    pq.write_table(pa.table(columns), path)


def write_npy(path: Path, rows: IdLists, tokenizer: object = None, number: Any = np.int32) -> None:
    np.save(path, np.array([*chain.from_iterable(rows)], number))
    np.save(f"{path}.starts.npy", np.cumsum([0, *map(len, rows)]).astype(np.int64))
    if tokenizer is not None:
        Path(f"{path}.json").write_text(json.dumps({"tokenizer": tokenizer}), encoding="utf-8")


WRITERS: dict[str, Callable[[Path, IdLists], object]] = {
    "x.ids": lambda path, rows: path.write_bytes(as_lines(rows)),
    "x.txt": lambda path, rows: path.write_bytes(as_lines(rows)),
    "x.ids.gz": lambda path, rows: path.write_bytes(gzip.compress(as_lines(rows))),
    "x.ids.bz2": lambda path, rows: path.write_bytes(bz2.compress(as_lines(rows))),
    "x.txt.xz": lambda path, rows: path.write_bytes(lzma.compress(as_lines(rows))),
    "x.ids.zst": lambda path, rows: path.write_bytes(pa.compress(as_lines(rows), "zstd", asbytes=True)),
    "x.jsonl": lambda path, rows: path.write_bytes(as_jsonl(rows)),
    "x.jsonl.gz": lambda path, rows: path.write_bytes(gzip.compress(as_jsonl(rows))),
    "x.parquet": write_parquet,
    "x.npy": write_npy,
}
UNITS = {name: "row" if name.endswith((".parquet", ".npy")) else "line" for name in WRITERS}


def one_line(stderr: bytes) -> str:
    """The message, which must be all there is: one line, no traceback."""
    message = stderr.decode()
    assert message.startswith("tokembed: "), message
    assert message.count("\n") == 1, message
    return message


def texts_of(stdout: bytes) -> list[str]:
    return [json.loads(line)["text"] for line in stdout.splitlines()]


# What comes out.


def references_rows(name: str, n_ids: int) -> list[list[int]]:
    """Real ids and random ones: those reach every token, wherever in a text it may stand."""
    golden = [case[name] for case in json.loads(GOLDEN.read_text(encoding="utf-8"))]
    random = np.random.default_rng(0)
    return [*golden, *(random.integers(0, n_ids, size).tolist() for size in random.integers(0, 40, 500))]


def test_bert_ids_decode_as_hugging_face_decodes_them(tmp_path: Path, run: Run) -> None:
    reference = Reference(WordPiece.from_file(str(BERT_VOCAB), unk_token="[UNK]"))
    reference.decoder = decoders.WordPiece(cleanup=False)
    reference.add_special_tokens(["[CLS]", "[SEP]"])
    rows = references_rows("bert", reference.get_vocab_size())
    (tmp_path / "x.ids").write_bytes(as_lines(rows))
    done = run("decode", "x.ids")
    assert (done.returncode, done.stderr) == (DONE, b"")
    assert done.stdout.decode().split("\n") == [*reference.decode_batch(rows), ""]


def openai_text(ids: Sequence[int]) -> str:
    """SimpleTokenizer.decode, special tokens and the space behind the last word left out."""
    tokens = list(clip_reference.vocabulary())
    byte_of = {symbol: byte for byte, symbol in clip_reference.byte_symbols().items()}
    symbols = "".join(tokens[place] for place in ids if tokens[place] not in clip_reference.SPECIALS)
    text = bytes(byte_of[symbol] for symbol in symbols).decode("utf-8", errors="replace")
    return text.replace("</w>", " ").removesuffix(" ")


def test_clip_ids_decode_as_openai_decodes_them(tmp_path: Path, run: Run) -> None:
    rows = references_rows("clip", len(clip_reference.vocabulary()))
    (tmp_path / "x.ids").write_bytes(as_lines(rows))
    done = run("decode", "x.ids", "-t", "clip", "-f", "jsonl")
    assert (done.returncode, done.stderr) == (DONE, b"")
    assert texts_of(done.stdout) == [openai_text(ids) for ids in rows]


def test_a_tokenizer_json_decodes_as_hugging_face_does(tmp_path: Path, run: Run) -> None:
    reference = framed_byte_level()
    reference.save(str(tmp_path / "tokenizer.json"))
    texts = ["ab a 학교", "<s>", " a"]
    rows = [reference.encode(text).ids for text in texts] + [[0, 5, 258, 3, 257, 256]]
    (tmp_path / "x.jsonl").write_bytes(as_jsonl(rows, tokenizer="tokenizer.json"))
    done = run("decode", "x.jsonl", "-f", "jsonl")
    assert (done.returncode, done.stderr) == (DONE, b"")
    assert texts_of(done.stdout) == reference.decode_batch(rows)


@pytest.mark.parametrize("name", ["bert", "clip"])
@pytest.mark.parametrize("form", ["ids", "jsonl"])
def test_what_tokenize_writes_decodes_to_the_text(tmp_path: Path, run: Run, name: str, form: str) -> None:
    text = "나는 학교에 간다\n\nunaffable cats\n홀로서기\n".encode()
    cut = run("tokenize", "-t", name, "-f", form, input=text)
    (tmp_path / f"x.{form}").write_bytes(cut.stdout)
    done = run("decode", f"x.{form}", *(["-t", name] if form == "ids" else []))
    assert (done.returncode, done.stdout, done.stderr) == (DONE, text, b"")


@pytest.mark.parametrize("name", WRITERS)
def test_every_form_decodes_to_a_line_a_text(tmp_path: Path, run: Run, name: str) -> None:
    WRITERS[name](tmp_path / name, [SCHOOL, [], [101, *SCHOOL[:2], 102]])
    done = run("decode", name)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "나는 학교에 간다\n\n나는 학\n".encode(), b"")


id_lists = st.lists(st.lists(st.integers(0, 2**15 - 1), max_size=6), max_size=6)


@given(rows=id_lists)
@settings(max_examples=20)
def test_what_was_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[list[int]]) -> None:
    folder = tmp_path_factory.mktemp("written")
    for name, write in WRITERS.items():
        write(folder / name, rows)
        read = list(read_ids(str(folder / name)))
        assert [text.ids for text in read] == rows
        assert [text.place for text in read] == [
            f"{folder / name}, {UNITS[name]} {number}" for number in range(1, len(rows) + 1)
        ]


@pytest.mark.parametrize("number", [pa.int8(), pa.uint16(), pa.int64(), pa.uint64()], ids=str)
@pytest.mark.parametrize("make", [pa.list_, pa.large_list, lambda number: pa.list_(number, 2)])
def test_parquet_lists_of_any_whole_numbers_are_read(tmp_path: Path, make: Any, number: Any) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"ids": pa.array([[1, 2], None, [127, 0]], make(number))}), path)
    assert [text.ids for text in read_ids(str(path))] == [[1, 2], None, [127, 0]]


@pytest.mark.parametrize("number", [np.uint16, np.int32, np.int64, ">i4"])
def test_arrays_of_any_whole_numbers_are_read(tmp_path: Path, number: Any) -> None:
    write_npy(tmp_path / "x.npy", [[1, 2], [], [60]], number=number)
    assert [text.ids for text in read_ids(str(tmp_path / "x.npy"))] == [[1, 2], [], [60]]


def test_rows_keep_their_numbers_and_ids_beyond_what_is_read_at_once(tmp_path: Path) -> None:
    rows = [[number % 7] * (number % 3) for number in range(70_000)]
    write_parquet(tmp_path / "x.parquet", rows)
    write_npy(tmp_path / "x.npy", rows)
    for name in ("x.parquet", "x.npy"):
        source = str(tmp_path / name)
        read = list(read_ids(source))
        assert [text.ids for text in read] == rows
        assert [text.id for text in read] == [f"{source}:{number}" for number in range(1, 70_001)]


SPACINGS = {
    "white space of any kind": b" 100585\t 9953\x0b25242 \xe3\x80\x80 10530\r\n",
    "no line feed at the end": b"100585 9953 25242 10530",
    "a byte-order mark": b"\xef\xbb\xbf100585 9953 25242 10530\n",
    "leading zeros": b"00100585 09953 25242 10530\n",
}


@pytest.mark.parametrize("line", SPACINGS.values(), ids=SPACINGS)
def test_ids_may_stand_apart_in_any_way(run: Run, line: bytes) -> None:
    done = run("decode", input=line)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "나는 학교에\n".encode(), b"")


def test_inline_ids_come_before_the_files(tmp_path: Path, run: Run) -> None:
    (tmp_path / "x.ids").write_bytes(b"25242 10530\n")
    done = run("decode", "x.ids", "-c", "100585", "-c", "", "-f", "jsonl")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"id": "-c:1", "source": "-c", "tokenizer": "bert", "text": "나는"},
        {"id": "-c:2", "source": "-c", "tokenizer": "bert", "text": ""},
        {"id": "x.ids:1", "source": "x.ids", "tokenizer": "bert", "text": "##교에"},
    ]


def test_a_row_keeps_its_own_id_and_tokenizer(tmp_path: Path, run: Run) -> None:
    records: list[dict[str, Any]] = [
        {"id": "가", "tokenizer": "clip", "ids": [15304], "text": "not read"},
        {"id": 7, "tokenizer": "bert", "ids": [100585]},
        {"ids": [100585], "tokenizer": None},
        {"id": "", "ids": [100585], "window": 2},
    ]
    (tmp_path / "x.jsonl").write_text("\n\n".join(map(json.dumps, records)), encoding="utf-8")
    fields = {"id": pa.string(), "tokenizer": pa.string(), "ids": pa.list_(pa.int32())}
    rows = [{name: record.get(name) and str(record[name]) for name in ("id", "tokenizer")} for record in records]
    table = pa.Table.from_pylist(
        [row | {"ids": record["ids"]} for row, record in zip(rows, records, strict=True)], pa.schema(fields)
    )
    pq.write_table(table, tmp_path / "x.parquet")
    for name, third, fourth in (("x.jsonl", 5, 7), ("x.parquet", 3, 4)):
        done = run("decode", name, "-f", "jsonl")
        assert (done.returncode, done.stderr) == (DONE, b"")
        written = [json.loads(line) for line in done.stdout.splitlines()]
        assert [(row["id"], row["tokenizer"], row["text"]) for row in written] == [
            ("가", "clip", "café"),
            ("7", "bert", "나는"),
            (f"{name}:{third}", "bert", "나는"),
            (f"{name}:{fourth}", "bert", "나는"),
        ]


def test_the_settings_beside_an_array_do_not_change_what_its_ids_mean(tmp_path: Path, run: Run) -> None:
    made_by = {"name": "clip", "unicode": "nfc", "lower": True, "special": True}
    write_npy(tmp_path / "x.npy", [[49406, 15304, 49407]], made_by, np.uint16)
    assert run("decode", "x.npy").stdout == "café\n".encode()


def test_texts_of_more_than_one_line_are_told_and_jsonl_keeps_them_apart(tmp_path: Path, run: Run) -> None:
    line_feed = clip_reference.vocabulary()["Ċ"]
    (tmp_path / "x.ids").write_bytes(as_lines([[line_feed, 15304], [15304], [15304, line_feed, line_feed]]))
    done = run("decode", "x.ids", "-t", "clip")
    assert (done.returncode, done.stdout.decode()) == (DONE, "\ncafé\ncafé\ncafé \n\n\n")
    assert "2 texts; -f jsonl" in one_line(done.stderr)
    done = run("decode", "x.ids", "-t", "clip", "-f", "jsonl")
    assert (texts_of(done.stdout), done.stderr) == (["\ncafé", "café", "café \n\n"], b"")


@pytest.mark.parametrize(("name", "form"), [("out.txt", "text"), ("out.jsonl", "jsonl")])
def test_the_suffix_of_the_output_sets_the_format(tmp_path: Path, run: Run, name: str, form: str) -> None:
    done = run("decode", "-c", "100585", "-o", name)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, b"", b"")
    assert (tmp_path / name).read_bytes() == run("decode", "-c", "100585", "-f", form).stdout


def test_a_pipe_is_answered_as_it_flows(tmp_path: Path, shell: dict[str, str]) -> None:
    with subprocess.Popen(
        [*COMMAND, "decode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path, env=shell
    ) as process:
        assert process.stdin
        assert process.stdout
        for ids, text in ((b"100585\n", "나는\n"), (b"\n", "\n"), (b"25242 10530\n", "##교에\n")):
            process.stdin.write(ids)
            process.stdin.flush()
            assert process.stdout.readline().decode() == text  # stdin is still open
        process.stdin.close()
        assert process.stdout.read() == b""
        assert process.wait(timeout=60) == DONE


@pytest.mark.parametrize("source", [["-c", "100585"], ["x.ids"], ["x.jsonl"]], ids=" ".join)
def test_little_is_loaded_for_lines_of_ids(tmp_path: Path, shell: dict[str, str], source: list[str]) -> None:
    (tmp_path / "x.ids").write_bytes(as_lines([SCHOOL]))
    (tmp_path / "x.jsonl").write_bytes(as_jsonl([SCHOOL]))
    command = f"import sys, tokembed.cli\ntry: tokembed.cli.app({['decode', *source]!r})\n"
    code = command + "finally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path, env=shell, check=True)
    assert done.stdout.startswith("나는".encode())
    assert not HEAVY & set(done.stderr.decode().split())


# What is refused.


@pytest.mark.parametrize("name", WRITERS)
def test_an_id_out_of_range_names_its_place(tmp_path: Path, run: Run, name: str) -> None:
    WRITERS[name](tmp_path / name, [SCHOOL, [], [1, 119_546, TOO_LARGE, 2], SCHOOL])
    done = run("decode", name)
    assert (done.returncode, done.stdout) == (FAILED, "나는 학교에 간다\n\n".encode())
    place = f"{name}, {UNITS[name]} 3: ids must lie in 0..119546, found 999999 at position 2; "
    assert place in one_line(done.stderr)
    assert "2 texts" in done.stderr.decode()


def test_an_id_out_of_range_names_its_place_inline_and_in_a_pipe(run: Run) -> None:
    done = run("decode", "-t", "clip", "-c", "1", "-c", "49408")
    assert "-c, text 2: ids must lie in 0..49407, found 49408 at position 0" in one_line(done.stderr)
    done = run("decode", "-t", "clip", input=b"1\n2 49408\n")
    assert "stdin, line 2: ids must lie in 0..49407, found 49408 at position 1" in one_line(done.stderr)


@pytest.mark.parametrize("name", ["x.jsonl", "x.parquet", "x.npy"])
def test_a_negative_id_is_out_of_range(tmp_path: Path, run: Run, name: str) -> None:
    WRITERS[name](tmp_path / name, [[5], [5, -1]])
    done = run("decode", name)
    assert f"{name}, {UNITS[name]} 2: ids must lie in 0..119546, found -1 at position 1" in one_line(done.stderr)
    assert done.returncode == FAILED


WORDS = {
    "a sign": ("-1", "'-1'"),
    "a plus": ("+1", "'+1'"),
    "a fraction": ("1.5", "'1.5'"),
    "letters": ("학교", "'학교'"),
    "an underscore": ("1_000", "'1_000'"),
    "digits of another script": ("１２", "'１２'"),
    "bytes that are no text": (b"\xff1", "'\ufffd1'"),
    "too many digits for a number": ("9" * 5000, "'" + "9" * 39 + "…"),
}


@pytest.mark.parametrize(("word", "shown"), WORDS.values(), ids=WORDS)
def test_a_word_that_is_no_whole_number_names_its_place(
    tmp_path: Path, run: Run, word: str | bytes, shown: str
) -> None:
    (tmp_path / "x.ids").write_bytes(b"1 2\n\n3 " + (word if isinstance(word, bytes) else word.encode()) + b" 4\n5\n")
    done = run("decode", "x.ids")
    assert (done.returncode, done.stdout) == (FAILED, b"[unused1] [unused2]\n\n")
    assert f"x.ids, line 3: ids must be whole numbers from 0 on with white space between, found {shown}" in one_line(
        done.stderr
    )


RECORDS = {
    "no JSON": ("{", "must be one JSON object, found: "),
    "nested too deep": ("[" * 100_000, "must be one JSON object, found: "),
    "no object": ("[1, 2]", "must be a JSON object with a field 'ids', found list"),
    "no ids": ('{"id": "a", "text": "b"}', "must be a JSON object with a field 'ids', found id, text"),
    "text for ids": ('{"ids": "1 2"}', "ids must be a list of whole numbers, found '1 2'"),
    "a fraction": ('{"ids": [1, 2.0]}', "ids must be whole numbers, found 2.0 at position 1"),
    "a truth value": ('{"ids": [true]}', "ids must be whole numbers, found True at position 0"),
    "null among ids": ('{"ids": [1, null]}', "ids must be whole numbers, found None at position 1"),
    "null for ids": ('{"ids": null, "tokenizer": "bert"}', "ids must be a list of whole numbers, found null"),
    "a number for a name": ('{"ids": [1], "tokenizer": 5}', "the tokenizer must be a name, found 5"),
    "a name that is none": ('{"ids": [1], "tokenizer": "bret"}', "no tokenizer is called 'bret'; did you mean 'bert'?"),
    "a file that is missing": ('{"ids": [1], "tokenizer": "no/tokenizer.json"}', "there is no file 'no/tokenizer"),
}


@pytest.mark.parametrize(("record", "said"), RECORDS.values(), ids=RECORDS)
def test_a_record_that_cannot_be_decoded_names_its_line(tmp_path: Path, run: Run, record: str, said: str) -> None:
    (tmp_path / "x.jsonl").write_text('{"ids": [1]}\n' + record + "\n", encoding="utf-8")
    done = run("decode", "x.jsonl")
    assert (done.returncode, done.stdout) == (FAILED, b"[unused1]\n")
    assert f"x.jsonl, line 2: {said}" in one_line(done.stderr)


def test_a_tokenizer_that_is_not_in_the_local_cache_names_the_command_that_brings_it(tmp_path: Path, run: Run) -> None:
    (tmp_path / "x.jsonl").write_bytes(as_jsonl([[1]], "some-owner/some-model"))
    done = run("decode", "x.jsonl")
    assert (done.returncode, done.stdout) == (NOT_AT_HAND, b"")
    message = one_line(done.stderr)
    assert "x.jsonl, line 1: " in message
    assert "hf download some-owner/some-model" in message


TABLES = {
    "no column": ({"tokens": ["a"]}, "x.parquet: there must be one column 'ids', found tokens"),
    "text": ({"ids": ["1 2"]}, "x.parquet: column 'ids' must hold lists of whole numbers, found string"),
    "lists of text": ({"ids": [["1"]]}, "x.parquet: column 'ids' must hold lists of whole numbers, found list"),
    "one number a row": ({"ids": [1]}, "x.parquet: column 'ids' must hold lists of whole numbers, found int64"),
    "null among ids": ({"ids": [[1], [2, None]]}, "x.parquet, row 2: ids must be whole numbers, found None"),
    "null for ids": ({"ids": [[1], None]}, "x.parquet, row 2: ids must be a list of whole numbers, found null"),
    "a number for a name": ({"ids": [[1]], "tokenizer": [5]}, "x.parquet, row 1: the tokenizer must be a name"),
}


@pytest.mark.parametrize(("columns", "said"), TABLES.values(), ids=TABLES)
def test_a_table_that_holds_no_ids_is_refused(tmp_path: Path, run: Run, columns: dict[str, Any], said: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    done = run("decode", "x.parquet")
    assert done.returncode == FAILED
    assert said in one_line(done.stderr)


def save_objects(path: Path) -> None:
    np.save(path, np.array([{"a": 1}], object), allow_pickle=True)


def save_archive(path: Path) -> None:
    with open(path, "wb") as file:
        np.savez(file, a=np.arange(3))


ARRAYS: dict[str, tuple[Callable[[Path], object], str]] = {
    "pickled objects": (save_objects, "must be a .npy of whole numbers, found: Array can't be memory-mapped"),
    "a pickle": (lambda path: path.write_bytes(pickle.dumps([1])), "must be a .npy of whole numbers, found: "),
    "an archive": (save_archive, "must be a .npy of whole numbers, found: "),
    "nothing": (lambda path: path.write_bytes(b""), "must be a .npy of whole numbers, found: "),
    "half an array": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "must be a .npy of whole numbers"),
    "vectors": (
        lambda path: np.save(path, np.zeros((3, 4), np.float32)),
        "must hold whole numbers in one dimension, found float32 in shape (3, 4)",
    ),
    "fractions": (lambda path: np.save(path, np.zeros(3)), "found float64 in shape (3,)"),
    "one number": (lambda path: np.save(path, np.int32(3)), "found int32 in shape ()"),
}


@pytest.mark.parametrize("name", ["x.npy", "x.npy.starts.npy"])
@pytest.mark.parametrize(("spoil", "said"), ARRAYS.values(), ids=ARRAYS)
def test_an_array_that_holds_no_ids_is_refused(
    tmp_path: Path, name: str, spoil: Callable[[Path], object], said: str
) -> None:
    write_npy(tmp_path / "x.npy", [SCHOOL])
    spoil(tmp_path / name)
    with pytest.raises(BadInput) as refused:
        next(read_ids(str(tmp_path / "x.npy")))
    assert f"{name}' must" in str(refused.value)
    assert said in str(refused.value)


def test_a_pickle_is_told_in_one_line(tmp_path: Path, run: Run) -> None:
    write_npy(tmp_path / "x.npy", [SCHOOL])
    save_objects(tmp_path / "x.npy")
    done = run("decode", "x.npy")
    assert (done.returncode, done.stdout) == (FAILED, b"")
    assert "'x.npy' must be a .npy of whole numbers" in one_line(done.stderr)


STARTS = {
    "do not begin at 0": ([1, 6], "must begin with 0 and end with 6, the number of ids, found 1 and 6"),
    "end too soon": ([0, 5], "must begin with 0 and end with 6, the number of ids, found 0 and 5"),
    "end too late": ([0, 7], "must begin with 0 and end with 6, the number of ids, found 0 and 7"),
    "are none": ([], "must begin with 0 and end with 6, the number of ids, found nothing"),
    "go back": ([0, 4, 3, 6], "must not go back, found 3 behind 4 at position 2"),
    "go below 0": ([0, -1, 6], "must not go back, found -1 behind 0 at position 1"),
    "go back far behind": ([*[0] * 65_537, 5, 4, 6], "must not go back, found 4 behind 5 at position 65538"),
    "go back at a piece's end": ([*[0] * 65_535, 5, 4, 6], "must not go back, found 4 behind 5 at position 65536"),
    "go back where one begins": ([*[0] * 65_536, 5, 4, 6], "must not go back, found 4 behind 5 at position 65537"),
}


@pytest.mark.parametrize(("starts", "said"), STARTS.values(), ids=STARTS)
def test_starts_that_cut_no_texts_are_refused_before_any_is_read(tmp_path: Path, starts: list[int], said: str) -> None:
    write_npy(tmp_path / "x.npy", [SCHOOL])
    np.save(tmp_path / "x.npy.starts.npy", np.array(starts, np.int64))
    with pytest.raises(BadInput) as refused:
        next(read_ids(str(tmp_path / "x.npy")))
    assert f"x.npy.starts.npy' {said}" in str(refused.value)


def test_an_array_without_starts_says_what_writes_them(tmp_path: Path, run: Run) -> None:
    np.save(tmp_path / "x.npy", np.array(SCHOOL, np.int32))
    done = run("decode", "x.npy")
    assert (done.returncode, done.stdout) == (FAILED, b"")
    message = one_line(done.stderr)
    assert "'x.npy' must have 'x.npy.starts.npy' beside it" in message
    assert "tokembed tokenize -o" in message


def test_a_record_beside_an_array_must_be_json(tmp_path: Path, run: Run) -> None:
    write_npy(tmp_path / "x.npy", [SCHOOL])
    (tmp_path / "x.npy.json").write_bytes(b"{")
    done = run("decode", "x.npy")
    assert done.returncode == FAILED
    assert "'x.npy.json' must be a JSON object" in one_line(done.stderr)


CUT_OFF: dict[str, Callable[[bytes], bytes]] = {
    "x.ids.gz": gzip.compress,
    "x.ids.bz2": bz2.compress,
    "x.ids.xz": lzma.compress,
    "x.ids.zst": lambda data: pa.compress(data, "zstd", asbytes=True),
    "x.jsonl.gz": gzip.compress,
}


@pytest.mark.parametrize("name", CUT_OFF)
def test_a_file_that_is_cut_off_is_told_and_nothing_comes_of_half_a_line(tmp_path: Path, run: Run, name: str) -> None:
    random = np.random.default_rng(0)
    rows = [random.integers(0, 119_547, 30).tolist() for _ in range(3000)]
    whole = CUT_OFF[name](as_jsonl(rows) if "jsonl" in name else as_lines(rows))
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    done = run("decode", name, "-f", "jsonl")
    assert done.returncode == FAILED
    texts = texts_of(done.stdout)
    assert f"{name} cannot be read past line {len(texts)}: " in one_line(done.stderr)
    bert = tokembed.tokenizer("bert")
    assert texts == [bert.decode(ids) for ids in rows[: len(texts)]]


UNREADABLE = {
    "a missing file": ("none.ids", "there is no file 'none.ids'"),
    "a missing array": ("none.npy", "there is no file 'none.npy'"),
    "a folder": ("folder.parquet", "'folder.parquet' must be a file, it is a folder"),
    "no Parquet": ("wrong.parquet", "'wrong.parquet' must be a Parquet file, found: "),
    "a compressed array": ("x.npy.gz", "'x.npy.gz' must not be compressed, a .npy is read where it lies"),
}


@pytest.mark.parametrize(("name", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_input_that_cannot_be_read_is_one_line(tmp_path: Path, run: Run, name: str, said: str) -> None:
    (tmp_path / "folder.parquet").mkdir()
    (tmp_path / "wrong.parquet").write_bytes(b"1 2\n")
    (tmp_path / "x.npy.gz").write_bytes(gzip.compress(b""))
    done = run("decode", name)
    assert (done.returncode, done.stdout) == (FAILED, b"")
    assert said in one_line(done.stderr)


def test_the_inputs_that_can_be_decoded_are_and_the_others_named(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.ids").write_bytes(b"100585\n")
    (tmp_path / "b.ids").write_bytes(b"9953\nx\n")
    done = run("decode", "b.ids", "none.ids", "a.ids", "-o", "out.txt")
    assert (done.returncode, done.stdout) == (SOME_SKIPPED, b"")
    first, second = done.stderr.decode().splitlines()
    assert "b.ids, line 2" in first
    assert "'none.ids'" in second
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "학\n나는\n"


def test_an_old_output_stays_where_nothing_can_be_decoded(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.ids").write_bytes(b"100585\nx\n")
    (tmp_path / "out.txt").write_bytes(b"old")
    assert run("decode", "a.ids", "-o", "out.txt").returncode == FAILED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ids", "out.txt"]
    assert (tmp_path / "out.txt").read_bytes() == b"old"


# Which tokenizer.


NAMED: dict[str, Callable[[Path, str], object]] = {
    "x.jsonl": lambda path, tokenizer: path.write_bytes(as_jsonl([[15304]], tokenizer)),
    "x.parquet": lambda path, tokenizer: write_parquet(path, [[15304]], tokenizer),
    "x.npy": lambda path, tokenizer: write_npy(path, [[15304]], {"name": tokenizer}),
}


@pytest.mark.parametrize("name", NAMED)
def test_ids_of_another_tokenizer_than_asked_for_are_refused(tmp_path: Path, run: Run, name: str) -> None:
    NAMED[name](tmp_path / name, "clip")
    assert run("decode", name).stdout == run("decode", name, "-t", "clip").stdout == "café\n".encode()
    done = run("decode", name, "-t", "bert")
    assert (done.returncode, done.stdout) == (ASKED_WRONGLY, b"")
    message = one_line(done.stderr)
    assert f"{name}, {UNITS[name]} 1: " in message
    assert "'clip', got -t bert" in message


def test_a_tokenizer_json_that_has_moved_may_be_named_anew(tmp_path: Path, run: Run) -> None:
    framed_byte_level().save(str(tmp_path / "new.json"))
    (tmp_path / "x.jsonl").write_bytes(as_jsonl([[257, 257]], "old/tokenizer.json"))
    done = run("decode", "x.jsonl", "-t", "new.json", "-f", "jsonl")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"id": "t1", "source": "x.jsonl", "tokenizer": "new.json", "text": "abab"}
    ]
    (tmp_path / "y.jsonl").write_bytes(as_jsonl([[257]], "bert"))
    for args in (("x.jsonl", "-t", "bert"), ("y.jsonl", "-t", "new.json")):
        done = run("decode", *args)
        assert (done.returncode, done.stdout) == (ASKED_WRONGLY, b"")
        assert f"got -t {args[-1]}" in one_line(done.stderr)


@pytest.mark.parametrize("name", ["whitespace", "character"])
def test_a_tokenizer_without_a_vocabulary_of_its_own_is_refused(tmp_path: Path, run: Run, name: str) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps({"tokenizer": name, "ids": None}), encoding="utf-8")
    for args in (("x.jsonl",), ("x.jsonl", "-t", name), ("none.ids", "-t", name)):
        done = run("decode", *args)
        assert (done.returncode, done.stdout) == (ASKED_WRONGLY, b"")
        assert f"a vocabulary of its own, '{name}' has none" in one_line(done.stderr)


ASKED = {
    "a format": (("-f", "ids"), "-f must be one of text, jsonl, got 'ids'"),
    "a suffix": (("-o", "out.parquet"), "-o must end in .txt, .jsonl, got 'out.parquet'"),
    "-f and the suffix": (("-f", "jsonl", "-o", "out.txt"), "-f and the suffix of -o must agree, got -f jsonl and"),
    "a tokenizer": (("-t", "bret"), "no tokenizer is called 'bret'; did you mean 'bert'?"),
    "two tokenizers": (("-t", "bert", "-t", "clip"), "decode takes one -t, got bert clip"),
    "the output an input": (("-o", "x.txt"), "the output must not be an input"),
}


@pytest.mark.parametrize(("args", "said"), ASKED.values(), ids=ASKED)
def test_what_is_asked_wrongly_leaves_everything_as_it_was(
    tmp_path: Path, run: Run, args: tuple[str, ...], said: str
) -> None:
    (tmp_path / "x.txt").write_bytes(b"1\n")
    done = run("decode", "x.txt", *args)
    assert (done.returncode, done.stdout) == (ASKED_WRONGLY, b"")
    assert said in one_line(done.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]


def test_nothing_given_on_a_terminal_shows_help(tmp_path: Path, shell: dict[str, str]) -> None:
    ours, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [*COMMAND, "decode"], stdin=terminal, capture_output=True, cwd=tmp_path, env=shell, timeout=60
        )
    finally:
        os.close(ours)
        os.close(terminal)
    assert (done.returncode, done.stdout) == (ASKED_WRONGLY, b"")
    assert b"decode [OPTIONS] [FILES]..." in done.stderr


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are text")
def test_a_file_name_that_is_no_text_is_no_obstacle(tmp_path: Path, run: Run) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.ids")).write_bytes(b"100585\n")
    done = run("decode", "-f", "jsonl", b"caf\xe9.ids")
    assert (done.returncode, done.stderr) == (DONE, b"")
    assert json.loads(done.stdout)["id"] == "caf\ufffd.ids:1"
