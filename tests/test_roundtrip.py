"""What comes back of a text under each tokenizer, and why some of it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import AddedToken, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as Reference

import tokembed
from tests.conftest import minilm_folder
from tests.test_golden import SHARED, expected_ids, own_cases, shared_cases
from tests.test_pretrained import KINDS, PIECES, numbered, saved_kinds
from tests.test_pretrained import texts as odd_texts
from tokembed.tokens.roundtrip import HEADER, N_EXAMPLES, Difference, RoundTrips, example_lines, summary
from tokembed.types import Text, Tokenizer

IDENTICAL, NORMALIZED, LOSSY = "identical", "normalized", "lossy"


@pytest.fixture(scope="session")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tokenizer]:
    files = saved_kinds(tmp_path_factory.mktemp("roundtrip"))
    kinds = {kind: tokembed.tokenizer(str(path)) for kind, path in files.items()}
    return {"bert": tokembed.tokenizer("bert"), "clip": tokembed.tokenizer("clip"), **kinds}


def texts_of(*strings: str) -> list[Text]:
    return [Text(f"t:{number}", "t", string) for number, string in enumerate(strings, start=1)]


def checked(tokenizer: Tokenizer, *strings: str) -> RoundTrips:
    result = RoundTrips("one")
    result.check(texts_of(*strings), tokenizer)
    assert result.n_texts == len(strings)
    return result


def kind_of(tokenizer: Tokenizer, string: str) -> str:
    result = checked(tokenizer, string)
    counts = {IDENTICAL: result.n_identical, NORMALIZED: result.n_normalized, LOSSY: result.n_lossy}
    ((kind, _),) = [(kind, n) for kind, n in counts.items() if n]
    return kind


def came_back(tokenizer: Tokenizer, string: str) -> str:
    return tokenizer.decode(tokenizer.encode(string).ids or ())


BY_HAND = [
    ("bert", "", IDENTICAL, ""),
    ("bert", "홀로서기", IDENTICAL, "홀로서기"),
    ("bert", "학교를 갑니다", IDENTICAL, "학교를 갑니다"),
    ("bert", "a,b", NORMALIZED, "a , b"),
    ("bert", " a\t b\x00 ", NORMALIZED, "a b"),
    ("bert", "a##b", NORMALIZED, "a # # b"),
    ("bert", "車로", NORMALIZED, "車 로"),
    ("bert", "[UNK]", NORMALIZED, "[ UNK ]"),
    ("bert", "a\ud83d\ufffd", NORMALIZED, "a"),  # BERT cleans U+FFFD away
    ("bert", "학교 🙂 에", LOSSY, "학교 [UNK] 에"),
    ("clip", "홀로서기", IDENTICAL, "홀로서기"),
    ("clip", "학교를 갑니다", IDENTICAL, "학교를 갑니다"),
    ("clip", "학교 🙂 에", IDENTICAL, "학교 🙂 에"),
    ("clip", "Café  X", NORMALIZED, "café x"),
    ("clip", "x</w>12", NORMALIZED, "x </ w > 1 2"),
    ("clip", "&lt;b&gt;", NORMALIZED, "< b >"),
    ("a file", "unaffable, 홀 ", IDENTICAL, "unaffable, 홀 "),
    ("byte-level with a space before", "a b", NORMALIZED, " a b"),
    ("byte-level with a space before", " a b", IDENTICAL, " a b"),
    ("byte-level with added tokens", "a b a", IDENTICAL, "a b a"),
    ("byte-level with added tokens", "née", LOSSY, "n\ufffde"),  # the decoder takes é for the byte 0xE9
    ("RoBERTa", "ﬁ ＡＢ", NORMALIZED, "fi AB"),
    ("Hugging Face's CLIP", "Cat, 홀", NORMALIZED, "cat , 홀"),
    ("GPT-1", "cat at", IDENTICAL, "cat at"),
    ("GPT-1", " cat  at ", NORMALIZED, "cat at"),
    ("GPT-1", "cab", LOSSY, "ca<unk>"),
    ("WordPiece", "UNaffable  café", NORMALIZED, "unaffable cafe"),
    ("WordPiece", "un ☃ able", LOSSY, "un"),  # this file has [UNK] among the special tokens, which are left out
    ("WordPiece with its own prefix", "unaffable", IDENTICAL, "unaffable"),
    ("WordPiece without a decoder", "Café  cafe", NORMALIZED, "cafe cafe"),
    ("WordPiece without a decoder", "unaffable", LOSSY, "un ##aff ##able"),
    ("WordLevel", " a  ▁b", NORMALIZED, "a ▁b"),
    ("Unigram", "a bc", IDENTICAL, "a bc"),
    ("Unigram", "a▁ bc ", NORMALIZED, "a  bc "),
    ("Unigram", " a", NORMALIZED, "a"),
    ("Unigram", "a ☃", LOSSY, "a <unk>"),
    ("Unigram with bytes", "a ☃", IDENTICAL, "a ☃"),
    ("Unigram with bytes", "<0x41>", LOSSY, "A"),  # the piece of a byte, spelled out
    ("Llama", " a 홀  a", IDENTICAL, " a 홀  a"),
    ("Llama", "a▁a", NORMALIZED, "a a"),
    ("a byte-level normalizer", "é", LOSSY, "Ã ©"),  # it has no decoder
]


@pytest.mark.parametrize(("name", "text", "kind", "expected"), BY_HAND)
def test_what_comes_back_is_told_from_what_was_given(
    tokenizers: dict[str, Tokenizer], name: str, text: str, kind: str, expected: str
) -> None:
    assert came_back(tokenizers[name], text) == expected
    assert kind_of(tokenizers[name], text) == kind


PARSED = [
    ("bert", "a [MASK]b", NORMALIZED, "a [MASK] b"),
    ("bert", "[UNK]", IDENTICAL, "[UNK]"),
    ("bert", "a [SEP] b", LOSSY, "a b"),
    ("clip", "a<|endoftext|>b", LOSSY, "a b"),
    ("Llama", "a</s>", LOSSY, "a"),
    ("WordPiece", "un[CLS]able", LOSSY, "un"),
    ("RoBERTa", "a <mask> b", LOSSY, "a b"),
]


@pytest.mark.parametrize(("name", "text", "kind", "expected"), PARSED)
def test_a_special_string_that_decode_leaves_out_is_lost(
    tmp_path: Path, name: str, text: str, kind: str, expected: str
) -> None:
    path = str(saved_kinds(tmp_path).get(name, name))
    parsing = tokembed.tokenizer(path, parse_special=True)
    assert came_back(parsing, text) == expected
    assert kind_of(parsing, text) == kind


def saved(tmp_path: Path, tokenizer: Reference) -> Tokenizer:
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tokembed.tokenizer(str(tmp_path))


def test_the_decoders_cleanup_is_not_taken_for_a_loss(tmp_path: Path) -> None:
    vocab = numbered("[UNK]", "no", "##t", ".", ",", "!")
    for cleanup, expected in ((True, "not, no!"), (False, "not , no !")):
        reference = Reference(models.WordPiece(vocab, unk_token="[UNK]"))
        reference.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        reference.decoder = decoders.WordPiece(cleanup=cleanup)
        tokenizer = saved(tmp_path, reference)
        assert came_back(tokenizer, "not,no !") == tokenizer.normal_form("not,no !") == expected


def test_whole_words_are_joined_by_a_decoder_that_would_part_their_letters(tmp_path: Path) -> None:
    reference = Reference(models.WordLevel(numbered("<unk>", "so", "it", "is", "##x"), unk_token="<unk>"))
    reference.pre_tokenizer = pre_tokenizers.Whitespace()
    reference.decoder = decoders.WordPiece(prefix="##")
    tokenizer = saved(tmp_path, reference)
    assert came_back(tokenizer, "so  it is") == tokenizer.normal_form("so  it is") == "so it is"


def test_a_word_that_begins_like_the_rest_of_one_is_not_glued_to_the_word_before(tmp_path: Path) -> None:
    for tokens, kind in ((("a", "#", "###", "##x"), LOSSY), (("a", "#", "###", "##"), LOSSY), (("a", "#x"), IDENTICAL)):
        reference = Reference(models.WordPiece(numbered("[UNK]", *tokens), unk_token="[UNK]"))
        reference.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        reference.decoder = decoders.WordPiece(cleanup=False)
        text = "a #x" if kind == IDENTICAL else "a ##x"
        assert kind_of(saved(tmp_path, reference), text) == kind


def test_an_added_token_that_is_no_special_one_stands_as_it_is_written(tmp_path: Path) -> None:
    reference = Reference(models.WordPiece(numbered("[UNK]", "a", "b"), unk_token="[UNK]"))
    reference.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    reference.decoder = decoders.WordPiece()
    reference.add_tokens([AddedToken("<x y>", normalized=False), AddedToken("##b", normalized=False)])
    tokenizer = saved(tmp_path, reference)
    assert tokenizer.normal_form("a<x y><x y>b") == came_back(tokenizer, "a<x y><x y>b") == "a <x y> <x y> b"
    assert tokenizer.normal_form("a ##b") == "a ##b"
    assert (came_back(tokenizer, "a ##b"), kind_of(tokenizer, "a ##b")) == ("ab", LOSSY)


@pytest.mark.parametrize("name", ["whitespace", "character"])
def test_without_a_vocabulary_nothing_can_be_checked(name: str) -> None:
    tokenizer = tokembed.tokenizer(name)
    with pytest.raises(tokembed.BadUsage, match=f"decode needs .*, '{name}' has none"):
        checked(tokenizer, "a")
    with pytest.raises(tokembed.BadUsage, match=f"normal_form needs .*, '{name}' has none"):
        tokenizer.normal_form("a")


def test_unicode_and_lower_are_a_normalization_too() -> None:
    tokenizer = tokembed.tokenizer("bert", unicode="nfkc", lower=True)
    assert (came_back(tokenizer, "ＡＢ,c"), kind_of(tokenizer, "ＡＢ,c")) == ("ab , c", NORMALIZED)
    assert kind_of(tokenizer, "ab") == IDENTICAL
    assert kind_of(tokenizer, "ＡＢ 🙂") == LOSSY


# Laws. A text is lossy for one of these reasons, and for no other.

FEW = [
    "un",
    "aff",
    "able",
    "cafe",
    "CAFÉ",
    "cat",
    "at",
    "bc",
    "▁b",
    "학교를",
    "갑니다",
    ",",
    ".",
    "?",
    "'",
    " ' ",
    "n't",
]
some_texts = st.lists(st.sampled_from([*FEW, *PIECES, " ", " ", " "]), max_size=9).map("".join) | odd_texts
NO_DECODER = {"WordPiece without a decoder", "a byte-level normalizer"}
SPOILED_BY_THE_DECODER = {"byte-level with added tokens": r"née|Ġq", "Unigram with bytes": r"<0x[0-9A-F]{2}>"}
UNKNOWN_STRINGS = re.compile(r"<unk>|\[UNK\]", re.IGNORECASE)


@pytest.mark.parametrize("name", ["bert", "clip", *KINDS])
@given(text=some_texts)
@example(text="née a bĠq")
@example(text="un</w>able café.")
def test_a_text_is_lossy_where_something_is_unknown(tokenizers: dict[str, Tokenizer], name: str, text: str) -> None:
    tokenizer = tokenizers[name]
    has_unknown = tokenizer.encode(text).n_unk > 0
    lossy = kind_of(tokenizer, text) == LOSSY
    if has_unknown:
        assert lossy or UNKNOWN_STRINGS.search(text)  # who writes the unknown token gets it back
    elif lossy:
        spoiled = SPOILED_BY_THE_DECODER.get(name)
        assert name in NO_DECODER or (spoiled and re.search(spoiled, text))


@pytest.mark.parametrize("name", ["bert", "clip", *KINDS])
@given(text=some_texts)
def test_what_came_back_of_a_text_comes_back_in_its_own_normal_form(
    tokenizers: dict[str, Tokenizer], name: str, text: str
) -> None:
    tokenizer = tokenizers[name]
    if kind_of(tokenizer, text) != LOSSY:
        back = came_back(tokenizer, text)
        assert came_back(tokenizer, back) == tokenizer.normal_form(back)


@given(
    words=st.lists(st.sampled_from(["학교를", "갑니다", "unaffable", "Café", "車", "e\u0301", ",", "##", "'s", "1"]))
)
def test_bert_makes_nothing_more_of_its_normal_form(tokenizers: dict[str, Tokenizer], words: list[str]) -> None:
    bert = tokenizers["bert"]
    back = bert.normal_form("".join(words))
    assert back == bert.normal_form(back) == came_back(bert, back)


@given(strings=st.lists(some_texts, max_size=4))
@pytest.mark.parametrize("name", ["bert", "clip"])
def test_added_special_tokens_make_no_difference(
    tokenizers: dict[str, Tokenizer], name: str, strings: list[str]
) -> None:
    assert checked(framed(name), *strings) == checked(tokenizers[name], *strings)


@cache
def framed(name: str) -> Tokenizer:
    return tokembed.tokenizer(name, special=True)


@pytest.mark.parametrize("name", ["bert", "clip", "a file"])
def test_many_texts_are_counted_as_each(tokenizers: dict[str, Tokenizer], name: str) -> None:
    strings = ["Unaffable, café", "", "a bc", "a \U0001fae8 홀", "[CLS] <unk>", "학교를 갑니다" * 100]
    each = RoundTrips("one")
    for text in texts_of(*strings) * 2:
        each.check([text], tokenizers[name])
    many = RoundTrips("one")
    n_times = (1 << 20) // len("".join(strings)) + 1  # from a MiB on kernels cut them
    many.check(texts_of(*strings) * 2 * n_times, tokenizers[name])
    assert [many.n_identical, many.n_normalized, many.n_lossy] == [
        n_times * number for number in (each.n_identical, each.n_normalized, each.n_lossy)
    ]
    few = RoundTrips("one")
    few.check(texts_of(*strings) * 2, tokenizers[name])
    assert few == each
    few.check(texts_of(*strings) * 2, tokenizers[name])  # another block
    assert (few.normalized, few.lossy) == (many.normalized, many.lossy)


# Golden texts: the reasons are read from the ids that the reference tokenizers gave.


def lossy_and_reason(name: str, reason: Callable[[str, list[int]], bool]) -> tuple[list[str], list[str]]:
    """The golden texts that are lossy, and those with a reason for it in the reference's ids."""
    tokenizer = tokembed.tokenizer(name, parse_special=True)
    cases = [(case["text"], case[name]) for case in own_cases()]
    if SHARED.is_dir():
        cases += [(case["text"], expected_ids(case, name)) for case in shared_cases()]
    lossy = [text for text, _ in cases if kind_of(tokenizer, text) == LOSSY]
    return lossy, [text for text, ids in cases if reason(text, ids)]


