"""What the proof in kernels/clip_cleaning.py leans on, each statement asked of the installed libraries."""

# ruff: noqa: E501

from __future__ import annotations

import unicodedata
from html.entities import html5

import ftfy
import numpy as np
import pytest
import regex
from ftfy.badness import BADNESS_RE, is_bad
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import clip_reference as reference
from tests.clip_reference import arrays
from tokembed.kernels import clip_cleaning, clip_code_points
from tokembed.kernels.clip_cleaning import UNKNOWN, clean_texts, looks_broken
from tokembed.kernels.clip_code_points import PROVED_FOR_FTFY, TELLTALE, CodePoints, code_point_tables
from tokembed.kernels.mojibake import BAD, N_CODE_POINTS, NOTHING_YET, START_OF_SEGMENT, automaton


def every_char() -> list[str]:
    return [chr(code) for code in range(N_CODE_POINTS) if not 0xD800 <= code < 0xE000]


def test_the_proof_is_for_this_ftfy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ftfy.__version__ == PROVED_FOR_FTFY == "6.3.1", "read ftfy's changes and go through the proof again"
    monkeypatch.setattr(ftfy, "__version__", "6.4")
    with pytest.raises(RuntimeError, match="proved for ftfy"):
        code_point_tables()


def test_ftfy_does_by_default_what_the_proof_says() -> None:
    config = ftfy.TextFixerConfig()
    assert config._asdict() == {
        "unescape_html": "auto", "remove_terminal_escapes": True, "fix_encoding": True, "restore_byte_a0": True,
        "replace_lossy_sequences": True, "decode_inconsistent_utf8": True, "fix_c1_controls": True,
        "fix_latin_ligatures": True, "fix_character_width": True, "uncurl_quotes": True, "fix_line_breaks": True,
        "fix_surrogates": True, "remove_control_chars": True, "normalization": "NFC", "max_decode_length": clip_cleaning.SEGMENT,
        "explain": True,
    }  # fmt: skip


def test_no_match_without_a_telltale(code_points: CodePoints) -> None:
    """From the first state nothing but telltales leads on to a match."""
    harmless = np.unique(code_points.mojibake[(code_points.kinds & TELLTALE) == 0])
    reached = {START_OF_SEGMENT, NOTHING_YET}
    while more := set(code_points.steps[list(reached)][:, harmless].ravel().tolist()) - reached:
        reached |= more
    assert BAD not in reached


MINDED = "".join(char for char in every_char() if BADNESS_RE.search(f"à{char}") or BADNESS_RE.search(f"{char}à"))
KNOWN = "".join(sorted({char for char in BADNESS_RE.pattern if ord(char) > 127})) + "abzAZ .,?!\n\t\x85一가1_"


@settings(max_examples=1_500, deadline=None)
@given(
    st.one_of(st.text(KNOWN, max_size=8), st.text(max_size=5), st.text(KNOWN + "ÃÂ \xa0œŒ×²à", min_size=2, max_size=4))
)
def test_the_automaton_is_the_expression(code_points: CodePoints, text: str) -> None:
    data = np.frombuffer(text.encode(), np.uint8)
    lines = text.split("\n")
    segments = [line + "\n" for line in lines[:-1]] + lines[-1:]
    broken = looks_broken(code_points.mojibake, code_points.steps, data, 0, len(data))
    assert bool(broken) == any(map(is_bad, segments))


def test_jamo_whose_composition_would_make_a_match(code_points: CodePoints) -> None:
    given = "ГўВЂВ\u1100\u1161a"
    assert not is_bad(given)
    assert is_bad(unicodedata.normalize("NFC", given))
    data = np.frombuffer(given.encode(), np.uint8)
    assert looks_broken(code_points.mojibake, code_points.steps, data, 0, len(data))


def test_the_automaton_on_every_pair_of_classes(code_points: CodePoints) -> None:
    _, first = np.unique(code_points.mojibake, return_index=True)
    chars = [chr(code) for code in first if not 0xD800 <= code < 0xE000]
    for left in chars:
        for middle in chars:
            for text in (left + middle, "a" + left + middle, left + middle + " a"):
                state = START_OF_SEGMENT
                for char in text:
                    state = code_points.steps[state, code_points.mojibake[ord(char)]]
                assert (state == BAD) == is_bad(text), text


def test_the_automaton_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="repetitions"):
        automaton(regex_of("ab|cd*"))


def regex_of(pattern: str):
    import re

    return re.compile(pattern)


