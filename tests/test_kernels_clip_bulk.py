"""The bulk path against OpenAI's tokenizer written out plainly (reference.py)."""

# ruff: noqa: E501

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import clip_reference as reference
from tests.clip_reference import arrays
from tests.conftest import BulkIds
from tokembed.kernels.bpe_tables import Merges
from tokembed.kernels.clip_code_points import COMPOSES, MAPPED, MARK, REWRITTEN, SLOW, TELLTALE, CodePoints
from tokembed.tokenizers import clip_bulk
from tokembed.tokenizers.clip_bulk import clip_ids

DATA = Path(__file__).parent.parent.parent / "shared" / "data"

CASES = [
    "", " ", "\n", "a", "Unaffable CATS!", "학교를 갑니다", "학교를 갑니다.", "각ᆨ 각 각 ᄀ̀ᅡ 간́ᆫ ᅡᆨ",
    "it's we'RE I'll 'd 'S '' 'ſ \u2019ſ !'s x's'", "&amp; &amp;amp; &lt;b&gt; &AMP; &ampx &copy &copyright R&D AT&T Q&A & a&1 &#65; &#x41;",
    "&alpha;&alpha; &alpha\u037e &\x00amp; &\uff41mp; \uff06amp; <&amp;> &CounterClockwiseContourIntegral; &Eacute &EACUTE;",
    "“curly” ‘quotes’ don’t – — … · ° é”x é” x œuvre cœur œ œ\n œ", "ＬＯＵＤ　ＮＯＩＳＥ ｱｲｳﾞ ﾊﾟ ﾡￂ ￦ ﷺ",
    "ﬁ ﬂ ﬃ ﬅ ŉ Ǆ Ĳ", "a\x00b\x0bc\x1bd \x1b[31mred\x1b[0m \x1b[1;3 \ufeffx\ufeff", "a\r\nb\rc\u2028d\u2029e\x85f\x0cg\x1cz",
    "ΟΔΟΣ ΟΔΟΣ. ΣΑΣ Σ ὈΔΥΣΣΕΎΣ Σ\u0301 aΣb", "İstanbul I ı K Å Ω ; ´", "e\u0301 é E\u0301 a\u0327\u0301 a\u0301\u0327 \u0345 a\u0345b !\u0345!",
    "sÃ³ Ã  la mode voilÃ  le cafÃ© â€œquotedâ€\x9d donâ€™t ÐŸÑ€Ð¸Ð²ÐµÑ‚ ê°€ë‚˜", "<|startoftext|>a<|endoftext|> <|STARTOFTEXT|> !<|endoftext|> <|ſtartoftext|> <|endofſext|>",
    "1２½Ⅷ١ 123 a1b", "👩‍👩‍👧‍👦👩🏽‍💻🇰🇷 ❤️", "Ã", "Ã a", "ÃÂ", "a\nÃ b", "\u200b\u200d\u2060 \u180e \u2000 \u3000",
    "שָׁלוֹם שׁלום ਸ਼ क़ ཱི ဳ", "\ufffd \U0010ffff \ue000 \uf8ff", "\xa0 \xad soft\xadhyphen", "ᄀ\x00ᅡ 가\u200bᆨ 가\x01ᆨ",
]  # fmt: skip


@pytest.mark.parametrize("parse_special", [False, True])
def test_cases(bulk: BulkIds, parse_special: bool) -> None:
    got = bulk(CASES, parse_special=parse_special)
    for text, ids in zip(CASES, got, strict=True):
        assert ids == reference.ids(text, parse_special), text