def test_a_golden_text_is_lossy_for_bert_where_the_reference_has_a_token_that_is_no_text() -> None:
    unknown, first, last = 100, 101, 102  # the lines of vocab.txt, from 0

    def reason(text: str, ids: list[int]) -> bool:
        return first in ids or last in ids or ids.count(unknown) > text.count("[UNK]")

    lossy, with_reason = lossy_and_reason("bert", reason)
    assert lossy == with_reason
    assert lossy


def test_a_golden_text_is_lossy_for_clip_only_by_a_special_string() -> None:
    lossy, with_reason = lossy_and_reason("clip", lambda _, ids: max(ids, default=0) >= 49_406)
    assert lossy == with_reason
    assert all("<|startoftext|>" in text or "<|endoftext|>" in text for text in lossy)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the large golden files are not beside the repository")
def test_a_golden_text_is_lossy_for_a_real_uncased_wordpiece_where_it_lacks_a_word() -> None:
    folder = minilm_folder()
    tokenizer = tokembed.tokenizer(str(folder))
    reference = Reference.from_file(str(folder / "tokenizer.json"))
    reference.no_truncation()
    reference.no_padding()
    reference.encode_special_tokens = True
    unknown = reference.token_to_id("[UNK]")
    texts = [case["text"] for case in shared_cases()]
    lacking = [unknown in reference.encode(text, add_special_tokens=False).ids for text in texts]
    assert [kind_of(tokenizer, text) == LOSSY for text in texts] == lacking
    assert 0 < sum(lacking) < len(texts)


