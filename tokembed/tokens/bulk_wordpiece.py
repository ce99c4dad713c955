"""WordPiece for many texts: the kernel, and the reference for what the kernel cannot do exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tokembed.cores import n_cores
from tokembed.corpus import Corpus, framed, with_other_texts
from tokembed.inputs.blocks import Block
from tokembed.kernels.wordpiece import cut
from tokembed.kernels.wordpiece_characters import Characters, character_tables
from tokembed.kernels.wordpiece_vocabulary import Vocabulary, vocabulary_tables
from tokembed.tables import kept
from tokembed.types import Encoding
from tokembed.vocab import Vocab


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes one WordPiece differ from another, in the words of Hugging Face `tokenizers`."""

    clean_text: bool = True
    handle_chinese_chars: bool = True
    strip_accents: bool | None = None
    lowercase: bool = False
    continuing_subword_prefix: str = "##"
    max_input_chars_per_word: int = 100


def rules_of(description: Mapping[str, Any]) -> Rules | None:
    """The rules of a tokenizer.json, None where it is no BERT-style WordPiece that the kernel can follow exactly."""
    steps = [(description[step] or {}).get("type") for step in ("model", "normalizer", "pre_tokenizer")]
    if steps != ["WordPiece", "BertNormalizer", "BertPreTokenizer"]:
        return None
    if any(not token["special"] or token["normalized"] for token in description["added_tokens"]):
        return None  # such a token is looked for in the normalized text
    described = {**description["normalizer"], **description["model"]}
    return Rules(**{field.name: described[field.name] for field in fields(Rules)})


class BulkWordPiece:
    """A WordPiece vocabulary and its rules as the kernel's tables.

    Args:
        tokens: each token's id.
        unknown: the token for what cannot be cut.

    Raises:
        ValueError: the vocabulary is too large for the kernel.
    """

    def __init__(self, tokens: Mapping[str, int], unknown: str, rules: Rules) -> None:
        self._characters = _characters(rules)
        self._vocabulary = _vocabulary(tokens, unknown, rules)
        self._caches: list[NDArray[np.int64]] = []

    def corpus(
        self,
        block: Block,
        vocab: Vocab,
        encode: Callable[[str], Encoding],
        *,
        special_strings: Sequence[str] = (),
        frame: tuple[list[int], list[int]] | None = None,
    ) -> Corpus:
        """The texts as ids into `vocab`, the same as `encode` gives, whatever the number of cores.

        Args:
            encode: the single-text path, which cuts the texts the kernel is not sure of, without the frame.
            special_strings: texts that hold one of them are not for the kernel.
            frame: ids to put before and behind each text.
        """
        done = cut(
            block.data,
            block.bounds,
            self._characters,
            self._vocabulary,
            n_threads=n_cores(),
            caches=self._caches,
        )
        corpus = Corpus(done.ids, done.starts, vocab, n_unk_chars=done.n_unk_chars)
        places = np.union1d(np.flatnonzero(done.unsure), texts_with(block, special_strings))
        if len(places):
            corpus = with_other_texts(corpus, places, [encode(block.text(place)) for place in places.tolist()])
        return framed(corpus, *frame) if frame else corpus


def texts_with(block: Block, strings: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The places of the texts that hold one of the strings, in order."""
    data = block.data.tobytes() if strings else b""
    found: list[int] = []
    for string in strings:
        place = data.find(string.encode())
        while place >= 0:
            found.append(place)
            place = data.find(string.encode(), place + 1)
    places = np.searchsorted(block.bounds, np.array(found, np.int64), side="right") - 1
    return np.unique(places[(places >= 0) & (places < block.n_texts)])


def _characters(rules: Rules) -> Characters:
    options: dict[str, Any] = {
        "clean_text": rules.clean_text,
        "handle_chinese_chars": rules.handle_chinese_chars,
        "strip_accents": rules.strip_accents,
        "lowercase": rules.lowercase,
    }
    name = "wordpiece-characters-" + "".join("n" if value is None else str(int(value)) for value in options.values())
    tables: dict[str, Any] = dict(kept(name, lambda: character_tables(**options)._asdict()))
    return Characters(**tables)


def _vocabulary(tokens: Mapping[str, int], unknown: str, rules: Rules) -> Vocabulary:
    return vocabulary_tables(
        list(tokens),
        list(tokens.values()),
        unk_id=tokens[unknown],
        prefix=rules.continuing_subword_prefix,
        max_chars=rules.max_input_chars_per_word,
    )
