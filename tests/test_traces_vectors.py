"""How vectors come about, step by step: numbers worked by hand, scikit-learn, gensim and plain loops."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from gensim.models import Word2Vec
from sklearn.feature_extraction.text import TfidfVectorizer

import tokembed
from tokembed.corpus import Corpus
from tokembed.embedders.fasttext import FastTextEmbedder
from tokembed.embedders.glove import GloveEmbedder
from tokembed.embedders.glove_training import Parts
from tokembed.embedders.tfidf import TfidfEmbedder
from tokembed.embedders.word2vec import Word2VecEmbedder
from tokembed.explain import learning, looking_up
from tokembed.ngrams import with_ngrams
from tokembed.traces import fasttext, glove, tfidf, word2vec
from tokembed.traces.learned import Learned
from tokembed.traces.steps import Trace
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

TEXTS = ["나는 학교에 간다", "너는 학교에 간다", "나는 집에 간다", "a b a"]
WORDS = tokembed.tokenizer("whitespace")


def corpus(texts: list[str] | None = None) -> Corpus:
    return WORDS.encode_batch(TEXTS if texts is None else texts)


def explained(name: str, text: str, **settings: Any) -> Trace:
    return learning(name, settings, text, WORDS, corpus())


def test_tfidf_worked_by_hand() -> None:
    trace = explained("tfidf", "나는 나는 간다 학생")
    weighing, dividing, result = trace.steps
    often, common = math.log(5 / 3) + 1, math.log(5 / 4) + 1  # in 2 and in 3 of 4 texts
    assert weighing.rows == (
        ("나는", 2, 2, pytest.approx(often), pytest.approx(2 * often)),
        ("간다", 1, 3, pytest.approx(common), pytest.approx(common)),
        ("학생", 1, None, None, None),
    )
    norm = math.sqrt((2 * often) ** 2 + common**2)
    assert [row[2:] for row in dividing.rows] == [
        (pytest.approx(norm), pytest.approx(2 * often / norm)),
        (pytest.approx(norm), pytest.approx(common / norm)),
    ]
    assert [row[2] for row in result.rows] == pytest.approx([2 * often / norm, common / norm], rel=1e-6)


@pytest.mark.parametrize("norm", ["l1", "l2", "none"])
@pytest.mark.parametrize("sublinear", [False, True])
def test_tfidf_is_that_of_scikit_learn(norm: str, sublinear: bool) -> None:
    peer = TfidfVectorizer(
        analyzer=str.split, norm=None if norm == "none" else norm, sublinear_tf=sublinear
    ).fit(TEXTS)  # fmt: skip
    text = "a a a 나는 간다 b"
    expected = dict(zip(peer.get_feature_names_out(), peer.transform([text]).toarray()[0], strict=True))
    trace = explained("tfidf", text, norm=norm, sublinear_tf=sublinear)
    worked = {row[0]: row[3] for row in trace.steps[1].rows}
    assert worked == pytest.approx({term: expected[term] for term in worked})
    assert set(worked) == {term for term, weight in expected.items() if weight}


def test_every_document_count_comes_back_from_the_weights() -> None:
    n = 100_000
    texts_with = np.arange(1, n, 997)
    embedder = TfidfEmbedder()
    weights = np.log((1 + n) / (1 + texts_with)) + 1
    embedder.restore(Vocab(map(str, texts_with.tolist())), {"weights": weights})
    text = " ".join(map(str, texts_with.tolist()))
    known = Learned(text, corpus([text]), embedder, n_texts=n)
    assert [row[2] for row in tfidf.trace(known).steps[0].rows] == texts_with.tolist()


def test_onehot_worked_by_hand() -> None:
    trace = explained("onehot", "a b a 학생")
    assert trace.steps[0].rows == (("a", 2, 4, 0.5), ("b", 1, 4, 0.25), ("학생", 1, 4, None))
    assert [(row[0], row[2]) for row in trace.result.rows] == [("a", 0.5), ("b", 0.25)]


@pytest.mark.parametrize("sample", [0.0, 0.001, 0.1, 1.0])
def test_the_chances_are_those_of_gensim(sample: float) -> None:
    counts = np.array([900, 300, 50, 7, 1])
    peer = Word2Vec(vector_size=2, min_count=1, sample=sample, sorted_vocab=0)
    peer.build_vocab_from_freq({str(place): int(count) for place, count in enumerate(counts)})
    kept = [peer.wv.get_vecattr(str(place), "sample_int") / (2**32 - 1) for place in range(5)]
    assert word2vec.kept_chances(counts, sample) == pytest.approx(kept, abs=1e-6)
    drawn = np.diff(peer.cum_table.astype(np.int64), prepend=0) / (2**31 - 1)
    assert word2vec.noise_chances(counts) == pytest.approx(drawn, abs=1e-8)


def test_the_pairs_of_a_window_worked_by_hand() -> None:
    trace = explained("word2vec", "나는 학생 학교에 간다", dim=4, window=2, min_count=1, sample=0.1, epochs=1)
    words, pairs, noise, _ = trace.steps
    share = {"나는": 2 / 12, "학교에": 2 / 12, "간다": 3 / 12}
    kept = {word: min(1, math.sqrt(0.1 / f) + 0.1 / f) for word, f in share.items()}
    assert words.rows[1] == ("학생", None, None, None, None)
    assert {row[0]: row[3] for row in words.rows if row[1]} == pytest.approx(kept)
    # Widths 1 and 2 are equally likely: a neighbor beside the word is always in, the one behind it every other time.
    near = [
        ("나는", "학교에", 1, 1.0),
        ("나는", "간다", 2, 0.5),
        ("학교에", "나는", 1, 1.0),
        ("학교에", "간다", 1, 1.0),
    ]
    near += [("간다", "나는", 2, 0.5), ("간다", "학교에", 1, 1.0)]
    assert [row[:4] for row in pairs.rows] == near
    assert [row[4] for row in pairs.rows] == pytest.approx([kept[a] * kept[b] * chance for a, b, _, chance in near])
    assert noise.rows[0][0] == "간다"  # it occurs most often
    assert noise.rows[0][2] == pytest.approx(3**0.75 / (3**0.75 + 3 * 2**0.75 + 3))


def test_hierarchical_softmax_draws_no_noise() -> None:
    trace = explained("word2vec", "나는 간다", dim=4, min_count=1, epochs=1, hs=True)
    assert [step.name for step in trace.steps] == ["words", "pairs", "result"]
    assert {row[4] for row in trace.steps[0].rows} == {None}
    assert explained("word2vec", "간다", dim=4, min_count=1, epochs=1).steps[1].rows == ()


def counted_near(texts: list[str], window: int) -> Counter[tuple[str, str]]:
    near: Counter[tuple[str, str]] = Counter()
    for text in texts:
        words = text.split()
        for place, word in enumerate(words):
            for other in range(max(0, place - window), place):
                near[word, words[other]] += 1 / (place - other)  # type: ignore[assignment]
                near[words[other], word] += 1 / (place - other)  # type: ignore[assignment]
    return near


def test_a_row_of_glove_and_its_errors() -> None:
    embedder, parts = GloveEmbedder(dim=5, window=2, min_count=1, epochs=3, x_max=2.0), list[Parts]()
    embedder.fit(corpus(), parts=parts.append)
    assert (parts[0].words + parts[0].contexts).tolist() == embedder.vectors.tolist()
    trace = glove.trace(Learned("나는 a", corpus(["나는 a"]), embedder, 4, corpus(), parts[0]))
    near = counted_near(TEXTS, 2)
    for word, step in zip(["나는", "a"], trace.steps[:2], strict=True):
        assert {row[0]: row[1] for row in step.rows} == pytest.approx({b: x for (a, b), x in near.items() if a == word})
        for other, x, weight, logarithm, dot, biases, error in step.rows:
            assert isinstance(x, float)
            i, j = embedder.terms.ids[word], embedder.terms.ids[str(other)]
            assert weight == pytest.approx(min(1, (x / 2) ** 0.75))
            assert logarithm == pytest.approx(math.log(x))
            assert dot == pytest.approx(float(np.dot(parts[0].words[i], parts[0].contexts[j])), abs=1e-6)
            assert biases == pytest.approx(float(parts[0].word_biases[i] + parts[0].context_biases[j]), abs=1e-6)
            assert error == pytest.approx(dot + biases - logarithm)  # type: ignore[operator]


def test_the_errors_of_glove_are_what_training_makes_small() -> None:
    embedder, parts = GloveEmbedder(dim=8, window=2, min_count=1, epochs=2000), list[Parts]()
    embedder.fit(corpus(), parts=parts.append)
    trace = glove.trace(Learned("나는", corpus(["나는"]), embedder, 4, corpus(), parts[0]))
    assert max(abs(float(row[6])) for row in trace.steps[0].rows) < 0.1  # type: ignore[arg-type]


def test_a_saved_glove_has_no_errors_to_show() -> None:
    embedder = GloveEmbedder(dim=5, min_count=1, epochs=1).fit(corpus())
    step = glove.trace(Learned("나는", corpus(["나는"]), embedder, 4, corpus())).steps[0]
    assert (step.columns, "is not known" in step.rule) == (("neighbor", "X", "f(X)", "ln X"), True)
    step = glove.trace(Learned("나는", corpus(["나는"]), embedder, 4)).steps[0]
    assert step.rows == ()
    assert "give the FILES" in step.rule


@pytest.fixture(scope="module")
def trained() -> WordVectors:
    embedder = FastTextEmbedder(dim=6, min_count=1, epochs=1, min_n=2, max_n=3).fit(corpus())
    return WordVectors(embedder.terms, embedder.vectors, embedder.counts, embedder.ngrams)


def test_the_n_grams_of_an_unseen_word(trained: WordVectors) -> None:
    ngrams, mean = fasttext.ngram_steps(trained, "학교로")
    assert [row[0] for row in ngrams.rows] == ["<학", "<학교", "학교", "학교로", "교로", "교로>", "로>"]
    assert [row[2] for row in ngrams.rows] == [True, True, True, False, False, False, False]  # those of 학교에
    found = trained.lookup(["학교로"]).vectors[0]
    assert mean.rows[-1] == ("mean", 3, pytest.approx(float(np.linalg.norm(found)), rel=1e-6))
    assert "3 of 7 n-grams trained" in ngrams.rule


def test_the_n_grams_of_a_word_of_the_model(trained: WordVectors) -> None:
    ngrams, mean = fasttext.ngram_steps(trained, "학교에")
    assert all(row[2] for row in ngrams.rows)
    found = trained.lookup(["학교에"]).vectors[0]
    assert mean.rows[-1] == ("mean", 8, pytest.approx(float(np.linalg.norm(found)), rel=1e-6))
    assert mean.rows[0][1] + mean.rows[1][1] == 8  # type: ignore[operator]


def test_a_word_without_a_trained_n_gram_has_no_vector(trained: WordVectors) -> None:
    trace = looking_up(trained, "zzz", "m")
    assert trace.result.rows == (("zzz", "nowhere", None, None),)
    assert "has no vector" in trace.steps[-2].rule


def test_a_file_of_fasttext_takes_all_n_grams_of_an_unseen_word() -> None:
    rng = np.random.default_rng(0)
    own, buckets = rng.random((1, 4), np.float32), rng.random((50, 4), np.float32)
    matrix, ngrams = with_ngrams(["학교에"], own, buckets, min_n=2, max_n=3)
    vectors = WordVectors(Vocab(["학교에"]), matrix, ngrams=ngrams)
    step, mean = fasttext.ngram_steps(vectors, "학교로")
    assert len({row[2] for row in step.rows}) == 2  # some were trained, some were not
    by_hand = np.mean([buckets[int(str(row[1]))] for row in step.rows], axis=0)
    assert mean.rows[-1] == ("mean", len(step.rows), pytest.approx(float(np.linalg.norm(by_hand))))
    assert vectors.lookup(["학교로"]).vectors[0] == pytest.approx(by_hand)
    own_part = fasttext.ngram_steps(vectors, "학교에")[1].rows[0]
    assert own_part == ("its own", 1, pytest.approx(float(np.linalg.norm(own)), rel=1e-5))


def test_the_letters_of_hangul_are_told() -> None:
    embedder = FastTextEmbedder(dim=4, min_count=1, epochs=1, min_n=3, max_n=3, jamo=True).fit(corpus())
    vectors = WordVectors(embedder.terms, embedder.vectors, embedder.counts, embedder.ngrams)
    step = fasttext.ngram_steps(vectors, "가")[0]
    assert [row[0] for row in step.rows] == ["<ㄱㅏ", "ㄱㅏe", "ㅏe>"]


def test_where_a_row_of_plain_vectors_stands() -> None:
    vectors = WordVectors(Vocab(["a", "b"]), np.array([[3, 4], [0, 1]], np.float32), np.array([2, 5]))
    trace = looking_up(vectors, "a", "m.vec")
    assert trace.steps[0].rows == ((0, 2, 2),)  # the first row, and the second most frequent
    assert trace.result.rows == (("a", "its own row", 5.0, (3.0, 4.0)),)
    assert looking_up(vectors, "x", "m.vec").result.rows == (("x", "nowhere", None, None),)


def test_a_model_of_skip_gram_or_cbow_says_so() -> None:
    options: dict[str, Any] = {"dim": 4, "min_count": 1, "epochs": 1}
    for architecture, says in (("skip-gram", "predicts each neighbor"), ("cbow", "from the mean of its neighbors")):
        embedder = Word2VecEmbedder(architecture=architecture, **options).fit(corpus())  # type: ignore[arg-type]
        assert says in word2vec.trace(Learned("나는 간다", corpus(["나는 간다"]), embedder)).steps[1].rule
