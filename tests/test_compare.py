"""The grid puts tokens under the words they stand in, and the totals are those of a plain loop."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import tokembed
from tokembed.cli.grid import as_json, markdown_lines, table_lines
from tokembed.compare import compare_texts, grid, shown_tokens
from tokembed.types import Text

NAMES = ["whitespace", "character", "bert", "clip"]
TOKENIZERS = {name: tokembed.tokenizer(name) for name in NAMES}
SENTENCES = [
    "아침 먹고 학교를 갑니다", "日本語と ｶﾅ と かな", "👨\u200d👩\u200d👧 🇰🇷 ❤️ ok", "مرحبا بالعالم",
    "e\u0301 a\u0308b x", "☃ 龘 가",
]  # fmt: skip


def text(content: str) -> Text:
    return Text("x:1", "x", content)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("columns", ["30", "200"])
def test_every_column_begins_at_the_same_place_in_every_row(
    sentence: str, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    comparison = compare_texts([text(sentence)], TOKENIZERS, limit=5)
    drawn = [line for line in list(table_lines(comparison))[1 : -len(NAMES) - 2] if line]
    words = sentence.split()
    for start in range(0, len(drawn), len(NAMES) + 1):
        head, *rows = drawn[start : start + len(NAMES) + 1]
        for word in re.finditer(r"\S+", head):
            place = cell_len(head[: word.start()])
            assert word.group() in words
            for row in rows:
                before = prefix_of_width(row, place)
                assert before.endswith("  ")
                assert row[len(before)] != " "


def prefix_of_width(line: str, width: int) -> str:
    (found,) = {line[:end] for end in range(len(line)) if cell_len(line[:end]) == width and line[end - 1] == " "}
    return found


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
    for line in (*table_lines(comparison), *markdown_lines(comparison)):
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
    assert lines[1] == "(no words)"
    assert lines[-1].split() == ["clip", "1", "0", "0", "—", "—", "—"]
