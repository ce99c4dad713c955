"""The WordPiece kernel is held to Hugging Face `tokenizers`: ids, unknowns and what is under them.

A text that the kernel flags `unsure` may differ; tests below say that such texts are rare.
"""

import gzip
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from tests.conftest import minilm_folder
from tokembed.kernels import wordpiece as kernel
from tokembed.kernels.wordpiece_characters import SINGLE, SPACE, character_tables
from tokembed.kernels.wordpiece_vocabulary import vocabulary_tables
from tokembed.tokenizers.bert import VOCAB_FILE

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
WORDS = [
    "[UNK]", "a", "ab", "abc", "b", "##b", "##c", "##bc", "##é", "e", "é", 'e\u0301', '##\u0301',
    "i", '##i\u0307', "ᄀ", "##ᅡ", "가", "##나", "한국", "##어", "!", "#", "'", "，", "漢",
    "字", "𠀀", "σ", "##σ", "ß", "##", "##a", "1", "##2", "##12", "ー", "ア", "##ア",
]  # fmt: skip
OPTIONS = {
    "cased": (True, True, None, False),
    "uncased": (True, True, None, True),
    "lower, accents stay": (True, True, False, True),
    "case stays, accents go": (True, True, True, False),
    "nothing cleaned": (False, False, False, False),
    "nothing cleaned, uncased": (False, False, None, True),
    "cleaned, CJK stays": (True, False, None, True),
}
NASTY = (
    "aAbBcCeEéÉiİıσΣςßſ가각나힣ㅋ한국어漢字豈𠀀アーｱ "
    "\t\n\r\x00\x01\x0b\x0c\x1c\x7f\x85\xa0\u200b\u200d\u2028\u3000\ufeff\ufffd"
    "!#'-[]|`，。…“”€\u0301\u0323\u0307\u0345\u0334\u1b44\u1baa\u302e\u302f\u0f71\u0f72"
    "\U0001d15e\U0001d165\U0001d16e\U0001e000\u212b\u2126\u1fef"
    "12\uac00\u1100\u1161\U0001f600\U0010ffff\U000e0041\ue000"
)
TEXTS = st.lists(
    st.text(st.sampled_from(NASTY), max_size=40)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.text("ab é", min_size=20, max_size=130),
    max_size=8,
)


def reference(vocab: dict[str, int], options: tuple, max_chars: int = 100) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=max_chars))
    tokenizer.normalizer = normalizers.BertNormalizer(*options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


@cache
def small(name: str, max_chars: int = 100):
    """A reference tokenizer of few words, and the kernel's tables for it."""
    vocab = {word: k for k, word in enumerate(WORDS)}
    return reference(vocab, OPTIONS[name], max_chars), tables(vocab, name, max_chars)


def tables(vocab: dict[str, int], name: str, max_chars: int = 100):
    vocabulary = vocabulary_tables([*vocab], [*vocab.values()], unk_id=vocab["[UNK]"], max_chars=max_chars)
    return characters(name), vocabulary


@cache
def characters(name: str):
    keys = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
    return character_tables(**dict(zip(keys, OPTIONS[name], strict=True)))


@cache
def mbert():
    vocab = {word: k for k, word in enumerate(VOCAB_FILE.read_text("utf-8").split("\n")[:-1])}
    return reference(vocab, OPTIONS["cased"]), tables(vocab, "cased")


@cache
def minilm():
    given = json.loads((minilm_folder() / "tokenizer.json").read_text(encoding="utf-8"))
    vocab = given["model"]["vocab"]
    return reference(vocab, OPTIONS["uncased"]), tables(vocab, "uncased")


def as_buffers(texts: list[str], before: str = "", after: str = "") -> tuple[np.ndarray, np.ndarray]:
    encoded = [text.encode() for text in (before, *texts, after)]
    bounds = np.cumsum([0, *map(len, encoded)])
    data = np.frombuffer(b"".join(encoded), np.uint8)
    return data, bounds[1:-1].copy()


def check(texts, tokenizer, tables, n_threads=1, **around) -> int:
    """Assert that kernel and reference agree on all texts but unsure ones; return how many these are."""
    cut = kernel.cut(*as_buffers(texts, **around), *tables, n_threads=n_threads)
    assert (cut.ids.dtype, cut.starts[0], cut.starts[-1]) == (np.int32, 0, cut.ids.size)
    ids, starts, unk = cut.ids.tolist(), cut.starts.tolist(), tables[1].unk_id
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    for k, (text, encoding) in enumerate(zip(texts, encodings, strict=True)):
        if not cut.unsure[k]:
            spans = [b - a for (a, b), i in zip(encoding.offsets, encoding.ids, strict=True) if i == unk]
            assert ids[starts[k] : starts[k + 1]] == encoding.ids, text
            assert (cut.n_unk[k], cut.n_unk_chars[k]) == (len(spans), sum(spans)), text
    return int(cut.unsure.sum())


SOME = [
    name if name in ("cased", "uncased", "nothing cleaned") else pytest.param(name, marks=pytest.mark.slow)
    for name in OPTIONS
]


@pytest.mark.parametrize("name", SOME)
def test_many_code_points_alone_and_in_a_word(name):
    tokenizer, tables = small(name)
    letters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    mapped = [c for c in letters if characters(name).kinds[ord(c)] not in (0, 2)]  # 0 kept, 2 removed
    texts = [f"a{c}b {c} a{c}{c}" for c in mapped[::11] + letters[::397]]
    assert check(texts, tokenizer, tables) < len(texts) // 20


@pytest.mark.parametrize("name", SOME)
def test_tables_follow_the_reference_over_all_of_unicode(name):
    kinds, forms, pool = characters(name)
    normalizer, splitter = (
        normalizers.BertNormalizer(*OPTIONS[name]),
        pre_tokenizers.BertPreTokenizer(),
    )
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and kinds[c] < 6]

    def form(c: int) -> str:
        if kinds[c] == 2 or kinds[c] == SPACE:
            return " " if kinds[c] == SPACE else ""
        f = int(forms[c])
        text = chr(f) if f >= 0 else "".join(map(chr, pool[~f + 1 : ~f + 1 + pool[~f]]))
        return f" {text} " if kinds[c] == SINGLE else text

    # In blocks, so that no block's words run together by what stands at its ends.
    for block in (points[k : k + 40000] for k in range(0, len(points), 40000)):
        given = normalizer.normalize_str("x".join(map(chr, block)))
        expected = [word for word, _ in splitter.pre_tokenize_str(given)]
        assert expected == [word for word in "x".join(map(form, block)).split(" ") if word]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(TEXTS, st.sampled_from([*OPTIONS]), st.integers(1, 4), st.sampled_from([3, 100]))
