"""What the model of a tokenizer.json says: how its pieces spell text, and how to keep special strings out of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import punctuation
from typing import Any

from tokenizers import Tokenizer

from tokembed.byte_level import SYMBOL_BYTES

_BYTE = re.compile("<0x([0-9A-F]{2})>")
_NEVER_IN_TEXT = "\U0010ffff"


def model_without(strings: Sequence[str], description: Mapping[str, Any]) -> dict[str, Any]:
    """The description's model with no piece called as one of the strings; itself where it cuts no text to one.

    Such a piece keeps its id and gets a name that no text holds. What a BPE merges to stays.
    """
    model: dict[str, Any] = description["model"]
    strings = [string for string in strings if not _is_split(string, description)]
    if model["type"] == "BPE":
        strings = _unmerged(strings, model) if model.get("ignore_merges") else []
    if model["type"] == "Unigram":
        pieces = [(_hidden(piece) if piece in strings else piece, score) for piece, score in model["vocab"]]
        return {**model, "vocab": pieces} if any(piece in strings for piece, _ in model["vocab"]) else model
    names = {string: _hidden(string) for string in strings if string in model["vocab"]}
    if not names:
        return model
    vocab = {names.get(piece, piece): place for piece, place in model["vocab"].items()}
    return {**model, "vocab": vocab, "unk_token": names.get(model["unk_token"], model["unk_token"])}


def with_model(model: Mapping[str, Any], description: Mapping[str, Any]) -> Tokenizer:
    """The described tokenizer with another model, its special strings cut like any text."""
    bare = {**description, "model": model, "added_tokens": [], "post_processor": None}
    tokenizer = Tokenizer.from_str(json.dumps(description))
    tokenizer.model = Tokenizer.from_str(json.dumps(bare)).model  # put in later, the added tokens keep their ids
    tokenizer.encode_special_tokens = True
    return tokenizer


def _is_split(string: str, description: Mapping[str, Any]) -> bool:
    """Whether the pre-tokenizer leaves no word that holds the string."""
    splits = any(step["type"] == "BertPreTokenizer" for step in _steps(description["pre_tokenizer"]))
    return splits and len(string) > 1 and any(sign in string for sign in punctuation)


def _unmerged(strings: Sequence[str], model: Mapping[str, Any]) -> list[str]:
    wanted, prefix = set(strings), model.get("continuing_subword_prefix") or ""
    for left, right in model["merges"]:
        wanted -= {left, right, left + right.removeprefix(prefix)}
    return [string for string in strings if string in wanted]


def _hidden(piece: str) -> str:
    return f"{_NEVER_IN_TEXT}{piece}{_NEVER_IN_TEXT}"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a model's pieces write text.

    Attributes:
        prefix: stands before a piece that continues a word.
        suffix: stands behind a piece that ends a word.
        space: stands for a space; empty where a space is a space.
        byte_level: each character of a piece is a byte.
        byte_fallback: `<0x41>` is a byte.
    """

    prefix: str
    suffix: str
    space: str
    byte_level: bool
    byte_fallback: bool

    def read(self, token: str, source: str, continues: bool, ends: bool) -> bytes:
        """The UTF-8 that the token writes; `source` is the text it was cut from."""
        if continues:
            token = token.removeprefix(self.prefix)
        if ends:
            token = token.removesuffix(self.suffix)
        if self.byte_fallback and token != source and (byte := _BYTE.fullmatch(token)):
            return bytes.fromhex(byte[1])
        if self.byte_level and all(symbol in SYMBOL_BYTES for symbol in token):
            return bytes(SYMBOL_BYTES[symbol] for symbol in token)
        return (token.replace(self.space, " ") if self.space else token).encode()

    def spells_all(self, model: Mapping[str, Any]) -> bool:
        """Whether every byte has a piece, so that no text is unknown."""
        if model["type"] == "BPE" and self.byte_level:
            ends = {self.suffix, ""}
            return all(
                before + symbol + end in model["vocab"]
                for symbol in SYMBOL_BYTES
                for before in {self.prefix, ""}
                for end in ends
            )
        if not self.byte_fallback:
            return False
        pieces = model["vocab"] if model["type"] == "BPE" else {piece for piece, _ in model["vocab"]}
        return all(f"<0x{byte:02X}>" in pieces for byte in range(256))


def spelling_of(description: Mapping[str, Any]) -> Spelling:
    """How the tokens of a tokenizer.json write text, read from its model and steps."""
    model = description["model"]
    normalizer, pre_tokenizer, decoder = (
        list(_steps(description[part])) for part in ("normalizer", "pre_tokenizer", "decoder")
    )
    spaces = [step["replacement"] for step in pre_tokenizer + decoder if step["type"] == "Metaspace"]
    for old, new in map(_replaced, normalizer):
        spaces += [new] if old == " " else []
    for old, new in map(_replaced, decoder):
        spaces += [old] if new == " " else []
    return Spelling(
        prefix=model.get("continuing_subword_prefix") or "",
        suffix=model.get("end_of_word_suffix") or "",
        space=next(filter(None, spaces), ""),
        byte_level="ByteLevel" in {step["type"] for step in normalizer + pre_tokenizer + decoder},
        byte_fallback=bool(model.get("byte_fallback")),
    )


def _steps(part: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """Every step of a normalizer, a pre-tokenizer or a decoder, those of its sequences too."""
    if part:
        yield part
        for steps in ("normalizers", "pretokenizers", "decoders"):
            for step in part.get(steps, []):
                yield from _steps(step)


def _replaced(step: Mapping[str, Any]) -> tuple[str, str]:
    """What a step replaces and by what; nothing by nothing where it is no such step."""
    return (next(iter(step["pattern"].values())), step["content"]) if step["type"] == "Replace" else ("", "")