def test_bounds_that_do_not_begin_at_0(code_points: CodePoints, merges: Merges) -> None:
    for text in CASES:
        data, bounds = arrays(["가x", text, "é"])
        result = clip_ids(data, bounds[1:3], code_points, merges, n_threads=1)
        assert result.ids.tolist() == reference.ids(text, False), text


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
@pytest.mark.parametrize("file", ["golden_dev.jsonl.gz", "golden_dev_wiki.jsonl.gz"])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_golden(bulk: BulkIds, file: str, n_threads: int) -> None:
    with gzip.open(DATA / file, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    texts = [case["text"] for case in cases]
    got = bulk(texts, n_threads=n_threads)
    for case, ids in zip(cases, got, strict=True):
        assert ids == case.get("clip", case.get("clip_openai")), case["id"]


def mojibake(text: str) -> str:
    return text.encode().decode("latin-1")


def windows(text: str) -> str:
    return text.encode().decode("cp1252", errors="replace")


SOMETHING = st.one_of(
    st.text(max_size=6),
    st.text("abcXYZ stſ'’&;<#|>. \n", max_size=8),
    st.sampled_from(CASES),
    st.sampled_from(["&amp;", "&quot;", "&lt", "&#39;", "&nbsp;", "&amp;lt;", "'s", "’re", "<|endoftext|>", "<|startoftext|>"]),
    st.text("“”‘’–—…·°éàÃÂœŒ×²€™ \xa0®«»", max_size=6),
    st.text("가각힣각ᆫᅵ\u1112ﾡￂ", max_size=6),
    st.text("ＡＺａ！　ｱﾞﾟﾊ＆；", max_size=4),
    st.text("\x00\x07\x0b\x0c\x1b[3m\x1c\r\n\u2028\u200b\u200d\ufeff\ufffc", max_size=6),
    st.text("ΣσςαΑ.İıIKÅ", max_size=5),
    st.text("aeoéọνᾄ\u0301\u0300\u0323\u0327\u0308\u0316\u05b0\u05bc\u0651\u064e\u0345\x01", max_size=6),
    st.text("কেোা\u09d7\u09cdক\u0301", max_size=5),
    st.text("привет Вебë café 한국어 日本語", max_size=6).map(mojibake),
    st.text("“”’é한ñ€—", max_size=4).map(windows),
)  # fmt: skip
TEXTS = st.lists(st.lists(SOMETHING, max_size=8).map("".join), min_size=1, max_size=8)


@settings(max_examples=600, deadline=None)
@given(TEXTS, st.booleans(), st.integers(1, 3))
def test_the_same_as_the_reference(bulk: BulkIds, texts: list[str], parse_special: bool, n_threads: int) -> None:
    got = bulk(texts, parse_special=parse_special, n_threads=n_threads)
    assert got == [reference.ids(text, parse_special) for text in texts]


def placements(char: str) -> list[str]:
    return [
        char,
        f"a{char}b",
        char * 2,
        f" {char} ",
        f"가{char}ᆨ각",
        f"é{char}”",
        f"'{char}&{char}amp",
        f"A{char}\u0301",
    ]


def sweep(bulk: BulkIds, codes: np.ndarray) -> None:
    for some in np.array_split(codes, max(1, len(codes) // 4096)):
        texts = [text for code in some for text in placements(chr(code))]
        got = bulk(texts, parse_special=False, n_threads=2)
        wrong = [text for text, ids in zip(texts, got, strict=True) if ids != reference.ids(text, False)]
        assert not wrong, wrong[:5]
        reference.word_ids.cache_clear()


def test_code_points_that_cleaning_minds_and_a_sample_of_the_others(bulk: BulkIds, code_points: CodePoints) -> None:
    flags = MAPPED | TELLTALE | REWRITTEN | MARK | SLOW | COMPOSES
    minded = (code_points.kinds & flags) != 0
    borders = np.flatnonzero(np.diff(code_points.kinds)) + 1
    minded[borders], minded[borders - 1] = True, True
    minded[np.random.default_rng(0).integers(0, len(minded), 2_000)] = True
    minded[0xD800:0xE000] = False
    sweep(bulk, np.flatnonzero(minded))


@pytest.mark.slow
@pytest.mark.parametrize("plane", range(17))
def test_every_code_point(bulk: BulkIds, plane: int) -> None:
    codes = np.arange(plane << 16, plane + 1 << 16)
    sweep(bulk, codes[(codes < 0xD800) | (codes >= 0xE000)])


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
@pytest.mark.parametrize(
    "file", ["enwiki_dev.txt.gz", "kowiki_dev.txt.gz", "nsmc.tsv.gz", "udhr_articles.tsv.gz", "chatbot_ko.csv"]
)
def test_every_line_of_a_file(bulk: BulkIds, file: str) -> None:
    opened = gzip.open if file.endswith(".gz") else open
    with opened(DATA / file, "rt", encoding="utf-8", newline="\n") as lines:
        texts = [line.removesuffix("\n") for line in lines]
    got = bulk(texts, n_threads=2)
    wrong = [text for text, ids in zip(texts, got, strict=True) if ids != reference.ids(text, True)]
    assert not wrong, wrong[:5]


def test_nothing_hangs_on_threads_and_chunks(bulk: BulkIds, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = CASES * 20
    whole = bulk(texts, n_threads=1)
    monkeypatch.setattr(clip_bulk, "CHUNK_BYTES", 64)
    assert bulk(texts, n_threads=1) == whole
    assert bulk(texts, n_threads=4) == whole


def test_arrow_buffers_that_cannot_be_written_to(code_points: CodePoints, merges: Merges) -> None:
    data, bounds = arrays(["cat dog", "집"])
    bounds.flags.writeable = False
    result = clip_ids(data, bounds, code_points, merges, n_threads=2)
    assert result.ids.dtype == np.int32
    assert result.starts.tolist() == [0, 2, 2 + len(reference.ids("집", False))]


def test_no_texts(code_points: CodePoints, merges: Merges) -> None:
    result = clip_ids(np.zeros(0, np.uint8), np.zeros(1, np.int64), code_points, merges, n_threads=2)
    assert (len(result.ids), result.starts.tolist()) == (0, [0])
