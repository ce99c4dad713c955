"""Small tokenizer.json files of every kind, and what each must say about itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers import Tokenizer as Reference

import tokembed
from tests.conftest import Run
from tokembed.corpus import Corpus
from tokembed.coverage import TokenCounts
from tokembed.errors import BadInput, BadUsage, NotAtHand
from tokembed.surrogates import well_formed
from tokembed.types import Encoding, Tokenizer

SYMBOLS = sorted(pre_tokenizers.ByteLevel.alphabet())
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def numbered(*tokens: str) -> dict[str, int]:
    return {token: place for place, token in enumerate(tokens)}


def framed_byte_level() -> Reference:
    """With a template, and with truncation and padding that must not be applied."""
    vocab = numbered(*SYMBOLS, "Ġa", "ab", "<s>", "</s>")
    tokenizer = Reference(models.BPE(vocab=vocab, merges=[("Ġ", "a"), ("a", "b")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    ends = [(token, vocab[token]) for token in ("<s>", "</s>")]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=8)
    return tokenizer


def byte_level_with_added_tokens() -> Reference:
    tokenizer = Reference(models.BPE(vocab=numbered(*SYMBOLS, "Ġa", "ab"), merges=[("Ġ", "a"), ("a", "b")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_tokens([AddedToken("née", normalized=False), AddedToken("Ġq"), AddedToken("a b")])
    tokenizer.add_special_tokens([AddedToken("<s>", lstrip=True)])
    return tokenizer


def byte_level_with_a_space_before() -> Reference:
    tokenizer = Reference(models.BPE(vocab=numbered(*SYMBOLS, "Ġa"), merges=[("Ġ", "a")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return tokenizer


def byte_level_normalizer() -> Reference:
    tokenizer = Reference(models.BPE(vocab=numbered(*SYMBOLS), merges=[]))
    tokenizer.normalizer = normalizers.ByteLevel()
    return tokenizer


def roberta() -> Reference:
    vocab = numbered(*SYMBOLS, "Ġa", "<mask>", "<s>", "</s>", "<unk>")
    tokenizer = Reference(models.BPE(vocab=vocab, merges=[("Ġ", "a")], unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True), "<s>", "</s>", "<unk>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", vocab["</s>"]), ("<s>", vocab["<s>"]))
    return tokenizer


def hugging_face_clip() -> Reference:
    ends = [symbol + "</w>" for symbol in SYMBOLS]
    vocab = numbered(*SYMBOLS, *ends, "at</w>", "cat</w>", "<|startoftext|>", "<|endoftext|>")
    merges = [("a", "t</w>"), ("c", "at</w>")]
    tokenizer = Reference(models.BPE(vocab=vocab, merges=merges, end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Lowercase()
    words = pre_tokenizers.Split(Regex(r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    ends_of_text = [(token, vocab[token]) for token in ("<|endoftext|>", "<|startoftext|>")]
    tokenizer.post_processor = processors.RobertaProcessing(*ends_of_text, trim_offsets=False, add_prefix_space=False)
    return tokenizer


def gpt_1() -> Reference:
    vocab = numbered("<unk>", "a", "t", "c", "a</w>", "t</w>", "at</w>")
    model = models.BPE(vocab=vocab, merges=[("a", "t</w>")], end_of_word_suffix="</w>", unk_token="<unk>")
    tokenizer = Reference(model)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    return tokenizer


def word_piece(prefix: str, decoder: decoders.Decoder | None = None) -> Reference:
    vocab = numbered("[UNK]", "un", f"{prefix}aff", f"{prefix}able", "cafe", "[CLS]", "[SEP]", "#", "<pad>x")
    tokenizer = Reference(models.WordPiece(vocab, unk_token="[UNK]", continuing_subword_prefix=prefix))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if decoder:
        tokenizer.decoder = decoder
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in ("[CLS]", "[SEP]", "[UNK]")])
    ends = [(token, vocab[token]) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return tokenizer


def word_level() -> Reference:
    tokenizer = Reference(models.WordLevel(numbered("a", "[CLS]", "<unk>", "▁b"), unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["[CLS]", "<unk>"])
    return tokenizer


def unigram(*pieces: tuple[str, float], replacement: str = "▁", byte_fallback: bool = False) -> Reference:
    space = replacement
    known = [("<unk>", 0.0), ("<s>", 0.0), (space, -2.0), (f"{space}a", -1.0), ("b", -1.5), (f"{space}bc", -1.0)]
    tokenizer = Reference(models.Unigram([*known, *pieces], unk_id=0, byte_fallback=byte_fallback))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement)
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(replacement)])
    tokenizer.add_special_tokens(["<s>"])
    return tokenizer


def llama() -> Reference:
    vocab = numbered("<unk>", "<s>", "</s>", *BYTES, "▁", "a", "▁a")
    merges = [("▁", "a")]
    tokenizer = Reference(models.BPE(vocab=vocab, merges=merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(steps)
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def whole_words() -> Reference:
    """A BPE that takes a word it holds whole, without its merges."""
    vocab = numbered(*SYMBOLS, "<s>")
    tokenizer = Reference(models.BPE(vocab=vocab, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\s+"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>"])
    return tokenizer


KINDS: dict[str, Callable[[], Reference]] = {
    "a file": framed_byte_level,
    "byte-level with added tokens": byte_level_with_added_tokens,
    "byte-level with a space before": byte_level_with_a_space_before,
    "a byte-level normalizer": byte_level_normalizer,
    "whole words": whole_words,
    "RoBERTa": roberta,
    "Hugging Face's CLIP": hugging_face_clip,
    "GPT-1": gpt_1,
    "WordPiece": lambda: word_piece("##", decoders.WordPiece()),
    "WordPiece without a decoder": lambda: word_piece("##"),
    "WordPiece with its own prefix": lambda: word_piece("@@", decoders.WordPiece(prefix="@@")),
    "WordLevel": word_level,
    "Unigram": lambda: unigram(("c", -1.5)),
    "Unigram with its own space": lambda: unigram(("c", -1.5), replacement="_"),
    "Unigram with bytes": lambda: unigram(*((byte, -10.0) for byte in BYTES), byte_fallback=True),
    "Llama": llama,
}
LOSSLESS = [
    "a file",
    "byte-level with added tokens",
    "byte-level with a space before",
    "a byte-level normalizer",
    "whole words",
    "Unigram with bytes",
    "Llama",
]


def saved_kinds(folder: Path) -> dict[str, Path]:
    """The tokenizer.json of every kind, each in a folder of its own."""
    paths = {}
    for place, (kind, make) in enumerate(KINDS.items()):
        paths[kind] = folder / str(place) / "tokenizer.json"
        paths[kind].parent.mkdir()
        make().save(str(paths[kind]))
    return paths


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return saved_kinds(tmp_path_factory.mktemp("pretrained"))


@pytest.fixture(scope="session")
def tokenizers(files: dict[str, Path]) -> dict[str, Tokenizer]:
    return {kind: tokembed.tokenizer(str(path)) for kind, path in files.items()}


PIECES = ["<s>", "</s>", "<unk>", "[CLS]", "[UNK]", "<|endoftext|>", "<mask>", "née", "NÉE", "a b", "Ġq", "</w>", "@@"]
PIECES += ["##", "<0x41>", "un", "aff", "able", "cat", "bc", "a", "b", " ", "  ", "_", "\n", "홀", "☃", "é", "e\u0301"]
PIECES += ["\ud83d", "\u200d", "👨\u200d👩\u200d👧", "İ", "ﬁ", "ﷺ", "\x00"]
texts = st.lists(st.sampled_from(PIECES) | st.characters(exclude_characters="▁"), max_size=12).map("".join)


@pytest.mark.parametrize("kind", LOSSLESS)
@given(text=texts)
@example(text="<s> a")
def test_the_bytes_are_the_texts_but_for_a_space_before_it(
    tokenizers: dict[str, Tokenizer], kind: str, text: str
) -> None:
    encoding = tokenizers[kind].encode(text)
    expected = well_formed(text).encode()
    assert b"".join(encoding.token_bytes) in (expected, b" " + expected)
    assert not any(encoding.unknown)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("special", [False, True])
@given(text=texts)
def test_no_string_of_a_plain_text_is_special_and_parsed_ones_are_as_the_file_says(
    files: dict[str, Path], kind: str, special: bool, text: str
) -> None:
    path = files[kind]
    encoding = made(path, special, False).encode(text)
    n_framing = KINDS[kind]().num_special_tokens_to_add(False) if special else 0
    assert sum(encoding.special) == n_framing
    reference = loaded(path).encode(well_formed(text), add_special_tokens=special)
    parsed = made(path, special, True).encode(text)
    assert parsed.ids == tuple(reference.ids)
    for found in (encoding, parsed):
        check(found, made(path, special, found is parsed).encode_batch([text]))


MADE: dict[tuple[Path, bool, bool], Tokenizer] = {}
LOADED: dict[Path, Reference] = {}


def made(path: Path, special: bool, parse_special: bool) -> Tokenizer:
    key = (path, special, parse_special)
    if key not in MADE:
        MADE[key] = tokembed.tokenizer(str(path), special=special, parse_special=parse_special)
    return MADE[key]


def loaded(path: Path) -> Reference:
    if path not in LOADED:
        LOADED[path] = Reference.from_file(str(path))
        LOADED[path].no_truncation()
        LOADED[path].no_padding()
    return LOADED[path]


def check(encoding: Encoding, corpus: Corpus) -> None:
    """What one encoding says about itself, and what its ids say in a corpus, are the same."""
    assert corpus.ids.tolist() == list(encoding.ids or ())
    assert [corpus.vocab[place] for place in encoding.ids or ()] == list(encoding.tokens)
    starts = [start for start, _ in encoding.offsets]
    assert starts == sorted(starts)
    assert all(0 <= start <= end <= len(encoding.text) for start, end in encoding.offsets)
    assert all(data == b"" for data, special in zip(encoding.token_bytes, encoding.special, strict=True) if special)
    assert not any(special and unknown for special, unknown in zip(encoding.special, encoding.unknown, strict=True))
    assert sum(encoding.unknown) == corpus.ids.tolist().count(corpus.vocab.unknown_id)


SPELLED = {
    "HF's CLIP": ("Hugging Face's CLIP", "Cat 홀", [b"cat", b"\xed", b"\x99", b"\x80"]),
    "GPT-1": ("GPT-1", "cat a", [b"c", b"at", b"a"]),
    "## with a decoder": ("WordPiece", "UNaffable Café #", [b"un", b"aff", b"able", b"cafe", b"#"]),
    "## without one": ("WordPiece without a decoder", "UNaffable #", [b"un", b"aff", b"able", b"#"]),
    "@@": ("WordPiece with its own prefix", "UNaffable ☃", [b"un", b"aff", b"able", "☃".encode()]),
    "a word level": ("WordLevel", "a ▁b z", [b"a", "▁b".encode(), b"z"]),
    "another space": ("Unigram with its own space", "a bc", [b" a", b" bc"]),
    "a byte that is text": ("Unigram with bytes", "<0x41>", [b" ", b"<0x41>"]),
    "fallen back to bytes": ("Unigram with bytes", "a☃", [b" a", b"\xe2", b"\x98", b"\x83"]),
    "spaces by a normalizer": ("Llama", "a 홀", [b" a", b" ", b"\xed", b"\x99", b"\x80"]),
    "bytes by a normalizer": ("a byte-level normalizer", "é", [b"\xc3", b"\xa9"]),
    "added tokens": (
        "byte-level with added tokens",
        "néeĠqa b",
        ["née".encode(), "Ġq".encode(), b"a b"],
    ),
}


@pytest.mark.parametrize(("kind", "text", "token_bytes"), SPELLED.values(), ids=SPELLED)
def test_bytes_are_what_the_kind_of_model_writes(
    tokenizers: dict[str, Tokenizer], kind: str, text: str, token_bytes: list[bytes]
) -> None:
    assert list(tokenizers[kind].encode(text).token_bytes) == token_bytes


PLAIN = {
    "Unigram": ("a <s>b", [b" a", b" ", b"<s>", b"b"]),
    "Unigram with bytes": ("<s>", [b" ", b"<", b"s", b">"]),
    "WordLevel": ("a [CLS] <unk>", [b"a", b"[CLS]", b"<unk>"]),
    "whole words": ("a <s>", [b"a", b" ", b"<", b"s", b">"]),
}


@pytest.mark.parametrize(("kind", "text", "token_bytes"), [(k, *v) for k, v in PLAIN.items()], ids=PLAIN)
def test_a_special_string_that_the_model_holds_is_cut_like_any_text(
    tokenizers: dict[str, Tokenizer], kind: str, text: str, token_bytes: list[bytes]
) -> None:
    encoding, vocab = tokenizers[kind].encode(text), tokenizers[kind].vocab
    assert list(encoding.token_bytes) == token_bytes
    assert not any(encoding.special)
    assert vocab is not None
    assert vocab.special_ids.isdisjoint(encoding.ids or ())


def test_a_special_string_that_a_bpe_merges_to_stands_for_text(tmp_path: Path) -> None:
    reference = Reference(models.BPE(vocab=numbered("a", "b", "ab", "x"), merges=[("a", "b")]))
    reference.add_special_tokens(["ab", "x"])
    reference.save(str(tmp_path / "tokenizer.json"))
    encoding = tokembed.tokenizer(str(tmp_path)).encode("abxb")
    assert (encoding.token_bytes, encoding.special) == ((b"ab", b"x", b"b"), (False,) * 3)
    parsed = tokembed.tokenizer(str(tmp_path), parse_special=True).encode("abxb")
    assert (parsed.token_bytes, parsed.special) == ((b"", b"", b"b"), (True, True, False))


def test_a_token_that_takes_the_space_before_it_is_known_by_its_id(files: dict[str, Path]) -> None:
    encoding = tokembed.tokenizer(str(files["RoBERTa"]), parse_special=True).encode("a <mask> b")
    assert encoding.tokens == ("a", "<mask>", "Ġ", "b")
    assert (encoding.special, encoding.token_bytes[1]) == ((False, True, False, False), b"")


def test_a_character_that_was_cleaned_to_a_space_and_more_is_under_all_its_tokens(files: dict[str, Path]) -> None:
    encoding = tokembed.tokenizer(str(files["RoBERTa"])).encode("x\u00b4")  # NFKC makes it a space and U+0301
    assert encoding.token_bytes[1:] == (b" ", b"\xcc", b"\x81")
    assert encoding.offsets == ((0, 1), (1, 2), (1, 2), (1, 2))


def test_what_a_unigram_lacks_is_unknown_though_it_gives_the_text_itself(files: dict[str, Path]) -> None:
    tokenizer = tokembed.tokenizer(str(files["Unigram"]))
    encoding = tokenizer.encode("a bc ☃x")
    assert encoding.tokens == ("▁a", "▁bc", "▁", "<unk>")
    assert (encoding.unknown, encoding.token_bytes[-1]) == ((False, False, False, True), "☃x".encode())
    looked_at, counted = TokenCounts(), TokenCounts()
    looked_at.add(encoding)
    counted.add_corpus(["a bc ☃x"], tokenizer.encode_batch(["a bc ☃x"]), tokenizer)
    assert looked_at == counted
    assert (counted.n_unk, counted.n_unk_chars) == (1, 2)


def test_where_every_byte_has_a_piece_the_unknown_token_is_special(files: dict[str, Path]) -> None:
    clip = tokembed.tokenizer(str(files["Hugging Face's CLIP"]), special=True)
    encoding = clip.encode("cat")
    assert encoding.tokens == ("<|startoftext|>", "cat</w>", "<|endoftext|>")
    assert (encoding.special, encoding.n_unk) == ((True, False, True), 0)
    assert clip.vocab is not None
    assert clip.vocab.unknown_id is None
    assert len(clip.vocab.special_ids) == 2


def test_a_gap_in_the_ids_is_filled_with_a_name_of_its_own(tmp_path: Path) -> None:
    vocab = {"<unk>": 0, "<unused id 3>": 1, "a": 5, "<unused id 2>": 4}
    Reference(models.WordLevel(vocab, unk_token="<unk>")).save(str(tmp_path / "tokenizer.json"))
    tokenizer = tokembed.tokenizer(str(tmp_path))
    assert tokenizer.vocab is not None
    assert tokenizer.vocab.tokens == [
        "<unk>",
        "<unused id 3>",
        "<<unused id 2>>",
        "<<unused id 3>>",
        "<unused id 2>",
        "a",
    ]
    assert tokenizer.encode("a").ids == (5,)


def test_a_text_that_cannot_be_cut_is_bad_input(tmp_path: Path) -> None:
    tokenizer = Reference(models.WordLevel({"a": 0}))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    for ask in (lambda made: made.encode("b"), lambda made: made.encode_batch(["a", "b"])):
        with pytest.raises(BadInput, match=r"must cut every text, found: .*UNK") as caught:
            ask(tokembed.tokenizer(str(tmp_path)))
        assert "\n" not in str(caught.value)


def test_a_tokenizer_file_is_neither_cut_off_nor_padded(files: dict[str, Path]) -> None:
    for path in (files["a file"], files["a file"].parent):
        encoding = tokembed.tokenizer(str(path)).encode("ab ab 홀")
        assert encoding.tokens == ("ab", "Ġa", "b", "Ġ", *"íĻĢ")
        assert b"".join(encoding.token_bytes) == "ab ab 홀".encode()
        assert encoding.offsets[-3:] == ((6, 7), (6, 7), (6, 7))


def test_a_tokenizer_file_adds_and_parses_its_own_special_tokens(files: dict[str, Path]) -> None:
    name = str(files["a file"])
    framed = tokembed.tokenizer(name, special=True).encode("ab")
    assert (framed.tokens, framed.offsets) == (("<s>", "ab", "</s>"), ((0, 0), (0, 2), (2, 2)))
    assert "</s>" not in tokembed.tokenizer(name).encode("a</s>").tokens
    assert tokembed.tokenizer(name, parse_special=True).encode("a</s>").tokens == ("a", "</s>")


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("parse_special", [False, True])
def test_many_texts_have_the_ids_of_each(files: dict[str, Path], special: bool, parse_special: bool) -> None:
    lines = ["unaffable café [CLS] [UNK] ☃ # cafe", "", "[SEP]cafe un 홀 UNaffable", "\ud83d"] * 20_000
    tokenizer = tokembed.tokenizer(str(files["WordPiece"]), special=special, parse_special=parse_special)
    corpus = tokenizer.encode_batch(lines)
    expected = [token_id for line in lines[:4] for token_id in tokenizer.encode(line).ids or ()]
    assert corpus.ids.tolist() == expected * 20_000


NO_TOKENIZER = {
    "of another kind": ("tokenizer.json", json.dumps({"version": "1.0"}).encode(), r"must be a tokenizer\.json"),
    "not UTF-8": ("tokenizer.json", b"\xff", "must be in UTF-8"),
    "a vocabulary that is not": ("vocab.txt", b"\xff", "must be in UTF-8"),
    "a vocabulary without [UNK]": ("vocab.txt", b"a\nb\n", r"with a token '\[UNK\]', found 2 tokens"),
}


@pytest.mark.parametrize(("file", "data", "said"), NO_TOKENIZER.values(), ids=NO_TOKENIZER)
def test_a_file_that_is_no_tokenizer_is_bad_input(tmp_path: Path, file: str, data: bytes, said: str) -> None:
    (tmp_path / file).write_bytes(data)
    with pytest.raises(BadInput, match=said):
        tokembed.tokenizer(str(tmp_path / file))


def test_an_unknown_token_of_a_vocabulary_may_be_described(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_bytes(b"<unk>\na\n")
    (tmp_path / "tokenizer_config.json").write_text('{"unk_token": {"content": "<unk>"}}', encoding="utf-8")
    assert tokembed.tokenizer(str(tmp_path)).encode("a b").tokens == ("a", "<unk>")
    (tmp_path / "tokenizer_config.json").write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match=r"tokenizer_config\.json' must be JSON"):
        tokembed.tokenizer(str(tmp_path))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty local cache; the working folder is empty too."""
    import huggingface_hub.constants

    cache, folder = tmp_path / "cache", tmp_path / "here"
    cache.mkdir()
    folder.mkdir()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.chdir(folder)
    return cache


