"""How words are cut, step by step: the examples of the papers, hand-worked, and slow references."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import models
from tokenizers.normalizers import BertNormalizer

from tests import clip_reference
from tokembed import tokenizer
from tokembed.surrogates import well_formed
from tokembed.tokenizers.clip import ClipTokenizer
from tokembed.tokenizers.clip_cleaning import clean
from tokembed.traces import bert, clip
from tokembed.traces.bpe import MOST_SYMBOLS, byte_text, merging
from tokembed.traces.character import CharacterTokenizer
from tokembed.traces.character import walk as characters
from tokembed.traces.cleaning import Rule, cleaned
from tokembed.traces.unigram import chosen, two_best
from tokembed.traces.wordpiece import Pieces, matched

TOY = Pieces({"un", "##aff", "##able", "a", "##b"}, "[UNK]")
MESSY = st.lists(
    st.sampled_from(
        ["Café", "e\u0301", "schÃ¶n", "&amp;lt;", "車", "홀로", "홀", "  ", "\t", "\x07", "ＡＢ", "ﬁ", "\ud800", "İ"]
    )
    | st.text(max_size=4)
).map("".join)


def test_the_longest_match_of_the_published_example() -> None:
    step, tokens = matched("unaffable", TOY)
    assert tokens == ["un", "##aff", "##able"]  # google-research/bert, tokenization.py
    assert step.columns == ("from", "tried", "taken")
    assert step.rows == (
        (0, ("unaffable", "unaffabl", "unaffab", "unaffa", "unaff", "unaf", "una", "un"), "un"),
        (2, ("##affable", "##affabl", "##affab", "##affa", "##aff"), "##aff"),
        (5, ("##able",), "##able"),
    )


def test_the_longest_match_under_bert() -> None:
    walk = bert.walk(tokenizer("bert"), "unaffable")  # type: ignore[arg-type]
    assert walk.tokens == ["una", "##ffa", "##ble"]
    assert walk.steps[-1].rows == (
        (0, ("unaffable", "unaffabl", "unaffab", "unaffa", "unaff", "unaf", "una"), "una"),
        (3, ("##ffable", "##ffabl", "##ffab", "##ffa"), "##ffa"),
        (6, ("##ble",), "##ble"),
    )


@pytest.mark.parametrize(
    ("word", "says", "rows"),
    [
        ("xa", "no beginning of 'xa' is a token, so all of it is [UNK]", ((0, ("xa", "x"), None),)),
        (
            "abx",
            "no beginning of 'x' is a token inside a word, so all of it is [UNK]",
            ((0, ("abx", "ab", "a"), "a"), (1, ("##bx", "##b"), "##b"), (2, ("##x",), None)),
        ),
        ("a" * 101, "it has 101 code points, more than 100: [UNK]", ()),
    ],
    ids=["at the start", "inside", "too long"],
)
def test_why_a_word_is_unknown(word: str, says: str, rows: object) -> None:
    step, tokens = matched(word, TOY)
    assert (step.rule, step.rows, tokens) == (says, rows, ["[UNK]"])


def test_the_merges_of_the_paper() -> None:
    # Sennrich et al. 2016, section 3.2: of low, lowest, newer, wider four merges are learned; the unseen lower is cut
    # to low er. The first of them makes the end of the word part of its last letter, as CLIP's symbols have it.
    step, tokens = merging("lower", ["l", "o", "w", "e", "r."], {("l", "o"): 1, ("lo", "w"): 2, ("e", "r."): 3})
    assert tokens == ["low", "er."]
    assert step.rows == (
        (("l", "o", "w", "e", "r."), "l+o", 1, ("e+r. 3",)),
        (("lo", "w", "e", "r."), "lo+w", 2, ("e+r. 3",)),
        (("low", "e", "r."), "e+r.", 3, ()),
        (("low", "er."), None, None, ()),
    )


def test_a_pair_is_merged_wherever_it_stands() -> None:
    step, tokens = merging("aaaab", list("aaaab"), {("a", "a"): 0})
    assert tokens == ["aa", "aa", "b"]
    assert len(step.rows) == 2
    assert merging("abab", ["a", "##b", "##a", "##b"], {("##a", "##b"): 0}, prefix="##")[1] == ["a", "##b", "##ab"]


@pytest.mark.parametrize("word", ["unaffable", "홀로서기", "the", "mississippi", "'ll", "😀😀"])
def test_clip_merges_the_pair_of_the_lowest_rank(word: str) -> None:
    walk = clip.walk(ClipTokenizer(), word)
    rows = walk.steps[-1].rows
    symbols = [clip_reference.byte_symbols()[byte] for byte in word.encode()]
    symbols[-1] += "</w>"
    for _, merged, rank, others in rows:
        known = {pair: clip_reference.ranks()[pair] for pair in pairwise(symbols) if pair in clip_reference.ranks()}
        pair = min(known, key=known.__getitem__, default=None)
        assert rank == (known[pair] if pair else None)
        assert merged == ("+".join(byte_text(half, "</w>") for half in pair) if pair else None)
        assert isinstance(others, tuple)
        assert [int(str(other).rpartition(" ")[2]) for other in others] == sorted(known.values())[1:]
        if pair:
            joined = "".join(f" {symbol} " for symbol in symbols)
            symbols = joined.replace(f" {pair[0]}  {pair[1]} ", f" {''.join(pair)} ").split()
    assert [clip_reference.vocabulary()[token] for token in walk.tokens] == list(clip_reference.word_ids(word))


def test_the_merges_of_a_very_long_word_are_not_told() -> None:
    word = "a" * (MOST_SYMBOLS + 1)
    walk = clip.walk(ClipTokenizer(), word)
    assert "not told" in walk.steps[-1].rule
    assert [clip_reference.vocabulary()[token] for token in walk.tokens] == list(clip_reference.word_ids(word))


def test_bytes_are_shown_as_the_text_they_write() -> None:
    assert [byte_text(symbol, "</w>") for symbol in ("íĻ", "íĻĢ</w>", "Ġa", "caf")] == ["<ED99>", "홀</w>", "␣a", "caf"]
    assert byte_text("홀") == "홀"  # not byte-level


def ways(word: str) -> list[tuple[str, ...]]:
    """All ways to cut a word, by brute force."""
    rest = [(word[:end], way) for end in range(1, len(word)) for way in ways(word[end:])]
    return [(word,), *((first, *way) for first, way in rest)] if word else [()]


@given(
    word=st.text("abc", min_size=1, max_size=6),
    scores=st.dictionaries(
        st.text("abc", min_size=1, max_size=3), st.floats(-9, -1).map(lambda score: round(score, 3)), min_size=1
    ),
)
def test_unigram_takes_the_two_likeliest_ways(word: str, scores: dict[str, float]) -> None:
    lowest = min(scores.values()) - 10
    all_scores = {letter: scores.get(letter, lowest) for letter in "abc"} | scores
    totals = [sum(all_scores[token] for token in way) for way in ways(word) if all(t in all_scores for t in way)]
    found = two_best(word, scores)
    assert [way.total for way in found] == pytest.approx(sorted(totals, reverse=True)[:2])


def test_unigram_takes_what_the_library_takes() -> None:
    scores = {"un": -3.0, "u": -5.0, "n": -5.0, "aff": -4.0, "able": -4.0, "a": -5.0, "unaff": -6.5, "b": -6.0}
    library = models.Unigram([("<unk>", 0.0), *scores.items()], unk_id=0, byte_fallback=False)
    for word in ("unaffable", "ban", "una", "able"):
        step, tokens = chosen(word, {"<unk>": 0.0, **scores})
        assert tokens == [token.value for token in library.tokenize(word)]
        assert step.rows[0][0] == "taken"


def test_a_cluster_is_told_by_its_code_points() -> None:
    walk = characters(CharacterTokenizer(), "e\u0301a 한 e\u0301a")
    assert walk.tokens == ["e\u0301", "a", "한", "e\u0301", "a"]
    assert walk.steps[0].rows == (("e\u0301", ("U+0065", "U+0301")), ("a", ("U+0061",)))
    assert len(walk.steps) == 2  # a word is told once


def test_cleaning_tells_each_changed_place() -> None:
    text = "  Café&#39;s schÃ¶n  CAFÉ "
    assert clip.walk(ClipTokenizer(), text).steps[0].rows == (
        ("ftfy mends broken encodings", "&#39;", "'", 1),
        ("ftfy mends broken encodings", "Ã¶", "ö", 1),
        ("one space between words, none at the ends", "  ", "", 1),
        ("one space between words, none at the ends", " ", "", 2),
        ("lower case", "C", "c", 1),
        ("lower case", "CAFÉ", "café", 1),
    )
    rows = bert.walk(tokenizer("bert"), "a\tb\x07 車").steps[0].rows  # type: ignore[arg-type]
    assert [row[1:] for row in rows] == [("\t", " ", 1), ("\x07", "", 1), ("車", " 車 ", 1)]


def test_what_cannot_be_told_by_character_is_told_by_word() -> None:
    reverses = Rule("backwards", lambda text: " ".join(word[::-1] for word in text.split(" ")))
    assert cleaned("abc aba dx", [reverses])[1].rows == (("backwards", "abc", "cba", 1), ("backwards", "dx", "xd", 1))
    assert cleaned("", [reverses])[1].rule.startswith("nothing to change")


@given(MESSY)
def test_the_rules_together_are_the_cleaning(text: str) -> None:
    after, step = cleaned(text, clip.RULES)
    assert after == clean(text)
    assert step.rows or after == text
    readable, _ = cleaned(text, bert.rules())
    assert readable == BertNormalizer(lowercase=False).normalize_str(well_formed(text))
