"""What each token of a Korean word is; what vocabularies know; the constitution under the lens."""

from __future__ import annotations

import importlib.util

import pytest

import tokembed
from tests.test_golden import SHARED
from tokembed.inputs.batches import Batch
from tokembed.stats.korean_borders import border_finder, listed_border
from tokembed.stats.korean_lens import KINDS, N_SAMPLED, CutWord, Lens, korean_lens
from tokembed.stats.rows import corpus_stats
from tokembed.types import Encoding

BERT, CLIP = tokembed.tokenizer("bert"), tokembed.tokenizer("clip")


def encoding_of(pieces: list[bytes], unknown: int = -1) -> Encoding:
    """A word in tokens of these bytes."""
    n = len(pieces)
    data = b"".join(pieces).decode()
    flags = tuple(place == unknown for place in range(n))
    return Encoding(data, tuple(map(str, pieces)), None, ((0, 0),) * n, tuple(pieces), (False,) * n, flags)


def kinds(*pieces: str | bytes, unknown: int = -1) -> list[str]:
    as_bytes = [piece.encode() if isinstance(piece, str) else piece for piece in pieces]
    return list(CutWord(encoding_of(as_bytes, unknown), listed_border).kinds())


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["학교에서는"], ["eojeol"]),
        (["“", "학교에서는", "”."], ["other", "eojeol", "other"]),
        (["학교를,"], ["eojeol"]),
        (["학교", "에서는"], ["border", "border"]),
        (["학교", "를."], ["border", "border"]),
        (["학", "교", "를"], ["syllable", "syllable", "border"]),
        (["학", "교에", "서는"], ["syllable", "syllables", "syllables"]),
        (["안녕하", "세", "요"], ["syllables", "syllable", "syllable"]),
        (["ㅋㅋㅋ"], ["letters"]),
        (["아", "ㅋㅋ"], ["syllable", "letters"]),
        (["\u1112\u1161\u11ab", "\u1100\u1173\u11af"], ["letters", "letters"]),
        (["GPT", "-", "4", "는"], ["other", "other", "other", "syllable"]),
        (["나", b"\xeb\x8a", b"\x94"], ["border", "part", "part"]),
        ([b"\xeb\x82\x98\xeb", b"\x8a\x94"], ["part", "part"]),
        (["가", b"\xf0\x9f\x98", b"\x80"], ["eojeol", "other", "other"]),
        ([" ", "학교"], ["other", "eojeol"]),
        ([" 학교", "를"], ["border", "border"]),
    ],
)
def test_every_kind_of_token(pieces: list[str | bytes], expected: list[str]) -> None:
    assert kinds(*pieces) == expected
    assert set(expected) <= set(KINDS)


def test_an_unknown_token_is_no_other_kind() -> None:
    assert kinds("뷁", unknown=0) == ["unknown"]


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("학교에서는", "학교"), ("국민에게", "국민"), ("주권은", "주권"), ("국가는", "국가"), ("법률로", "법률"),
        ("사과를", "사과"), ("사람으로", "사람"), ("나는", "나"),
        ("GPT는", None), ("국가", None), ("평가", None), ("사과", None),
        ("주의", None), ("에서", None), ("은", None), ("하늘는", None), ("school", None), ("", None),
    ],
)  # fmt: skip
def test_borders_by_the_list(word: str, stem: str | None) -> None:
    place = listed_border(word)
    assert (None if place is None else word[:place]) == stem


def test_kiwi_finds_borders_where_it_is_installed() -> None:
    pytest.importorskip("kiwipiepy", reason="the extra ko is not installed")
    border, name = border_finder()
    assert name == "Kiwi's analysis"
    assert [border(word) for word in ("학교에서는", "사과를", "정하는", "결과")] == [2, 2, None, None]


def test_without_kiwi_the_list_is_named_a_heuristic(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        "tokembed.stats.korean_borders.find_spec", lambda name: None if name == "kiwipiepy" else find_spec(name)
    )
    assert border_finder() == (listed_border, "a list of particles (a heuristic)")


def lens_of(texts: list[str]) -> Lens:
    tokenizers = {"bert": BERT, "clip": CLIP}
    batch = Batch("x", range(len(texts)), strings=texts)
    return korean_lens(corpus_stats([batch], tokenizers), tokenizers)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared texts are not beside the repository")
def test_the_constitution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokembed.stats.korean_lens.border_finder", lambda: (listed_border, "list"))
    text = (SHARED / "constitution_ko.txt").read_text(encoding="utf-8")
    lens = lens_of(text.split("\n"))
    words = [word for word in text.split() if any("가" <= letter <= "힣" for letter in word)]
    assert (lens.n_words, lens.n_distinct, lens.n_sampled) == (len(words), len(set(words)), None)
    for row, tokenizer in zip(lens.rows, (BERT, CLIP), strict=True):
        assert row.kinds.total() == sum(len(tokenizer.encode(word)) for word in words)
        assert row.n_syllables == sum("가" <= letter <= "힣" for word in words for letter in word)
        assert row.n_borders == sum(listed_border(word) is not None for word in words if word.isalpha()) + sum(
            listed_border(word.strip("\"'(),.·「」①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰")) is not None
            for word in words
            if not word.isalpha()
        )
    bert, clip = lens.rows
    assert clip.n_with_syllable == 45
    assert clip.vocab_size == 49_408
    assert bert.n_with_syllable == sum(any("가" <= letter <= "힣" for letter in token) for token in BERT.vocab or ())
    assert 30 < (clip.syllables_in_window or 0) < 40
    assert clip.kinds["part"] > 0.8 * clip.kinds.total()
    assert bert.kinds["part"] == 0
    assert clip.parts.total() == clip.kinds["part"]
    assert max(clip.parts, key=clip.parts.__getitem__) in {"EC", "EB", "ED", "EA"}


def test_a_sample_is_the_same_whatever_the_order() -> None:
    words = [f"{chr(0xAC00 + place)}는" for place in range(N_SAMPLED + 100)]
    one, other = lens_of([" ".join(words)]), lens_of(words[::-1])
    assert one.n_sampled == N_SAMPLED
    assert one.rows[0].kinds == other.rows[0].kinds
    assert one.rows[1].parts == other.rows[1].parts
