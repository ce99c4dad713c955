"""The grid puts tokens under the words they stand in, and the totals are those of a plain loop."""

from __future__ import annotations

import json
import re
from itertools import accumulate, pairwise, takewhile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

import tokembed
from tokembed.asking.search import Search
from tokembed.cli.grid import table_lines
from tokembed.cli.grid_json import as_json, as_text
from tokembed.cli.grid_markdown import markdown_lines
from tokembed.compare.grids import compare_texts, grid, model_window, shown_tokens
from tokembed.compare.static_rows import StaticRows
from tokembed.compare.vectors import compare_vectors
from tokembed.compare.word_rows import TextRows
from tokembed.types import Text
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

NAMES = ["whitespace", "character", "bert", "clip"]
TOKENIZERS = {name: tokembed.tokenizer(name) for name in NAMES}
SENTENCES = [
    "아침 먹고 학교를 갑니다", "日本語と ｶﾅ と かな", "👨\u200d👩\u200d👧 🇰🇷 ❤️ 👍🏽 ok", "مرحبا بالعالم",
    "e\u0301 a\u0308b x", "☃ 龘 가",
]  # fmt: skip


def text(content: str) -> Text:
    return Text("x:1", "x", content)


def embedders() -> list[TextRows]:
    """Vectors of some of the sentences' words, and TF-IDF, so that their rows are drawn as well."""
    words = Vocab(["아침", "먹고", "日本語と", "مرحبا", "ok", "e\u0301", "가"])
    matrix = np.random.default_rng(1).normal(size=(len(words), 5)).astype(np.float32)
    return [StaticRows("벡터", name, Search(WordVectors(words, matrix))) for name in ("whitespace", "character")]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("columns", [30, 100, 300])
