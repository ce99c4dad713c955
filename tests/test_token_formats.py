"""What is written in each format, read by the programs it is written for, and what goes with which option."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stderr
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import tokembed
from tests.conftest import without_compiling
from tokembed.cli import app
from tokembed.tokens import tables as token_tables
from tokembed.tokens import writing as tokenization
from tokembed.tokens.long_texts import Limit
from tokembed.types import Encoding, Tokenizer

DONE, FAILED, ASKED_WRONGLY, SOME_SKIPPED = 0, 1, 2, 3
SHARED = Path(__file__).parents[2] / "shared" / "data"
GOLDEN = json.loads((Path(__file__).parent / "data" / "golden.json").read_text(encoding="utf-8"))
N_ENTRIES = {"bert": 119_547, "clip": 49_408}
ID_TYPES = {"bert": np.int32, "clip": np.uint16}
BERT_UNKNOWN = 100


def asked(*args: str) -> tuple[int, str]:
    """The command in this process: its exit status and what it says on stderr, but that it compiled its kernels."""
    with redirect_stderr(io.StringIO()) as stderr:
        status = app(list(args), standalone_mode=False)
    return status or DONE, without_compiling(stderr.getvalue().encode()).decode()


def done(*args: str) -> None:
    """Run the command, which must have nothing to say."""
    assert asked(*args) == (DONE, "")


def lines_of(folder: Path) -> dict[str, list[bytes]]:
    """Every file in the folder and its lines."""
    return {path.name: path.read_bytes().splitlines() for path in sorted(folder.iterdir())}


def write_jsonl(path: Path, texts: Sequence[str], first: int = 0) -> None:
    records = [json.dumps({"id": f"t{number}", "text": text}) for number, text in enumerate(texts, first)]
    path.write_text("".join(record + "\n" for record in records), encoding="utf-8")


@pytest.fixture
def golden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The golden texts, in golden.jsonl of the current folder."""
    monkeypatch.chdir(tmp_path)
    texts = [case["text"] for case in GOLDEN]
    write_jsonl(tmp_path / "golden.jsonl", texts)
    return texts


