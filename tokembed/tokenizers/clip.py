"""CLIP's byte-level BPE: OpenAI's SimpleTokenizer, which is what CLIP was trained with.

A text is cleaned (clip_cleaning.py), cut into words by a pattern, and each word's UTF-8 bytes are merged pair by
pair, the pair of the lowest rank first. Every byte has a token, so nothing is ever unknown.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING

import regex

from tokembed.byte_level import BYTE_SYMBOLS, SYMBOL_BYTES
from tokembed.inputs.bulk import is_bulk
from tokembed.tokenizers.clip_cleaning import align, clean
from tokembed.types import Encoding, Frame, Span
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.corpus import Corpus
    from tokembed.inputs.blocks import Block, Texts

_log = logging.getLogger(__name__)
MERGES_FILE = Path(__file__).parent.parent / "assets" / "clip" / "merges.txt"
ENDS_WORD = "</w>"
FIRST, LAST = "<|startoftext|>", "<|endoftext|>"
WORD_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_WORD = regex.compile(WORD_PATTERN, regex.IGNORECASE)
_WORD_OR_SPECIAL = regex.compile(rf"<\|startoftext\|>|<\|endoftext\|>|{WORD_PATTERN}", regex.IGNORECASE)
_CACHED_WORDS = 100_000  # a word's ids take about 300 bytes, so this is 30 MB at the most


class ClipTokenizer:
    """OpenAI's SimpleTokenizer, with `ftfy` mending the text as the original does.

    Args:
        special: put <|startoftext|> before each text and <|endoftext|> behind it.
        parse_special: read those strings in the text as special tokens, not as text.

    >>> ClipTokenizer().encode("Unaffable cats").tokens
    ('un', 'aff', 'able</w>', 'cats</w>')
    """

    def __init__(self, *, special: bool = False, parse_special: bool = False) -> None:
        self.special = special
        self.parse_special = parse_special
        self._pattern = _WORD_OR_SPECIAL if parse_special else _WORD
        self._known: dict[str, list[int]] = {}

    @cached_property
    def ranks(self) -> dict[tuple[str, str], int]:
        """The rank of each pair that can be merged; the lowest is merged first."""
        return {pair: rank for rank, pair in enumerate(_merges())}

    @cached_property
    def vocab(self) -> Vocab:
        """256 bytes, the same at the end of a word, 48,894 merged pairs, and the two special tokens."""
        return _vocab()

    @property
    def frame(self) -> Frame:
        """The ids put before and behind each text, by `special`."""
        return ((self._id(FIRST),), (self._id(LAST),)) if self.special else ((), ())

    def encode(self, text: str) -> Encoding:
        """The text's tokens; offsets point into the text before cleaning."""
        alignment = align(text)
        ids: list[int] = []
        spans: list[Span] = []  # in the cleaned text
        for match in self._pattern.finditer(alignment.cleaned):
            word_ids = self._word_ids(match.group())
            ids += word_ids
            spans += self._token_spans(word_ids, match.group(), match.start())
        offsets = [alignment.given_span(*span) for span in spans]
        if self.special:
            ids = [self._id(FIRST), *ids, self._id(LAST)]
            offsets = [(0, 0), *offsets, (len(text), len(text))]
        special = tuple(token_id in self.vocab.special_ids for token_id in ids)
        return Encoding(
            text=text,
            tokens=tuple(self.vocab[token_id] for token_id in ids),
            ids=tuple(ids),
            offsets=tuple(offsets),
            token_bytes=tuple(map(self._token_bytes, ids)),
            special=special,
            unknown=(False,) * len(ids),
        )

    def encode_batch(self, block: Texts, vocab: Vocab | None = None, *, offsets: bool = False) -> Corpus:
        """The texts as ids into the tokenizer's own vocabulary; `vocab` is not used."""
        from tokembed.corpus import from_encodings, from_ids
        from tokembed.inputs.blocks import block_of, strings_of

        if offsets:
            return from_encodings(map(self.encode, strings_of(block)), self.vocab)
        if is_bulk(block) and self._bulk is not None:
            return self._bulk(block_of(block))
        return from_ids(map(self._text_ids, strings_of(block)), self.vocab)

    @cached_property
    def _bulk(self) -> Callable[[Block], Corpus] | None:
        """The kernels' way to cut many texts; None with a ftfy for which their cleaning is not proved."""
        from tokembed.cores import n_cores
        from tokembed.corpus import Corpus, framed
        from tokembed.tokenizers.clip_bulk import Desk, clip_ids, kept_code_points, kept_merges

        try:
            code_points = kept_code_points()
        except RuntimeError as error:
            _log.warning("%s: many texts are cut as slowly as one", error)
            return None
        ids = self.vocab.ids
        pairs = [(ids[left], ids[right]) for left, right in _merges()]
        tokens = [self._token_bytes(place) for place in range(ids[FIRST])]
        merges = kept_merges(MERGES_FILE.read_bytes(), list(BYTE_SYMBOLS), pairs, tokens)

        desks: list[Desk] = []

        def corpus(block: Block) -> Corpus:
            done = clip_ids(
                block.data,
                block.bounds,
                code_points,
                merges,
                n_threads=n_cores(),
                parse_special=self.parse_special,
                desks=desks,
            )
            cut = Corpus(done.ids, done.starts, self.vocab)
            return framed(cut, [ids[FIRST]], [ids[LAST]]) if self.special else cut

        return corpus

    def decode(self, ids: Sequence[int]) -> str:
        """Words joined by spaces, bytes that are no UTF-8 as U+FFFD; the two special tokens are left out.

        Raises:
            BadInput: an id is not in the vocabulary.

        >>> tokenizer = ClipTokenizer()
        >>> tokenizer.decode(tokenizer.encode("학교를 갑니다").ids)
        '학교를 갑니다'
        """
        written = b"".join(map(self._written.__getitem__, self.vocab.checked(ids)))
        return written.decode("utf-8", errors="replace").removesuffix(" ")

    @cached_property
    def _written(self) -> list[bytes]:
        """What each token writes, with a space behind one that ends a word."""
        return [
            self._token_bytes(place) + (b" " if token.endswith(ENDS_WORD) else b"")
            for place, token in enumerate(self.vocab)
        ]

    def normal_form(self, text: str) -> str:
        """The words of the cleaned text joined by spaces.

        >>> ClipTokenizer().normal_form("It&#39;s  Café no. 12")
        "it 's café no . 1 2"
        """
        return " ".join(self._pattern.findall(clean(text)))

    def _text_ids(self, text: str) -> list[int]:
        ids = [token_id for word in self._pattern.findall(clean(text)) for token_id in self._word_ids(word)]
        return [self._id(FIRST), *ids, self._id(LAST)] if self.special else ids

    def _word_ids(self, word: str) -> list[int]:
        ids = self._known.get(word)
        if ids is None:
            ids = [self._id(symbol) for symbol in self._word_symbols(word)]
            if len(self._known) < _CACHED_WORDS:
                self._known[word] = ids
        return ids

    def _word_symbols(self, word: str) -> list[str]:
        if self.parse_special and word in (FIRST, LAST):
            return [word]
        symbols = [BYTE_SYMBOLS[byte] for byte in word.encode()]
        symbols[-1] += ENDS_WORD
        return merged(symbols, self.ranks)

    def _token_spans(self, word_ids: Sequence[int], word: str, start: int) -> list[Span]:
        """Where each token of a word stands; the byte pieces of one character share its place."""
        if len(word_ids) == 1:
            return [(start, start + len(word))]
        places = [start + place for place, letter in enumerate(word) for _ in letter.encode()]
        spans, done = [], 0
        for token_id in word_ids:
            size = len(self._token_bytes(token_id))
            spans.append((places[done], places[done + size - 1] + 1))
            done += size
        return spans

    def _id(self, token: str) -> int:
        return self.vocab.ids[token]

    def _token_bytes(self, token_id: int) -> bytes:
        if token_id in self.vocab.special_ids:
            return b""
        symbols = self.vocab[token_id].removesuffix(ENDS_WORD)
        return bytes(SYMBOL_BYTES[symbol] for symbol in symbols)