def test_every_column_begins_at_the_same_place_in_every_row(
    sentence: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    comparison = compare_texts([text(sentence)], TOKENIZERS, limit=5)
    vectors = compare_vectors(comparison.grids, embedders(), TOKENIZERS)
    drawn = list(table_lines(comparison, vectors))[1:]
    starts = [place for place, line in enumerate(drawn[:-1]) if place == 0 or not drawn[place - 1]]
    words = sentence.split()
    for start in starts:
        head, *rows = list(takewhile(bool, drawn[start:]))
        if head.startswith("tokenizer"):
            break
        for found in re.finditer(r"\S+", head.partition("  tokens  ")[0]):
            assert found.group() == words.pop(0)
            place = wcswidth(head[: found.start()])
            for row in rows:
                before = prefix_of_width(row, place)
                assert row.startswith("  nearest") or row[len(before)] != " "
    assert not words


def prefix_of_width(line: str, place: int) -> str:
    """What stands left of that column; two spaces end it, unless the line is over before."""
    if wcswidth(line) < place:
        return line
    (found,) = {line[:end] for end in range(len(line)) if wcswidth(line[:end]) == place and line[:end].endswith("  ")}
    return found


def test_the_numbers_stand_at_the_right_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    (_, head, row) = table_lines(compare_texts([text("학교를 갑니다")], {"bert": TOKENIZERS["bert"]}, limit=1))
    assert head.split() == ["학교를", "갑니다", "tokens", "per", "word", "chars/token", "unk.", "chars", "window"]
    assert row.split() == ["bert", "학|##교|##를", "갑|##니다", "5", "2.50", "1.20", "0.0", "%", "—"]
    assert wcswidth(head) == wcswidth(row)


def test_an_unknown_word_shows_what_is_lost() -> None:
    row = grid(text("☃ 가"), {"bert": TOKENIZERS["bert"]}).rows[0]
    assert [shown_tokens(row, word) for word in (0, 1)] == [["[UNK]=☃"], ["가"]]


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize(("name", "size"), [("clip", 77), ("bert", 512)])
def test_words_beyond_the_window_are_those_past_its_last_token(name: str, size: int, special: bool) -> None:
    words = [f"{word}{place}" for place in range(50) for word in ("대한민국은", "민주", "공화국이다", "school")]
    plain = tokembed.tokenizer(name)
    ends = list(accumulate(len(plain.encode(word)) for word in words))  # every word is cut by itself
    tokenizer = tokembed.tokenizer(name, special=special)
    row = grid(text(" ".join(words)), {name: tokenizer}, {name: model_window(name)}).rows[0]
    assert row.window is not None
    assert (row.window.size, row.window.n_tokens) == (size, ends[-1] + 2)
    room = size - 2
    unseen = [place for place, start in enumerate([0, *ends[:-1]]) if start >= room]
    cut = [place for place, (start, end) in enumerate(pairwise([0, *ends])) if start < room < end]
    assert (list(row.window.unseen), list(row.window.cut)) == (unseen, cut)
    assert unseen[-1] == 199


def test_a_text_that_just_fits_loses_nothing() -> None:
    for n_words, unseen in ((75, ()), (76, (75,))):
        row = grid(text("go " * n_words), {"clip": TOKENIZERS["clip"]}, {"clip": model_window("clip")}).rows[0]
        assert row.window is not None
        assert (row.window.n_tokens, row.window.unseen) == (n_words + 2, unseen)


def test_tokens_stand_under_their_words() -> None:
    found = grid(text("학교를  갑니다"), {"bert": TOKENIZERS["bert"], "clip": TOKENIZERS["clip"]})
    assert found.words == ((0, 3), (5, 8))
    assert [shown_tokens(found.rows[0], word) for word in (0, 1)] == [["학", "##교", "##를"], ["갑", "##니다"]]
    assert ["".join(shown_tokens(found.rows[1], word)).replace(">", "").replace("<", "") for word in (0, 1)] == [
        "ED9599EAB590EBA5BC",
        "EAB091니EB8BA4",
    ]


@given(content=st.text(max_size=30))
def test_every_token_stands_under_one_word(content: str) -> None:
    for row in grid(text(content), TOKENIZERS).rows:
        places = [place for word in row.by_word for place in word]
        assert places == (list(range(len(row.encoding))) if content.split() else [])


@given(content=st.text(max_size=20))
def test_nothing_that_steers_a_terminal_is_printed(content: str) -> None:
    comparison = compare_texts([text("\x1b[31m" + content)], TOKENIZERS, limit=1)
    for line in (*table_lines(comparison), *markdown_lines(comparison), as_text(as_json(comparison))):
        assert not set(line) & set(map(chr, [*range(9), *range(11, 32), 127, 0x85, 0x9B, 0x202E]))


def test_totals_over_shown_and_other_texts_are_those_of_a_plain_loop() -> None:
    contents = [*SENTENCES, "", "  "] * 3
    comparison = compare_texts(map(text, contents), TOKENIZERS, limit=2)
    assert len(comparison.grids) == 2
    for name, counts in comparison.totals.items():
        encodings = [TOKENIZERS[name].encode(content) for content in contents]
        assert counts.n_texts == len(contents)
        assert counts.n_words == sum(len(content.split()) for content in contents)
        assert counts.n_chars == sum(not letter.isspace() for content in contents for letter in content)
        assert counts.n_tokens == sum(map(len, encodings))
        assert counts.n_unk == sum(encoding.n_unk for encoding in encodings)
        assert counts.n_unk_chars == sum(
            any(start <= place < end and unknown for (start, end), unknown in zip(e.offsets, e.unknown, strict=True))
            for e in encodings
            for place in range(len(e.text))
        )


def test_json_holds_ids_offsets_and_bytes() -> None:
    comparison = compare_texts([text("☃ 가")], {"bert": TOKENIZERS["bert"]}, limit=1)
    shown = json.loads(json.dumps(as_json(comparison)))
    (row,) = shown["texts"][0]["tokenizers"]
    assert (row["tokens"], row["ids"], row["offsets"]) == (["[UNK]", "가"], [100, 8843], [[0, 1], [2, 3]])
    assert (row["bytes"], row["by_word"], row["n_unk_chars"]) == (["e29883", "eab080"], [[0], [1]], 1)
    assert shown["totals"][0]["unk_chars_share"] == 0.5


def test_an_empty_text_has_no_words() -> None:
    lines = list(table_lines(compare_texts([text(" ")], TOKENIZERS, limit=1)))
    assert lines[1:] == ["(no words)"]
