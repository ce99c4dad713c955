"""What every embedder must satisfy under every tokenizer, and each against an independent answer."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from gensim.models import FastText, Word2Vec
from gensim.models.fasttext_inner import compute_ngrams_bytes, ft_hash_bytes
from sklearn.feature_extraction.text import TfidfVectorizer

import tokembed
from tokembed import registry
from tokembed.corpus import Corpus, from_ids
from tokembed.method_options import options
from tokembed.text_vectors import pooling
from tokembed.types import ContextualEmbedder, Kind, StaticEmbedder, TextEmbedder
from tokembed.vocab import Vocab

TEXTS = [
    "아침 먹고 학교를 갑니다", "학교를 가고 집에 갑니다", "the cat sat on the mat", "the dog sat on the log", "",
    "a cat and a dog", "집에 가고 아침 먹고", "☃ 龘",
] * 6  # fmt: skip
TOKENIZERS = registry.names("tokenizer")
TOKEN_EMBEDDERS = ["word2vec", "glove", "fasttext"]
HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed (pip install 'tokembed[neural]')")
TO_TRAIN = [
    pytest.param(method.name, marks=needs_torch) if method.extra else method.name
    for method in registry.METHODS
    if method.role == "embedder" and not method.is_trained  # those that come trained: test_context.py
]
RECURRENT = ["rnn", "lstm", "gru"]
SMALL: dict[str, dict[str, Any]] = {
    name: {"dim": 8, "epochs": 2, "min_count": 2} for name in TOKEN_EMBEDDERS + RECURRENT
}


@pytest.fixture(scope="module", params=TOKENIZERS)
def corpus(request: pytest.FixtureRequest) -> Corpus:
    return tokembed.tokenizer(request.param).encode_batch(TEXTS)


def made(name: str, **settings: Any) -> Any:
    return tokembed.embedder(name, **(SMALL.get(name, {}) | settings))


@pytest.mark.parametrize("name", TO_TRAIN)
def test_every_embedder_reads_every_corpus(name: str, corpus: Corpus) -> None:
    embedder = made(name).fit(corpus)
    assert 0 < len(embedder.terms) <= len(corpus.vocab)
    output = registry.find("embedder", name).output
    if output == "context":
        vectors = cast(ContextualEmbedder, embedder).token_vectors(corpus)
        assert (vectors.shape, vectors.dtype) == ((corpus.n_tokens, 8), np.float32)
        assert np.isfinite(vectors).all()
        for pool in embedder.pools:
            rows = embedder.pooled(corpus, vectors, pool)
            assert (rows.shape, rows.dtype) == ((len(TEXTS), 8), np.float32)
            assert not rows[4].any()
    elif output == "texts":
        rows = cast(TextEmbedder, embedder).text_vectors(corpus)
        assert (rows.shape, rows.dtype) == ((len(TEXTS), len(embedder.terms)), np.float32)
        assert not rows[[4]].nnz
    else:
        found = cast(StaticEmbedder, embedder).lookup([*embedder.terms])
        assert (found.vectors.shape, found.vectors.dtype) == ((len(embedder.terms), 8), np.float32)
        assert (found.kind == Kind.EXACT).all()
        assert np.isfinite(found.vectors).all()


@pytest.mark.parametrize("name", TO_TRAIN)
def test_the_same_seed_gives_the_same_bytes_and_a_state_restores(name: str, corpus: Corpus) -> None:
    first, again = made(name).fit(corpus), made(name).fit(corpus)
    states = [{key: array.tobytes() for key, array in embedder.state().items()} for embedder in (first, again)]
    assert states[0] == states[1]
    restored = made(name).restore(first.terms, first.state())
    output = registry.find("embedder", name).output
    if output == "context":
        assert restored.token_vectors(corpus).tobytes() == first.token_vectors(corpus).tobytes()
    elif output == "texts":
        assert (restored.text_vectors(corpus) != first.text_vectors(corpus)).nnz == 0
    else:
        words = [*list(first.terms)[:5], "학교에서는", "zzz"]
        assert restored.lookup(words).vectors.tobytes() == first.lookup(words).vectors.tobytes()


VARIANTS = [
    ("word2vec", {"hs": True}),
    ("word2vec", {"hs": True, "architecture": "cbow", "sample": 0.0}),
    ("fasttext", {"hs": True}),
    ("fasttext", {"jamo": True}),
    ("tfidf", {"sublinear_tf": True, "min_df": 2, "max_df": 0.9, "max_features": 5, "norm": "l1"}),
]


@pytest.mark.parametrize(("name", "settings"), VARIANTS, ids=str)
def test_so_does_every_variant(name: str, settings: dict[str, Any], corpus: Corpus) -> None:
    first, again = made(name, **settings).fit(corpus), made(name, **settings).fit(corpus)
    restored = made(name, **settings).restore(first.terms, first.state())
    plain = made(name).fit(corpus)
    if name == "tfidf":
        rows, others, plain_rows = (embedder.text_vectors(corpus) for embedder in (first, restored, plain))
        assert (rows != others).nnz == 0
        assert rows.shape[1] == 5 < plain_rows.shape[1]
        assert again.terms.tokens == first.terms.tokens
    else:
        words = [*first.terms, "학교에서는", "zzz"]
        assert again.lookup(words).vectors.tobytes() == first.lookup(words).vectors.tobytes()
        assert restored.lookup(words).vectors.tobytes() == first.lookup(words).vectors.tobytes()
        assert (first.vectors != plain.vectors).any() or (settings == {"jamo": True} and not any_hangul(first.terms))


def any_hangul(terms: Vocab) -> bool:
    return any("가" <= letter <= "힣" for term in terms for letter in term)


@pytest.mark.parametrize("option", ["hs", "jamo"])
def test_a_switch_is_true_or_false(option: str) -> None:
    with pytest.raises(tokembed.BadUsage, match=f"{option} of fasttext must be true or false, got 1"):
        made("fasttext", **{option: 1})


@pytest.mark.parametrize("name", TOKEN_EMBEDDERS)
def test_another_seed_gives_other_vectors(name: str) -> None:
    corpus = tokembed.tokenizer("whitespace").encode_batch(TEXTS)
    assert (made(name).fit(corpus).vectors != made(name, seed=7).fit(corpus).vectors).any()


@pytest.mark.parametrize("name", TO_TRAIN)
def test_a_corpus_without_a_token_cannot_be_fitted(name: str) -> None:
    with pytest.raises(tokembed.BadInput, match="at least one text must have a token, found none in 2 texts"):
        made(name).fit(tokembed.tokenizer("whitespace").encode_batch(["", " "]))


@pytest.mark.parametrize("name", TOKEN_EMBEDDERS)
def test_a_corpus_in_which_no_word_is_frequent_enough_says_so(name: str) -> None:
    corpus = tokembed.tokenizer("whitespace").encode_batch(["a b", "b c"])
    with pytest.raises(tokembed.BadInput, match=r"must occur 3 times .* the most frequent occurs 2 times"):
        made(name, min_count=3).fit(corpus)


@pytest.mark.parametrize("name", TOKEN_EMBEDDERS)
@pytest.mark.parametrize("option", ["dim", "window", "min_count", "epochs", "workers"])
def test_an_option_below_one_is_refused(name: str, option: str) -> None:
    with pytest.raises(tokembed.BadUsage, match=f"{option} must be at least 1, got 0"):
        made(name, **{option: 0})


BEYOND = [
    pytest.param(name, option.name, value, marks=[needs_torch] if name in RECURRENT else [])
    for name in TOKEN_EMBEDDERS + RECURRENT
    for option in options(registry.find("embedder", name))
    if option.type in ("int", "float")
    for value in ((-1, 10**30) if option.type == "int" else (-1.0, 1e30, float("inf"), float("nan")))
]


@pytest.mark.parametrize(("name", "option", "value"), BEYOND)
def test_a_number_that_cannot_be_is_refused(name: str, option: str, value: float) -> None:
    with pytest.raises(tokembed.BadUsage, match=f"^{option} must be at (least|most) .*, got {re.escape(str(value))}$"):
        made(name, **{option: value})


def test_more_buckets_than_gensim_can_number_are_refused() -> None:
    made("fasttext", dim=100, buckets=42_949_672)
    with pytest.raises(tokembed.BadUsage, match="buckets must be at most 42949672, got 42949673"):
        made("fasttext", dim=100, buckets=42_949_673)


@pytest.mark.parametrize(("window", "highest"), [(5, 0.1), (20, 0.05)])
def test_a_learning_rate_at_which_gensims_cbow_crashes_is_refused(window: int, highest: float) -> None:
    made("fasttext", architecture="cbow", window=window, learning_rate=highest)
    made("fasttext", window=window, learning_rate=0.5)
    with pytest.raises(tokembed.BadUsage, match=f"cbow with window {window} must be at most {highest}, got 0.5"):
        made("fasttext", architecture="cbow", window=window, learning_rate=0.5)


@pytest.mark.parametrize("name", TO_TRAIN)
def test_before_fit_there_are_no_vectors(name: str) -> None:
    embedder = made(name)
    with pytest.raises(tokembed.BadUsage, match=r"must be fitted before it gives vectors; call fit\(corpus\) first"):
        vectors_of(embedder, name)


def vectors_of(embedder: Any, name: str) -> Any:
    output, corpus = registry.find("embedder", name).output, tokembed.tokenizer("whitespace").encode_batch(["a"])
    if output != "tokens":
        return embedder.text_vectors(corpus) if output == "texts" else embedder.token_vectors(corpus)
    return embedder.lookup(["a"])


@pytest.mark.parametrize("name", TOKEN_EMBEDDERS)
def test_training_that_runs_away_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = np.zeros((len({token for text in TEXTS for token in text.split()}), 8), np.float32)
    broken[1] = np.nan
    result = (broken, [1.0]) if name == "glove" else broken
    embedder = made(name)
    monkeypatch.setattr(f"{type(embedder).__module__}.train", lambda *_, **__: result)
    with pytest.raises(tokembed.BadInput, match=r"must be finite, 1 of \d+ vectors is not; lower learning_rate"):
        embedder.fit(tokembed.tokenizer("whitespace").encode_batch(TEXTS))
    with pytest.raises(tokembed.BadUsage, match="must be fitted"):
        embedder.lookup(["the"])


@pytest.mark.parametrize("name", TOKEN_EMBEDDERS)
def test_unknown_and_special_tokens_get_no_vector(name: str) -> None:
    corpus = tokembed.tokenizer("bert", special=True).encode_batch(TEXTS)
    embedder = made(name).fit(corpus)
    assert not {"[UNK]", "[CLS]", "[SEP]"} & set(embedder.terms)
    pooled = pooling.mean(corpus, embedder)
    without = np.isin(corpus.ids, list(corpus.vocab.without_text_ids))
    assert (pooled.kind[without] == Kind.NONE).all()
    snowman = TEXTS.index("☃ 龘")
    assert (pooled.n_with_vector[snowman], pooled.vectors[snowman].any()) == (0, False)


def test_onehot_is_the_share_of_each_token() -> None:
    corpus = tokembed.tokenizer("whitespace").encode_batch(["a b a", "", "c"])
    embedder = cast(TextEmbedder, tokembed.embedder("onehot").fit(corpus))
    assert embedder.terms.tokens == ["a", "b", "c"]
    expected = np.array([[2 / 3, 1 / 3, 0], [0, 0, 0], [0, 0, 1]], np.float32)
    np.testing.assert_array_equal(embedder.text_vectors(corpus).toarray(), expected)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_tfidf_equals_scikit_learn(name: str) -> None:
    tokenizer = tokembed.tokenizer(name)
    corpus = tokenizer.encode_batch(TEXTS)
    embedder = cast(TextEmbedder, tokembed.embedder("tfidf").fit(corpus))
    reference = TfidfVectorizer(analyzer=lambda text: tokenizer.encode(text).tokens)
    expected = reference.fit_transform(TEXTS)
    columns = [reference.vocabulary_[term] for term in embedder.terms]
    assert len(columns) == len(reference.vocabulary_)
    np.testing.assert_allclose(embedder.text_vectors(corpus).toarray(), expected.toarray()[:, columns], atol=1e-6)
    later = ["the cat zzz", "아침 아침"]
    np.testing.assert_allclose(
        embedder.text_vectors(tokenizer.encode_batch(later)).toarray(),
        reference.transform(later).toarray()[:, columns],
        atol=1e-6,
    )


def ranked_corpus() -> tuple[Corpus, list[list[str]]]:
    """Texts in which no two words are equally frequent, so that gensim's order of words is ours."""
    rng = np.random.default_rng(3)
    words = [f"word{number}" for number in range(30)]
    pool = rng.permutation(np.repeat(np.arange(30), np.arange(60, 0, -2)))
    lists = [chunk.tolist() for chunk in np.array_split(pool, 40)]
    return from_ids(lists, Vocab(words)), [[words[place] for place in chunk] for chunk in lists]