ASKED: dict[str, tuple[str, type[Exception], str]] = {
    "a path from here": ("./none", BadInput, r"there is no file '\./none'"),
    "a path from above": ("../none/tokenizer", BadInput, "there is no file"),
    "a path from the root": ("/none", BadInput, "there is no file '/none'"),
    "a path from home": ("~/none", BadInput, "there is no file '~/none'"),
    "a long path": ("models/of/mine", BadInput, "there is no file 'models/of/mine'"),
    "a folder": ("models/", BadInput, "there is no file 'models/'"),
    "a .json": ("tokenizers/mine.json", BadInput, r"there is no file 'tokenizers/mine\.json'"),
    "a .txt": ("vocab.txt", BadInput, r"there is no file 'vocab\.txt'"),
    "a path too long": ("./" + "x" * 300, BadInput, "must be a path that can be read: File name too long"),
    "a hub name": ("nobody/nothing", NotAtHand, r"hf download nobody/nothing tokenizer\.json"),
    "one like a built-in": ("some/bert", NotAtHand, r"hf download some/bert tokenizer\.json"),
    "one word": ("gpt2", NotAtHand, r"none of whitespace, character, bert, clip; .* hf download gpt2 tokenizer\.json"),
    "words with hyphens": ("bert-base-uncased", NotAtHand, "hf download bert-base-uncased"),
    "a slip": ("bret", BadUsage, "no tokenizer is called 'bret'; did you mean 'bert'"),
    "a slip with a hyphen": ("white-space", BadUsage, "did you mean 'whitespace'"),
    "only a word": ("nonsense", BadUsage, "there are whitespace, character, bert, clip"),
    "no hub name": ("a b/c", BadUsage, "must be a name, a file, a folder or a hub name, got 'a b/c'"),
    "no hub word": ("a--b", BadUsage, "got 'a--b'"),
    "no name": ("", BadUsage, "no tokenizer is called ''"),
    "a word too long": ("x" * 300, BadUsage, "got 'xxx"),
}


