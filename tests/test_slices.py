"""Word2Vec and FastText train slice by slice: gensim's numbers, a bounded part at a time, and stopped runs go on."""

from __future__ import annotations

import json
import logging
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import chain, count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import FastText, Word2Vec
from gensim.models.fasttext import ft_ngram_hashes
from gensim.models.word2vec import LineSentence
from hypothesis import given
from hypothesis import strategies as st

import tokembed
from tokembed.corpus import Corpus, frequent_terms, from_ids
from tokembed.errors import BadInput
from tokembed.training import sentences
from tokembed.training import with_gensim as gensim_training
from tokembed.training.checkpoints import Checkpoint
from tokembed.training.sentences import Slices
from tokembed.training.with_gensim import untrained
from tokembed.vocab import Vocab

METHODS = ["word2vec", "fasttext"]
SMALL = {"dim": 8, "epochs": 2, "min_count": 2}


def made(name: str, **settings: Any) -> Any:
    return tokembed.embedder(name, **(SMALL | settings))


def skewed_corpus(n_texts: int = 400, n_words: int = 40, seed: int = 0) -> Corpus:
    """Texts of random words, most of them of a few, which are not the first ones."""
    rng = np.random.default_rng(seed)
    share = rng.permutation(1 / np.arange(1, n_words + 1))
    lists = [rng.choice(n_words, rng.integers(0, 30), p=share / share.sum()).tolist() for _ in range(n_texts)]
    return from_ids(lists, Vocab(f"word{number}" for number in range(n_words)))


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """About 500 tokens a slice: `skewed_corpus` has a dozen."""
    monkeypatch.setattr(sentences, "SLICE_TOKENS", 500)


def chunks_of(texts: list[list[int]], known: set[int], length: int) -> list[list[int]]:
    """The known words of each text, in sentences of `length` at the most."""
    left = [[word for word in text if word in known] for text in texts]
    return [text[start : start + length] for text in left for start in range(0, len(text), length)]


def sentences_of(slices: Slices, number: int) -> list[list[int]]:
    found = slices.sentences(number)
    return [found.ids[start:end].tolist() for start, end in pairwise(found.starts.tolist())]


TEXTS = st.lists(st.lists(st.integers(0, 5), max_size=25), min_size=1, max_size=8)


