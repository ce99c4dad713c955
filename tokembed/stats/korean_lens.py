"""What tokenizers make of Korean words: what each token is, what the vocabulary knows, what fits the window.

Words are the distinct ones with a Hangul letter, each cut alone and as often as it occurs. Of many a sample is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import regex
from numpy.typing import NDArray

from tokembed import registry
from tokembed.inputs.blocks import Block
from tokembed.stats.korean_borders import Border, border_finder
from tokembed.stats.rows import CorpusStats, own_room, share
from tokembed.stats.token_spelling import is_whole, spelling
from tokembed.stats.word_cuts import space_before
from tokembed.types import Encoding, Tokenizer

BY_ITSELF = 0.2
"""Share of Hangul among the letters above which the lens is on without being asked for."""
N_SAMPLED = 4000
KINDS = ("eojeol", "border", "syllables", "syllable", "part", "letters", "unknown", "other")
"""A whole word but for punctuation around it; exactly its stem or exactly its particles; two or more whole syllables;
one; not all bytes of a syllable; jamo without a syllable; an unknown token; punctuation, digits, other letters."""

_HANGUL = regex.compile(r"(?=\p{L})\p{Hangul}")
_SYLLABLE = regex.compile("[가-힣]")
_CORE = regex.compile(r"[\p{L}\p{M}\p{N}](?:.*[\p{L}\p{M}\p{N}])?", regex.DOTALL)


@dataclass(slots=True)
class LensRow:
    """Korean words under one tokenizer.

    Attributes:
        kinds: how many tokens are of each of KINDS.
        parts: the bytes of tokens that are a part of a syllable, in hex, and how often each occurs.
        n_borders: words with a border between stem and particles; `n_borders_cut` of them are cut there.
        n_syllables: whole Hangul syllables of the words.
        vocab_size, n_with_syllable: the vocabulary's entries, and those that are whole characters, a Hangul syllable
            among them; None without a vocabulary.
        window: of the model; None where not known.
        syllables_in_window: how many syllables fit it, at this rate of tokens.
    """

    tokenizer: str
    kinds: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    n_borders: int = 0
    n_borders_cut: int = 0
    n_syllables: int = 0
    vocab_size: int | None = None
    n_with_syllable: int | None = None
    window: int | None = None
    syllables_in_window: float | None = None

    def add(self, encoding: Encoding, border: Border, count: int) -> None:
        """Count one word, which occurs so often."""
        word = CutWord(encoding, border)
        self.n_syllables += count * len(_SYLLABLE.findall(word.text))
        for kind, data in zip(word.kinds(), word.pieces, strict=True):
            self.kinds[kind] += count
            if kind == "part":
                self.parts[data.hex().upper()] += count
        if word.border is not None:
            self.n_borders += count
            self.n_borders_cut += count * (word.border in word.starts)


@dataclass(frozen=True, slots=True)
class Lens:
    """The rows, and what they were made of.

    Attributes:
        n_words: words with Hangul in the texts, `n_distinct` of them distinct.
        n_sampled: how many words were drawn at random (seed 0); None where each distinct one was looked at.
        borders: what found the borders between stem and particles.
    """

    rows: list[LensRow]
    n_words: int
    n_distinct: int
    n_sampled: int | None
    borders: str


def korean_lens(stats: CorpusStats, tokenizers: Mapping[str, Tokenizer]) -> Lens:
    """The Korean words of all texts under each tokenizer."""
    words, n_distinct, n_words = _with_hangul(stats)
    border, borders = border_finder()
    rows = [_lens_row(name, tokenizer, words, border) for name, tokenizer in tokenizers.items()]
    return Lens(rows, n_words, n_distinct, N_SAMPLED if n_distinct > N_SAMPLED else None, borders)


def _lens_row(name: str, tokenizer: Tokenizer, words: Sequence[tuple[str, int]], border: Border) -> LensRow:
    row = LensRow(name, window=registry.window(name))
    lead = space_before(tokenizer)
    for word, count in words:
        row.add(tokenizer.encode(lead + word), border, count)
    if tokenizer.vocab is not None:
        spelled = spelling(tokenizer)
        row.vocab_size = len(tokenizer.vocab)
        row.n_with_syllable = sum(_holds_syllable(spelled(token)) for token in tokenizer.vocab)
    room = own_room(name, row.window)
    if room is not None and (rate := share(row.n_syllables, row.kinds.total())):
        row.syllables_in_window = room * rate
    return row


class CutWord:
    """A word in bytes as its tokens hold them, after cleaning, and where its border is."""

    def __init__(self, encoding: Encoding, border: Border) -> None:
        self.pieces = list(encoding.token_bytes)
        self._unknown = encoding.unknown
        data = b"".join(self.pieces)
        self.text = data.decode("utf-8", errors="replace")
        ends = np.cumsum([len(piece) for piece in self.pieces]).tolist()
        self._spans = list(zip([0, *ends], ends, strict=False))
        self.starts = {start for start, _ in self._spans}
        self._first_bytes = np.cumsum([0, *(len(letter.encode()) for letter in self.text)]).tolist()
        core = _CORE.search(self.text)
        self._core = (0, 0) if core is None else (self._first_bytes[core.start()], self._first_bytes[core.end()])
        place = None if core is None else border(core.group())
        self.border = None if place is None or core is None else self._first_bytes[core.start() + place]

    def kinds(self) -> Iterator[str]:
        """What each token is, one of KINDS."""
        for span, unknown in zip(self._spans, self._unknown, strict=True):
            yield "unknown" if unknown else self._kind(*span)

    def _kind(self, start: int, end: int) -> str:
        letters = [
            (letter, start <= first and last <= end)
            for letter, first, last in zip(self.text, self._first_bytes, self._first_bytes[1:], strict=False)
            if first < end and last > start and _HANGUL.match(letter)
        ]
        if any(not is_whole for _, is_whole in letters):
            return "part"
        n_syllables = sum(bool(_SYLLABLE.match(letter)) for letter, _ in letters)
        if not n_syllables:
            return "letters" if letters else "other"
        first, last = self._core
        start, end = max(start, first), min(end, last)  # punctuation around the word is no part of it
        if (start, end) == (first, last):
            return "eojeol"
        if self.border is not None and (start, end) in ((first, self.border), (self.border, last)):
            return "border"
        return "syllables" if n_syllables > 1 else "syllable"


def _with_hangul(stats: CorpusStats) -> tuple[list[tuple[str, int]], int, int]:
    """Words with Hangul and how often each is to count, how many distinct ones there are, and how many in all."""
    words = stats.counts.words
    numbers, counts = stats.words
    has_hangul = stats.writing.hangul[numbers] > 0
    numbers, counts = numbers[has_hangul], counts[has_hangul]
    n_distinct, n_words = len(numbers), int(counts.sum())
    if n_distinct > N_SAMPLED:
        order = np.argsort(_digests(words)[numbers], kind="stable")  # their own order is that of threads
        numbers, counts = numbers[order], counts[order]
        drawn = np.random.default_rng(0).integers(0, n_words, N_SAMPLED)
        places, counts = np.unique(np.searchsorted(np.cumsum(counts), drawn, side="right"), return_counts=True)
        numbers = numbers[places]
    return list(zip(map(words.text, numbers.tolist()), counts.tolist(), strict=True)), n_distinct, n_words


def _digests(words: Block) -> NDArray[np.uint64]:
    """A number made of each word's bytes alone, (n_words,)."""
    lengths = np.diff(words.bounds)
    in_word = np.arange(len(words.data)) - np.repeat(words.bounds[:-1], lengths)
    factors = np.random.default_rng(0).integers(1 << 63, size=lengths.max(), dtype=np.uint64)
    return np.add.reduceat(words.data * factors[in_word], words.bounds[:-1])


def _holds_syllable(data: bytes) -> bool:
    """Whether a token is whole characters, one of them a Hangul syllable."""
    return is_whole(data) and _SYLLABLE.search(data.decode()) is not None
