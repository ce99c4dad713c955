"""TF-IDF against scikit-learn with every option, its counting against a slow one, and the options as settings."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

import tokembed
from tests.conftest import Run
from tokembed import registry
from tokembed.corpus import Corpus, from_ids
from tokembed.errors import BadInput, BadUsage
from tokembed.kernels import term_counts
from tokembed.kernels.term_counts import count_terms, texts_with
from tokembed.method_options import parsed
from tokembed.term_counts import chosen_terms
from tokembed.vocab import Vocab

WORDS = ["학교", "a", "b", "The", "고양이", "🙂", "나", "zz"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=12), min_size=1, max_size=8)
SHARES = st.floats(0, 1).map(lambda share: round(share, 2))


def corpus_of(texts: list[list[str]]) -> Corpus:
    return tokembed.tokenizer("whitespace").encode_batch([" ".join(text) for text in texts])


def tfidf(**settings: Any) -> Any:
    return tokembed.embedder("tfidf", **settings)


@given(
    texts=TEXTS.filter(any),
    later=TEXTS,
    sublinear_tf=st.booleans(),
    min_df=st.integers(1, 4) | SHARES,
    max_df=st.integers(1, 8) | SHARES,
    max_features=st.integers(0, 9),
    norm=st.sampled_from(["l2", "l1", "none"]),
)
def test_every_combination_of_options_equals_scikit_learn(
    texts: list[list[str]], later: list[list[str]], max_features: int, norm: str, **options: Any
) -> None:
    reference = TfidfVectorizer(
        analyzer=lambda text: text, max_features=max_features or None, norm=None if norm == "none" else norm, **options
    )
    embedder = tfidf(max_features=max_features, norm=norm, **options)
    try:
        expected = reference.fit_transform(texts)
    except ValueError:
        with pytest.raises(BadInput):
            embedder.fit(corpus_of(texts))
        return
    embedder.fit(corpus_of(texts))
    totals = Counter(word for text in texts for word in text)
    ours, theirs = set(embedder.terms), set(reference.vocabulary_)
    assert sorted(totals[word] for word in ours) == sorted(totals[word] for word in theirs)
    assume(ours == theirs)  # where terms are equally frequent, which of them is kept is open
    columns = [reference.vocabulary_[term] for term in embedder.terms]
    np.testing.assert_allclose(
        embedder.text_vectors(corpus_of(texts)).toarray(), expected.toarray()[:, columns], rtol=1e-6
    )
    np.testing.assert_allclose(
        embedder.text_vectors(corpus_of(later)).toarray(), reference.transform(later).toarray()[:, columns], rtol=1e-6
    )


def test_a_whole_number_is_of_texts_and_a_share_is_of_all() -> None:
    corpus = corpus_of([["a", "b", "c"], ["a", "b"], ["a", "b"], ["a"]])
    kept = [
        (1, 1.0, "abc"), (2, 1.0, "ab"), (4, 1.0, "a"), (1, 3, "bc"), (1, 1, "c"), (3, 3, "b"), (0.8, 1.0, "a"),
        (0.0, 1.0, "abc"), (0.5, 1.0, "ab"), (0.75, 0.75, "b"), (1.0, 1.0, "a"), (0.0, 0.25, "c"),
    ]  # fmt: skip
    for min_df, max_df, terms in kept:
        assert "".join(tfidf(min_df=min_df, max_df=max_df).fit(corpus).terms) == terms, (min_df, max_df)


def test_weights_worked_by_hand() -> None:
    corpus = corpus_of([["a", "b", "a", "a"], ["a"]])
    rare = 1 + np.log(3 / 2)  # b stands in one of two texts; the weight of a, which stands in both, is 1
    cases: list[tuple[dict[str, Any], list[float]]] = [
        ({"norm": "none"}, [3, rare]),
        ({"norm": "none", "sublinear_tf": True}, [1 + np.log(3), rare]),
        ({"norm": "l1"}, [3 / (3 + rare), rare / (3 + rare)]),
        ({}, [3 / np.hypot(3, rare), rare / np.hypot(3, rare)]),
    ]
    for settings, expected in cases:
        rows = tfidf(**settings).fit(corpus).text_vectors(corpus).toarray()
        np.testing.assert_allclose(rows[0], expected, rtol=1e-6)


def test_of_equally_frequent_terms_the_first_in_code_points_are_kept() -> None:
    corpus = corpus_of([["나", "z", "b", "often", "a"], ["often"]])
    assert tfidf(max_features=3).fit(corpus).terms.tokens == ["b", "often", "a"]
    assert tfidf(max_features=1).fit(corpus).terms.tokens == ["often"]
    assert len(tfidf(max_features=5).fit(corpus).terms) == 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_df": 0}, "min_df must be at least 1, got 0"),
        ({"min_df": -0.1}, "min_df must be at least 0.0, got -0.1"),
        ({"max_df": 1.5}, "max_df must be at most 1.0, got 1.5"),
        ({"max_df": float("nan")}, "max_df must be at least 0.0, got nan"),
        ({"max_features": -1}, "max_features must be at least 0, got -1"),
        ({"norm": "l3"}, "norm must be one of l2, l1, none, got 'l3'"),
        ({"min_df": "2"}, "min_df of tfidf must be a whole number or a share, got '2'"),
        ({"sublinear_tf": 1}, "sublinear_tf of tfidf must be true or false, got 1"),
    ],
)
def test_an_option_that_cannot_be_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(BadUsage) as caught:
        tfidf(**settings)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"min_df": 2},
            "at least one token must be in as many texts as min_df 2 and max_df 1.0 allow, none of 3 tokens is; "
            "change them or give more texts",
        ),
        (
            {"min_df": 2, "max_df": 0.5},
            "max_df must allow as many texts as min_df or more, max_df 0.5 allows 1 and "
            "min_df 2 asks for 2 of 2 texts; change one of them",
        ),
    ],
)
def test_options_that_leave_no_term_say_so(settings: dict[str, Any], message: str) -> None:
    embedder = tfidf(**settings)
    with pytest.raises(BadInput) as caught:
        embedder.fit(corpus_of([["a", "b"], ["c"]]))
    assert str(caught.value) == message
    with pytest.raises(BadUsage, match="must be fitted"):
        embedder.text_vectors(corpus_of([["a"]]))


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=20), max_size=12),
    st.permutations(range(10)),
    st.integers(0, 10),
    st.integers(1, 30),
)
def test_counting_equals_a_slow_count(texts: list[list[int]], places: list[int], n_columns: int, n_tokens: int) -> None:
    corpus = from_ids(texts, Vocab("abcdefghij"))
    column_of = np.array([place if place < n_columns else -1 for place in places], np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(term_counts, "TOKENS_AT_ONCE", n_tokens)
        counts = count_terms(corpus.ids, corpus.starts, column_of, n_columns)
        found = texts_with(corpus.ids, corpus.starts, 10)
    assert found.tolist() == [sum(token in text for text in texts) for token in range(10)]
    rows = [
        dict(zip(counts.columns[start:end].tolist(), counts.values[start:end].tolist(), strict=True))
        for start, end in pairwise(counts.starts.tolist())
    ]
    expected = [Counter(places[token] for token in text if places[token] < n_columns) for text in texts]
    assert rows == expected
    assert all(list(row) == sorted(row) for row in rows)


def test_many_texts_of_many_words_are_counted_as_scipy_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(term_counts, "TOKENS_AT_ONCE", 20_000)
    rng = np.random.default_rng(0)
    starts = np.append(0, np.cumsum(rng.integers(0, 300, 1_000)))
    ids = (rng.zipf(1.3, starts[-1]) % 5_000).astype(np.int32)
    counts = count_terms(ids, starts, np.arange(5_000, dtype=np.int32), 5_000)
    expected = scipy.sparse.csr_array((np.ones(len(ids), np.int32), ids.copy(), starts.copy()), shape=(1_000, 5_000))
    expected.sum_duplicates()
    np.testing.assert_array_equal(counts.starts, expected.indptr)
    np.testing.assert_array_equal(counts.columns, expected.indices)
    np.testing.assert_array_equal(counts.values, expected.data)
    np.testing.assert_array_equal(texts_with(ids, starts, 5_000), np.bincount(expected.indices, minlength=5_000))


def test_rows_are_a_matrix_that_scipy_takes_for_sorted() -> None:
    corpus = corpus_of([["b", "a", "b"], [], ["c"]])
    rows = tfidf().fit(corpus).text_vectors(corpus)
    assert (rows.shape, rows.dtype, rows.has_canonical_format) == ((3, 3), np.float32, True)
    rows.check_format()
    again = scipy.sparse.csr_array((rows.data, rows.indices, rows.indptr), shape=rows.shape)
    assert again.has_canonical_format


@pytest.mark.parametrize("norm", ["l2", "l1", "none"])
def test_a_texts_row_depends_on_the_text_alone(norm: str) -> None:
    rng = np.random.default_rng(1)
    texts = [[WORDS[word] for word in rng.integers(0, 8, rng.integers(1, 40))] for _ in range(50)]
    embedder = tfidf(norm=norm, sublinear_tf=True).fit(corpus_of(texts))
    together = embedder.text_vectors(corpus_of(texts)).toarray()
    for text, row in zip(texts, together, strict=True):
        assert embedder.text_vectors(corpus_of([text])).toarray()[0].tobytes() == row.tobytes()


def test_a_corpus_on_disk_gives_the_same_and_stays_as_it_is(tmp_path: Path) -> None:
    corpus = corpus_of([["a", "b", "a"], [], ["c", "a"]])
    for name, array in {"ids": corpus.ids, "starts": corpus.starts}.items():
        np.save(tmp_path / name, array)
    before = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    ids, starts = (np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("ids", "starts"))
    on_disk = Corpus(ids, starts, corpus.vocab)
    expected = tfidf().fit(corpus).text_vectors(corpus)
    assert (tfidf().fit(on_disk).text_vectors(on_disk) != expected).nnz == 0
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == before


def test_a_vocabulary_that_grows_later_changes_nothing() -> None:
    tokenizer, vocab = tokembed.tokenizer("whitespace"), Vocab()
    embedder = tfidf(min_df=2).fit(tokenizer.encode_batch(["x a b", "a b"], vocab))
    later = tokenizer.encode_batch(["c a d", "d d"], vocab)
    assert len(vocab) == 5
    rows = embedder.text_vectors(later).toarray()
    assert embedder.terms.tokens == ["a", "b"]
    np.testing.assert_array_equal(rows, embedder.text_vectors(corpus_of([["c", "a", "d"], ["d", "d"]])).toarray())
    np.testing.assert_array_equal(rows, [[1, 0], [0, 0]])


def test_chosen_terms_that_grew_are_looked_up_by_their_strings() -> None:
    vocab = Vocab(["x", "a", "b"])
    terms = chosen_terms(vocab, np.array([2, 1]))
    terms.add("x")
    embedder = tfidf(norm="none").restore(terms, {"weights": np.array([1.0, 10.0, 100.0])})
    rows = embedder.text_vectors(from_ids([[0, 1, 2]], vocab)).toarray()  # type: ignore[union-attr]
    assert rows.tolist() == [[1.0, 10.0, 100.0]]


def test_a_state_restores_under_the_same_options() -> None:
    corpus = corpus_of([["a", "b", "a"], ["c", "a"]])
    first = tfidf(norm="l1", sublinear_tf=True, min_df=2).fit(corpus)
    again = tfidf(norm="l1", sublinear_tf=True, min_df=2).restore(Vocab(first.terms), first.state())
    assert (again.text_vectors(corpus) != first.text_vectors(corpus)).nnz == 0


@pytest.mark.parametrize(
    ("word", "value"), [("2", 2), ("1", 1), ("0.5", 0.5), ("1.0", 1.0), (".25", 0.25), ("1e-3", 0.001)]
)
def test_a_setting_is_a_whole_number_only_without_a_point(word: str, value: float) -> None:
    found = parsed(registry.find("embedder", "tfidf"), {"max_df": word})["max_df"]
    assert (found, type(found)) == (value, type(value))


def test_the_command_takes_the_options_as_settings(run: Run, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("a b c\na b\na\n", encoding="utf-8")
    settings = ["--set", "min_df=2", "--set", "max_df=0.7", "--set", "norm=l1", "--set", "sublinear_tf=true"]
    done = run("embed", "texts.txt", "-e", "tfidf", *settings, "-o", "x.npz")
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "x.npz.vocab.txt").read_text(encoding="utf-8") == "b\n"
    assert scipy.sparse.load_npz(tmp_path / "x.npz").toarray().tolist() == [[1], [1], [0]]
    record = json.loads((tmp_path / "x.npz.json").read_text(encoding="utf-8"))["embedder"]
    assert record == {
        "name": "tfidf", "sublinear_tf": True, "min_df": 2, "max_df": 0.7, "max_features": 0, "norm": "l1",
    }  # fmt: skip
    refused = run("embed", "texts.txt", "-e", "tfidf", "--set", "min_df=many", "-o", "y.npz")
    assert refused.returncode == 2
    assert "min_df of tfidf must be a whole number or a share, got 'many'" in refused.stderr.decode()
    assert run("embed", "texts.txt", "-e", "tfidf", "--set", "min_df=4", "-o", "y.npz").returncode == 1
