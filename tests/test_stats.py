"""Every number of `stats` is that of a plain loop over `encode`, and says when it must not be trusted."""

from __future__ import annotations

import gzip
from collections import Counter
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tokembed
from tests.test_golden import SHARED, own_cases, shared_cases
from tokembed.compare.grids import grid
from tokembed.inputs.batches import Batch
from tokembed.inputs.bulk import BULK_BYTES
from tokembed.stats.rows import NUMBERS, Row, corpus_stats
from tokembed.surrogates import well_formed
from tokembed.types import Text

NAMES = ["whitespace", "character", "bert", "clip"]
TOKENIZERS = {name: tokembed.tokenizer(name) for name in NAMES}
WINDOWS = {"bert": 512 - 2, "clip": 77 - 2}
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared texts are not beside the repository")


def batch(texts: list[str], source: str = "x") -> Batch:
    return Batch(source, range(1, len(texts) + 1), strings=texts)


def rows_of(texts: list[str], names: list[str] = NAMES) -> dict[str, Row]:
    found = corpus_stats([batch(texts)], {name: TOKENIZERS[name] for name in names})
    return {row.tokenizer: row for row in found.rows}


def is_utf8(data: bytes) -> bool:
    return data.decode("utf-8", errors="ignore").encode() == data


def check_with_a_plain_loop(row: Row, texts: list[str]) -> None:
    encodings = [TOKENIZERS[row.tokenizer].encode(text) for text in texts]
    used = Counter(token for e in encodings for token in (e.tokens if e.ids is None else map(str, e.ids)))
    n_tokens = sum(map(len, encodings))
    assert row.n_texts == len(texts)
    assert row.n_words == sum(len(text.split()) for text in texts)
    assert row.n_chars == sum(not letter.isspace() for text in texts for letter in text)
    assert row.n_bytes == sum(len(text.encode()) for text in texts)
    assert row.n_tokens == n_tokens
    assert row.n_unk == sum(e.n_unk for e in encodings)
    assert row.n_unk_chars == sum(e.n_unk_chars for e in encodings)
    assert row.vocab_used == len(used)
    assert row.partial_tokens == (
        sum(not is_utf8(data) for e in encodings for data in e.token_bytes) / n_tokens if n_tokens else None
    )
    if row.tokenizer in WINDOWS:
        assert row.n_beyond_window == sum(len(e) > WINDOWS[row.tokenizer] for e in encodings)
    else:
        assert row.n_beyond_window is None


def test_numbers_are_those_of_a_plain_loop() -> None:
    texts = [well_formed(case["text"]) for case in own_cases()]
    for row in rows_of(texts).values():
        check_with_a_plain_loop(row, texts)


def test_numbers_do_not_depend_on_whether_the_kernels_made_them() -> None:
    texts = [well_formed(case["text"]) for case in own_cases()]
    times = BULK_BYTES // sum(map(len, texts))
    few, many = rows_of(texts), rows_of(texts * times)
    for name in NAMES:
        for number in NUMBERS:
            factor = times if number.startswith("n_") else 1
            one, other = getattr(few[name], number), getattr(many[name], number)
            assert other == (None if one is None else pytest.approx(factor * one, rel=1e-12)), (name, number)


@needs_shared
def test_numbers_on_golden_texts_are_those_of_a_plain_loop() -> None:
    texts = [well_formed(case["text"]) for case in shared_cases()[::3]]
    for row in rows_of(texts).values():
        check_with_a_plain_loop(row, texts)


@needs_shared
@pytest.mark.parametrize("file", ["kowiki_dev.txt.gz", "enwiki_dev.txt.gz"])
def test_numbers_of_words_on_real_text_are_those_of_their_tokens_in_it(file: str) -> None:
    with gzip.open(SHARED / file, "rt", encoding="utf-8", newline="\n") as lines:
        texts = [line.rstrip("\n") for line in islice(lines, 300)]
    n_tokens: dict[str, list[int]] = {name: [] for name in NAMES}
    n_unknown = Counter[str]()
    for text in texts:
        for found in grid(Text("x", "x", text), TOKENIZERS).rows:
            n_tokens[found.tokenizer] += map(len, found.by_word)
            n_unknown[found.tokenizer] += sum(
                any(found.encoding.unknown[place] for place in word) for word in found.by_word
            )
    for name, row in rows_of(texts).items():
        assert row.n_words == len(n_tokens[name])
        assert row.whole_words == n_tokens[name].count(1) / row.n_words
        assert row.words_in_many == sum(number > 4 for number in n_tokens[name]) / row.n_words
        assert row.n_unk_words == n_unknown[name]


@settings(max_examples=40)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=6))
def test_any_texts_are_counted_as_by_a_plain_loop(texts: list[str]) -> None:
    for row in rows_of(texts, ["character", "bert"]).values():
        check_with_a_plain_loop(row, texts)


