"""What every tokenizer must satisfy, and what each does on its own."""

from __future__ import annotations

import numpy as np
import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

import tokembed
from tests.test_pretrained import KINDS, saved_kinds
from tokembed.types import Tokenizer
from tokembed.vocab import Vocab

ODD = ["ㄱ", "홀", "\u1112\u1169\u11af", "é", "e\u0301", "ﬁ", "ｶﾞ", "Σ", "İ", "&amp;", "&#x41;", "<", "’", "Ã©", "â€™"]
ODD += ["👨\u200d👩\u200d👧", "🇰🇷", "\u200b", "\x00", "\x1b[31m", "\ud83d", "\ufeff", "龘", "[CLS]", "<|endoftext|>"]
ODD += [
    " ",
    "\t",
    "\n",
    "\r\n",
    "\x1c",
    "\x85",
    "\u3000",
    "a",
    "B",
    "1",
    "#",
    "##",
    "'s",
    "'T",
    "Ǆ",
    "ß",
    "ẞ",
    "\u0130",
]
texts = st.lists(st.sampled_from(ODD) | st.characters(), max_size=12).map("".join)


BUILT_IN = ["whitespace", "character", "bert", "clip"]
NAMES = [*BUILT_IN, *KINDS]


@pytest.fixture(scope="session")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tokenizer]:
    files = saved_kinds(tmp_path_factory.mktemp("kinds"))
    return {name: tokembed.tokenizer(str(files.get(name, name))) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
@given(text=texts)
@example(text="")
def test_an_encoding_has_one_entry_a_token_and_offsets_that_lie_in_the_text(
    tokenizers: dict[str, Tokenizer], name: str, text: str
) -> None:
    encoding = tokenizers[name].encode(text)
    lengths = {len(encoding.tokens), len(encoding.offsets), len(encoding.token_bytes)}
    assert {*lengths, len(encoding.special), len(encoding.unknown)} == {len(encoding)}
    assert encoding.text == text
    starts = [start for start, _ in encoding.offsets]
    assert starts == sorted(starts)
    assert all(0 <= start <= end <= len(text) for start, end in encoding.offsets)
    assert encoding == tokenizers[name].encode(text)


@pytest.mark.parametrize("name", NAMES)
@given(block=st.lists(texts, max_size=5))
def test_a_batch_has_the_tokens_of_its_texts(tokenizers: dict[str, Tokenizer], name: str, block: list[str]) -> None:
    tokenizer = tokenizers[name]
    encodings = [tokenizer.encode(text) for text in block]
    plain, detailed = tokenizer.encode_batch(block), tokenizer.encode_batch(block, offsets=True)
    for corpus in (plain, detailed):
        assert [corpus.vocab[place] for place in corpus.ids.tolist()] == [t for e in encodings for t in e.tokens]
        assert corpus.lengths().tolist() == [len(encoding) for encoding in encodings]
        assert (corpus.ids.dtype, corpus.starts.dtype) == (np.int32, np.int64)
    assert plain.offsets is None
    assert detailed.offsets is not None
    assert detailed.offsets.tolist() == [list(span) for e in encodings for span in e.offsets]
    if tokenizer.vocab is not None:
        assert plain.ids.tolist() == [place for encoding in encodings for place in encoding.ids or ()]


@given(text=texts)
def test_whitespace_cuts_as_python_splits(tokenizers: dict[str, Tokenizer], text: str) -> None:
    encoding = tokenizers["whitespace"].encode(text)
    assert list(encoding.tokens) == regex.sub(r"[\ud800-\udfff]", "\ufffd", text).split()
    assert [text[start:end] for start, end in encoding.offsets] == text.split()


@given(text=texts)
def test_characters_are_the_grapheme_clusters_of_the_words(tokenizers: dict[str, Tokenizer], text: str) -> None:
    encoding = tokenizers["character"].encode(text)
    assert [text[start:end] for start, end in encoding.offsets] == [
        cluster for word in text.split() for cluster in regex.findall(r"\X", word)
    ]


def test_an_open_vocabulary_only_grows_and_in_text_order() -> None:
    vocab = Vocab(["나"])
    tokenizer = tokembed.tokenizer("whitespace")
    first = tokenizer.encode_batch(["너 나", "우리"], vocab)
    assert first.ids.tolist() == [1, 0, 2]
    second = tokenizer.encode_batch(["그 우리"], vocab)
    assert (second.ids.tolist(), vocab.tokens) == ([3, 2], ["나", "너", "우리", "그"])


@pytest.mark.parametrize("name", ["bert", "clip"])
def test_every_id_decodes_and_an_id_out_of_range_names_its_place(name: str) -> None:
    tokenizer = tokembed.tokenizer(name)
    assert tokenizer.vocab is not None
    size = len(tokenizer.vocab)
    tokenizer.decode(range(size))
    with pytest.raises(tokembed.BadInput, match=rf"0\.\.{size - 1}, found {size} at position 1"):
        tokenizer.decode([0, size])


@pytest.mark.parametrize("name", ["bert", "clip"])
def test_decode_gives_back_words_with_a_space_between(name: str) -> None:
    tokenizer = tokembed.tokenizer(name, special=True)
    for text in ("아침 먹고 학교를 갑니다", "unaffable cats", "홀로서기"):
        assert tokenizer.decode(tokenizer.encode(text).ids or ()) == text


@pytest.mark.parametrize(
    ("name", "ends"), [("bert", ("[CLS]", "[SEP]")), ("clip", ("<|startoftext|>", "<|endoftext|>"))]
)
def test_special_puts_a_token_before_and_behind(name: str, ends: tuple[str, str]) -> None:
    plain, framed = tokembed.tokenizer(name), tokembed.tokenizer(name, special=True)
    text = "학교를 갑니다"
    encoding = framed.encode(text)
    assert encoding.tokens == (ends[0], *plain.encode(text).tokens, ends[1])
    assert (encoding.offsets[0], encoding.offsets[-1]) == ((0, 0), (len(text), len(text)))
    assert (encoding.special[0], encoding.special[1], encoding.special[-1]) == (True, False, True)
    assert (encoding.token_bytes[0], encoding.token_bytes[-1]) == (b"", b"")
    assert framed.encode_batch([text]).ids.tolist() == list(encoding.ids or ())


@pytest.mark.parametrize(("name", "special"), [("bert", "[MASK]"), ("clip", "<|endoftext|>")])
def test_a_special_string_is_text_unless_it_is_to_be_parsed(name: str, special: str) -> None:
    text = f"a {special} b"
    assert special not in tokembed.tokenizer(name).encode(text).tokens
    encoding = tokembed.tokenizer(name, parse_special=True).encode(text)
    place = encoding.tokens.index(special)
    assert (encoding.special[place], encoding.offsets[place]) == (True, (2, 2 + len(special)))


def test_an_unknown_word_keeps_its_source() -> None:
    encoding = tokembed.tokenizer("bert").encode("가 龘☃ 나")
    assert encoding.tokens == ("가", "[UNK]", "[UNK]", "나")
    assert encoding.token_bytes == ("가".encode(), "龘".encode(), "☃".encode(), "나".encode())
    assert (encoding.n_unk, encoding.n_unk_chars) == (2, 2)


@pytest.mark.parametrize(
    ("text", "offsets"),
    [
        ("  Cats  DOGS", [(2, 6), (8, 12)]),
        ("ＣＡＴＳ", [(0, 4)]),
        ("&amp; cats", [(0, 5), (6, 10)]),
        ("cats\u200b dogs", [(0, 4), (4, 5), (6, 10)]),
        ("\u1112\u1169\u11af", [(0, 3), (0, 3)]),
        ("홀", [(0, 1), (0, 1)]),
    ],
    ids=["case and spaces", "width", "an entity", "zero width", "decomposed", "bytes of one character"],
)
def test_clip_offsets_point_into_the_text_before_cleaning(text: str, offsets: list[tuple[int, int]]) -> None:
    assert list(tokembed.tokenizer("clip").encode(text).offsets) == offsets


@pytest.mark.parametrize("name", ["whitespace", "character"])
def test_decode_without_a_vocabulary_is_refused(name: str) -> None:
    with pytest.raises(tokembed.BadUsage, match="vocabulary of its own"):
        tokembed.tokenizer(name).decode([0])


@given(text=texts)
def test_a_normalized_tokenizer_cuts_what_normalization_made(text: str) -> None:
    given_text = regex.sub(r"[\ud800-\udfff]", "\ufffd", text)
    for form in ("nfc", "nfd", "nfkc"):
        normalized = tokembed.tokenizer("character", unicode=form, lower=True)
        plain = tokembed.tokenizer("character")
        import unicodedata

        expected = plain.encode(unicodedata.normalize(form.upper(), given_text).lower())  # type: ignore[arg-type]
        encoding = normalized.encode(text)
        assert encoding.tokens == expected.tokens
        assert all(0 <= start <= end <= len(text) for start, end in encoding.offsets)


def test_offsets_of_a_normalized_text_point_into_the_given_one() -> None:
    encoding = tokembed.tokenizer("character", unicode="nfc").encode("a \u1112\u1169\u11af\u1105\u1169 b")
    assert (encoding.tokens, encoding.offsets) == (("a", "홀", "로", "b"), ((0, 1), (2, 5), (5, 7), (8, 9)))