def test_lower_maps_one_to_one_but_for_dotted_i() -> None:
    assert [char for char in every_char() if len(char.lower()) != 1] == ["İ"]


def test_lower_looks_at_neighbors_for_sigma_only() -> None:
    everything = " ".join(char for char in every_char() if char not in "İΣ")
    assert everything.lower() == " ".join(char.lower() for char in every_char() if char not in "İΣ")
    for char in every_char():
        if char not in "İΣ" and char.lower() != char:
            assert f"A{char}a{char}".lower() == f"a{char.lower()}a{char.lower()}"


def test_what_composes_is_what_unicode_calls_maybe() -> None:
    """Appended to any starter, other characters leave NFC alone."""
    composing = clip_code_points.seconds_of_compositions()
    alone = [
        char for char in every_char() if unicodedata.is_normalized("NFC", char) and char not in composing
        and ord(char) not in clip_code_points.JAMO_CODES
    ]  # fmt: skip
    for starter in ("a", "A", "é", "α", "и", "क", "가", "ᄀ", "か", "त"):
        some = alone if starter in "aA" else [char for char in alone if ord(char) <= 0x3000]
        assert unicodedata.is_normalized("NFC", starter + starter.join(some))  # so is each part of it


def test_entities_without_semicolon_are_ascii_and_two_letters_long() -> None:
    assert all(name.isascii() and name.removesuffix(";").isalnum() for name in html5)
    assert all(len(name) >= 2 for name in html5 if not name.endswith(";"))
    assert max(map(len, html5)) <= 33


def test_case_folding_leaves_one_letter_to_the_words() -> None:
    """After lower() only ſ still equals another letter of the pattern."""
    lowered = "".join(char for char in every_char() if char == char.lower())
    for letter in set("".join(("'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "<|startoftext|>", "<|endoftext|>"))):
        found = regex.findall(regex.escape(letter), lowered, regex.IGNORECASE)
        assert set(found) == ({"s", "ſ"} if letter == "s" else {letter})


def test_no_character_is_in_two_classes_of_the_word_pattern() -> None:
    one = [regex.compile(p, regex.IGNORECASE) for p in (r"[\p{L}]", r"[\p{N}]", r"[^\s\p{L}\p{N}]", r"\s")]
    everything = "".join(every_char())
    found = [set(pattern.findall(everything)) for pattern in one]
    assert sum(map(len, found)) == len(set.union(*found))
    assert set(everything) - set.union(*found) <= {"\u0345"}


def kernel_clean(code_points: CodePoints, texts: list[str]) -> list[str | None]:
    data, bounds = arrays(texts)
    room = int(len(data) * clip_cleaning.GROWTH) + 32
    cleaned, classes = np.empty(room, np.uint8), np.empty(room, np.uint8)
    places = np.empty((len(texts), 2), np.int64)
    data.flags.writeable = bounds.flags.writeable = False
    clean_texts(code_points, data, bounds, cleaned, classes, places)
    return [None if lo == UNKNOWN else cleaned[lo:hi].tobytes().decode() for lo, hi in places.tolist()]


def spaces_collapsed(text: str) -> str:
    return regex.sub(r"\s+", " ", text).strip()


def test_most_texts_do_not_need_the_reference(code_points: CodePoints) -> None:
    texts = [
        "“Don’t” – he said…",
        "ＡＢＣ",
        "각",
        "R&D, AT&T",
        "a\x00b",
        "Ünïcödé naïve café",
        "Привет",
        "日本語",
        "👩‍💻",
    ]
    assert [spaces_collapsed(text or "?") for text in kernel_clean(code_points, texts)] == list(
        map(reference.clean, texts)
    )


def test_cleaning_grows_no_more_than_it_says(code_points: CodePoints) -> None:
    for code in np.flatnonzero(code_points.replaced):
        size = code_points.replacements[code_points.replaced[code], 0]
        assert size <= clip_cleaning.GROWTH * len(chr(code).encode())


@pytest.mark.parametrize("cut", ["Ã a", "가", "\r\n", "&amp", "é”x", "œa", "a\u0301"])
def test_a_line_of_more_than_a_million_code_points_is_cut(code_points: CodePoints, cut: str) -> None:
    for before in range(len(cut) + 1):
        text = "x " * (clip_cleaning.SEGMENT // 2 - 4) + "y" * (8 - before) + cut + " end"
        (cleaned,) = kernel_clean(code_points, [text])
        assert cleaned is None or spaces_collapsed(cleaned) == reference.clean(text)