@settings(max_examples=15)
@given(
    labels=st.lists(st.sampled_from("abc"), min_size=1, max_size=12),
    words=st.lists(st.sampled_from(["가 나", "x", "", "학교를 ☃"]), min_size=12, max_size=12),
)
def test_groups_are_counted_as_if_each_were_alone(labels: list[str], words: list[str]) -> None:
    texts = words[: len(labels)]
    found = corpus_stats([batch(texts)], {name: TOKENIZERS[name] for name in NAMES[:3]}, group=lambda _: labels)
    assert list(dict.fromkeys(row.group for row in found.rows)) == list(dict.fromkeys(labels))
    for row in found.rows:
        own = [text for text, label in zip(texts, labels, strict=True) if label == row.group]
        alone = rows_of(own, [row.tokenizer])[row.tokenizer]
        assert {name: getattr(row, name) for name in NUMBERS} == {name: getattr(alone, name) for name in NUMBERS}


@pytest.mark.parametrize(
    ("texts", "n_words", "is_none"),
    [([], 0, True), ([""], 0, True), ([" \t\u3000"], 0, True), (["👍🏽 ❤️"], 2, False), (["مرحبا بالعالم"], 2, False)],
    ids=["nothing", "empty", "white space", "emoji", "right to left"],
)
def test_texts_with_little_in_them(texts: list[str], n_words: int, is_none: bool) -> None:
    for row in rows_of(texts).values():
        assert (row.n_texts, row.n_words) == (len(texts), n_words)
        assert (row.fertility is None, row.unk_chars is None, row.chars_per_token is None) == (is_none,) * 3


def test_one_line_of_a_megabyte() -> None:
    line = "학교를 갑니다 " * 53_000
    for row in rows_of([line], ["whitespace", "bert"]).values():
        check_with_a_plain_loop(row, [line])
    assert rows_of([line], ["clip"])["clip"].n_words == 106_000


@pytest.mark.parametrize(
    "text", ["ภาษาไทยไม่มีช่องว่าง", "日本語には空白がない", "中文没有空格", "ភាសាខ្មែរ", "ພາສາລາວ", "မြန်မာဘာသာ", "བོད་ཡིག"]
)
def test_a_script_without_spaces_has_no_numbers_of_words(text: str) -> None:
    for row in rows_of([text]).values():
        assert row.without_spaces
        assert (row.fertility, row.whole_words, row.words_in_many, row.unk_words, row.n_unk_words) == (None,) * 5
        assert row.n_tokens > 0


def test_a_text_that_is_not_cut_at_all_is_not_ranked() -> None:
    rows = rows_of(["日本語には空白がない"])
    assert [name for name, row in rows.items() if not row.ranked] == ["whitespace"]
    assert rows["whitespace"].reason == "its script has no spaces to cut at"


def test_few_letters_without_spaces_do_not_count() -> None:
    assert rows_of(["大韓民國은 민주공화국이다"])["bert"].fertility is not None


def test_characters_that_mbert_lacks_close_the_gate() -> None:
    text = "ᱥᱟᱱᱛᱟᱲᱤ ok"  # Ol Chiki, which its vocabulary has no letter of
    rows = rows_of([text])
    assert rows["bert"].unk_chars == 7 / 9
    assert not rows["bert"].ranked
    assert rows["bert"].reason == "77.8 % of its characters are unknown"
    assert rows["clip"].ranked
    assert rows["clip"].partial_tokens is not None
    assert rows["clip"].partial_tokens > 0.5


def test_a_tenth_of_unknown_characters_is_not_too_many() -> None:
    assert rows_of(["☃ abcdefghi"])["bert"].unk_chars == 0.1
    assert rows_of(["☃ abcdefghi"])["bert"].ranked
    assert not rows_of(["☃ abcdefgh"])["bert"].ranked


@needs_shared
def test_the_constitution_in_three_unicode_forms() -> None:
    texts = (SHARED / "constitution_ko.txt").read_text(encoding="utf-8").split("\n")[:-1]
    found = corpus_stats([batch(texts)], {name: TOKENIZERS[name] for name in ("bert", "clip")}, forms=True)
    by_form = {(row.tokenizer, row.group): row for row in found.forms}
    for (name, form), row in by_form.items():
        from unicodedata import normalize

        given_form = texts if form == "as given" else [normalize(form, text) for text in texts]  # type: ignore[arg-type]
        check_with_a_plain_loop(row, given_form)
        assert row.tokenizer == name
    assert found.decomposed == 0
    assert by_form["bert", "NFD"].n_tokens < 0.5 * by_form["bert", "NFC"].n_tokens
    assert (by_form["bert", "NFD"].unk_chars or 0) > 0.9
    assert not by_form["bert", "NFD"].ranked
    assert by_form["clip", "NFD"].n_tokens == by_form["clip", "NFC"].n_tokens  # ftfy recomposes
    assert [row.n_tokens for row in found.rows] == [by_form[name, "NFC"].n_tokens for name in ("bert", "clip")]


def test_decomposed_words_are_counted() -> None:
    words = "각 \u1100\u1161\u11a8 e\u0301 é \u0938\u094d\u0924"  # the last has marks that join to nothing
    assert corpus_stats([batch([words])], {}).decomposed == 0.4
