"""Arrow batches cut in this process and in workers: the same as text by text, whatever the batch looks like."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.test_pretrained import word_level, word_piece
from tokembed import engines, registry
from tokembed.corpus import Corpus
from tokembed.engines import TOKEN_FIELDS, tokenize_batch
from tokembed.errors import BadInput, BadUsage, NotAtHand
from tokembed.inputs import bulk
from tokembed.types import Tokenizer
from tokembed.vocab import Vocab

TEXTS = ["아침 먹고", "", "☃ 龘 a", None, "  unaffable [CLS] Café ", "<|endoftext|>"]
NEW = ["ids", "n_tokens", "n_unk", "n_unk_chars"]
PRETRAINED = {"WordPiece": lambda: word_piece("##"), "WordLevel": word_level}
NAMES = ["bert", "clip", *PRETRAINED]
some_texts = st.lists(st.none() | st.sampled_from([text for text in TEXTS if text]) | st.text(), max_size=6)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each tokenizer is called: its name, or the path of its file."""
    folder = tmp_path_factory.mktemp("engines")
    for name, make in PRETRAINED.items():
        make().save(str(folder / f"{name}.json"))
    return {name: str(folder / f"{name}.json") if name in PRETRAINED else name for name in NAMES}


@pytest.fixture(scope="module")
def tokenizers(names: dict[str, str]) -> dict[str, Tokenizer]:
    return {name: registry.tokenizer(called) for name, called in names.items()}


@pytest.fixture(params=[bulk.BULK_BYTES, 0], ids=["plain", "kernels"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BULK_BYTES", request.param)


def batch_of(texts: list[str | None], type_: pa.DataType | None = None) -> pa.RecordBatch:
    return pa.record_batch({"row": range(len(texts)), "text": pa.array(texts, type_ or pa.string())})


def expected(tokenizer: Tokenizer, texts: list[str | None]) -> list[dict[str, Any]]:
    """The rows as they must be, from one text at a time."""
    rows: list[dict[str, Any]] = []
    for text in texts:
        if text is None:
            rows.append(dict.fromkeys(NEW))
            continue
        cut = tokenizer.encode(text)
        rows.append(dict(zip(NEW, (list(cut.ids or ()), len(cut), cut.n_unk, cut.n_unk_chars), strict=True)))
    return [{"row": row, "text": text, **new} for row, (text, new) in enumerate(zip(texts, rows, strict=True))]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("limit", [bulk.BULK_BYTES, 0], ids=["plain", "kernels"])
@given(texts=some_texts)
@example(texts=[])
@example(texts=[None])
@example(texts=TEXTS)
def test_a_batch_has_the_ids_of_its_texts(
    names: dict[str, str], tokenizers: dict[str, Tokenizer], name: str, limit: int, texts: list[str | None]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "BULK_BYTES", limit)
        done = tokenize_batch(batch_of(texts), tokenizer=names[name])
    done.validate(full=True)
    assert done.to_pylist() == expected(tokenizers[name], texts)


def test_the_new_columns_have_the_same_types_for_every_batch(both_ways: None) -> None:
    for texts in (TEXTS, [], [None], ["a"]):
        batch = batch_of(texts)
        done = tokenize_batch(batch)
        assert done.schema == pa.schema([*batch.schema, *TOKEN_FIELDS])
        assert done.schema.types[2:] == [pa.list_(pa.int32()), pa.int32(), pa.int32(), pa.int32()]
        assert done.schema.names == ["row", "text", *NEW]


TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
TYPES += [pa.dictionary(pa.int32(), pa.large_string())]


@pytest.mark.parametrize("type_", TYPES, ids=str)
@pytest.mark.parametrize("name", ["bert", "clip"])
def test_texts_of_every_type_and_a_part_of_a_batch(
    both_ways: None, tokenizers: dict[str, Tokenizer], name: str, type_: pa.DataType
) -> None:
    rows = expected(tokenizers[name], TEXTS)
    batch = batch_of(TEXTS, type_)
    assert tokenize_batch(batch, tokenizer=name).to_pylist() == rows
    for start, end in ((1, 3), (2, 6), (3, 4), (6, 6)):
        part = tokenize_batch(batch.slice(start, end - start), tokenizer=name)
        assert part.schema == pa.schema([*batch.schema, *TOKEN_FIELDS])
        assert part.to_pylist() == rows[start:end]


def test_a_dictionary_of_views_as_polars_makes_them(tokenizers: dict[str, Tokenizer]) -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 1]), pa.array(["a", "학교"], pa.string_view()))
    done = tokenize_batch(pa.record_batch({"text": words}).slice(1))
    ids = [row["ids"] for row in expected(tokenizers["bert"], [None, "a", "학교"])]
    assert done.column("ids").to_pylist() == ids