def as_file(sentences: list[list[str]], folder: Path) -> str:
    path = folder / "sentences.txt"
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in sentences), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("architecture", "sg"), [("skip-gram", 1), ("cbow", 0)])
def test_word2vec_is_gensims_on_the_words_themselves(tmp_path: Path, architecture: str, sg: int) -> None:
    corpus, sentences = ranked_corpus()
    ours = made("word2vec", architecture=architecture).fit(corpus)
    theirs = Word2Vec(
        corpus_file=as_file(sentences, tmp_path), vector_size=8, epochs=2, min_count=2, sg=sg, seed=42, workers=1
    )  # fmt: skip
    np.testing.assert_array_equal(ours.vectors, theirs.wv[ours.terms.tokens])


@pytest.mark.parametrize(("architecture", "sg"), [("skip-gram", 1), ("cbow", 0)])
def test_fasttext_is_gensims_on_the_words_themselves(tmp_path: Path, architecture: str, sg: int) -> None:
    corpus, sentences = ranked_corpus()
    ours = made("fasttext", architecture=architecture, buckets=500).fit(corpus)
    theirs = FastText(
        corpus_file=as_file(sentences, tmp_path), vector_size=8, epochs=2, min_count=2, sg=sg, seed=42, workers=1,
        bucket=500,
    )  # fmt: skip
    np.testing.assert_allclose(ours.vectors, theirs.wv[ours.terms.tokens], rtol=1e-6)
    seen_in_parts = "word"  # every n-gram of it, but for the last, is in every word
    assert ours.lookup([seen_in_parts]).kind.tolist() == [Kind.NGRAMS]


