"""A corpus as lines of text or JSON: made by a kernel out of the vocabulary's bytes, no Python object a token."""

from __future__ import annotations

from json.encoder import encode_basestring as quoted
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.inputs.batches import Batch
from tokembed.kernels.joining import joined_tokens, padded
from tokembed.tokens.bulk_words import letters_of
from tokembed.tokens.formats import Cutting, Made
from tokembed.tokens.long_corpora import Rows
from tokembed.tokens.rows import rows_of, unknown_of
from tokembed.types import Tokenizer
from tokembed.vocab import Vocab

Words = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Word k is letters[bounds[k]:bounds[k + 1]]; the letters are padded."""

_tokens_of: WeakKeyDictionary[Vocab, tuple[int, Words]] = WeakKeyDictionary()
_quoted_of: WeakKeyDictionary[Vocab, tuple[int, Words]] = WeakKeyDictionary()
_numbers: dict[int, Words] = {}


def lines_of(corpus: Corpus, form: str) -> memoryview:
    """The corpus with a row on each line: its tokens ("text") or its ids ("ids"), one space between two."""
    words = _decimals(len(corpus.vocab)) if form == "ids" else _tokens(corpus.vocab)
    return joined_tokens(corpus.ids, corpus.starts, *words).data


def json_lines(batch: Batch, cutting: Cutting) -> Made:
    """A line for each text and tokenizer, those of a text together, the same as `token_formats.record` makes."""
    rows = {name: rows_of(batch, method, cutting.limit, is_bulk=True) for name, method in cutting.tokenizers.items()}
    columns = [_columns(batch, name, found, cutting.tokenizers[name]) for name, found in rows.items()]
    source, lines = quoted(batch.source), []
    for place, (text_id, text) in enumerate(zip(batch.ids(), batch.texts(), strict=True)):
        before, text = f'{{"id": {quoted(text_id)}, "source": {source}, "tokenizer": ', f', "text": {quoted(text)}'
        for name, tokens, ids, n_unk, n_unk_chars in columns:
            lines.append(
                f'{before}{name}{text}, "tokens": [{tokens[place]}], "ids": {ids[place]}, "n_unk": {n_unk[place]}, '
                f'"n_unk_chars": {n_unk_chars[place]}}}\n'
            )
    return Made("".join(lines).encode(), {name: found.cuts for name, found in rows.items()})


def _columns(
    batch: Batch, name: str, rows: Rows, tokenizer: Tokenizer
) -> tuple[str, list[str], list[str], list[int], list[int]]:
    """What JSON lines have of each row: the tokenizer's name, tokens, ids, unknown tokens and characters."""
    corpus, unknown = rows.corpus, unknown_of(batch, rows, tokenizer)
    tokens = _split(joined_tokens(corpus.ids, corpus.starts, *_quoted(corpus.vocab), b", "))
    if tokenizer.vocab is None:
        ids = ["null"] * corpus.n_texts
    else:
        numbers = joined_tokens(corpus.ids, corpus.starts, *_decimals(len(corpus.vocab)), b", ")
        ids = [f"[{line}]" for line in _split(numbers)]
    return quoted(name), tokens, ids, unknown.tokens.tolist(), unknown.characters.tolist()


def _split(lines: NDArray[np.uint8]) -> list[str]:
    return lines.tobytes().decode().split("\n")[:-1]


def _tokens(vocab: Vocab) -> Words:
    """The tokens' bytes; kept until the vocabulary has grown."""
    n_tokens, words = _tokens_of.get(vocab, (-1, None))
    if words is None or n_tokens != len(vocab):
        letters, bounds = letters_of(vocab)
        words = padded(letters), bounds
        _tokens_of[vocab] = (len(vocab), words)
    return words


def _quoted(vocab: Vocab) -> Words:
    """The tokens as JSON strings; kept until the vocabulary has grown."""
    n_tokens, words = _quoted_of.get(vocab, (-1, None))
    if words is None or n_tokens != len(vocab):
        strings = [quoted(token).encode() for token in vocab]
        words = padded(np.frombuffer(b"".join(strings), np.uint8)), np.cumsum([0, *map(len, strings)])
        _quoted_of[vocab] = (len(vocab), words)
    return words


def _decimals(n: int) -> Words:
    """The numbers from 0 to n - 1 in decimal."""
    if n not in _numbers:
        words = [b"%d" % number for number in range(n)]
        _numbers[n] = padded(np.frombuffer(b"".join(words), np.uint8)), np.cumsum([0, *map(len, words)])
    return _numbers[n]