def test_a_column_without_a_type_has_null_alone() -> None:
    done = tokenize_batch(pa.record_batch({"text": pa.nulls(2)}))
    assert done.select(NEW).to_pylist() == [dict.fromkeys(NEW)] * 2
    assert done.schema.types[1:] == TOKEN_FIELDS.types


@pytest.mark.parametrize("name", ["bert", "clip"])
@pytest.mark.parametrize(
    "settings",
    [{"special": True}, {"parse_special": True}, {"lower": True}, {"unicode": "nfd", "special": True}],
    ids=str,
)
def test_settings_are_those_of_the_tokenizer(both_ways: None, name: str, settings: dict[str, Any]) -> None:
    done = tokenize_batch(batch_of(TEXTS), tokenizer=name, **settings)
    assert done.to_pylist() == expected(registry.tokenizer(name, **settings), TEXTS)


@pytest.mark.parametrize("type_", [pa.string(), pa.dictionary(pa.int8(), pa.string())], ids=str)
@pytest.mark.parametrize("sizes", [[], [0], [6], [2, 0, 4], [1] * 6], ids=str)
def test_a_table_gives_a_table(
    both_ways: None, tokenizers: dict[str, Tokenizer], sizes: list[int], type_: pa.DataType
) -> None:
    batch, place = batch_of(TEXTS, type_), 0
    batches = []
    for size in sizes:
        batches.append(batch.slice(place, size))
        place += size
    table = pa.Table.from_batches(batches, batch.schema).replace_schema_metadata({"made by": "a test"})
    done = tokenize_batch(table)
    assert isinstance(done, pa.Table)
    done.validate(full=True)
    assert done.schema.equals(
        pa.schema([*batch.schema, *TOKEN_FIELDS], metadata={"made by": "a test"}), check_metadata=True
    )
    assert done.to_pylist() == expected(tokenizers["bert"], TEXTS)[:place]
    assert tokenize_batch(table.slice(1)).to_pylist() == expected(tokenizers["bert"], TEXTS)[1:place]


def test_one_partition_after_another_as_spark_maps_them(tokenizers: dict[str, Tokenizer]) -> None:
    def partition() -> Iterator[pa.RecordBatch]:
        yield from (batch_of(TEXTS).slice(start, 2) for start in (0, 2, 4))

    cut = partial(tokenize_batch, tokenizer="clip")
    mapped = (lambda batches: map(cut, batches))(partition())
    assert [row for batch in mapped for row in batch.to_pylist()] == expected(tokenizers["clip"], TEXTS)


def n_made(_: int = 0) -> int:
    """How many tokenizers this process has made for batches."""
    return engines._tokenizer.cache_info().misses


@pytest.mark.parametrize("name", ["bert", "WordLevel"])
def test_workers_give_the_same_in_order_and_make_the_tokenizer_once(names: dict[str, str], name: str) -> None:
    cut = partial(tokenize_batch, tokenizer=names[name], lower=True)
    batches = [batch_of([f"Batch {number} ☃", *TEXTS]) for number in range(5)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(cut, batches)) == list(map(cut, batches))
        assert pool.submit(n_made).result() == 1
        with pytest.raises(BadInput, match=r"a column 'txt', found row, text; did you mean 'text'\?"):
            pool.submit(cut, batches[0], column="txt").result()


def test_a_tokenizer_is_made_once_for_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def made(name: str, **settings: Any) -> Tokenizer:
        asked.append((name, settings))
        return make(name, **settings)

    make = registry.tokenizer
    monkeypatch.setattr(registry, "tokenizer", made)
    engines._tokenizer.cache_clear()
    for settings in ({}, {}, {"special": True}, {"special": False}, {"special": True}):
        tokenize_batch(batch_of(["a"]), **settings)
    assert [settings.get("special") for _, settings in asked] == [None, True]


def test_a_worker_is_sent_words_and_no_tables(names: dict[str, str]) -> None:
    cut = partial(tokenize_batch, tokenizer=names["WordPiece"], column="document", unicode="nfkc", special=True)
    tokenize_batch(batch_of(["a"]), tokenizer=names["WordPiece"], unicode="nfkc", special=True)
    sent = pickle.dumps(cut)
    assert len(sent) < 1000
    code = f"import pickle, sys; pickle.loads({sent!r}); print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.decode().split())
    assert "tokembed.engines" in loaded
    assert not loaded & {"numba", "tokenizers", "ftfy", "regex", "gensim", "scipy", "transformers", "huggingface_hub"}


def test_texts_and_ids_stay_where_they_are_in_memory() -> None:
    column = pa.array(["left out", "a", "나"])
    for batch in (pa.record_batch({"text": column[1:]}), pa.table({"text": column[1:]})):
        texts = engines._texts(batch, "text").drop_null()
        assert texts.to_pylist() == ["a", "나"]
        assert texts.buffers()[2].address == column.buffers()[2].address
    corpus = Corpus(np.arange(5, dtype=np.int32), np.array([0, 2, 2, 5]), Vocab("abcde"))
    lists = engines._lists(corpus)
    assert lists.to_pylist() == [[0, 1], [], [2, 3, 4]]
    assert lists.values.buffers()[1].address == corpus.ids.ctypes.data