def test_fasttext_leaves_untrained_ngrams_out() -> None:
    corpus, _ = ranked_corpus()
    embedder = made("fasttext", buckets=100_000).fit(corpus)
    found = embedder.lookup(["word1", "words", "홀로"])
    assert found.kind.tolist() == [Kind.EXACT, Kind.NGRAMS, Kind.NONE]
    assert not found.vectors[2].any()
    rows, starts = embedder.ngrams.rows(["words", "홀로"])
    assert (rows[starts[1] :] == -1).all()
    trained = rows[: starts[1]][rows[: starts[1]] >= 0]
    assert 0 < len(trained) < starts[1]
    np.testing.assert_allclose(found.vectors[1], embedder.ngrams.vectors[trained].mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("buckets", [1, 7, 0])
def test_fasttext_knows_an_ngram_by_its_whole_hash(buckets: int) -> None:
    corpus, _ = ranked_corpus()
    embedder = made("fasttext", buckets=buckets).fit(corpus)
    have = {ngram for term in embedder.terms for ngram in compute_ngrams_bytes(term, 3, 6)}
    strangers = ["강아지와", "고양이에게서", "zygote", "quick", "x"]
    assert embedder.lookup(strangers).kind.tolist() == [Kind.NONE] * len(strangers)
    for word in ["sword", "words", "keyword1", "강word"]:
        known = [ngram for ngram in compute_ngrams_bytes(word, 3, 6) if ngram in have]
        ngrams = embedder.ngrams
        buckets_of_known = [ft_hash_bytes(ngram) % ngrams.n_buckets for ngram in known]
        rows, _ = ngrams.rows([word])
        assert ngrams.buckets[rows[rows >= 0]].tolist() == buckets_of_known
        expected = ngrams.vectors[np.searchsorted(ngrams.buckets, buckets_of_known)].mean(axis=0)
        np.testing.assert_allclose(embedder.lookup([word]).vectors[0], expected, rtol=1e-5, atol=1e-7)


def test_fasttext_restores_its_ngrams_exactly() -> None:
    corpus, _ = ranked_corpus()
    first = made("fasttext", buckets=50).fit(corpus)
    restored = made("fasttext").restore(first.terms, first.state())
    words = ["word1", "sword", "keyword1", "홀로"]
    assert restored.lookup(words).vectors.tobytes() == first.lookup(words).vectors.tobytes()
    assert restored.lookup(words).kind.tolist() == [Kind.EXACT, Kind.NGRAMS, Kind.NGRAMS, Kind.NONE]
    again = restored.state()
    for key, array in first.state().items():
        assert (again[key].dtype, again[key].tobytes()) == (array.dtype, array.tobytes())


def test_fasttext_without_any_ngram_is_a_vector_a_word() -> None:
    corpus = tokembed.tokenizer("whitespace").encode_batch(["a b a", "b a b"])
    embedder = made("fasttext", min_n=5).fit(corpus)
    found = embedder.lookup(["a", "c", "a longer one"])
    assert found.kind.tolist() == [Kind.EXACT, Kind.NONE, Kind.NONE]
    assert not found.vectors[1:].any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_glove_brings_words_of_one_context_together(seed: int) -> None:
    rng = np.random.default_rng(0)
    topics = [["cat", "dog", "pet", "fur"], ["car", "bus", "road", "fuel"]]
    texts = [" ".join(rng.permutation(words)) for words in topics * 60]
    texts += [" ".join(rng.permutation(topics[0] + topics[1])) for _ in range(4)]  # else no cell tells them apart
    corpus = tokembed.tokenizer("whitespace").encode_batch(texts)
    embedder = tokembed.embedder("glove", dim=8, epochs=60, seed=seed).fit(corpus)
    assert embedder.losses[-1] < embedder.losses[0] / 10  # type: ignore[union-attr]
    vectors = cast(StaticEmbedder, embedder).lookup(topics[0] + topics[1]).vectors
    together = [cosine(vectors[i], vectors[j]) for i in range(8) for j in range(i) if i // 4 == j // 4]
    apart = [cosine(vectors[i], vectors[j]) for i in range(4) for j in range(4, 8)]
    assert min(together) > max(apart) + 1


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_mean_pooling_is_the_mean_of_the_tokens_that_have_a_vector() -> None:
    corpus = tokembed.tokenizer("whitespace").encode_batch(["a b zzz a", "zzz", ""])
    embedder = tokembed.embedder("word2vec", dim=2).restore(
        Vocab(["a", "b"]), {"vectors": np.array([[1, 0], [0, 3]], np.float32), "counts": np.array([2, 1])}
    )
    pooled = pooling.mean(corpus, cast(StaticEmbedder, embedder))
    np.testing.assert_allclose(pooled.vectors, [[2 / 3, 1], [0, 0], [0, 0]], rtol=1e-6)
    assert pooled.n_with_vector.tolist() == [3, 0, 0]
    assert pooled.kind.tolist() == [Kind.EXACT, Kind.EXACT, Kind.NONE, Kind.EXACT, Kind.NONE]