@pytest.mark.parametrize(("name", "error", "said"), ASKED.values(), ids=ASKED)
@pytest.mark.usefixtures("hub")
def test_a_name_fails_as_soon_as_it_is_asked_for(name: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        tokembed.tokenizer(name)


@pytest.mark.parametrize("name", ["gpt2", "bret", "owner/name"])
def test_a_name_in_the_local_cache_is_found(hub: Path, files: dict[str, Path], name: str) -> None:
    repository = hub / f"models--{name.replace('/', '--')}"
    commit = "0" * 40
    (repository / "snapshots" / commit).mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit, encoding="utf-8")
    (repository / "snapshots" / commit / "tokenizer.json").write_bytes(files["GPT-1"].read_bytes())
    assert tokembed.tokenizer(name).encode("cat").tokens == ("c", "at</w>")


def test_a_built_in_name_comes_before_a_file_and_a_file_before_the_hub(hub: Path, files: dict[str, Path]) -> None:
    for name in ("whitespace", "gpt2", "bret"):
        Path(name).write_bytes(files["GPT-1"].read_bytes())
    assert tokembed.tokenizer("whitespace").vocab is None
    for name in ("gpt2", "bret"):
        assert tokembed.tokenizer(name).encode("cat").tokens == ("c", "at</w>")


@pytest.mark.parametrize(("name", "status"), [("gpt2", 4), ("./none.json", 1)])
def test_a_command_tells_a_wrong_name_before_it_reads(run: Run, name: str, status: int) -> None:
    done = run("tokenize", "none.txt", "-t", name)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (status, b"", 1)
    assert b"none.txt" not in done.stderr