def test_more_tokens_than_a_list_column_can_count_are_refused() -> None:
    ids = np.broadcast_to(np.int32(0), 2**31)  # takes no memory
    with pytest.raises(BadInput, match="at most 2,147,483,647 tokens, found 2,147,483,648; make it smaller"):
        engines._lists(Corpus(ids, np.array([0, 2**31]), Vocab("a")))


@pytest.mark.parametrize("name", ["bert", "clip"])
@pytest.mark.parametrize("tail", [b"\xea\xb0", b"\x80", b"\xed\xa0\x80"], ids=["cut off", "no first byte", "surrogate"])
def test_bytes_that_are_no_text_are_refused(both_ways: None, name: str, tail: bytes) -> None:
    data = b"ok" + b"ab" + tail
    bounds = pa.py_buffer(np.array([0, 2, len(data)], np.int32))
    texts = pa.StringArray.from_buffers(2, bounds, pa.py_buffer(data))
    with pytest.raises(BadInput, match=r"column 'text' must be valid UTF-8, found: .* index 1"):
        tokenize_batch(pa.record_batch({"text": texts}), tokenizer=name)
    tokenize_batch(pa.record_batch({"text": texts}).slice(0, 1), tokenizer=name)


TEXT = pa.array(["a"])
WRONG: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "no such column": (pa.record_batch({"txt": TEXT}), {}, BadInput, "'text', found txt; did you mean 'txt'\\?"),
    "no near one": (pa.table({"x": TEXT, "y": TEXT}), {}, BadInput, "'text', found x, y; name one with column="),
    "no column": (pa.table({}), {}, BadInput, "'text', found none; name one with column="),
    "numbers": (pa.record_batch({"text": [1]}), {}, BadInput, "column 'text' must hold text, found int64"),
    "bytes": (pa.record_batch({"text": [b"a"]}), {}, BadInput, "must hold text, found binary"),
    "numbers in a dictionary": (
        pa.record_batch({"text": pa.array([1]).dictionary_encode()}), {}, BadInput, "must hold text, found dictionary",
    ),
    "lists": (pa.record_batch({"text": [["a"]]}), {}, BadInput, "must hold text, found list"),
    "there already": (
        pa.record_batch({"text": TEXT, "n_unk": TEXT, "ids": TEXT}), {}, BadInput, "yet, found ids, n_unk; rename",
    ),
    "twice": (pa.record_batch([TEXT, TEXT], ["text", "text"]), {}, BadInput, "a name of its own, found 'text', 'text'"),
    "a dict, Ray's default": ({"text": np.array(["a"])}, {}, BadUsage, 'got dict; in Ray Data ask for batch_format='),
    "a tokenizer misspelled": (pa.table({"text": TEXT}), {"tokenizer": "clipp"}, BadUsage, "did you mean 'clip'\\?"),
    "not at hand": (pa.table({"text": TEXT}), {"tokenizer": "no/such-name"}, NotAtHand, "not in the local cache"),
    "no vocabulary": (
        pa.table({"text": TEXT}), {"tokenizer": "whitespace"}, BadUsage, "of its own, or .* got 'whitespace'; use",
    ),
    "none when lowered": (
        pa.table({"text": TEXT}), {"tokenizer": "character", "lower": True}, BadUsage, "of its own, or .* 'character'",
    ),
    "no such form": (pa.table({"text": TEXT}), {"unicode": "nfx"}, BadUsage, "unicode must be one of"),
    "no flag": (pa.table({"text": TEXT}), {"special": "yes"}, BadUsage, "must be true or false, got 'yes'"),
}  # fmt: skip


@pytest.mark.parametrize(("batch", "settings", "error", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_said_in_one_line(
    batch: Any, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        tokenize_batch(batch, **settings)
    assert "\n" not in str(raised.value)


def test_duckdb_reads_the_result() -> None:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    texts = connection.sql("select * from (values ('아침 먹고'), (null), ('☃')) texts(text)").to_arrow_table()
    connection.register("cut", tokenize_batch(texts))
    found = connection.sql("select sum(n_tokens), sum(n_unk), count(ids), sum(len(ids)) from cut").fetchall()
    assert found == [(5, 1, 2, 5)]


def test_polars_gives_and_reads_what_is_cut(tokenizers: dict[str, Tokenizer]) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"row": range(len(TEXTS)), "text": TEXTS})
    for column in (polars.col("text"), polars.col("text").cast(polars.Categorical)):
        for level in (polars.CompatLevel.oldest(), polars.CompatLevel.newest()):
            done = polars.from_arrow(tokenize_batch(frame.with_columns(column).to_arrow(compat_level=level)))
            assert done.to_dicts() == expected(tokenizers["bert"], TEXTS)
