"""What is written of a stream in each format, at any block borders, is that of its lines one by one."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cut_streams import FOREVER, Borders, batches_of, borders
from tests.written_tokens import rows_written, tokenizer_of
from tokembed.inputs.reading import Reading
from tokembed.tokens import arrays as token_arrays
from tokembed.tokens import tables as token_tables
from tokembed.tokens.formats import SUFFIXES, Cutting, writing
from tokembed.tokens.writing import write_tokens
from tokembed.vocab import escaped


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
