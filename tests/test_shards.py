"""`--shard I/N`: the N outputs one after another are the whole output, whatever the inputs and the form."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

import tokembed
from tests.conftest import Run
from tests.test_token_formats import ASKED_WRONGLY, DONE, FAILED, asked, lines_of
from tokembed.cli import app
from tokembed.cli.inputs import Inputs
from tokembed.cli.tokens import write_one
from tokembed.inputs.batches import Batch
from tokembed.inputs.bulk import BLOCK_BYTES
from tokembed.inputs.shards import Shard, parsed_shard
from tokembed.tokens import writing as tokenization
from tokembed.tokens.formats import SUFFIXES, Cutting

TEXTS = [
    "나는 학교에 간다",
    "",
    "Café 홀로서기",
    " two  words ",
    "a",
    "unaffable, isn't it?",
    "\u2028☃ 龘",
    "너는 집에 간다",
]
N_SHARDS = 7


def write_csv(path: Path, texts: Sequence[str]) -> None:
    """A third of the texts in two lines, some ids given."""
    table = io.StringIO(newline="")
    rows = csv.writer(table, lineterminator="\r\n")
    rows.writerow(["id", "text"])
    for number, text in enumerate(texts):
        rows.writerow(["" if number % 4 else f"own {number}", text + "\nquoted, line" if number % 3 == 0 else text])
    path.write_bytes(table.getvalue().encode())


def write_jsonl_gz(path: Path, texts: Sequence[str]) -> None:
    """Some ids given, and blank lines, which are no texts."""
    records = [{"text": text, **({} if number % 3 else {"id": number})} for number, text in enumerate(texts)]
    path.write_bytes(gzip.compress("\n\n".join(map(json.dumps, records)).encode()))


WRITERS = {
    "x.txt": lambda path, texts: path.write_bytes("\r\n".join(texts).encode()),
    "x.csv": write_csv,
    "x.jsonl.gz": write_jsonl_gz,
    "x.parquet": lambda path, texts: pq.write_table(pa.table({"text": texts}), path, row_group_size=5),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """41 texts, a number that seven does not divide, in each kind of input."""
    folder = tmp_path_factory.mktemp("inputs")
    texts = [f"{text} {number}" if number % 5 else text for number, text in enumerate(TEXTS * 5 + TEXTS[:1])]
    for name, write in WRITERS.items():
        write(folder / name, texts)
    return {name: str(folder / name) for name in WRITERS}


@pytest.fixture(scope="module")
def tokenizers() -> dict[str, tokembed.Tokenizer]:
    return {name: tokembed.tokenizer(name) for name in ("bert", "clip")}


def inputs_of(paths: Iterable[str], inline: Sequence[str] = (), **reading: object) -> Inputs:
    context = typer.Context(typer.main.get_command(app))
    settings = {"column": None, "encoding": None, "errors": "strict", **reading}
    return Inputs(context, list(paths), inline, **settings)


Content = tuple[list[object], ...]


def content(path: Path, form: str) -> Content:
    """What an output holds, in lists that can be put one behind another."""
    if form == "parquet":
        return (pq.read_table(path).to_pylist(),)
    if form == "npy":
        ids, starts = np.load(path), np.load(f"{path}.starts.npy")
        assert (starts[0], starts[-1]) == (0, len(ids))
        return ids.tolist(), np.diff(starts).tolist()
    return (path.read_bytes().splitlines(keepends=True),)


def one_behind_another(contents: Iterable[Content]) -> Content:
    return tuple([value for values in column for value in values] for column in zip(*contents, strict=True))


CASES = {
    "txt": (["x.txt"], []),
    "csv with quoted line feeds": (["x.csv"], []),
    "jsonl.gz": (["x.jsonl.gz"], []),
    "parquet": (["x.parquet"], []),
    "all of them and inline texts": (["x.csv", "x.txt", "x.parquet", "x.jsonl.gz"], ["-c one", "", "two\nlines"]),
}


@pytest.mark.parametrize("form", SUFFIXES)
@pytest.mark.parametrize("name", ["bert", "clip"])
@pytest.mark.parametrize(("sources", "inline"), CASES.values(), ids=CASES)
def test_the_shards_one_behind_another_are_the_whole(
    tmp_path: Path,
    files: dict[str, str],
    tokenizers: dict[str, tokembed.Tokenizer],
    sources: list[str],
    inline: list[str],
    name: str,
    form: str,
) -> None:
    paths, cutting = [files[source] for source in sources], Cutting({name: tokenizers[name]})

    def written(shard: Shard | None) -> Content:
        path = tmp_path / f"{shard.number if shard else 'whole'}{SUFFIXES[form]}"
        first_bytes = 16 if shard and shard.number % 2 else BLOCK_BYTES  # many small batches, or one an input
        write_one(inputs_of(paths, inline, first_bytes=first_bytes), form, cutting, path, shard)
        return content(path, form)

    whole, shards = written(None), [written(Shard(number, N_SHARDS)) for number in range(1, N_SHARDS + 1)]
    assert len(whole[-1]) == 41 * len(sources) + len(inline)
    assert one_behind_another(shards) == whole
    sizes = [len(shard[-1]) for shard in shards]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("form", SUFFIXES)
def test_shards_cut_by_the_kernels_are_the_whole_too(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    tokenizers: dict[str, tokembed.Tokenizer],
    form: str,
) -> None:
    cutting = Cutting({"bert": tokenizers["bert"]})
    whole = tmp_path / f"whole{SUFFIXES[form]}"
    write_one(inputs_of(files.values()), form, cutting, whole, None)
    monkeypatch.setattr(tokenization, "BULK_BYTES", 0)
    shards = []
    for number in range(1, N_SHARDS + 1):
        path = tmp_path / f"{number}{SUFFIXES[form]}"
        write_one(inputs_of(files.values(), first_bytes=100), form, cutting, path, Shard(number, N_SHARDS))
        shards.append(content(path, form))
    assert one_behind_another(shards) == content(whole, form)


def test_ids_are_those_of_the_whole(tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\nb\n\nc d\n")
    (tmp_path / "b.csv").write_bytes(b'text\n"e\nf"\ng\n')
    args = ("tokenize", "-t", "whitespace", "-f", "jsonl", "-c", "inline", "a.txt", "b.csv")
    shards = [run(*args, "--shard", f"{number}/3") for number in (1, 2, 3)]
    assert [(done.returncode, done.stderr) for done in shards] == [(DONE, b"")] * 3
    ids = [[json.loads(line)["id"] for line in done.stdout.splitlines()] for done in shards]
    assert ids == [["-c:1", "a.txt:1"], ["a.txt:2", "a.txt:3"], ["a.txt:4", "b.csv:2", "b.csv:4"]]
    assert b"".join(done.stdout for done in shards) == run(*args).stdout


def test_more_shards_than_texts_leave_some_empty(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\nb\nc\n")
    parts = []
    for number in range(1, 6):
        assert asked("tokenize", "-t", "whitespace", str(tmp_path / "a.txt"), "--shard", f"{number}/5") == (DONE, "")
        parts.append(capfdbinary.readouterr().out)
    assert parts == [b"", b"a\n", b"", b"b\n", b"c\n"]


def test_no_text_at_all_has_shards_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    for number in (1, 2):
        out = tmp_path / f"{number}.npy"
        assert asked("tokenize", str(tmp_path / "a.txt"), "-o", str(out), "--shard", f"{number}/2") == (DONE, "")
        assert content(out, "npy") == ([], [])


@pytest.mark.parametrize(("flag", "total"), [("--count", 10), ("--check-roundtrip", 4)])
def test_numbers_are_those_of_the_shard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, total: int
) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\nb c\nd e f\ng h i j\n")
    found = []
    for number in (1, 2, 3):
        assert asked("tokenize", str(tmp_path / "a.txt"), flag, "--shard", f"{number}/3") == (DONE, "")
        last_line = capsys.readouterr().out.splitlines()[-1].split()
        found.append(int(last_line[0] if flag == "--count" else last_line[1]))
    assert (len(set(found)) > 1, sum(found)) == (True, total)


# What all inputs have is what is shared out.


def test_an_input_that_cannot_be_read_to_its_end_has_no_shards(tmp_path: Path) -> None:
    """Those before the fault would be other ones, once it is mended."""
    (tmp_path / "good.txt").write_bytes(b"a\n" * 9)
    (tmp_path / "bad.txt").write_bytes(b"a\n" * 9 + b"\xff\n")
    for number in (1, 2, 3):
        out = tmp_path / "out.txt"
        args = ("tokenize", "-t", "whitespace", str(tmp_path / "good.txt"), str(tmp_path / "bad.txt"), "-o", str(out))
        status, stderr = asked(*args, "--shard", f"{number}/3")
        assert status == FAILED
        (message,) = stderr.splitlines()
        assert "bad.txt, line 10, byte 1: must be utf-8" in message
        assert "--shard" in message
        assert not out.exists()


def test_texts_that_are_left_out_belong_to_no_shard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\n\xff\nb\n\xfe\n\xfd\nc\nd\n\xfc\n")
    args = ("tokenize", "-t", "whitespace", str(tmp_path / "a.txt"), "--errors", "skip", "--encoding", "utf-8")
    first, second = (asked(*args, "--shard", f"{number}/2") for number in (1, 2))
    assert capsys.readouterr().out == "a\nb\nc\nd\n"
    assert first == (DONE, "")
    assert second[0] == DONE
    assert "left out as it cannot be read: 4 texts (line 2, line 4, line 5, line 8)" in second[1]


def test_the_record_beside_an_array_names_the_shard_and_what_it_is_of(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a b\n\xff\nc\nd\n")
    (tmp_path / "b.txt").write_bytes(b"e\n" * 7)
    paths = [str(tmp_path / name) for name in ("a.txt", "b.txt")]
    out = tmp_path / "x.npy"
    assert asked("tokenize", *paths, "--errors", "skip", "-o", str(out), "--shard", "1/5") == (DONE, "")
    record = json.loads(Path(f"{out}.json").read_bytes())
    assert (record["texts"], record["rows"], record["tokens"]) == (2, 2, 3)
    assert record["inputs"]["shard"] == "1/5"
    assert record["inputs"]["skipped"] == 1
    assert [(source["texts"], source["complete"]) for source in record["inputs"]["sources"]] == [(3, True), (7, True)]


REFUSED = {
    "stdin named": (("-", "--shard", "1/2"), "stdin"),
    "stdin among files": (("x.txt", "-", "--shard", "1/2"), "stdin"),
    "stdin as nothing is named": (("--shard", "1/2"), "stdin"),
    "stdin counted": (("-", "--count", "--shard", "1/2"), "stdin"),
    "words in parquet": (("x.txt", "-t", "whitespace", "-o", "o.parquet", "--shard", "1/2"), "the ids of whitespace"),
    "words in npy": (("x.txt", "-t", "character", "-o", "o.npy", "--shard", "1/2"), "the ids of character"),
    "words and others": (
        ("x.txt", "-t", "bert", "-t", "whitespace", "-o", "o.parquet", "--shard", "1/2"),
        "whitespace",
    ),
    "a folder": (("x.txt", "-o", "folder/", "--shard", "1/2"), "-o FOLDER/"),
    **{
        repr(word): (("x.txt", "--shard", word), f"--shard must be I/N with I in 1..N, such as 2/8, got {word!r}")
        for word in ("0/3", "4/3", "a/b", "1", "1/", "/3", "1/0", "-1/3", "1/3/5", "1.0/3", "1/3\n", "١/٣", "")
    },
}


@pytest.mark.parametrize(("args", "said"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_shards_is_asked_wrongly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.txt").write_bytes(b"a\n")
    status, stderr = asked("tokenize", *args)
    assert status == ASKED_WRONGLY
    assert said.replace("\n", "\\n") in stderr
    assert stderr.count("\n") == 1
    assert lines_of(tmp_path) == {"x.txt": [b"a"]}


# Which texts are in a part


@given(n_texts=st.integers(0, 10**12), n_shards=st.integers(1, 200))
def test_spans_cover_all_texts_and_differ_by_one_at_the_most(n_texts: int, n_shards: int) -> None:
    spans = [Shard(number, n_shards).span(n_texts) for number in range(1, n_shards + 1)]
    assert (spans[0][0], spans[-1][1]) == (0, n_texts)
    assert all(end == start for (_, end), (start, _) in pairwise(spans))
    assert {end - start for start, end in spans} <= {n_texts // n_shards, n_texts // n_shards + 1}


@given(st.integers(1, 10**9 - 1), st.data())
def test_a_shard_is_read_as_it_is_written(of: int, data: st.DataObject) -> None:
    shard = Shard(data.draw(st.integers(1, of)), of)
    assert parsed_shard(str(shard)) == shard


lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"))
texts_of_any_kind = st.text(st.characters(exclude_categories=["Cs"]))


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Lines of bytes, which stand without a gap, or strings, of which some may be left out and some have own ids."""
    if draw(st.booleans()):
        texts = draw(st.lists(lines, max_size=8))
        first = draw(st.integers(1, 1000))
        return Batch("x.txt", range(first, first + len(texts)), "".join(f"{text}\n" for text in texts).encode())
    strings = draw(st.lists(texts_of_any_kind, max_size=8))
    numbers = sorted(draw(st.lists(st.integers(1, 1000), min_size=len(strings), max_size=len(strings), unique=True)))
    own_ids = draw(
        st.none() | st.lists(st.sampled_from(["", "b", "c:1"]), min_size=len(strings), max_size=len(strings))
    )
    return Batch("x.csv", numbers, strings=strings, own_ids=own_ids)