@cache
def _merges() -> list[tuple[str, str]]:
    """Read once for all tokenizers, with and without special tokens; so is the vocabulary."""
    lines = MERGES_FILE.read_text(encoding="utf-8").split("\n")[1:-1]
    return [(left, right) for left, _, right in (line.partition(" ") for line in lines)]


@cache
def _vocab() -> Vocab:
    bytes_ = list(BYTE_SYMBOLS.values())
    ends = [symbol + ENDS_WORD for symbol in bytes_]
    return Vocab(
        [*bytes_, *ends, *(left + right for left, right in _merges()), FIRST, LAST],
        special=(FIRST, LAST),
    )


def merged(symbols: list[str], ranks: dict[tuple[str, str], int]) -> list[str]:
    """Neighbors merged, the pair of the lowest rank first and of equals the leftmost, until none has a rank.

    Linear but for a heap, so that a word of a million bytes is cut as well. Every merged symbol comes from one
    pair only (no token occurs twice in the vocabulary), so a pair that a merge makes always ranks behind it:
    the order is the original's, which merges all places of one pair before it looks for the next.
    """
    after = list(range(1, len(symbols) + 1))
    before = list(range(-1, len(symbols) - 1))
    heap = [(ranks[pair], place, *pair) for place, pair in enumerate(itertools.pairwise(symbols)) if pair in ranks]
    heapify(heap)
    while heap:
        _, place, left, right = heappop(heap)
        then = after[place]
        if symbols[place] != left or then == len(symbols) or symbols[then] != right:
            continue  # one of the two has been merged with its other neighbor since
        symbols[place], symbols[then] = left + right, ""
        after[place] = after[then]
        if after[place] < len(symbols):
            before[after[place]] = place
        for first in (before[place], place):
            second = after[first] if first >= 0 else len(symbols)
            if second < len(symbols) and (rank := ranks.get((symbols[first], symbols[second]))) is not None:
                heappush(heap, (rank, first, symbols[first], symbols[second]))
    return [symbol for symbol in symbols if symbol]
