"""`tokembed explain`: every trace ends in what the method gives, and the command shows it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Reference
from tokenizers import models, normalizers, pre_tokenizers, trainers

import tokembed
from tests.conftest import Run, without_compiling
from tokembed import registry
from tokembed.cli import app
from tokembed.cli.traces import trace_lines
from tokembed.explain import learned, learning, looking_up, tokenizing
from tokembed.models.cutting import chosen_tokenizer
from tokembed.models.model import Model
from tokembed.text_vectors.pooling import token_vectors
from tokembed.traces.steps import Step, Trace
from tokembed.types import StaticEmbedder, TextEmbedder

TEXTS = ["나는 학교에 간다", "너는 학교에 간다", "나는 집에 간다", "unaffable low lower lowest newer wider", "a b a"]
PRETRAINED = ("wordpiece", "bpe", "bytes", "unigram")
EMBEDDERS: dict[str, dict[str, Any]] = {
    "onehot": {},
    "tfidf": {"sublinear_tf": True, "max_df": 2},
    "word2vec": {"dim": 5, "min_count": 1, "epochs": 1},
    "glove": {"dim": 5, "min_count": 2, "epochs": 2},
    "fasttext": {"dim": 5, "min_count": 2, "epochs": 1},
}
PIECES = (*" ".join(TEXTS).split(), " ", "  ", "&amp;", "e\u0301", "車", "[MASK]", "[UNK]", "<|endoftext|>", "It's")
ANY_TEXT = st.lists(st.sampled_from(PIECES) | st.text(max_size=5) | st.characters()).map("".join)


@pytest.fixture(scope="module", autouse=True)
def made_once() -> Iterator[None]:
    """Tokenizers are made once for each choice of options: reading a vocabulary takes longer than a trace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "tokenizer", cache(registry.tokenizer))
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A small tokenizer.json of each kind."""
    folder = tmp_path_factory.mktemp("tokenizers")
    made = {
        "wordpiece": Reference(models.WordPiece(unk_token="[UNK]")),
        "bpe": Reference(models.BPE(unk_token="[UNK]", end_of_word_suffix="</w>")),
        "bytes": Reference(models.BPE()),
        "unigram": Reference(models.Unigram()),
    }
    special = {"special_tokens": ["[UNK]", "[MASK]"], "vocab_size": 120}
    trainer = {
        "wordpiece": trainers.WordPieceTrainer(**special),
        "bpe": trainers.BpeTrainer(**special, end_of_word_suffix="</w>"),
        "bytes": trainers.BpeTrainer(vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()),
        "unigram": trainers.UnigramTrainer(**special, unk_token="[UNK]"),
    }
    for name, tokenizer in made.items():
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = (
            pre_tokenizers.ByteLevel() if name == "bytes"
            else pre_tokenizers.Metaspace() if name == "unigram"
            else pre_tokenizers.Whitespace()
        )  # fmt: skip
        tokenizer.train_from_iterator(TEXTS * 5, trainer[name])
        tokenizer.save(str(folder / f"{name}.json"))
    return {name: str(folder / f"{name}.json") for name in made}


def check_tokens(name: str, text: str, **options: Any) -> Trace:
    encoding = registry.tokenizer(name, **options).encode(text)
    trace = tokenizing(name, text, **options)
    assert [row[0] for row in trace.result.rows] == list(encoding.tokens)
    if encoding.ids is not None:
        assert [row[1] for row in trace.result.rows] == list(encoding.ids)
    assert all(len(row) == len(step.columns) for step in trace.steps for row in step.rows)
    assert list(trace_lines(trace))
    return trace


@pytest.mark.parametrize("name", ["whitespace", "character"])
@given(text=ANY_TEXT, unicode=st.sampled_from(["none", "nfd", "nfkc"]), lower=st.booleans())
def test_a_trace_ends_in_the_words_of_an_open_tokenizer(name: str, text: str, unicode: str, lower: bool) -> None:
    check_tokens(name, text, unicode=unicode, lower=lower)


@pytest.mark.parametrize("name", ["bert", "clip"])
@given(text=ANY_TEXT, special=st.booleans(), parse_special=st.booleans(), lower=st.booleans())
@example(text="a" * 101 + " 홀로", special=True, parse_special=False, lower=False)
@example(text="[MASK]<|endoftext|>[cls]", special=False, parse_special=True, lower=False)
@settings(max_examples=60)
def test_a_trace_ends_in_the_tokens(name: str, text: str, special: bool, parse_special: bool, lower: bool) -> None:
    check_tokens(name, text, special=special, parse_special=parse_special, lower=lower)


@pytest.mark.parametrize("kind", PRETRAINED)
@given(text=ANY_TEXT, parse_special=st.booleans())
@settings(max_examples=60)
def test_a_trace_ends_in_the_tokens_of_a_file(files: dict[str, str], kind: str, text: str, parse_special: bool) -> None:
    check_tokens(files[kind], text, parse_special=parse_special)


@pytest.mark.parametrize("kind", PRETRAINED)
def test_the_way_is_told_for_every_kind_of_file(files: dict[str, str], kind: str) -> None:
    trace = check_tokens(files[kind], "Lower unaffable 나는")
    told = [step for step in trace.steps if step.name.startswith("word '")]
    assert told
    assert {step.columns[0] for step in told} == {
        "way" if kind == "unigram" else "from" if kind == "wordpiece" else "symbols"
    }


@cache
def model(name: str) -> Model:
    corpus = tokembed.tokenizer("whitespace").encode_batch(TEXTS)
    embedder = tokembed.embedder(name, **EMBEDDERS[name]).fit(corpus)
    training = {"corpus": {"texts": len(TEXTS)}}
    return Model(chosen_tokenizer("whitespace", {}), name, EMBEDDERS[name], embedder, training)


@pytest.mark.parametrize("name", ["onehot", "tfidf"])
@given(text=ANY_TEXT)
def test_a_trace_ends_in_the_row_of_the_text(name: str, text: str) -> None:
    embedder, cut = cast(TextEmbedder, model(name).embedder), model(name).cutting.tokenizer.encode_batch([text])
    trace = learned(model(name), text)
    row = embedder.text_vectors(cut)
    expected = {
        embedder.terms[column]: value for column, value in zip(row.indices.tolist(), row.data.tolist(), strict=True)
    }
    assert {entry[0]: entry[2] for entry in trace.result.rows} == expected
    worked = {entry[0]: cast(float, entry[3]) for entry in trace.steps[-2].rows if entry[3] is not None}
    assert worked == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["word2vec", "glove", "fasttext"])
@given(text=ANY_TEXT)
@settings(max_examples=50)
def test_a_trace_ends_in_the_vectors_of_the_tokens(name: str, text: str) -> None:
    embedder, cut = cast(StaticEmbedder, model(name).embedder), model(name).cutting.tokenizer.encode_batch([text])
    trace = learned(model(name), text)
    expected = token_vectors(cut, embedder)
    assert len(trace.result.rows) == len(expected.distinct)
    rows = {row[0]: row[3] for row in trace.result.rows}
    for place, token_id in enumerate(expected.distinct.tolist()):
        vector = rows[cut.vocab[token_id]]
        assert np.array_equal(np.float32(vector or 0), expected.vectors[place] if vector else np.float32(0))
        assert (vector is None) == (expected.kind[place] == 0)


@pytest.mark.parametrize("name", EMBEDDERS)
def test_learning_and_telling_is_the_same_as_telling_of_what_was_learned(name: str) -> None:
    cutter = tokembed.tokenizer("whitespace")
    now = learning(name, EMBEDDERS[name], "나는 a", cutter, cutter.encode_batch(TEXTS))
    assert now.result == learned(model(name), "나는 a").result


def test_a_word_is_looked_up() -> None:
    words = model("fasttext").word_vectors()
    for word in ("나는", "나는요", "x"):
        found = words.lookup([word])
        (row,) = looking_up(words, word, "m").result.rows
        assert (None if row[3] is None else list(cast(tuple[float, ...], row[3]))) == (
            found.vectors[0].tolist() if found.kind[0] else None
        )


def test_long_traces_are_cut_short_on_a_terminal() -> None:
    rows = tuple((place,) for place in range(1000))
    lines = list(
        trace_lines(Trace("m", "t", (*[Step("word", "r", ("n",), rows)] * 99, Step("result", "r", ("n",), rows))))
    )
    assert len(lines) < 5000
    assert "  (940 more rows not shown; -f json has all)" in lines
    assert "(39 more steps not shown; -f json has all)" in lines


def test_lines_fit_the_terminal_and_cannot_disturb_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from tokembed.cli.output import width

    monkeypatch.setenv("COLUMNS", "60")
    lines = list(trace_lines(tokenizing("clip", "홀로서기를했습니다 unaffableness\x1b[31m")))
    assert max(map(width, lines)) <= 60
    assert not any("\x1b" in line for line in lines)


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    return tmp_path


def asked(*arguments: str) -> tuple[int, str, str]:
    """`explain` in this process: its exit status, stdout, and stderr but that it compiled its kernels."""
    with redirect_stderr(io.StringIO()) as stderr, redirect_stdout(io.StringIO()) as stdout:
        status = app(["explain", *arguments], standalone_mode=False)
    return status or 0, stdout.getvalue(), without_compiling(stderr.getvalue().encode()).decode()


def told(*arguments: str) -> list[Any]:
    """The traces that it prints."""
    status, stdout, stderr = asked(*arguments, "-f", "json")
    assert (status, stderr) == (0, "")
    traces: list[Any] = json.loads(stdout)
    return traces


def test_tokens_are_explained_by_each_tokenizer(run: Run) -> None:
    done = run("explain", "홀로서기 unaffable", "-t", "bert", "-t", "clip")
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode()
    assert "   0  unaffable unaffabl unaffab unaffa unaff unaf una  una\n" in shown
    assert "\nclip: 홀로서기 unaffable\n" in shown


def test_json_has_every_number() -> None:
    (trace,) = told("나는", "-t", "bert", "--special")
    assert (trace["method"], trace["text"]) == ("bert", "나는")
    assert trace["steps"][-1]["rows"][0] == {"token": "[CLS]", "id": 101}


def test_an_embedder_learns_from_the_files_or_stdin(run: Run, texts: Path) -> None:
    (trace,) = told("학교에", "texts.txt", "-e", "tfidf")
    row = trace["steps"][0]["rows"][0]
    assert (row["token"], row["tf"], row["df"]) == ("학교에", 1, 2)
    piped = run("explain", "학교에", "-e", "tfidf", "-f", "json", input="\n".join(TEXTS).encode())
    assert json.loads(piped.stdout) == [trace]


@pytest.mark.parametrize("name", EMBEDDERS)
def test_a_model_is_explained(texts: Path, name: str) -> None:
    model(name).save(texts / "model")
    last = told("나는 간다", "-e", name, "-m", "model")[0]["steps"][-1]["rows"]
    looked_up = told("나는 간다", "-m", "model")
    if model(name).is_sparse:
        assert looked_up[0]["steps"][-1]["rows"] == last
    else:
        assert [trace["text"] for trace in looked_up] == ["나는", "간다"]
        assert [trace["steps"][-1]["rows"][0]["vector"] for trace in looked_up] == [row["vector"] for row in last]


def test_the_cells_of_a_saved_glove_are_counted_in_files(texts: Path) -> None:
    model("glove").save(texts / "model")
    cells = told("나는", "texts.txt", "-e", "glove", "-m", "model")[0]["steps"][0]["rows"]
    assert {cell["neighbor"]: cell["X"] for cell in cells} == {"간다": 0.5 + 1.0, "학교에": 1.0}  # 집에 is too rare


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a"], "must have -t TOKENIZER, -e EMBEDDER or -m MODEL"),
        (["a", "b.txt", "-t", "bert"], "FILES and --set are for -e NAME"),
        (["a", "-t", "bret"], "did you mean 'bert'"),
        (["a", "-t", "whitespace", "--special"], "--special needs a tokenizer with special tokens"),
        (["a", "-m", "model", "-t", "bert"], "add -e NAME to have TEXT cut"),
        (["a", "-m", "model", "-e", "tfidf"], "is a model of word2vec"),
        (["a", "-m", "model", "-e", "word2vec", "-t", "bert"], "must be used with the tokenizer it was trained with"),
        (["a", "texts.txt", "-m", "model", "-e", "word2vec"], "so FILES are not read"),
        (["a", "-m", "model", "-e", "word2vec", "--set", "dim=3"], "--set is for training"),
        (["a", "-m", "words.vec", "-e", "word2vec"], "has words and vectors alone"),
        (["a", "texts.txt", "-e", "word2vec", "--set", "dims=3"], "has no option 'dims'"),
        (["a", "texts.txt", "-e", "tfdif"], "did you mean 'tfidf'"),
        (["a", "-e", "tfidf", "-e", "glove"], "there must be one -e"),
        (["a", "-t", "bert", "-f", "yaml"], "--format must be one of"),
    ],
)
def test_what_is_asked_wrongly_is_told(texts: Path, arguments: list[str], says: str) -> None:
    model("word2vec").save(texts / "model")
    (texts / "words.vec").write_text("1 2\na 0 1\n", encoding="utf-8")
    status, stdout, stderr = asked(*arguments)
    assert (status, stdout) == (2, "")
    assert says in stderr
    assert stderr.count("\n") == 1