@given(batch=batches(), data=st.data())
def test_a_part_of_a_batch_has_its_texts_and_their_ids(batch: Batch, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(batch)))
    last = data.draw(st.integers(first, len(batch)))
    part, records = batch.part(first, last), list(batch.records())
    assert len(part) == last - first
    assert list(part.records()) == records[first:last]
    assert (part.lines is None) == (batch.lines is None)


@given(cut=st.lists(batches(), max_size=8), n_shards=st.integers(1, 12))
def test_parts_one_behind_another_are_all_batches_wherever_they_are_cut(cut: list[Batch], n_shards: int) -> None:
    whole = [record for batch in cut for record in batch.records()]
    found = []
    for number in range(1, n_shards + 1):
        shard, n_read = Shard(number, n_shards), 0

        def read() -> Iterator[Batch]:
            nonlocal n_read
            for n_read, batch in enumerate(cut, start=1):  # noqa: B007
                yield batch

        part = [record for batch in shard.part(read(), len(whole)) for record in batch.records()]
        first, last = shard.span(len(whole))
        assert part == whole[first:last]
        n_needed = next((n for n in range(1, len(cut) + 1) if sum(map(len, cut[:n])) >= last), len(cut))
        assert n_read == (n_needed if number < n_shards else len(cut))  # the last one goes on to the end
        found += part
    assert found == whole
