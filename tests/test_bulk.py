"""Many texts cut by the kernels: the same as one by one, whatever form they come in."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tokembed
from tests.conftest import COMMAND, minilm_folder
from tests.test_golden import KEYS, SHARED, expected_ids, own_cases, shared_cases
from tests.test_tokenizers import texts as odd_texts
from tokembed.corpus import Corpus
from tokembed.coverage import TokenCounts, unknown_by_text
from tokembed.inputs import bulk
from tokembed.inputs.batches import Batch
from tokembed.inputs.blocks import Block, block_of, strings_of
from tokembed.surrogates import well_formed
from tokembed.tokens.formats import Cutting, writing
from tokembed.types import Tokenizer
from tokembed.vocab import Vocab

NAMES = ["whitespace", "character", "bert", "clip"]
TOKENIZERS = {name: tokembed.tokenizer(name) for name in NAMES}
blocks = st.lists(odd_texts, max_size=6)


@pytest.fixture
def all_is_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BULK_BYTES", 0)


@pytest.fixture(
    scope="module", params=[(name, flags) for name in NAMES[2:] for flags in ((), ("parse_special",), ("special",))]
)
def closed(request: pytest.FixtureRequest) -> Tokenizer:
    name, flags = request.param
    return tokembed.tokenizer(name, **dict.fromkeys(flags, True))


def id_lists(corpus: Corpus) -> list[list[int]]:
    return [corpus.ids[start:end].tolist() for start, end in zip(corpus.starts[:-1], corpus.starts[1:], strict=True)]


def token_lists(corpus: Corpus) -> list[list[str]]:
    return [[corpus.vocab[token_id] for token_id in ids] for ids in id_lists(corpus)]


once = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@once
@given(block=blocks)
def test_closed_vocabularies_in_bulk_are_cut_as_one_by_one(
    all_is_bulk: None, closed: Tokenizer, block: list[str]
) -> None:
    encodings = [closed.encode(text) for text in block]
    corpus = closed.encode_batch(block)
    assert id_lists(corpus) == [list(encoding.ids or ()) for encoding in encodings]
    n_unk, n_unk_chars = unknown_by_text(block, corpus, closed)
    assert n_unk.tolist() == [encoding.n_unk for encoding in encodings]
    assert n_unk_chars.tolist() == [encoding.n_unk_chars for encoding in encodings]


@pytest.mark.parametrize("name", NAMES[:2])
@once
@given(first=blocks, second=blocks)
def test_open_vocabularies_in_bulk_grow_as_one_by_one(
    all_is_bulk: None, name: str, first: list[str], second: list[str]
) -> None:
    tokenizer, vocab, expected = tokembed.tokenizer(name), Vocab(["나"]), Vocab(["나"])
    for block in (first, second):
        corpus = tokenizer.encode_batch(block, vocab)
        assert id_lists(corpus) == [[expected.add(token) for token in tokenizer.encode(text).tokens] for text in block]
        assert vocab.tokens == expected.tokens


@pytest.mark.parametrize("name", NAMES)
def test_strings_arrow_arrays_and_bytes_give_the_same(all_is_bulk: None, name: str) -> None:
    texts = ["아침 먹고", "", "학교를  갑니다", "☃ 龘 a"] * 3
    tokenizer = tokembed.tokenizer(name)
    expected = token_lists(tokenizer.encode_batch(texts))
    for type_ in (pa.string(), pa.large_string(), pa.string_view()):
        array = pa.array(["left out", *texts, "left out"], type_)[1:-1]
        assert token_lists(tokenizer.encode_batch(array)) == expected
    with_null = pa.array([None if text == "" else text for text in texts])
    assert token_lists(tokenizer.encode_batch(with_null)) == expected
    data = "\n".join(texts).encode() + b"\n"
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    lines = Block(np.frombuffer(data, np.uint8), np.array([0, *ends], np.int64))
    assert token_lists(tokenizer.encode_batch(lines)) == expected
    assert [text.rstrip("\n") for text in strings_of(lines)] == texts
    assert block_of(lines) is lines


def test_what_is_bulk_is_decided_by_size_for_every_form() -> None:
    half = "x" * (bulk.BULK_BYTES // 2)
    for form in (list, pa.array):
        assert not bulk.is_bulk(form([half]))
        assert bulk.is_bulk(form([half, half]))
    assert bulk.is_bulk(block_of(["x"]))  # a Block is made for the kernels


@pytest.mark.parametrize("name", KEYS)
def test_golden_texts_in_bulk_have_the_references_ids(all_is_bulk: None, name: str) -> None:
    cases = own_cases()
    corpus = tokembed.tokenizer(name, parse_special=True).encode_batch([case["text"] for case in cases])
    assert id_lists(corpus) == [case[name] for case in cases]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the large golden files are not beside the repository")
@pytest.mark.parametrize("name", KEYS)
def test_every_golden_text_in_bulk_has_the_references_ids(all_is_bulk: None, name: str) -> None:
    cases = shared_cases()
    corpus = tokembed.tokenizer(name, parse_special=True).encode_batch([case["text"] for case in cases])
    assert id_lists(corpus) == [expected_ids(case, name) for case in cases]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the large golden files are not beside the repository")
@pytest.mark.parametrize("file", ["tokenizer.json", "vocab.txt"])
@pytest.mark.parametrize("flags", [(), ("special",), ("parse_special",)])
def test_another_wordpiece_in_bulk_and_one_by_one_is_the_references(
    all_is_bulk: None, file: str, flags: tuple[str, ...]
) -> None:
    from tokenizers import Tokenizer as Reference

    reference = Reference.from_file(str(minilm_folder() / "tokenizer.json"))
    reference.no_truncation()
    reference.no_padding()
    reference.encode_special_tokens = "parse_special" not in flags
    texts = [case["text"] for case in shared_cases()]
    expected = [encoding.ids for encoding in reference.encode_batch(texts, add_special_tokens="special" in flags)]
    tokenizer = tokembed.tokenizer(str(minilm_folder() / file), **dict.fromkeys(flags, True))
    assert id_lists(tokenizer.encode_batch(texts)) == expected
    assert [list(tokenizer.encode(text).ids or ()) for text in texts] == expected


@pytest.mark.parametrize("name", NAMES)
def test_counts_in_bulk_are_those_of_a_plain_loop(all_is_bulk: None, name: str) -> None:
    texts = ["☃ 龘 가나다", "", "plain text", "한 국 어 ☃"] * 5
    tokenizer, plain, counts = tokembed.tokenizer(name), TokenCounts(), TokenCounts()
    for text in texts:
        plain.add(tokenizer.encode(text))
    counts.add_corpus(texts, tokenizer.encode_batch(texts), tokenizer)
    assert counts == plain


@pytest.mark.parametrize(
    ("name", "form"),
    [(name, form) for name in NAMES for form in ("text", "jsonl")] + [("bert", "ids"), ("clip", "ids")],
)
@once
@given(block=blocks)
def test_lines_made_in_bulk_are_those_made_one_by_one(name: str, form: str, block: list[str]) -> None:
    batch = Batch("x", range(len(block)), strings=[well_formed(text) for text in block])
    with writing(form, Cutting({name: TOKENIZERS[name]}), None, io.BytesIO(), dict) as format_:
        assert bytes(format_.make(batch, True).data) == format_.make(batch, False).data


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared texts are not beside the repository")
@pytest.mark.parametrize("name", ["bert", "clip"])
@pytest.mark.parametrize(
    ("file", "column"), [("kowiki_dev.txt.gz", None), ("enwiki_dev.txt.gz", None), ("nsmc.tsv.gz", "document")]
)
def test_a_whole_file_as_parquet_equals_the_single_text_path(
    tmp_path: Path, name: str, file: str, column: str | None
) -> None:
    import pyarrow.parquet as pq

    out = tmp_path / "x.parquet"
    options = ["--column", column] if column else []
    subprocess.run([*COMMAND, "tokenize", str(SHARED / file), "-t", name, "-o", str(out), *options], check=True)
    table = pq.read_table(out)
    tokenizer = tokembed.tokenizer(name)
    reading = tokembed.Reading(column=column)
    texts = list(tokembed.read_texts([SHARED / file], reading=reading))
    assert table.num_rows == len(texts)
    for row, text in zip(rows(table), texts, strict=True):
        encoding = tokenizer.encode(text.text)
        assert row["ids"] == list(encoding.ids or ())
        assert (row["id"], row["n_tokens"]) == (text.id, len(encoding))
        assert (row["n_unk"], row["n_unk_chars"]) == (encoding.n_unk, encoding.n_unk_chars)


def rows(table: pa.Table) -> Iterator[dict[str, object]]:
    for batch in table.to_batches(10_000):
        yield from batch.to_pylist()


def test_the_first_run_says_that_it_compiles_and_the_next_finds_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("아침 먹고 학교를 갑니다\n" * 100_000, encoding="utf-8")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("NUMBA_CACHE_DIR", None)
    call = [*COMMAND, "tokenize", "a.txt", "-t", "whitespace", "--count"]
    said = []
    for _ in range(2):
        done = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, check=True)
        assert done.stdout == b"400000\n"
        said.append(done.stderr.decode())
    assert "compiling for this machine" in said[0]
    assert "compiled in" in said[0]
    assert said[1] == ""


def test_it_works_where_nothing_can_be_written(tmp_path: Path) -> None:
    # Root may write everywhere, so the folders are refused where numba tries them.
    code = "\n".join(
        [
            "import sys, numba.core.caching as caching",
            "def refuse(self): raise PermissionError('no')",
            "caching._CacheLocator.ensure_cache_path = refuse",
            "from tokembed.cli import main",
            "main()",
        ]
    )
    (tmp_path / "file").write_text("")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "file")}
    call = [sys.executable, "-c", code, "tokenize", "-", "-t", "bert", "--count"]
    text = "아침 먹고 학교를 갑니다\n".encode() * 100_000
    done = subprocess.run(call, input=text, env=environment, capture_output=True, check=False)
    assert done.stdout == b"900000\n", done.stderr.decode()
    assert b"it is compiled each time" in done.stderr
    assert b"they are built each time" in done.stderr


def test_small_input_never_loads_numba() -> None:
    code = "import sys, tokembed.cli\ntry: tokembed.cli.app(sys.argv[1:])\nfinally: print('numba' in sys.modules)"
    call = [sys.executable, "-c", code, "tokenize", "-c", "학교 a", "-t", "bert", "-t", "clip", "--count"]
    assert subprocess.run(call, capture_output=True, check=True).stdout.split()[-1] == b"False"