def test_a_real_uncased_wordpiece_lowers_and_sets_punctuation_as_its_decoder_does() -> None:
    tokenizer = tokembed.tokenizer(str(minilm_folder()))
    for text, kind, expected in [
        ("hello, world!", IDENTICAL, "hello, world!"),
        ("Hello ,World!", NORMALIZED, "hello, world!"),
        ("Don't", NORMALIZED, "don ' t"),
        ("Café", NORMALIZED, "cafe"),
        ("a 🙂 b", LOSSY, "a b"),
    ]:
        assert (came_back(tokenizer, text), kind_of(tokenizer, text)) == (expected, kind)


# What is shown.


def test_the_first_differences_of_each_kind_are_kept() -> None:
    bert = tokembed.tokenizer("bert")
    strings = ["a,b", "🙂", "ab", "a.b", "c 🙂", "a;b", "a!b", "d 🙂", "e 🙂"]
    result = checked(bert, *strings)
    assert (result.n_identical, result.n_normalized, result.n_lossy) == (1, 4, 4)
    assert [found.text for found in result.normalized] == ["a,b", "a.b", "a;b"]
    assert [found.text for found in result.lossy] == ["🙂", "c 🙂", "d 🙂"]
    assert len(result.lossy) == N_EXAMPLES
    assert result.normalized[0] == Difference("t:1", "a,b", "a , b", 1, 1)


