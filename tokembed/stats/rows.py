"""A corpus under several tokenizers in numbers, each beside what it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np

from tokembed import registry
from tokembed.inputs.batches import Batch
from tokembed.stats.counting import CorpusCounts, GroupTally, Labels, Plan, count_corpus
from tokembed.stats.efficiency import ALPHA, efficiency
from tokembed.stats.id_counts import IdCounts, Pairs
from tokembed.stats.scripts import Writing, writing_of
from tokembed.stats.token_spelling import partial_ids
from tokembed.stats.unicode_forms import AS_GIVEN, form_of, with_forms
from tokembed.stats.word_cuts import WordCuts, cut_words
from tokembed.types import Tokenizer

SEGMENTER = "white space"
MOST_UNKNOWN = 0.1
"""Above this share of unknown characters a tokenizer's numbers are not ranked: what it lost takes no tokens."""
MANY = 4
"""Tokens above which a word is cut into many."""


@dataclass(frozen=True, slots=True)
class Row:
    """A group of texts under one tokenizer; a share is 0..1, a number that has nothing to be of is None.

    Attributes:
        group: a file, a column's value or a language; "" where all texts are one group.
        n_words: words between white space.
        n_chars: code points that are no white space.
        n_bytes: UTF-8 of the texts, white space included, line ends not.
        fertility: tokens a word; None, as all that is told of words, where `without_spaces`.
        without_spaces: most letters are of a script that puts no space between words.
        whole_words: share of the words that are one token.
        words_in_many: share of the words that are more than four tokens.
        unk_tokens, unk_words, unk_chars: shares that are unknown: of the tokens; of the words, in which any token is;
            of the characters, which stand under an unknown token.
        vocab_used: distinct entries of the vocabulary that occur, of `vocab_size`; this is None for a tokenizer
            without a vocabulary.
        shannon_efficiency, renyi_efficiency: see `efficiency`; the latter of order 2.5.
        partial_tokens: share of the tokens that are no valid UTF-8 alone.
        window: how many tokens a text may have for the model, special ones included; None where not known.
        n_beyond_window: texts that have more, `beyond_window` as a share.
        ranked: the coverage is good enough to be compared with others; if not, `reason` says why.
        premium: tokens over those of the base language on the texts that both have, `n_shared`; None where that was not
            asked for, or cannot be.
    """

    group: str
    tokenizer: str
    n_texts: int
    n_words: int
    n_chars: int
    n_bytes: int
    n_tokens: int
    fertility: float | None
    chars_per_token: float | None
    bytes_per_token: float | None
    whole_words: float | None
    words_in_many: float | None
    n_unk: int
    n_unk_words: int | None
    n_unk_chars: int
    unk_tokens: float | None
    unk_words: float | None
    unk_chars: float | None
    vocab_used: int
    vocab_size: int | None
    shannon_efficiency: float | None
    renyi_efficiency: float | None
    partial_tokens: float | None
    window: int | None
    n_beyond_window: int | None
    beyond_window: float | None
    without_spaces: bool
    ranked: bool
    reason: str | None
    premium: float | None = None
    n_shared: int | None = None


NUMBERS = tuple(field.name for field in fields(Row) if "str" not in str(field.type) and "bool" not in str(field.type))
"""The fields of a row that are numbers."""


@dataclass(frozen=True, slots=True)
class CorpusStats:
    """All texts.

    Attributes:
        rows: by group and then tokenizer.
        forms: the same of each Unicode form, which stands for the group, where that was asked for.
        counts: what they were made of; the forms are groups of it.
        words: of all texts as given, places in `counts.words` and how often each occurs.
        writing: what the words are written with.
        hangul: share of the letters that are Hangul; None where there is no letter.
        decomposed: share of the words that NFC makes shorter; None where there is no word.
    """

    rows: list[Row]
    forms: list[Row]
    counts: CorpusCounts
    words: Pairs
    writing: Writing
    hangul: float | None
    decomposed: float | None


