"""FastText with n-grams of Hangul letters: the letters are Unicode's, and inflections that are not trained meet."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext_inner import compute_ngrams_bytes, ft_hash_bytes
from hypothesis import given
from hypothesis import strategies as st

import tokembed
from tests.conftest import Run
from tokembed.convert import write_vectors
from tokembed.corpus import Corpus, from_ids
from tokembed.errors import BadInput
from tokembed.hangul import letters
from tokembed.ngrams import ngrams_in
from tokembed.types import Kind
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

SYLLABLES = [chr(code) for code in range(0xAC00, 0xD7A4)]
WORDS = ["홀로서기", "홀로", "학교에서", "학교를", "강아지와", "고양이", "갔습니다", "먹었습니다", "dog", "닭"]
INFLECTED = ["홀로서기를", "학굥", "먹습니다만", "강아진"]


def by_unicode(syllable: str) -> str:
    """The syllable's letters by the names that Unicode gives the parts it decomposes to."""
    parts = [unicodedata.name(part) for part in unicodedata.normalize("NFD", syllable)]
    found = [
        unicodedata.lookup(name.replace(kind, "LETTER"))
        for name, kind in zip(parts, ["CHOSEONG", "JUNGSEONG", "JONGSEONG"], strict=False)
    ]
    return "".join(found) + "e" * (3 - len(found))


def decomposed(text: str) -> str:
    return "".join(by_unicode(letter) if "가" <= letter <= "힣" else letter for letter in text)


def test_every_syllable_has_the_letters_of_unicode() -> None:
    assert len(SYLLABLES) == 11_172
    assert [letters(syllable) for syllable in SYLLABLES] == [by_unicode(syllable) for syllable in SYLLABLES]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("강아지", "ㄱㅏㅇㅇㅏeㅈㅣe"),
        ("닭", "ㄷㅏㄺ"),
        ("까치", "ㄲㅏeㅊㅣe"),
        ("ㅋㅋㅋ", "ㅋㅋㅋ"),
        ("##로", "##ㄹㅗe"),
        ("3월a日", "3ㅇㅝㄹa日"),
        (unicodedata.normalize("NFD", "강"), unicodedata.normalize("NFD", "강")),
        ("", ""),
    ],
)
def test_letters_worked_by_hand(text: str, expected: str) -> None:
    assert letters(text) == expected


@given(st.text())
def test_what_is_no_syllable_stays(text: str) -> None:
    found = letters(text)
    assert found == decomposed(text)
    assert len(found) == len(text) + 2 * sum("가" <= letter <= "힣" for letter in text)


def corpus_of(words: list[str]) -> Corpus:
    rng = np.random.default_rng(5)
    pool = rng.permutation(np.repeat(np.arange(len(words)), range(20 + len(words), 20, -1)))
    return from_ids([part.tolist() for part in np.array_split(pool, 30)], Vocab(words))


def trained(words: list[str] = WORDS, **settings: Any) -> Any:
    return tokembed.embedder("fasttext", **({"dim": 8, "epochs": 2, "min_count": 1} | settings)).fit(corpus_of(words))


def test_it_is_fasttext_of_the_words_written_in_letters(tmp_path: Path) -> None:
    ours = trained(jamo=True, buckets=500)
    spelled = [decomposed(word) for word in WORDS]
    plain = trained(spelled, buckets=500)
    assert ours.terms.tokens == WORDS
    assert {name: array.tobytes() for name, array in ours.state().items()} == {
        name: array.tobytes() for name, array in plain.state().items()
    }
    corpus = corpus_of(spelled)
    lines = [
        " ".join(spelled[place] for place in corpus.ids[start:end])
        for start, end in zip(corpus.starts, corpus.starts[1:], strict=False)
    ]
    (tmp_path / "spelled.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    gensim = FastText(
        corpus_file=str(tmp_path / "spelled.txt"), vector_size=8, epochs=2, min_count=1, sg=1, seed=42, workers=1,
        bucket=500,
    )  # fmt: skip
    np.testing.assert_allclose(ours.vectors, gensim.wv[spelled], rtol=1e-6)


@pytest.mark.parametrize("word", INFLECTED)
def test_an_unseen_inflection_is_the_mean_of_its_trained_ngrams_of_letters(word: str) -> None:
    embedder = trained(jamo=True)
    seen = {ngram for term in WORDS for ngram in compute_ngrams_bytes(decomposed(term), 3, 6)}
    own = [ngram for ngram in compute_ngrams_bytes(decomposed(word), 3, 6) if ngram in seen]
    assert own
    buckets = [ft_hash_bytes(ngram) % embedder.ngrams.n_buckets for ngram in own]
    expected = embedder.ngrams.vectors[np.searchsorted(embedder.ngrams.buckets, buckets)].mean(axis=0)
    found = embedder.lookup([word])
    assert found.kind.tolist() == [Kind.NGRAMS]
    np.testing.assert_allclose(found.vectors[0], expected, rtol=1e-5, atol=1e-7)