@pytest.fixture(params=["one by one", "by the kernels"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "by the kernels":
        monkeypatch.setattr(tokenization, "BULK_BYTES", 0)


def encodings(name: str, texts: Sequence[str], **settings: Any) -> list[Encoding]:
    tokenizer = tokembed.tokenizer(name, **settings)
    return [tokenizer.encode(text) for text in texts]


# Parquet, in the programs that read it


@pytest.mark.usefixtures("both_ways")
def test_polars_reads_the_ids_of_the_references(golden: list[str]) -> None:
    pl = pytest.importorskip("polars")
    done("tokenize", "golden.jsonl", "-t", "bert", "-t", "clip", "--parse-special", "-o", "x.parquet")
    table = pl.read_parquet("x.parquet")
    assert dict(table.schema) == {
        **dict.fromkeys(["id", "source", "tokenizer"], pl.String),
        "ids": pl.List(pl.Int32),
        **dict.fromkeys(["n_tokens", "n_unk", "n_unk_chars"], pl.Int32),
    }
    names = ["bert", "clip"] * len(golden)
    assert table["id"].to_list() == [f"t{number}" for number in range(len(golden)) for _ in range(2)]
    assert table["source"].to_list() == ["golden.jsonl"] * len(names)
    assert table["tokenizer"].to_list() == names
    expected = [case[name] for case in GOLDEN for name in ("bert", "clip")]
    assert table["ids"].to_list() == expected
    assert table["n_tokens"].to_list() == [len(ids) for ids in expected]
    n_unk = [ids.count(BERT_UNKNOWN) if name == "bert" else 0 for name, ids in zip(names, expected, strict=True)]
    assert table["n_unk"].to_list() == n_unk
    n_unk_chars = [encoding.n_unk_chars for encoding in encodings("bert", golden, parse_special=True)]
    assert table.filter(pl.col("tokenizer") == "bert")["n_unk_chars"].to_list() == n_unk_chars
    assert sum(n_unk_chars) > 0


def test_duckdb_reads_it_in_several_row_groups(golden: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.setattr(token_tables, "ROW_GROUP_TOKENS", 40)
    for number, text in enumerate(golden):  # an input is a batch, of which a group takes whole ones
        write_jsonl(Path(f"{number:03}.jsonl"), [text])
    names = sorted(path.name for path in Path().glob("0*.jsonl"))
    done("tokenize", *names, "-t", "bert", "--parse-special", "-o", "x.parquet")
    with duckdb.connect() as database:

        def answer(query: str) -> list[tuple[Any, ...]]:
            rows: list[tuple[Any, ...]] = database.execute(query).fetchall()
            return rows

        types = {name: type_ for name, type_, *_ in answer("describe select * from 'x.parquet'")}
        groups = answer("select row_group_id, path_in_schema, compression from parquet_metadata('x.parquet')")
        n_tokens = answer("select n_tokens from 'x.parquet'")
        rows = answer("select source, ids, len(ids) from 'x.parquet'")
    assert types == {
        **dict.fromkeys(["id", "source", "tokenizer"], "VARCHAR"),
        "ids": "INTEGER[]",
        **dict.fromkeys(["n_tokens", "n_unk", "n_unk_chars"], "INTEGER"),
    }
    assert {compression for _, _, compression in groups} == {"ZSTD"}
    assert [(name, ids) for name, ids, _ in rows] == [
        (name, case["bert"]) for name, case in zip(names, GOLDEN, strict=True)
    ]
    assert [number for (number,) in n_tokens] == [number for _, _, number in rows]
    metadata = pq.read_metadata("x.parquet")
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    assert sizes == sizes_of_groups([len(case["bert"]) for case in GOLDEN], 40)
    assert len(sizes) > 3


def sizes_of_groups(n_tokens: Sequence[int], size: int) -> list[int]:
    """How many rows each group has, where it ends with the row that fills it."""
    groups, n_rows, n_in_group = [], 0, 0
    for number in n_tokens:
        n_rows, n_in_group = n_rows + 1, n_in_group + number
        if n_in_group >= size:
            groups.append(n_rows)
            n_rows = n_in_group = 0
    return groups + ([n_rows] if n_rows else [])


@pytest.mark.parametrize("name", ["bert", "clip", "whitespace"])
@pytest.mark.parametrize("limit", [None, Limit(5, "window", 2)], ids=["whole", "in windows"])
def test_offsets_and_bytes_in_parquet_are_those_of_each_token(
    golden: list[str], name: str, limit: Limit | None
) -> None:
    pl = pytest.importorskip("polars")
    details = ("--offsets", "--bytes", *flags_of(limit))
    status, _ = asked("tokenize", "golden.jsonl", "-t", name, "-o", "x.parquet", *details)
    assert status == DONE
    table = pl.read_parquet("x.parquet")
    assert table.schema["offsets"] == pl.List(pl.Array(pl.Int32, 2))
    assert table.schema["bytes"] == pl.List(pl.String)
    tokenizer = tokembed.tokenizer(name)
    expected = [row for text in golden for row in rows_of(text, tokenizer, limit)]
    assert table["n_tokens"].to_list() == [len(row) for row in expected]
    assert [tuple(map(tuple, spans)) for spans in table["offsets"].to_list()] == [row.offsets for row in expected]
    found = [tuple(map(bytes.fromhex, words)) for words in table["bytes"].to_list()]
    assert found == [row.token_bytes for row in expected]


def flags_of(limit: Limit | None) -> list[str]:
    if limit is None:
        return []
    stride = ["--stride", str(limit.stride)] if limit.stride else []
    return ["--max-tokens", str(limit.max_tokens), "--on-long", limit.on_long, *stride]


def rows_of(text: str, tokenizer: Tokenizer, limit: Limit | None) -> list[Encoding]:
    encoding = tokenizer.encode(text)
    return [encoding] if limit is None else limit.encodings(encoding, tokenizer.frame, "x")


# NumPy, as programs that train map it


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("name", ["bert", "clip"])
def test_an_array_is_mapped_as_it_lies_on_the_disk(golden: list[str], name: str) -> None:
    done("tokenize", "golden.jsonl", "-t", name, "--parse-special", "-o", "x.npy")
    expected = [case[name] for case in GOLDEN]
    ids, starts = np.load("x.npy", mmap_mode="r"), np.load("x.npy.starts.npy", mmap_mode="r")
    assert isinstance(ids, np.memmap)
    assert (ids.dtype, starts.dtype) == (ID_TYPES[name], np.int64)
    assert ids.tolist() == [*chain.from_iterable(expected)]
    assert starts.tolist() == [0, *accumulate(map(len, expected))]
    as_bytes = np.memmap("x.npy", ID_TYPES[name], mode="r", offset=128)
    assert np.array_equal(as_bytes, ids)


@pytest.mark.usefixtures("both_ways")
def test_the_record_beside_an_array_is_true(golden: list[str]) -> None:
    Path("more.txt").write_text("NFD 학교 龘龘\n\n☃\n", encoding="utf-8")
    flags = ("--special", "--lower", "--max-tokens", "6", "--on-long", "window", "--stride", "1")
    status, _ = asked("tokenize", "golden.jsonl", "more.txt", "-t", "bert", "-o", "x.npy", *flags)
    assert status == DONE
    record = json.loads(Path("x.npy.json").read_bytes())
    ids, starts = np.load("x.npy"), np.load("x.npy.starts.npy")
    texts = [*golden, "NFD 학교 龘龘", "", "☃"]
    tokenizer = tokembed.tokenizer("bert", special=True, lower=True)
    rows = [row for text in texts for row in rows_of(text, tokenizer, Limit(6, "window", 1))]
    assert np.count_nonzero(ids == BERT_UNKNOWN) > 0
    assert record == {
        "tokembed": tokembed.__version__,
        "tokenizer": {"name": "bert", "special": True, "lower": True},
        "max_tokens": 6,
        "on_long": "window",
        "stride": 1,
        "ids": {"type": "int32", "vocabulary": N_ENTRIES["bert"]},
        "texts": len(texts),
        "rows": len(starts) - 1,
        "tokens": len(ids),
        "unknown_tokens": np.count_nonzero(ids == BERT_UNKNOWN),
        "unknown_characters": sum(row.n_unk_chars for row in rows),
        "inputs": {
            "column": "text",
            "encoding": None,
            "errors": "strict",
            "skipped": 0,
            "sources": [
                {"source": "golden.jsonl", "texts": len(golden), "complete": True},
                {"source": "more.txt", "texts": 3, "complete": True},
            ],
        },
    }


def test_the_record_says_which_input_was_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_bytes(b"a b\nc\n")
    Path("b.txt").write_bytes(b"d\n\xff\n")
    status, _ = asked("tokenize", "-c", "x", "a.txt", "b.txt", "none.txt", "-t", "clip", "-o", "x.npy")
    assert status == SOME_SKIPPED
    record = json.loads(Path("x.npy.json").read_bytes())
    assert (record["texts"], record["tokens"], record["ids"]) == (4, 5, {"type": "uint16", "vocabulary": 49_408})
    sources = [(source["source"], source["texts"], source["complete"]) for source in record["inputs"]["sources"]]
    assert sources == [("-c", 1, True), ("a.txt", 2, True), ("b.txt", 1, False), ("none.txt", 0, False)]


# Tokenizers without a vocabulary of their own

WORDS = ["b a \\n c", "a c\ta", "", "d \u00a0b e\\", "c f g\u2028h", "h \x1cz 학교", "B"]


def unescaped(line: str) -> str:
    return line.replace("\\\\", "\0").replace("\\n", "\n").replace("\\r", "\r").replace("\0", "\\")


def vocabulary(path: str) -> list[str]:
    return [unescaped(line) for line in Path(path).read_text(encoding="utf-8").split("\n")[:-1]]


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("form", ["npy", "parquet"])
@pytest.mark.parametrize("name", ["whitespace", "character"])
def test_words_are_numbered_by_how_often_they_occur(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, text in enumerate(WORDS):  # an input is a batch
        Path(f"{number}.txt").write_text(text + "\n", encoding="utf-8")
    done("tokenize", *(f"{number}.txt" for number in range(len(WORDS))), "-t", name, "-o", f"x.{form}")
    words = vocabulary(f"x.{form}.vocab.txt")
    expected = [encoding.tokens for encoding in encodings(name, WORDS)]
    counts = Counter(chain.from_iterable(expected))  # in the order of sight, in which those of one count stay
    assert words == sorted(counts, key=counts.__getitem__, reverse=True)
    assert words != list(counts)
    rows = pq.read_table("x.parquet")["ids"].to_pylist() if form == "parquet" else array_rows(Path("x.npy"))
    assert [tuple(words[number] for number in row) for row in rows] == expected


def array_rows(path: Path) -> list[list[int]]:
    ids = np.load(path).tolist()
    return [ids[start:end] for start, end in pairwise(np.load(f"{path}.starts.npy").tolist())]


@pytest.mark.parametrize(("n_words", "type_"), [(1 << 16, np.uint16), ((1 << 16) + 1, np.int32)])
def test_ids_of_so_many_words_take_two_bytes_each(tmp_path: Path, n_words: int, type_: type) -> None:
    words = [f"w{number:x}" for number in range(n_words)]
    (tmp_path / "a.txt").write_text(" ".join(words) + "\n" + words[-1] + "\n", encoding="utf-8")
    done("tokenize", str(tmp_path / "a.txt"), "-t", "whitespace", "-o", str(tmp_path / "x.npy"))
    ids = np.load(tmp_path / "x.npy")
    assert ids.dtype == type_
    assert ids.tolist() == [*range(1, n_words), 0, 0]
    record = json.loads((tmp_path / "x.npy.json").read_bytes())
    assert record["ids"] == {"type": np.dtype(type_).name, "vocabulary": n_words}


@pytest.mark.parametrize("form", ["npy", "parquet"])
def test_words_that_were_cut_off_are_not_in_the_vocabulary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    cut = ("--max-tokens", "2", "--on-long", "truncate")
    status, _ = asked("tokenize", "-t", "whitespace", "-c", "a b lost b", "-c", "b c", *cut, "-o", f"x.{form}")
    assert status == DONE
    assert vocabulary(f"x.{form}.vocab.txt") == ["b", "a", "c"]


def test_a_vocabulary_of_an_earlier_output_does_not_stay_beside_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    window = ("--max-tokens", "1", "--on-long", "window")
    for form, others in {"npy": ["x.npy.json", "x.npy.starts.npy"], "parquet": []}.items():
        status, _ = asked("tokenize", "-c", "a b", "-t", "whitespace", "-o", f"x.{form}", *window)
        assert status == DONE
        done("tokenize", "-c", "a b", "-t", "clip", "-o", f"x.{form}")
        assert sorted(path.name for path in Path().glob(f"x.{form}*")) == [f"x.{form}", *others]


# Texts that are too long

LIMITS = [Limit(4, "window"), Limit(7, "window", 3), Limit(5, "truncate")]


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("limit", LIMITS, ids=str)
def test_windows_in_json_lines_say_which_part_of_the_text_they_are(golden: list[str], limit: Limit) -> None:
    flags = ("-t", "bert", "-t", "whitespace", "-f", "jsonl", "-o", "x.jsonl", *flags_of(limit))
    status, stderr = asked("tokenize", "golden.jsonl", *flags)
    assert (status, stderr.count("\n")) == (DONE, 2)
    tokenizers = {name: tokembed.tokenizer(name) for name in ("bert", "whitespace")}
    expected = [
        {"id": f"t{number}", "source": "golden.jsonl", "tokenizer": name, **fields_of(row, window, limit)}
        for number, text in enumerate(golden)
        for name, tokenizer in tokenizers.items()
        for window, row in enumerate(rows_of(text, tokenizer, limit))
    ]
    assert [json.loads(line) for line in Path("x.jsonl").read_bytes().splitlines()] == expected


def fields_of(row: Encoding, window: int, limit: Limit) -> dict[str, Any]:
    start, end = (row.offsets[0][0], row.offsets[-1][1]) if row.offsets else (0, 0)
    place = {"window": window, "span": [start, end], "text": row.text[start:end]}
    return {
        **(place if limit.on_long == "window" else {"text": row.text}),
        "tokens": list(row.tokens),
        "ids": None if row.ids is None else list(row.ids),
        "n_unk": row.n_unk,
        "n_unk_chars": row.n_unk_chars,
    }


def test_windows_worked_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    window = ("--max-tokens", "2", "--on-long", "window", "--stride", "1")
    said = "tokembed: longer than 2 tokens: 1 of 3 texts became 3 windows; first -c:2 (4 tokens)\n"
    args = ("tokenize", "-t", "whitespace", "-c", "x", "-c", " ab  c  d e ", "-c", "", *window)
    assert asked(*args, "-o", "x.jsonl") == (DONE, said)
    records = [json.loads(line) for line in Path("x.jsonl").read_bytes().splitlines()]
    assert [(row["id"], row["window"], row["span"], row["text"], row["tokens"]) for row in records] == [
        ("-c:1", 0, [0, 1], "x", ["x"]),
        ("-c:2", 0, [1, 6], "ab  c", ["ab", "c"]),
        ("-c:2", 1, [5, 9], "c  d", ["c", "d"]),
        ("-c:2", 2, [8, 11], "d e", ["d", "e"]),
        ("-c:3", 0, [0, 0], "", []),
    ]


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("limit", LIMITS, ids=str)
@pytest.mark.parametrize("special", [False, True], ids=["", "special"])
def test_rows_of_long_texts_in_arrays_and_tables_are_those_of_long_texts(
    golden: list[str], limit: Limit, special: bool
) -> None:
    tokenizer = tokembed.tokenizer("bert", special=special)
    rows = [rows_of(text, tokenizer, limit) for text in golden]
    flat = [*chain.from_iterable(rows)]
    numbers = [(text, number) for text, of_text in enumerate(rows) for number in range(len(of_text))]
    write_jsonl(Path("a.jsonl"), golden[:7])
    write_jsonl(Path("b.jsonl"), golden[7:], first=7)  # an input is a batch
    flags = ("-t", "bert", *(["--special"] if special else []), *flags_of(limit))
    for form in ("npy", "parquet"):
        status, stderr = asked("tokenize", "a.jsonl", "b.jsonl", "-o", f"x.{form}", *flags)
        assert (status, stderr.count("\n")) == (DONE, 1)
    assert [tuple(ids) for ids in array_rows(Path("x.npy"))] == [row.ids for row in flat]
    table = pq.read_table("x.parquet")
    assert [tuple(ids) for ids in table["ids"].to_pylist()] == [row.ids for row in flat]
    assert table["id"].to_pylist() == [f"t{text}" for text, _ in numbers]
    assert table["n_unk"].to_pylist() == [row.n_unk for row in flat]
    assert table["n_unk_chars"].to_pylist() == [row.n_unk_chars for row in flat]
    has_windows = limit.on_long == "window"
    assert ("window" in table.column_names, Path("x.npy.windows.npy").exists()) == (has_windows, has_windows)
    if has_windows:
        assert table["window"].to_pylist() == [number for _, number in numbers]
        windows = np.load("x.npy.windows.npy", mmap_mode="r")
        assert (windows.dtype, windows.shape) == (np.int64, (len(flat), 2))
        assert [*map(tuple, windows.tolist())] == numbers
        assert len(flat) > len(golden)


@pytest.mark.parametrize("form", ["text", "jsonl", "parquet", "npy"])
@pytest.mark.usefixtures("both_ways")
def test_what_was_cut_off_is_told_with_an_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("a b\nc d  학교 e\n", encoding="utf-8")
    Path("b.txt").write_text("f g h", encoding="utf-8")
    cut = ("--max-tokens", "2", "--on-long", "truncate", "-f", form, "-o", "x" + {"text": ".txt"}.get(form, f".{form}"))
    said = "tokembed: cut off at 2 tokens: 2 of 3 texts, 3 of 9 tokens; first a.txt:2, which lost '학교 e'\n"
    assert asked("tokenize", "a.txt", "b.txt", "-t", "whitespace", *cut) == (DONE, said)
    if form == "text":
        assert Path("x.txt").read_bytes() == b"a b\nc d\nf g\n"


def test_what_was_cut_off_is_told_of_each_tokenizer(capsys: pytest.CaptureFixture[str]) -> None:
    cut = ("--max-tokens", "2", "--on-long", "truncate", "-f", "jsonl")
    status, stderr = asked("tokenize", "-c", "a b c", "-c", "a!", "-t", "whitespace", "-t", "character", *cut)
    assert (status, stderr) == (
        DONE,
        "tokembed: whitespace: cut off at 2 tokens: 1 of 2 texts, 1 of 4 tokens; first -c:1, which lost 'c'\n"
        "tokembed: character: cut off at 2 tokens: 1 of 2 texts, 1 of 5 tokens; first -c:1, which lost 'c'\n",
    )
    assert capsys.readouterr().out.count("\n") == 4


@pytest.mark.usefixtures("both_ways")
@pytest.mark.parametrize("form", ["text", "ids", "jsonl", "parquet", "npy"])
def test_a_long_text_is_refused_by_name_and_leaves_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_bytes(b"a b\nc d e f\n")
    out = "x" + {"text": ".txt"}.get(form, f".{form}")
    status, stderr = asked("tokenize", "a.txt", "--max-tokens", "3", "-f", form, "-o", out)
    assert (status, stderr) == (
        FAILED,
        "tokembed: a text must have at most 3 tokens (--max-tokens), 'a.txt:2' has 4; "
        "use --on-long truncate or window\n",
    )
    assert list(lines_of(tmp_path)) == ["a.txt"]


REFUSED = {
    "windows as text": ("--max-tokens 2 --on-long window", "windows need a format that says whose they are"),
    "windows as ids": ("--max-tokens 2 --on-long window -f ids", "jsonl, parquet or npy, got -f ids"),
    "truncation without a limit": ("--on-long truncate", "--on-long and --stride need --max-tokens"),
    "windows without a limit": ("--on-long window -f jsonl", "--on-long and --stride need --max-tokens"),
    "a stride without a limit": ("--stride 1", "--on-long and --stride need --max-tokens"),
    "a stride without windows": ("--max-tokens 3 --stride 1", "--stride goes with --on-long window alone"),
    "as much stride as room": (
        "--max-tokens 2 --on-long window --stride 2 -f jsonl",
        "--stride must be less than the 2 tokens of a text that fit in --max-tokens 2, got 2",
    ),
    "as much stride as room beside special tokens": (
        "--max-tokens 4 --on-long window --stride 2 --special -f jsonl",
        "--stride must be less than the 2 tokens of a text that fit in --max-tokens 4, got 2",
    ),
    "no room beside special tokens": (
        "--max-tokens 2 --special",
        "--max-tokens must be more than the 2 tokens that --special adds, got 2",
    ),
    "no room": ("--max-tokens 0", "--max-tokens must be at least 1, got 0"),
    "something else to do": ("--max-tokens 2 --on-long windw", "--on-long must be one of error, truncate, window"),
    "a count of rows": ("--max-tokens 2 --count", "it does not go with --count"),
    "round trips of rows": ("--max-tokens 2 --check-roundtrip", "it does not go with --check-roundtrip"),
    "an array on stdout": ("-f npy", "-f npy needs a file, give one with -o NAME.npy"),
    "a table on stdout": ("-f parquet", "-f parquet needs a file, give one with -o NAME.parquet"),
    "an array to a name that is empty": ("-f npy -o=", "-f npy needs a file, give one with -o NAME.npy"),
    "two tokenizers in an array": ("-t bert -t clip -o x.npy", "got bert clip with -f npy"),
    "offsets in an array": ("--offsets -o x.npy", "--offsets and --bytes need -f jsonl or -f parquet, got -f npy"),
    "an array as text": ("-f text -o x.npy", "-f and the suffix of -o must agree"),
    "words as ids": ("-t whitespace -f ids", "'whitespace' has none; use -f text"),
}


@pytest.mark.parametrize(("args", "said"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_go_together_is_asked_wrongly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [word for arg in args.split() for word in (["-o", ""] if arg == "-o=" else [arg])]
    status, stderr = asked("tokenize", "-c", "a b c", *words)
    assert (status, stderr.count("\n")) == (ASKED_WRONGLY, 1)
    assert said in stderr
    assert lines_of(tmp_path) == {}


# What comes back


def a_few_hundred_golden_texts() -> list[str]:
    path = SHARED / "golden_dev.jsonl.gz"
    if not path.exists():
        pytest.skip("the shared golden texts are not here")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file][::7]


@pytest.mark.parametrize("name", ["bert", "clip"])
def test_what_is_decoded_from_each_format_is_what_check_roundtrip_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    texts = a_few_hundred_golden_texts()
    monkeypatch.chdir(tmp_path)
    write_jsonl(Path("golden.jsonl"), texts)
    done("tokenize", "golden.jsonl", "-t", name, "--check-roundtrip")
    told = capsys.readouterr().out.splitlines()[1].split()
    assert [told[0], told[1]] == [name, str(len(texts))]
    normal_form = tokembed.tokenizer(name).normal_form
    for form in ("ids", "jsonl", "parquet", "npy"):
        done("tokenize", "golden.jsonl", "-t", name, "-o", f"x.{form}")
        done("decode", f"x.{form}", "-t", name, "-o", "back.jsonl")
        came_back = [json.loads(line)["text"] for line in Path("back.jsonl").read_bytes().splitlines()]
        n_identical = sum(text == back for text, back in zip(texts, came_back, strict=True))
        n_normalized = sum(text != back == normal_form(text) for text, back in zip(texts, came_back, strict=True))
        n_lossy = len(texts) - n_identical - n_normalized
        assert [word for word in told[2:] if "." not in word and word != "%)"] == [
            str(number) for number in (n_identical, n_normalized, n_lossy)
        ]
