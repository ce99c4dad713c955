"""Any Hugging Face tokenizer: a tokenizer.json, the folder it lies in, or a hub name found in the local cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from tokembed.byte_level import SYMBOL_BYTES
from tokembed.errors import BadInput, NotAtHand
from tokembed.surrogates import well_formed
from tokembed.types import Encoding
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.corpus import Corpus

FILE = "tokenizer.json"


class PretrainedTokenizer:
    """Whatever a tokenizer.json says, but for truncation and padding, which are switched off.

    Args:
        name: a path to a tokenizer.json or its folder, or a hub name such as google-bert/bert-base-uncased.
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
        tokenizer = _load(self.name)
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

    def encode_batch(self, block: Iterable[str], vocab: Vocab | None = None, *, offsets: bool = False) -> Corpus:
        """The texts as ids into the tokenizer's own vocabulary; `vocab` is not used."""
        from tokembed.corpus import from_encodings, from_ids

        if offsets:
            return from_encodings(map(self.encode, block), self.vocab)
        texts = list(map(well_formed, block))
        encoded = self._reference.encode_batch_fast(texts, add_special_tokens=self.special)
        return from_ids((encoding.ids for encoding in encoded), self.vocab)

    def decode(self, ids: Sequence[int]) -> str:
        """The text as the tokenizer's own decoder puts it together, special tokens left out.

        Raises:
            BadInput: an id is not in the vocabulary.
        """
        return str(self._reference.decode(list(self.vocab.checked(ids)), skip_special_tokens=True))


def _load(name: str) -> Tokenizer:
    path = Path(name)
    if path.is_file():
        return _read(path)
    if path.is_dir():
        return _read(path / FILE) if (path / FILE).is_file() else _converted(path)
    return _read(_cached(name))


def _read(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # `tokenizers` raises nothing narrower than Exception
        raise BadInput(f"{str(path)!r} must be a tokenizer.json of Hugging Face tokenizers: {error}") from error


def _converted(folder: Path) -> Tokenizer:
    """The tokenizer of a folder without a tokenizer.json, converted by transformers from what is there."""
    from transformers import AutoTokenizer  # takes a second, and few folders need it

    try:
        loaded = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        return Tokenizer.from_str(loaded.backend_tokenizer.to_str())
    except (OSError, ValueError, ImportError, AttributeError) as error:
        reason = str(error).strip().split("\n")[0]
        raise BadInput(f"{str(folder)!r} must hold a {FILE} or files transformers can convert: {reason}") from error


def _cached(name: str) -> Path:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, FILE)
    except HFValidationError as error:
        raise BadInput(f"a tokenizer must be a file, a folder or a hub name, found {name!r}") from error
    if not isinstance(found, str):
        raise NotAtHand(f"tokenizer {name!r} is not in the local cache; bring it with: hf download {name} {FILE}")
    return Path(found)


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
