"""Any Hugging Face tokenizer, as `tokenizers` cuts with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, Any, Self

from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from tokembed.errors import BadInput
from tokembed.inputs.bulk import is_bulk
from tokembed.surrogates import well_formed
from tokembed.tokenizers.pretrained_files import load, one_line
from tokembed.tokenizers.pretrained_model import Spelling, model_without, spelling_of, with_model
from tokembed.tokenizers.pretrained_words import Words
from tokembed.types import Encoding, Frame, Span
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.corpus import Corpus
    from tokembed.inputs.blocks import Block, Texts


class PretrainedTokenizer:
    """Whatever a tokenizer.json says, but for truncation and padding, which are switched off.

    Args:
        name: a path to a tokenizer.json, a BERT vocab.txt or a folder, or a hub name such as owner/name.
        special: add the special tokens that the tokenizer's template names.
        parse_special: read special strings in the text as special tokens, not as text.

    Raises:
        BadInput: the file is no tokenizer.
        NotAtHand: the hub name is not in the local cache; nothing is fetched behind the user's back.

    Differs: without parse_special, `tokenizers` still gives a special token's id where its model holds the string as
    an ordinary piece; here it is cut like any text. Only in a BPE that merges to such a string, or has it as its only
    character, the id comes out; then it stands for text, and keeps its bytes.
    """

    def __init__(self, name: str, *, special: bool = False, parse_special: bool = False) -> None:
        self.name = name
        self.special = special
        self.parse_special = parse_special

    def loaded(self) -> Self:
        """The tokenizer itself, its file read: what is wrong with it is told before any text is."""
        _ = self._reference
        return self

    @cached_property
    def _reference(self) -> Tokenizer:
        tokenizer = load(self.name)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = not self.parse_special
        return tokenizer

    @cached_property
    def _description(self) -> dict[str, Any]:
        description: dict[str, Any] = json.loads(self._reference.to_str())
        return description

    @cached_property
    def _model(self) -> dict[str, Any]:
        """The description's model; unless they are parsed, the special strings are no pieces of it."""
        strings = [token["content"] for token in self._description["added_tokens"] if token["special"]]
        model: dict[str, Any] = self._description["model"]
        return model if self.parse_special else model_without(strings, self._description)

    @cached_property
    def _cutter(self) -> Tokenizer:
        if self._model is self._description["model"]:
            return self._reference
        return with_model(self._model, self._description)

    @cached_property
    def vocab(self) -> Vocab:
        """Its tokens in the order of their ids; a gap in the ids is filled with a name of its own."""
        ids = self._reference.get_vocab(with_added_tokens=False)
        by_place = {place: token for token, place in ids.items()} | self._added
        tokens = [by_place.get(place, "") for place in range(max(by_place, default=-1) + 1)]
        taken = set(by_place.values())
        for place in range(len(tokens)):
            if place not in by_place:
                tokens[place] = _free_name(f"<unused id {place}>", taken)
        unknown = None if self._unknown_id is None else tokens[self._unknown_id]
        return Vocab(tokens, unknown=unknown, special=[tokens[place] for place in self._special_ids])

    @cached_property
    def _unknown_id(self) -> int | None:
        """The id of text that the model lacks; None where it lacks none."""
        model = self._description["model"]
        if self._spelling.spells_all(model):
            return None
        unknown: int | None = model.get("unk_id") if model["type"] == "Unigram" else model["vocab"].get(_unknown(model))
        return unknown

    @cached_property
    def _special_ids(self) -> frozenset[int]:
        special = (token["id"] for token in self._description["added_tokens"] if token["special"])
        return frozenset(special) - {self._unknown_id}

    @cached_property
    def _added(self) -> dict[int, str]:
        return {token["id"]: token["content"] for token in self._description["added_tokens"]}

    @cached_property
    def _spelling(self) -> Spelling:
        return spelling_of(self._description)

    @cached_property
    def frame(self) -> Frame:
        """The ids that the template puts before and behind each text, by `special`."""
        template = self._reference.post_processor if self.special else None
        if template is None:
            return ((), ())
        one_token = Tokenizer(WordLevel({"a": 0}, unk_token="a"))  # whatever the own model would make of a text
        one_token.post_processor = template
        framed = one_token.encode("a")
        added = framed.special_tokens_mask
        n_before = sum(1 for _ in takewhile(bool, added))
        n_behind = sum(1 for _ in takewhile(bool, reversed(added[n_before:])))
        return (tuple(framed.ids[:n_before]), tuple(framed.ids[len(added) - n_behind :]))

    def encode(self, text: str) -> Encoding:
        """The text's tokens as `tokenizers` gives them.

        Raises:
            BadInput: the tokenizer cannot cut this text, such as one without a token for what it does not know.
        """
        readable = well_formed(text)
        reference = self._cut(lambda: self._cutter.encode(readable, add_special_tokens=self.special))
        special = tuple(
            bool(is_template) or (self.parse_special and token_id in self._special_ids)
            for token_id, is_template in zip(reference.ids, reference.special_tokens_mask, strict=True)
        )
        offsets = _spans(reference.offsets, special, len(text))
        ids, word_ids = reference.ids, reference.word_ids  # each is made anew whenever it is asked for
        return Encoding(
            text=text,
            tokens=tuple(self.vocab[token_id] for token_id in ids),
            ids=tuple(ids),
            offsets=offsets,
            token_bytes=tuple(
                b"" if special[place] else self._token_bytes(ids, word_ids, place, readable[slice(*offsets[place])])
                for place in range(len(ids))
            ),
            special=special,
            unknown=tuple(
                token_id == self._unknown_id and not is_special
                for token_id, is_special in zip(reference.ids, special, strict=True)
            ),
        )

    def _token_bytes(self, ids: Sequence[int], word_ids: Sequence[int | None], place: int, source: str) -> bytes:
        token_id = ids[place]
        if token_id == self._unknown_id:
            return source.encode()
        token = self.vocab[token_id]
        if token_id in self._added and (token in source or self._reference.model.token_to_id(token) is None):
            return token.encode()
        return self._spelling.read(token, source, *_place_in_word(word_ids, place))

    def _cut(self, cut: Callable[[], Any]) -> Any:
        try:
            return cut()
        except Exception as error:  # `tokenizers` raises nothing narrower than Exception
            raise BadInput(f"tokenizer {self.name!r} must cut every text, found: {one_line(error)}") from error

    def encode_batch(self, block: Texts, vocab: Vocab | None = None, *, offsets: bool = False) -> Corpus:
        """The texts as ids into the tokenizer's own vocabulary; `vocab` is not used.

        Raises:
            BadInput: the tokenizer cannot cut one of them.
        """
        from tokembed.corpus import from_encodings, from_ids
        from tokembed.inputs.blocks import block_of, strings_of

        if offsets:
            return from_encodings(map(self.encode, strings_of(block)), self.vocab)
        if is_bulk(block) and self._bulk is not None:
            return self._bulk(block_of(block))
        texts = list(map(well_formed, strings_of(block)))
        encoded = self._cut(lambda: self._cutter.encode_batch_fast(texts, add_special_tokens=self.special))
        return from_ids((encoding.ids for encoding in encoded), self.vocab)

    @cached_property
    def _bulk(self) -> Callable[[Block], Corpus] | None:
        """The kernel's way to cut many texts; None where it does not do what the description says."""
        from tokembed.tokens.bulk_wordpiece import BulkWordPiece, rules_of

        rules = rules_of(self._description)
        if rules is None or self._unknown_id is None:
            return None
        try:
            kernel = BulkWordPiece(self._model["vocab"], _unknown(self._model), rules)
        except ValueError:  # more tokens than the kernel's tables hold
            return None
        encode = PretrainedTokenizer(self.name, parse_special=self.parse_special).encode
        strings = list(self._added.values()) if self.parse_special else []
        before, behind = map(list, self.frame)
        frame = (before, behind) if before or behind else None
        return lambda block: kernel.corpus(block, self.vocab, encode, special_strings=strings, frame=frame)

    def decode(self, ids: Sequence[int]) -> str:
        """The text as the tokenizer's own decoder puts it together, special tokens left out.

        Raises:
            BadInput: an id is not in the vocabulary.

        Differs: the ends of words that a decoder leaves in the text, as that of CLIP's tokenizer.json, become spaces.
        """
        decoded = str(self._reference.decode(list(self.vocab.checked(ids)), skip_special_tokens=True))
        return self._words.without_suffixes(decoded)

    def normal_form(self, text: str) -> str:
        """The words of the normalized text as the tokenizer's own decoder puts them together.

        Differs: special tokens that are parsed from the text are not left out.
        """
        return self._words.normal_form(well_formed(text))

    @cached_property
    def _words(self) -> Words:
        return Words(self._description, self._spelling, parse_special=self.parse_special)

    @property
    def description(self) -> dict[str, Any]:
        """What its tokenizer.json says, with the model that texts are cut by."""
        return {**self._description, "model": self._model}

    def normalized(self, text: str) -> str:
        """The text after the normalizer, before it is cut."""
        normalizer = self._reference.normalizer
        return text if normalizer is None else str(normalizer.normalize_str(well_formed(text)))

    def cut_words(self, text: str) -> list[tuple[str, bool]]:
        """Each word as the model gets it, and whether it is an added token, which the model is not asked about."""
        return list(self._words.cut(well_formed(text)))

    def pieces(self, word: str) -> list[str]:
        """The tokens that the model makes of one word.

        Raises:
            BadInput: it cannot cut this word.
        """
        return [self.vocab[token.id] for token in self._cut(lambda: self._cutter.model.tokenize(word))]