@given(TEXTS.filter(any), st.integers(1, 40), st.integers(1, 10), st.sets(st.integers(0, 5), min_size=1))
def test_slices_have_every_known_word_once_in_order(
    texts: list[list[int]], n_tokens: int, longest: int, known: set[int]
) -> None:
    corpus = from_ids(texts, Vocab("abcdef"))
    terms = Vocab("abcdef"[word] for word in sorted(known, reverse=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentences, "SLICE_TOKENS", n_tokens)
        patch.setattr(sentences, "MAX_SENTENCE", longest)
        slices = Slices(corpus, terms)
        found = [sentences_of(slices, number) for number in range(len(slices))]
    assert sum(map(slices.n_tokens, range(len(slices)))) == corpus.n_tokens
    as_words = [["abcdef".index(terms[term]) for term in sentence] for sentence in chain(*found)]
    assert [*chain(*as_words)] == [word for word in chain(*texts) if word in known]
    assert all(0 < len(sentence) <= longest for sentence in as_words)
    ends = {*np.cumsum([sum(word in known for word in text) for text in texts]).tolist()}
    assert ends - {0} <= {
        *np.cumsum([len(sentence) for sentence in as_words]).tolist()
    }  # none goes on in the next text
    if len(slices) == 1:
        assert as_words == chunks_of(texts, known, longest)


@given(TEXTS.filter(any), st.integers(1, 40), st.integers(1, 10))
def test_slices_are_of_about_the_same_size(texts: list[list[int]], n_tokens: int, longest: int) -> None:
    corpus = from_ids(texts, Vocab("abcdef"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentences, "SLICE_TOKENS", n_tokens)
        patch.setattr(sentences, "MAX_SENTENCE", longest)
        slices = Slices(corpus, corpus.vocab)
    n_slices = max(1, round(corpus.n_tokens / n_tokens))
    wanted = np.linspace(0, corpus.n_tokens, n_slices + 1)
    apart = [min(abs(edge - place) for place in wanted) for edge in slices.edges]
    assert max(apart) <= min(longest, max(map(len, texts))) + 1
    assert len(slices) <= n_slices


@given(TEXTS.filter(any), st.integers(1, 4))
def test_parts_for_several_workers_are_the_whole(texts: list[list[int]], n_parts: int) -> None:
    corpus = from_ids(texts, Vocab("abcdef"))
    whole = Slices(corpus, corpus.vocab).sentences(0)
    parts = list(whole.parts(n_parts))
    assert np.concatenate([part.ids for part in parts]).tolist() == whole.ids.tolist()
    assert np.concatenate([np.diff(part.starts) for part in parts]).tolist() == np.diff(whole.starts).tolist()
    assert all(part.starts[0] == 0 and part.starts[-1] == len(part.ids) for part in parts)
    assert 1 <= len(parts) <= n_parts


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("n_files", [1, 3])
def test_gensim_reads_a_slice_that_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_files: int
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    corpus = skewed_corpus()
    slices = Slices(corpus, frequent_terms(corpus, 1)[0])
    assert len(slices) > 3
    with slices.files(2, n_files) as files:
        assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == [file.path for file in files]
        lines = [sentence for file in files for sentence in LineSentence(str(file.path))]
        assert len(files) == n_files
        assert sum(file.n_sentences for file in files) == len(lines)
        assert sum(file.n_words for file in files) == sum(map(len, lines))
    assert [[*map(int, line)] for line in lines] == sentences_of(slices, 2)
    assert not [*tmp_path.iterdir()]


def test_a_corpus_on_disk_is_read_a_slice_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "SLICE_TOKENS", 10_000)
    monkeypatch.setattr("tokembed.corpus._TOKENS_AT_ONCE", 10_000)
    n_tokens = 1_000_000
    np.save(tmp_path / "ids.npy", np.random.default_rng(0).integers(0, 9, n_tokens).astype(np.int32))
    np.save(tmp_path / "starts.npy", np.arange(0, n_tokens + 1, 20))
    before = (tmp_path / "ids.npy").read_bytes()
    ids, starts = (np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("ids", "starts"))
    corpus = Corpus(ids, starts, Vocab("abcdefghi"))
    tracemalloc.start()
    slices = Slices(corpus, frequent_terms(corpus, 1)[0])
    n_words = sum(len(slices.sentences(number).ids) for number in range(len(slices)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(slices), n_words) == (100, n_tokens)
    assert peak < ids.nbytes / 2
    assert (tmp_path / "ids.npy").read_bytes() == before


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("name", METHODS)
def test_a_corpus_on_disk_gives_the_vectors_of_one_in_memory(tmp_path: Path, name: str) -> None:
    corpus = skewed_corpus()
    np.save(tmp_path / "ids.npy", corpus.ids)
    np.save(tmp_path / "starts.npy", corpus.starts)
    ids, starts = (np.load(tmp_path / f"{part}.npy", mmap_mode="r") for part in ("ids", "starts"))
    on_disk = made(name).fit(Corpus(ids, starts, corpus.vocab))
    assert on_disk.vectors.tobytes() == made(name).fit(corpus).vectors.tobytes()


def ranked_texts(n_words: int = 60, longest: int = 40) -> tuple[Corpus, list[list[str]]]:
    """Over 30,000 words, no two of them equally frequent: several of the batches that gensim reads."""
    rng = np.random.default_rng(3)
    pool = rng.permutation(np.repeat(np.arange(n_words), 20 * np.arange(n_words, 0, -1)))
    edges = np.cumsum(rng.integers(1, longest, len(pool)))
    lists = [part.tolist() for part in np.split(pool, edges[edges < len(pool)])]
    words = [f"word{number}" for number in range(n_words)]
    return from_ids(lists, Vocab(words)), [[words[place] for place in part] for part in lists]


def written(texts: list[list[str]], path: Path) -> str:
    path.write_text("".join(" ".join(text) + "\n" for text in texts), encoding="utf-8")
    return str(path)


OPTIONS = [
    pytest.param({}, {}, id="skip-gram"),
    pytest.param({"architecture": "cbow"}, {"sg": 0}, id="cbow"),
    pytest.param({"hs": True}, {"hs": 1, "negative": 0}, id="skip-gram hs"),
    pytest.param({"hs": True, "architecture": "cbow"}, {"hs": 1, "negative": 0, "sg": 0}, id="cbow hs"),
    pytest.param({"sample": 0.0, "negative": 2}, {"sample": 0, "negative": 2}, id="all words"),
    pytest.param({"sample": 0.01, "window": 2}, {"sample": 0.01, "window": 2}, id="few words"),
    pytest.param({"learning_rate": 0.05}, {"alpha": 0.05, "min_alpha": 0.0002}, id="rate"),
]


@pytest.mark.parametrize(("ours", "theirs"), OPTIONS)
def test_one_slice_is_one_call_of_gensim_to_the_bit(tmp_path: Path, ours: Any, theirs: Any) -> None:
    corpus, texts = ranked_texts()
    file = written(texts, tmp_path / "words.txt")
    same = {"vector_size": 8, "epochs": 3, "min_count": 2, "seed": 42, "workers": 1} | {"sg": 1} | theirs
    expected = Word2Vec(corpus_file=file, **({"min_alpha": 0.0001} | same))
    embedder = made("word2vec", epochs=3, **ours).fit(corpus)
    np.testing.assert_array_equal(embedder.vectors, expected.wv[embedder.terms.tokens])
    ngrams = FastText(corpus_file=file, bucket=500, **({"min_alpha": 0.0001} | same))
    fasttext = made("fasttext", epochs=3, buckets=500, **ours).fit(corpus)
    np.testing.assert_array_equal(fasttext.vectors, ngrams.wv[fasttext.terms.tokens])
    np.testing.assert_array_equal(fasttext.ngrams.vectors, ngrams.wv.vectors_ngrams[fasttext.ngrams.buckets])


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_several_slices_are_as_many_calls_of_gensim_with_the_rate_carried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, architecture: str
) -> None:
    monkeypatch.setattr(sentences, "SLICE_TOKENS", 6_000)
    corpus, _ = ranked_texts()
    more = {} if name == "word2vec" else {"buckets": 500}
    embedder = made(name, architecture=architecture, **more).fit(corpus)
    terms, counts = frequent_terms(corpus, 2)
    slices = Slices(corpus, terms)
    n_steps = 2 * len(slices)
    assert len(slices) == 6
    rates = np.linspace(0.025, 0.025 / 250, n_steps + 1).tolist()
    if name == "word2vec":
        peer = untrained(Word2Vec, embedder, counts)
    else:
        peer = untrained(FastText, embedder, counts, {"bucket": 500})
        peer.wv.buckets_word = [np.array(ft_ngram_hashes(term, 3, 6, 500), np.uint32) for term in terms]
    for step, (rate, next_rate) in enumerate(pairwise(rates)):
        texts = [[*map(str, sentence)] for sentence in sentences_of(slices, step % len(slices))]
        n_words = sum(map(len, texts))
        given_file = {"corpus_file": written(texts, tmp_path / "slice.txt"), "total_examples": len(texts)}
        peer.train(**given_file, total_words=n_words, epochs=1, start_alpha=rate, end_alpha=next_rate)
    np.testing.assert_allclose(embedder.vectors, peer.wv.vectors, atol=2e-4)
    assert np.abs(embedder.vectors).max() > 0.1


class Stopped(Exception):
    """What ends a run in the middle."""


def stop_after(n_saved: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let training stop as soon as so many states are kept."""
    save, numbers = Checkpoint.save, count(1)

    def save_and_stop(self: Checkpoint, *args: Any) -> None:
        save(self, *args)
        if next(numbers) == n_saved:
            raise Stopped

    monkeypatch.setattr(Checkpoint, "save", save_and_stop)


def all_bytes(embedder: Any) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in embedder.state().items()}


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("settings", [{}, {"architecture": "cbow"}, {"hs": True, "sample": 0.0}], ids=str)
def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, settings: dict[str, Any]
) -> None:
    corpus = skewed_corpus()
    whole = all_bytes(made(name, **settings).fit(corpus))
    n_steps = 2 * len(Slices(corpus, frequent_terms(corpus, 2)[0]))
    assert n_steps > 20
    for n_saved in (1, n_steps // 2, n_steps // 2 + 1, n_steps):
        folder = tmp_path / str(n_saved)
        with monkeypatch.context() as patch:
            stop_after(n_saved, patch)
            with pytest.raises(Stopped):
                made(name, **settings).fit(corpus, checkpoint=folder)
        assert json.loads((folder / "state.json").read_text())["progress"]["steps"] == n_saved
        assert all_bytes(made(name, **settings).fit(corpus, checkpoint=folder)) == whole


@pytest.mark.usefixtures("small_slices")
def test_a_run_may_be_stopped_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = skewed_corpus(100)
    whole = all_bytes(made("word2vec").fit(corpus))
    for _ in range(3):
        with monkeypatch.context() as patch:
            stop_after(1, patch)
            with pytest.raises(Stopped):
                made("word2vec").fit(corpus, checkpoint=tmp_path)
    state = json.loads((tmp_path / "state.json").read_text())
    assert (state["progress"]["steps"], state["progress"]["epoch"], state["progress"]["slice"]) == (3, 0, 2)
    n_words = [len(Slices(corpus, frequent_terms(corpus, 2)[0]).sentences(number).ids) for number in range(3)]
    assert state["progress"]["words"] == sum(n_words)
    assert all_bytes(made("word2vec").fit(corpus, checkpoint=tmp_path)) == whole


@pytest.mark.usefixtures("small_slices")
def test_a_state_is_kept_whole_and_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = skewed_corpus(100)
    made("word2vec").fit(corpus, checkpoint=tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    state = json.loads((tmp_path / "state.json").read_text())
    assert names == [state["arrays"], "state.json"]
    with monkeypatch.context() as patch:
        stop_after(2, patch)
        with pytest.raises(Stopped):
            made("word2vec").fit(corpus, checkpoint=tmp_path / "again")
    (tmp_path / "again" / "arrays-3.safetensors").write_bytes(b"cut off while it was written")
    whole = made("word2vec").fit(corpus)
    assert all_bytes(made("word2vec").fit(corpus, checkpoint=tmp_path / "again")) == all_bytes(whole)


def other_corpus() -> Corpus:
    return skewed_corpus(100, seed=1)


def other_words() -> Corpus:
    corpus = skewed_corpus(100)
    return Corpus(corpus.ids, corpus.starts, Vocab(f"{word}x" for word in corpus.vocab))


REFUSED: list[tuple[str, dict[str, Any], Callable[[], Corpus], str]] = [
    ("word2vec", {"dim": 9}, lambda: skewed_corpus(100), "the same dim, it has 8 and this one 9"),
    ("word2vec", {"hs": True}, lambda: skewed_corpus(100), "the same hs, it has False and this one True"),
    ("word2vec", {"workers": 2}, lambda: skewed_corpus(100), "the same workers, it has 1 and this one 2"),
    ("fasttext", {}, lambda: skewed_corpus(100), "the same embedder, it has 'Word2VecEmbedder' and"),
    ("word2vec", {}, other_corpus, "the same corpus, it has '[0-9a-f]+' and"),
    ("word2vec", {}, other_words, "the same terms, it has '[0-9a-f]+' and"),
]


@pytest.mark.parametrize(("name", "settings", "corpus", "message"), REFUSED, ids=[case[3][:18] for case in REFUSED])
def test_a_state_of_something_else_is_refused_in_one_line(
    tmp_path: Path, name: str, settings: dict[str, Any], corpus: Callable[[], Corpus], message: str
) -> None:
    made("word2vec").fit(skewed_corpus(100), checkpoint=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(BadInput, match=f"must have {message}.*; name another folder, or remove this one") as caught:
        made(name, **settings).fit(corpus(), checkpoint=tmp_path)
    assert "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def spoil_state(folder: Path) -> None:
    (folder / "state.json").write_text('{"format": 1,')


def spoil_arrays(folder: Path) -> None:
    (arrays,) = folder.glob("arrays-*")
    arrays.write_bytes(arrays.read_bytes()[:-8])


def lose_arrays(folder: Path) -> None:
    (arrays,) = folder.glob("arrays-*")
    arrays.unlink()


def newer_format(folder: Path) -> None:
    state = json.loads((folder / "state.json").read_text())
    (folder / "state.json").write_text(json.dumps({**state, "format": 2}))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_state, "must be a whole training state, it is not: Expecting"),
        (spoil_arrays, "is cut off: its header promises"),
        (lose_arrays, "must be a whole training state, it is not: .*No such file"),
        (newer_format, "must have a state of format 1, found 2"),
    ],
)
def test_a_damaged_state_is_refused(tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    made("word2vec").fit(skewed_corpus(100), checkpoint=tmp_path)
    spoil(tmp_path)
    with pytest.raises(BadInput, match=message):
        made("word2vec").fit(skewed_corpus(100), checkpoint=tmp_path)


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written: File exists"):
        made("word2vec").fit(skewed_corpus(100), checkpoint=tmp_path / "file")


def test_no_room_for_a_slice_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(BadInput, match=r"must have room for [\d,]+ numbers as text, found: No such file.*; set TMPDIR"):
        made("word2vec").fit(skewed_corpus(100))


@pytest.mark.parametrize("name", METHODS)
def test_an_error_in_training_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def fail(*_: Any) -> None:
        raise Stopped

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(gensim_training, "_take_step", fail)
    with pytest.raises(Stopped):
        made(name, workers=2).fit(skewed_corpus(100))
    assert not [*tmp_path.iterdir()]


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("name", METHODS)
def test_two_workers_train_on_every_word(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    corpus = skewed_corpus()
    take_step, n_words = gensim_training._take_step, list[tuple[int, int]]()

    def counted(model: Any, vocab: Any, step: int, file: sentences.SentenceFile) -> None:
        take_step(model, vocab, step, file)
        n_words.append((step, file.n_words))

    monkeypatch.setattr(gensim_training, "_take_step", counted)
    embedder = made(name, workers=2, epochs=1).fit(corpus)
    assert np.isfinite(embedder.vectors).all()
    assert sum(number for _, number in n_words) == embedder.counts.sum()
    assert len(n_words) == 2 * len({step for step, _ in n_words})


def test_hierarchical_softmax_needs_two_terms() -> None:
    with pytest.raises(BadInput, match=r"must have at least two terms for its tree, found 1; .* take hs=false"):
        made("word2vec", hs=True).fit(from_ids([[0, 0, 0]], Vocab(["a"])))


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that has gone on by 0.4 s whenever it is looked at."""
    ticks: Iterator[float] = (0.4 * number for number in count())
    monkeypatch.setattr(gensim_training.time, "monotonic", lambda: next(ticks))


@pytest.mark.usefixtures("small_slices", "ticking")
def test_progress_is_logged_about_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    corpus = skewed_corpus()
    slices = Slices(corpus, frequent_terms(corpus, 2)[0])
    with caplog.at_level(logging.INFO, logger="tokembed.training.with_gensim"):
        made("word2vec").fit(corpus)
    told = [record.getMessage() for record in caplog.records if record.name == "tokembed.training.with_gensim"]
    n_steps = 2 * len(slices)
    assert len(told) == -(-n_steps // 3)
    n_tokens, n_words = slices.edges[3], sum(len(slices.sentences(number).ids) for number in range(3))
    share, seconds = n_tokens / 2 / corpus.n_tokens, 1.2
    left = round(seconds / share - seconds)
    assert told[0] == f"epoch 1 of 2, {100 * share:.1f} % done, {n_words / seconds:,.0f} words/s, 0:00:{left:02} left"
    assert told[-1].startswith("epoch 2 of 2, 100.0 % done, ")
    assert told[-1].endswith(" words/s, 0:00:00 left")