def test_any_text_under_any_options(texts, name, n_threads, max_chars):
    check(texts, *small(name, max_chars), n_threads)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(TEXTS, st.booleans())
def test_any_text_under_real_vocabularies(texts, cased):
    check(texts, *(mbert() if cased else minilm()))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(TEXTS, st.integers(2, 5), st.integers(1, 60))
def test_every_border_between_threads(texts, n_threads, chunk_bytes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "CHUNK_BYTES", chunk_bytes)
        check(texts, *small("uncased"), n_threads, before="ab", after="ab")


@pytest.mark.parametrize("slots", [2, 16])
def test_a_cache_that_is_always_full(slots, monkeypatch):
    monkeypatch.setattr(kernel, "CACHE_SLOTS", slots)
    check(["ab abc b 가나 abcb " * 50, "é!b e\u0301b " * 30], *small("uncased"))


@pytest.mark.parametrize("size", [23, 24, 25, 31, 32, 33, 63, 64, 65, 99, 100, 101, 1000])
@pytest.mark.parametrize("letter", ["a", "é", "가", "𠀀", "\x01", "漢", "，", "\u0301"])
def test_runs_of_every_length_at_every_end_of_the_buffer(size, letter):
    texts = [letter * size, "b " + letter * size + " b", letter * size + "!", "a" + letter * size]
    for name in ("cased", "uncased"):
        check(texts, *small(name))


@pytest.mark.parametrize("text", ["", " ", "\x00", "a", "[UNK] [CLS] ##a", "\u200b", "a\x00b", "\ufffd"])
def test_little_or_nothing(text):
    check([text], *small("cased"))
    check([], *small("cased"))


def test_reordered_marks_are_flagged_and_single_ones_are_not():
    _, tables = small("uncased")
    cut = kernel.cut(*as_buffers(["a\u302e\u0323\u1b44", "a\u302eb", "a\u0301\u0323"]), *tables)
    assert cut.unsure.tolist() == [True, False, False]


@pytest.mark.parametrize("make", [mbert, minilm])
@pytest.mark.parametrize("name", ["golden_dev.jsonl.gz", "golden_dev_wiki.jsonl.gz"])
def test_golden_texts(make, name):
    if not (DATA / name).exists():
        pytest.skip("the golden texts are not here")
    lines = gzip.decompress((DATA / name).read_bytes()).decode().split("\n")[:-1]
    texts = [json.loads(line)["text"] for line in lines]
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    assert check(texts, *make(), n_threads=2) <= 12


@pytest.mark.slow
@pytest.mark.parametrize("make", [mbert, minilm])
@pytest.mark.parametrize("name", ["enwiki_dev.txt.gz", "kowiki_dev.txt.gz", "nsmc.tsv.gz", "udhr_articles.tsv.gz"])
def test_all_lines_of_real_files(make, name):
    texts = gzip.decompress((DATA / name).read_bytes()).decode().split("\n")
    parts = [texts[k : k + 10000] for k in range(0, len(texts), 10000)]
    assert sum(check(part, *make(), n_threads=2) for part in parts) <= len(texts) // 1000
