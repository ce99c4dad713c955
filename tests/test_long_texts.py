"""Long texts refused, cut off or cut into windows: as `tokenizers` does it, and the same one by one and in arrays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Reference
from tokenizers import models, processors

import tokembed
from tests.test_pretrained import KINDS, saved_kinds
from tests.test_tokenizers import ODD
from tokembed.errors import BadInput, BadUsage
from tokembed.inputs import bulk
from tokembed.tokenizers.bert import VOCAB_FILE, BertTokenizer
from tokembed.tokens.long_corpora import cut_long
from tokembed.tokens.long_texts import Cuts, Limit
from tokembed.types import Encoding, Text, Tokenizer

NO_FRAME = ((), ())
words = st.sampled_from([*ODD, "학교를", "갑니다", "unaffable", "☃", "龘", "cats "])
long_texts = st.lists(words, max_size=25).map(" ".join)


def limits(n_frame: int) -> st.SearchStrategy[Limit]:
    """Every limit that leaves room beside the frame, small enough that texts are long; no "error"."""
    windows = st.integers(1, 12).flatmap(
        lambda room: st.builds(
            Limit, st.just(room + n_frame), on_long=st.just("window"), stride=st.integers(0, room - 1)
        )
    )
    return windows | st.builds(Limit, st.integers(1 + n_frame, 12 + n_frame), on_long=st.just("truncate"))


def made(name: str, folder: Path) -> Tokenizer:
    kind, *flags = name.split(" + ")
    path = saved_kinds(folder)[kind] if kind in KINDS else kind
    if kind == "a long frame":
        path = folder
        reference = KINDS["WordPiece"]()
        ends = [("[CLS]", 5), ("[SEP]", 6), ("#", 7)]
        template = "[CLS] # $A [SEP] # [SEP] [CLS]"
        reference.post_processor = processors.TemplateProcessing(single=template, special_tokens=ends)
        reference.save(str(folder / "tokenizer.json"))
    options = {flag: True for flag in flags if flag != "nfd"}
    return tokembed.tokenizer(str(path), unicode="nfd" if "nfd" in flags else "none", **options)


NAMES = ["whitespace", "character", "bert", "bert + special", "clip + special", "bert + special + nfd"]
NAMES += ["Llama + special", "RoBERTa + special + parse_special", "Unigram", "a long frame + special"]


@pytest.fixture(scope="module", params=NAMES)
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return made(request.param, tmp_path_factory.mktemp("kinds"))


def own(encoding: Encoding, tokenizer: Tokenizer) -> slice:
    before, behind = tokenizer.frame
    return slice(len(before), len(encoding) - len(behind))


# Against `tokenizers`


def reference_bert(special: bool) -> Reference:
    reference = Reference(models.WordPiece.from_file(str(VOCAB_FILE), unk_token="[UNK]"))
    kept = tokembed.tokenizer("bert")
    assert isinstance(kept, BertTokenizer)
    reference.normalizer, reference.pre_tokenizer = kept._reference.normalizer, kept._reference.pre_tokenizer
    if special:
        first, last = (("[CLS]", reference.token_to_id("[CLS]")), ("[SEP]", reference.token_to_id("[SEP]")))
        reference.post_processor = processors.BertProcessing(last, first)
    return reference


REFERENCES = {special: reference_bert(special) for special in (False, True)}
BERTS = {special: tokembed.tokenizer("bert", special=special) for special in (False, True)}


@pytest.mark.parametrize("special", [False, True])
@given(data=st.data(), text=long_texts)
def test_rows_are_those_of_tokenizers(special: bool, data: st.DataObject, text: str) -> None:
    assume("\ud83d" not in text)  # `tokenizers` refuses it
    tokenizer, reference = BERTS[special], REFERENCES[special]
    limit = data.draw(limits(2 * special))
    reference.enable_truncation(limit.max_tokens, stride=limit.stride)
    first = reference.encode(text)
    expected = [first, *first.overflowing] if limit.on_long == "window" else [first]
    rows = limit.encodings(tokenizer.encode(text), tokenizer.frame, "x")
    assert [row.ids for row in rows] == [tuple(encoding.ids) for encoding in expected]
    assert [row.tokens for row in rows] == [tuple(encoding.tokens) for encoding in expected]
    for row, encoding in zip(rows, expected, strict=True):
        assert row.offsets[own(row, tokenizer)] == tuple(encoding.offsets)[own(row, tokenizer)]
        assert row.special == tuple(map(bool, encoding.special_tokens_mask))


# One by one


def test_windows_worked_by_hand() -> None:
    assert Limit(5, "window").spans(10) == [(0, 5), (5, 10)]
    assert Limit(5, "window").spans(11) == [(0, 5), (5, 10), (10, 11)]
    assert Limit(5, "window", stride=4).spans(7) == [(0, 5), (1, 6), (2, 7)]
    assert Limit(5, "window", stride=2).spans(8) == [(0, 5), (3, 8)]  # a window from 6 on would only repeat
    assert Limit(5, "window", stride=1).spans(8, ((7,), (8, 9))) == [
        (0, 2),
        (1, 3),
        (2, 4),
        (3, 5),
        (4, 6),
        (5, 7),
        (6, 8),
    ]
    assert Limit(5, "truncate").spans(7) == [(0, 5)]
    assert Limit(5, "truncate").spans(3) == Limit(5, "window").spans(3) == [(0, 3)]
    assert Limit(5, "window").spans(0) == [(0, 0)]


def test_a_row_is_framed_anew_and_its_frame_stands_at_its_ends() -> None:
    tokenizer = tokembed.tokenizer("bert", special=True)
    text = " 홀로서기 x ☃ y"
    rows = Limit(4, "window").encodings(tokenizer.encode(text), tokenizer.frame, "x")
    assert [row.tokens for row in rows] == [
        ("[CLS]", "홀", "##로서", "[SEP]"),
        ("[CLS]", "##기", "x", "[SEP]"),
        ("[CLS]", "[UNK]", "y", "[SEP]"),
    ]
    assert [row.offsets for row in rows] == [
        ((1, 1), (1, 2), (2, 4), (4, 4)),
        ((4, 4), (4, 5), (6, 7), (7, 7)),
        ((8, 8), (8, 9), (10, 11), (11, 11)),
    ]
    assert rows[2].token_bytes == (b"", "☃".encode(), b"y", b"")
    assert rows[2].special == (True, False, False, True)
    assert [(row.text, row.n_unk, row.n_unk_chars) for row in rows] == [(text, 0, 0), (text, 0, 0), (text, 1, 1)]


@given(data=st.data(), text=long_texts)
@example(data=None, text="")
def test_windows_without_their_overlaps_are_the_text(tokenizer: Tokenizer, data: st.DataObject, text: str) -> None:
    whole = tokenizer.encode(text)
    limit = Limit(99) if data is None else data.draw(limits(sum(map(len, tokenizer.frame))))
    rows = limit.encodings(whole, tokenizer.frame, "x")
    for field in ("tokens", "ids", "offsets", "token_bytes", "special", "unknown"):
        parts = [getattr(row, field) for row in rows]
        if parts[0] is not None:
            of_text = [part[own(row, tokenizer)] for part, row in zip(parts, rows, strict=True)]
            joined = of_text[0] + tuple(entry for part in of_text[1:] for entry in part[limit.stride :])
            expected = getattr(whole, field)[own(whole, tokenizer)]
            assert joined == (expected[: len(joined)] if limit.on_long == "truncate" else expected)
    for row in rows:
        assert len(row) <= limit.max_tokens
        if row.ids is not None:
            assert (row.ids[: own(row, tokenizer).start], row.ids[own(row, tokenizer).stop :]) == tokenizer.frame
        starts = [start for start, _ in row.offsets]
        assert starts == sorted(starts)
        assert all(0 <= start <= end <= len(text) for start, end in row.offsets)
    assert all(len(row) == limit.max_tokens for row in rows[:-1])
    if limit.on_long == "truncate":
        assert rows == Limit(limit.max_tokens, "window").encodings(whole, tokenizer.frame, "x")[:1]


@pytest.mark.parametrize("on_long", ["error", "truncate", "window"])
def test_a_text_that_is_not_long_stays_as_it_is(on_long: str) -> None:
    tokenizer = tokembed.tokenizer("bert", special=True)
    encoding = tokenizer.encode("학교를 갑니다")
    (row,) = Limit(len(encoding), on_long).encodings(encoding, tokenizer.frame, "x")
    assert row is encoding


def test_a_long_text_is_refused_by_name() -> None:
    encoding = tokembed.tokenizer("whitespace").encode("a " * 1700)
    said = (
        "a text must have at most 512 tokens (--max-tokens), 'notes.txt:17' has 1,700; use --on-long truncate or window"
    )
    with pytest.raises(BadInput) as caught:
        Limit(512).encodings(encoding, NO_FRAME, "notes.txt:17")
    assert str(caught.value) == said
    corpus = tokembed.tokenizer("whitespace").encode_batch(["a", "a " * 1700, "a " * 1800])
    texts = [Text(f"notes.txt:{number}", "notes.txt", "") for number in (16, 17, 18)]
    with pytest.raises(BadInput) as caught:
        cut_long(corpus, tokembed.tokenizer("whitespace"), Limit(512), text_at=texts.__getitem__)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0, "error"), "--max-tokens must be at least 1, got 0"),
        ((9, "cut"), "--on-long must be one of error, truncate, window, got 'cut'"),
        ((9, "window", -1), "--stride must be at least 0, got -1"),
        ((9, "truncate", 2), "--stride goes with --on-long window alone, got 2 with truncate"),
    ],
)
def test_a_limit_that_cannot_be_names_its_option(values: tuple[int, str, int], said: str) -> None:
    with pytest.raises(BadUsage) as caught:
        Limit(*values)
    assert str(caught.value).startswith(said)


def test_a_limit_leaves_room_beside_the_frame() -> None:
    frame = ((101,), (102,))
    assert Limit(3, "window").room(frame) == 1
    assert Limit(5, "window", stride=2).room(frame) == 3
    with pytest.raises(BadUsage, match=r"^--max-tokens must be more than the 2 tokens that --special adds, got 2$"):
        Limit(2).room(frame)
    said = r"^--stride must be less than the 3 tokens of a text that fit in --max-tokens 5, got 3$"
    with pytest.raises(BadUsage, match=said):
        Limit(5, "window", stride=3).room(frame)


# In arrays


def one_by_one(
    texts: Sequence[Text], tokenizer: Tokenizer, limit: Limit
) -> tuple[list[tuple[int, int, Encoding]], Cuts]:
    cuts, rows = Cuts(), []
    for place, text in enumerate(texts):
        encoding = tokenizer.encode(text.text)
        encodings = limit.encodings(encoding, tokenizer.frame, text.id)
        cuts.add(text, encoding, encodings)
        rows += [(place, number, row) for number, row in enumerate(encodings)]
    return rows, cuts


def check_rows(block: list[str], tokenizer: Tokenizer, limit: Limit, *, offsets: bool) -> None:
    texts = [Text(f"x:{place}", "x", text) for place, text in enumerate(block)]
    corpus = tokenizer.encode_batch(block, offsets=offsets)
    before = corpus.ids.copy()
    rows = cut_long(corpus, tokenizer, limit, text_at=texts.__getitem__, n_unk_chars=True)
    expected, cuts = one_by_one(texts, tokenizer, limit)
    assert rows.cuts == cuts
    assert rows.texts.tolist() == [place for place, _, _ in expected]
    assert rows.numbers.tolist() == [number for _, number, _ in expected]
    assert [rows.corpus.vocab[place] for place in rows.corpus.ids.tolist()] == [
        token for _, _, row in expected for token in row.tokens
    ]
    assert rows.corpus.lengths().tolist() == [len(row) for _, _, row in expected]
    if offsets:
        assert rows.corpus.offsets is not None
        assert rows.corpus.offsets.tolist() == [list(span) for _, _, row in expected for span in row.offsets]
    if cuts.n_long:
        assert rows.corpus.n_unk_chars is not None
        assert rows.corpus.n_unk_chars.tolist() == [row.n_unk_chars for _, _, row in expected]
        arrays = (rows.corpus.ids, rows.corpus.starts, rows.texts, rows.numbers, rows.corpus.n_unk_chars)
        assert [array.dtype for array in arrays] == [np.int32, np.int64, np.int64, np.int32, np.int32]
    else:
        assert rows.corpus is corpus
    assert corpus.ids.tolist() == before.tolist()


blocks = st.lists(long_texts, max_size=5)


@given(data=st.data(), block=blocks, offsets=st.booleans())
def test_a_corpus_has_the_rows_of_its_texts(
    tokenizer: Tokenizer, data: st.DataObject, block: list[str], offsets: bool
) -> None:
    limit = data.draw(limits(sum(map(len, tokenizer.frame))))
    check_rows(block, tokenizer, limit, offsets=offsets)


@pytest.mark.parametrize("special", [False, True])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), block=blocks)
def test_a_corpus_made_in_bulk_has_the_rows_of_its_texts(
    monkeypatch: pytest.MonkeyPatch, special: bool, data: st.DataObject, block: list[str]
) -> None:
    monkeypatch.setattr(bulk, "BULK_BYTES", 0)
    check_rows(block, BERTS[special], data.draw(limits(2 * special)), offsets=False)


def test_only_texts_that_must_be_looked_at_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BULK_BYTES", 0)
    block = ["☃", "a b c d", "☃ b c d", "a b ☃ d", "☃ b ☃ d", ""]
    asked: list[int] = []

    def text_at(place: int) -> Text:
        asked.append(place)
        return Text(str(place), "x", block[place])

    corpus = BERTS[False].encode_batch(block)
    for limit, looked_at in ((Limit(4), []), (Limit(2, "truncate"), [1, 4]), (Limit(2, "window"), [1, 4])):
        asked.clear()
        rows = cut_long(corpus, BERTS[False], limit, text_at=text_at, n_unk_chars=True)
        assert asked == looked_at
        assert rows.corpus.n_unk_chars is not None
        assert rows.corpus.n_unk_chars.sum() == (3 if limit.on_long == "truncate" else 5)
        asked.clear()
        assert cut_long(corpus, BERTS[False], limit, text_at=text_at).corpus.n_texts == len(rows.texts)
        assert asked == looked_at[:1]


# What is said


def message(texts: Sequence[str], limit: Limit) -> str | None:
    named = [Text(f"notes.txt:{place}", "notes.txt", text) for place, text in enumerate(texts, start=1)]
    tokenizer = tokembed.tokenizer("whitespace")
    return one_by_one(named, tokenizer, limit)[1].message(limit, tokenizer)


def test_what_was_cut_is_said_with_an_example() -> None:
    texts = ["a b c", "a b c d\n e", "x " * 1204, ""]
    assert message(texts, Limit(3, "truncate")) == (
        "cut off at 3 tokens: 2 of 4 texts, 1,203 of 1,212 tokens; first notes.txt:2, which lost 'd\\n e'"
    )
    assert message(texts[2:], Limit(512, "window", stride=12)) == (
        "longer than 512 tokens: 1 of 2 texts became 3 windows; first notes.txt:1 (1,204 tokens)"
    )
    assert message(["a b"], Limit(1, "truncate")) == (
        "cut off at 1 token: 1 of 1 text, 1 of 2 tokens; first notes.txt:1, which lost 'b'"
    )
    assert message(texts, Limit(2000, "truncate")) is None


def test_of_what_was_lost_forty_code_points_are_shown() -> None:
    shown = [(message([f"a {'홀' * n}"], Limit(1, "truncate")) or "").split("lost ")[1] for n in (40, 41)]
    assert shown == [repr("홀" * 40), repr("홀" * 40 + "…")]


def test_what_was_lost_begins_behind_the_rows_last_token() -> None:
    tokenizer, limit = BERTS[True], Limit(4, "truncate")
    _, cuts = one_by_one([Text("x:1", "x", "홀로서기 ☃")], tokenizer, limit)
    assert (cuts.message(limit, tokenizer) or "").endswith("first x:1, which lost '기 ☃'")


@given(data=st.data(), block=st.lists(long_texts, max_size=8))
def test_the_cuts_of_blocks_add_up(data: st.DataObject, block: list[str]) -> None:
    tokenizer, limit = tokembed.tokenizer("whitespace"), data.draw(limits(0))
    texts = [Text(f"x:{place}", "x", text) for place, text in enumerate(block)]
    middle = data.draw(st.integers(0, len(texts)))
    together = Cuts()
    for part in (texts[:middle], texts[middle:]):
        together += one_by_one(part, tokenizer, limit)[1]
    assert together == one_by_one(texts, tokenizer, limit)[1]


# The frame


@pytest.mark.parametrize("kind", KINDS)
def test_the_frame_is_what_the_reference_adds(tmp_path: Path, kind: str) -> None:
    path = saved_kinds(tmp_path)[kind]
    frame = tokembed.tokenizer(str(path), special=True).frame
    reference = Reference.from_file(str(path))
    reference.no_truncation()
    reference.no_padding()
    plain, framed = (reference.encode("a b", add_special_tokens=is_special).ids for is_special in (False, True))
    assert framed == [*frame[0], *plain, *frame[1]]
    assert tokembed.tokenizer(str(path)).frame == NO_FRAME
    assert tokembed.tokenizer(str(path), special=True, lower=True).frame == frame


TEMPLATES = {"$A": ((), ()), "$A </s>": ((), (2,)), "<s> <s> $A": ((1, 1), ()), "<s> $A </s> <s>": ((1,), (2, 1))}


@pytest.mark.parametrize(("template", "frame"), TEMPLATES.items(), ids=TEMPLATES)
def test_the_frame_is_the_templates_even_where_no_letter_can_be_cut(
    tmp_path: Path, template: str, frame: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    reference = Reference(models.WordLevel({"홀": 0, "<s>": 1, "</s>": 2}))  # without an unknown token
    ends = [("<s>", 1), ("</s>", 2)]
    reference.post_processor = processors.TemplateProcessing(single=template, special_tokens=ends)
    reference.save(str(tmp_path / "tokenizer.json"))
    tokenizer = tokembed.tokenizer(str(tmp_path), special=True)
    assert tokenizer.frame == frame
    assert tokenizer.encode("홀").ids == (*frame[0], 0, *frame[1])


@pytest.mark.parametrize(("name", "ends"), [("bert", (101, 102)), ("clip", (49406, 49407))])
def test_the_frame_of_the_built_in_ones(name: str, ends: tuple[int, int]) -> None:
    assert tokembed.tokenizer(name, special=True).frame == ((ends[0],), (ends[1],))
    assert tokembed.tokenizer(name).frame == tokembed.tokenizer("character").frame == NO_FRAME


@pytest.mark.parametrize("special", [False, True])
def test_many_texts_under_a_template_that_adds_nothing(tmp_path: Path, special: bool) -> None:
    reference = KINDS["WordPiece"]()
    reference.post_processor = processors.TemplateProcessing(single="$A", special_tokens=[])
    reference.save(str(tmp_path / "tokenizer.json"))
    tokenizer = tokembed.tokenizer(str(tmp_path), special=special)
    lines = ["unaffable cafe", "", "☃"]
    corpus = tokenizer.encode_batch(lines * (bulk.BULK_BYTES // 10))
    assert corpus.ids[:5].tolist() == [i for line in lines for i in tokenizer.encode(line).ids or ()]
    assert corpus.n_unk_chars is not None


def test_one_text_is_cut_without_numpy() -> None:
    code = "import sys, tokembed.tokens.long_texts; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.split() == [b"False"]