def _unknown(model: Mapping[str, Any]) -> str:
    return model.get("unk_token") or ""


def _free_name(name: str, taken: set[str]) -> str:
    """The name, in further brackets while a token is called so."""
    while name in taken:
        name = f"<{name}>"
    return name


def _place_in_word(word_ids: Sequence[int | None], place: int) -> tuple[bool, bool]:
    """Whether the token continues the word of the one before, and whether it ends its own."""
    word = word_ids[place]
    continues = place > 0 and word is not None and word_ids[place - 1] == word
    ends = place + 1 == len(word_ids) or word_ids[place + 1] != word
    return continues, ends


def _spans(offsets: Sequence[Span], special: Sequence[bool], length: int) -> tuple[Span, ...]:
    """The offsets with a special token's (0, 0) moved to where it stands, so that spans never go back."""
    spans, last = [], 0
    for (start, end), is_special in zip(offsets, special, strict=True):
        span = (last, last) if is_special and start == end else (start, end)
        spans.append(span)
        last = max(last, span[1])
    behind = len(spans)
    while behind and special[behind - 1] and spans[behind - 1][0] == spans[behind - 1][1]:
        behind -= 1
        spans[behind] = (length, length)
    # The space in what one character was cleaned to is trimmed off it, though more tokens of it follow.
    starts = list(accumulate((start for start, _ in reversed(spans)), min))[::-1]
    return tuple((start, end) for start, (_, end) in zip(starts, spans, strict=True))