@pytest.mark.parametrize(
    ("name", "text", "place", "place_back"),
    [
        ("bert", "a, b 🙂, c", 5, 6),  # not the comma, which only got a space
        ("bert", "\x00🙂", 1, 0),
        ("bert", "a 🙂🙂", 2, 2),
        ("WordPiece", "un  ☃", 4, 2),  # where the text should have gone on
        ("Unigram with bytes", "a <0x41>", 2, 2),
    ],
)
def test_a_loss_is_placed_where_text_was_lost(
    tokenizers: dict[str, Tokenizer], name: str, text: str, place: int, place_back: int
) -> None:
    (found,) = checked(tokenizers[name], text).lossy
    assert (found.place, found.place_back) == (place, place_back)


def test_a_parsed_special_string_is_where_the_text_was_lost() -> None:
    (found,) = checked(tokembed.tokenizer("bert", parse_special=True), "a,b [SEP] c").lossy
    assert (found.place, found.place_back) == (4, 6)


def test_a_difference_is_shown_in_its_surroundings() -> None:
    result = RoundTrips("bert")
    before, behind = "학교" * 20, "에서" * 20
    result.check([Text("notes.txt:17", "notes.txt", f"{before} 🙂 {behind}")], tokembed.tokenizer("bert"))
    result.check(texts_of("a,b"), tokembed.tokenizer("bert"))
    assert example_lines(result) == [
        "bert  t:1  equal after its normalization, differs at character 2",
        "  given      a,b",
        "  came back  a , b",
        "bert  notes.txt:17  lossy at character 42",
        f"  given      …교{'학교' * 14} 🙂 {'에서' * 14}…",
        f"  came back  …교{'학교' * 14} [UNK] {'에서' * 12}…",
    ]


def test_a_summary_has_a_row_a_tokenizer() -> None:
    rows = summary([RoundTrips("bert", 2_999, 1, 9_000), RoundTrips("clip")])
    assert rows == [
        HEADER,
        ["bert", "12,000", "2,999 (25.0 %)", "1 (<0.1 %)", "9,000 (75.0 %)"],
        ["clip", "0", "0", "0", "0"],
    ]