def test_inflections_that_share_no_syllables_meet_in_their_letters_alone() -> None:
    assert trained(jamo=True).lookup(["학굥", "강아진", "zebra"]).kind.tolist() == [Kind.NGRAMS, Kind.NGRAMS, Kind.NONE]
    assert trained(jamo=False).lookup(["학굥", "강아진", "zebra"]).kind.tolist() == [Kind.NONE, Kind.NGRAMS, Kind.NONE]
    assert trained(jamo=False).lookup(["홀롯", "학굥"]).kind.tolist() == [Kind.NONE, Kind.NONE]
    assert trained(jamo=True).lookup(["홀롯", "학굥"]).kind.tolist() == [Kind.NGRAMS, Kind.NGRAMS]


def test_words_without_hangul_are_the_same_either_way() -> None:
    words = ["word", "words", "sword", "dog"]
    corpus = corpus_of(words)
    first, second = (
        tokembed.embedder("fasttext", dim=8, epochs=2, min_count=1, jamo=jamo).fit(corpus) for jamo in (True, False)
    )
    assert {name: array.tobytes() for name, array in first.state().items()} == {
        name: array.tobytes() for name, array in second.state().items()
    }


def test_a_state_restores_with_its_ngrams() -> None:
    first = trained(jamo=True)
    restored = tokembed.embedder("fasttext", jamo=True).restore(first.terms, first.state())
    found, again = first.lookup(WORDS + INFLECTED), restored.lookup(WORDS + INFLECTED)  # type: ignore[union-attr]
    assert again.vectors.tobytes() == found.vectors.tobytes()
    assert again.kind.tolist() == [Kind.EXACT] * len(WORDS) + [Kind.NGRAMS] * len(INFLECTED)


def as_word_vectors(embedder: Any) -> WordVectors:
    ngrams = ngrams_in(embedder.terms.tokens, embedder.vectors, embedder.ngrams)
    return WordVectors(embedder.terms, embedder.vectors, embedder.counts, ngrams)


def test_its_word_vectors_look_unseen_words_up_by_letters() -> None:
    embedder = trained(jamo=True, buckets=100_000)
    vectors = as_word_vectors(embedder)
    assert vectors.ngrams is not None
    np.testing.assert_array_equal(vectors.lookup(WORDS).vectors, embedder.lookup(WORDS).vectors)
    assert vectors.lookup(["학굥", "zebra"]).kind.tolist() == [Kind.NGRAMS, Kind.NONE]
    ngrams = compute_ngrams_bytes(decomposed("홀로서"), 3, 6)
    expected = vectors.ngrams.buckets[[ft_hash_bytes(ngram) % 100_000 for ngram in ngrams]].mean(axis=0)
    np.testing.assert_allclose(vectors.lookup(["홀로서"]).vectors[0], expected, atol=1e-6)


def test_a_bin_which_cannot_tell_its_ngrams_is_refused(tmp_path: Path) -> None:
    vectors = as_word_vectors(trained(jamo=True))
    with pytest.raises(
        BadInput, match=r"n-grams of a \.bin must be of the words themselves, these are of Hangul letters"
    ):
        write_vectors(tmp_path / "x.bin", vectors, form="fasttext")
    assert not [*tmp_path.iterdir()]
    write_vectors(tmp_path / "x.vec", vectors)
    write_vectors(tmp_path / "plain.bin", as_word_vectors(trained(jamo=False)), form="fasttext")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain.bin", "x.vec"]


def test_the_command_takes_it_as_a_setting(run: Run, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("홀로서기 학교에서\n학교에서 홀로서기\n" * 5, encoding="utf-8")
    settings = ["-e", "fasttext", "--dim", "4", "--min-count", "2", "--set"]  # what -c gives is too rare to be a term
    for jamo, n_by_ngrams in (("true", 2), ("false", 0)):
        arguments = ["embed", "texts.txt", "-c", "학굥", "-c", "홀롯", *settings, f"jamo={jamo}", "-o", "x.npy"]
        done = run(*arguments)
        assert done.returncode == 0, done.stderr.decode()
        record = json.loads((tmp_path / "x.npy.json").read_text(encoding="utf-8"))
        assert record["embedder"]["jamo"] is (jamo == "true")
        assert record["coverage"]["tokens_by_ngrams"] == n_by_ngrams
    assert run("embed", "texts.txt", *settings, "jamo=yes", "-o", "x.npy").returncode == 2
