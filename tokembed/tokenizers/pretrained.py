"""Any Hugging Face tokenizer, as `tokenizers` cuts with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from tokembed.byte_level import SYMBOL_BYTES
from tokembed.surrogates import well_formed
from tokembed.tokenizers.pretrained_files import load
from tokembed.types import Encoding
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.blocks import Block, Texts
    from tokembed.corpus import Corpus


class PretrainedTokenizer:
    """Whatever a tokenizer.json says, but for truncation and padding, which are switched off.

    Args:
        name: a path to a tokenizer.json, a BERT vocab.txt or a folder, or a hub name such as owner/name.
        special: add the special tokens that the tokenizer's template names.
        parse_special: read special strings in the text as special tokens, not as text.

    Raises:
        BadInput: the file is no tokenizer.
        NotAtHand: the hub name is not in the local cache; nothing is fetched behind the user's back.
    """

    def __init__(self, name: str, *, special: bool = False, parse_special: bool = False) -> None:
        self.name = name
        self.special = special
        self.parse_special = parse_special

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
    def vocab(self) -> Vocab:
        """Its tokens in the order of their ids; a gap in the ids is filled with a name of its own."""
        ids = self._reference.get_vocab(with_added_tokens=True)
        tokens = [f"<unused id {place}>" for place in range(max(ids.values(), default=-1) + 1)]
        for token, place in ids.items():
            tokens[place] = token
        return Vocab(tokens, unknown=self._unknown, special=self._special - {self._unknown})

    @cached_property
    def _unknown(self) -> str | None:
        model = self._description["model"]
        if isinstance(model.get("unk_id"), int):
            return str(model["vocab"][model["unk_id"]][0])
        unknown = model.get("unk_token")
        return unknown if unknown and self._reference.token_to_id(unknown) is not None else None

    @cached_property
    def _special(self) -> frozenset[str]:
        return frozenset(token["content"] for token in self._description["added_tokens"] if token["special"])

    @cached_property
    def _bytes_of(self) -> Callable[[str], bytes]:
        steps = _step_types(self._description)
        if "ByteLevel" in steps:
            return _byte_level
        if "WordPiece" in steps:
            return lambda token: (token.removeprefix("##") or token).encode()
        return _sentence_piece

    def encode(self, text: str) -> Encoding:
        """The text's tokens as `tokenizers` gives them."""
        readable = well_formed(text)
        reference = self._reference.encode(readable, add_special_tokens=self.special)
        special = tuple(token in self._special and token != self._unknown for token in reference.tokens)
        offsets = self._added_spans(reference.offsets, special, len(text))
        return Encoding(
            text=text,
            tokens=tuple(reference.tokens),
            ids=tuple(reference.ids),
            offsets=offsets,
            token_bytes=tuple(
                b"" if is_special else readable[start:end].encode() if token == self._unknown else self._bytes_of(token)
                for token, (start, end), is_special in zip(reference.tokens, offsets, special, strict=True)
            ),
            special=special,
            unknown=tuple(token == self._unknown for token in reference.tokens),
        )

    @staticmethod
    def _added_spans(
        offsets: Sequence[tuple[int, int]], special: Sequence[bool], length: int
    ) -> tuple[tuple[int, int], ...]:
        """The offsets with a special token's (0, 0) moved to where it stands, so that spans never go back."""
        spans, last = [], 0
        for (start, end), is_special in zip(offsets, special, strict=True):
            span = (last, last) if is_special and start == end else (start, end)
            spans.append(span)
            last = max(last, span[1])
        while_behind = len(spans)
        while while_behind and special[while_behind - 1] and spans[while_behind - 1][0] == spans[while_behind - 1][1]:
            while_behind -= 1
            spans[while_behind] = (length, length)
        return tuple(spans)

    def encode_batch(self, block: Texts, vocab: Vocab | None = None, *, offsets: bool = False) -> Corpus:
        """The texts as ids into the tokenizer's own vocabulary; `vocab` is not used."""
        from tokembed.blocks import block_of, is_bulk, strings_of
        from tokembed.corpus import from_encodings, from_ids

        if offsets:
            return from_encodings(map(self.encode, strings_of(block)), self.vocab)
        if is_bulk(block) and self._bulk is not None:
            return self._bulk(block_of(block))
        texts = list(map(well_formed, strings_of(block)))
        encoded = self._reference.encode_batch_fast(texts, add_special_tokens=self.special)
        return from_ids((encoding.ids for encoding in encoded), self.vocab)

    @cached_property
    def _bulk(self) -> Callable[[Block], Corpus] | None:
        """The kernel's way to cut many texts; None where it does not do what the description says."""
        from tokembed.bulk_wordpiece import BulkWordPiece, rules_of

        rules = rules_of(self._description)
        if rules is None or self._unknown is None:
            return None
        try:
            kernel = BulkWordPiece(self._description["model"]["vocab"], self._unknown, rules)
        except ValueError:  # more tokens than the kernel's tables hold
            return None
        encode = PretrainedTokenizer(self.name, parse_special=self.parse_special).encode
        strings = [token["content"] for token in self._description["added_tokens"]] if self.parse_special else []
        frame = self._frame() if self.special else None
        return lambda block: kernel.corpus(block, self.vocab, encode, special_strings=strings, frame=frame)

    def _frame(self) -> tuple[list[int], list[int]]:
        """The ids that the template puts before and behind a text."""
        text = self._reference.encode("a", add_special_tokens=False).ids
        framed = self._reference.encode("a", add_special_tokens=True).ids
        before = next(n for n in range(len(framed)) if framed[n : n + len(text)] == text)
        return framed[:before], framed[before + len(text) :]

    def decode(self, ids: Sequence[int]) -> str:
        """The text as the tokenizer's own decoder puts it together, special tokens left out.

        Raises:
            BadInput: an id is not in the vocabulary.
        """
        return str(self._reference.decode(list(self.vocab.checked(ids)), skip_special_tokens=True))


def _step_types(description: dict[str, Any]) -> set[str]:
    """The types of every step of the pre-tokenizer and the decoder."""
    types = set()
    pending = [description.get("pre_tokenizer"), description.get("decoder")]
    while pending:
        step = pending.pop()
        if step:
            types.add(step["type"])
            pending += step.get("pretokenizers", []) + step.get("decoders", [])
    return types


def _byte_level(token: str) -> bytes:
    if all(symbol in SYMBOL_BYTES for symbol in token):
        return bytes(SYMBOL_BYTES[symbol] for symbol in token)
    return token.encode()  # an added token stands for itself


def _sentence_piece(token: str) -> bytes:
    if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
        return bytes([int(token[3:5], 16)])
    return token.replace("▁", " ").encode()