def corpus_stats(
    batches: Iterable[Batch],
    tokenizers: Mapping[str, Tokenizer],
    *,
    group: Labels | None = None,
    key: Labels | None = None,
    forms: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> CorpusStats:
    """The texts under each tokenizer, read once.

    Args:
        tokenizers: by the name that the registry has for them.
        group: each text's group; None for a single one.
        key: what texts of several groups have in common; counted in `CorpusCounts`.
        forms: each text as NFC, NFD and NFKC as well; then there are no groups.
        progress: told now and then how many texts were done.
    """
    windows = {name: registry.window(name) for name in tokenizers}
    rooms = {name: own_room(name, window) for name, window in windows.items()}
    if forms:
        batches, group = with_forms(batches), form_of
    counts = count_corpus(batches, Plan(tokenizers, rooms, group, key), progress=progress)
    if forms:
        counts.groups.setdefault(AS_GIVEN, GroupTally())
    writing = writing_of(counts.words)
    by_tokenizer = []
    for name, tokenizer in tokenizers.items():
        one = _OneTokenizer(name, tokenizer, windows[name], counts, writing)
        by_tokenizer.append([one.row(group_name, tally) for group_name, tally in counts.groups.items()])
    rows = [row for of_group in zip(*by_tokenizer, strict=True) for row in of_group]
    given = [replace(row, group="") for row in rows if row.group == AS_GIVEN] if forms else rows
    words = _words_as_given(counts, forms=forms)
    return CorpusStats(
        given,
        rows if forms else [],
        counts,
        words,
        writing,
        hangul=share(_total(writing.hangul, words), _total(writing.letters, words)),
        decomposed=share(_total(writing.decomposed, words), int(words[1].sum())),
    )


def _words_as_given(counts: CorpusCounts, *, forms: bool) -> Pairs:
    total = IdCounts()
    for name, group in counts.groups.items():
        if not forms or name == AS_GIVEN:
            total.add(*group.words.pairs())
    return total.pairs()


def own_room(name: str, window: int | None) -> int | None:
    """How many of a text's own tokens fit the window beside the special ones that the model expects."""
    if window is None:
        return None
    return window - _n_special(name)


@lru_cache
def _n_special(name: str) -> int:
    return sum(map(len, registry.tokenizer(name, special=True).frame))


def share(part: float, whole: float) -> float | None:
    """The part over the whole, None where that is nothing."""
    return part / whole if whole else None


class _OneTokenizer:
    """What makes the rows of one tokenizer: the distinct words cut by it, and which of its tokens are no UTF-8."""

    def __init__(
        self, name: str, tokenizer: Tokenizer, window: int | None, counts: CorpusCounts, writing: Writing
    ) -> None:
        self._name, self._window, self._writing = name, window, writing
        self._is_open = tokenizer.vocab is None
        self._cuts = cut_words(counts.words, tokenizer, is_bulk=counts.is_bulk)
        self._n_vocab = 0 if tokenizer.vocab is None else len(tokenizer.vocab)
        self._is_partial = np.zeros(self._n_vocab, np.bool_)
        if tokenizer.vocab is not None:
            self._is_partial[partial_ids(tokenizer)] = True

    def row(self, group: str, tally: GroupTally) -> Row:
        """The group's row."""
        words = tally.words.pairs()
        tokens = tally.tokens[self._name]
        ids, counts = self._cuts.token_pairs(words) if self._is_open else tokens.ids.pairs()
        n_tokens, n_words = int(counts.sum()), int(words[1].sum())
        n_chars = _total(self._writing.chars, words)
        unk_chars = share(tokens.n_unk_chars, n_chars)
        unk_chars = None if unk_chars is None else min(1.0, unk_chars)  # under a token may stand white space too
        without_spaces = 2 * _total(self._writing.without_spaces, words) > _total(self._writing.letters, words)
        reason = _reason(unk_chars, is_uncut=without_spaces and n_tokens == n_words)
        return Row(
            group=group,
            tokenizer=self._name,
            n_texts=tally.n_texts,
            n_words=n_words,
            n_chars=n_chars,
            n_bytes=tally.n_bytes,
            n_tokens=n_tokens,
            chars_per_token=share(n_chars, n_tokens),
            bytes_per_token=share(tally.n_bytes, n_tokens),
            n_unk=tokens.n_unk,
            n_unk_chars=tokens.n_unk_chars,
            unk_tokens=share(tokens.n_unk, n_tokens),
            unk_chars=unk_chars,
            vocab_used=len(ids),
            vocab_size=None if self._is_open else self._n_vocab,
            shannon_efficiency=efficiency(counts),
            renyi_efficiency=efficiency(counts, ALPHA),
            partial_tokens=share(0 if self._is_open else int(counts[self._is_partial[ids]].sum()), n_tokens),
            window=self._window,
            n_beyond_window=None if self._window is None else tokens.n_long,
            beyond_window=None if self._window is None else share(tokens.n_long, tally.n_texts),
            without_spaces=without_spaces,
            ranked=reason is None,
            reason=reason,
            **_word_numbers(self._cuts, words, n_tokens, without_spaces=without_spaces),
        )


def _word_numbers(cuts: WordCuts, words: Pairs, n_tokens: int, *, without_spaces: bool) -> dict[str, Any]:
    """The fields of a row that are told of words."""
    numbers, counts = words
    n_words = 0 if without_spaces else int(counts.sum())
    n_unk = int(counts[cuts.unknown[numbers]].sum())
    return {
        "fertility": share(n_tokens, n_words),
        "whole_words": share(int(counts[cuts.n_tokens[numbers] == 1].sum()), n_words),
        "words_in_many": share(int(counts[cuts.n_tokens[numbers] > MANY].sum()), n_words),
        "n_unk_words": None if without_spaces else n_unk,
        "unk_words": share(n_unk, n_words),
    }


def _reason(unk_chars: float | None, *, is_uncut: bool) -> str | None:
    """Why a row must not be compared with others; None where it may be."""
    if unk_chars is not None and unk_chars > MOST_UNKNOWN:
        return f"{100 * unk_chars:.1f} % of its characters are unknown"
    return "its script has no spaces to cut at" if is_uncut else None


def _total(of_word: Any, words: Pairs) -> int:
    numbers, counts = words
    return int(of_word[numbers] @ counts)
