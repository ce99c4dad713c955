"""A stream of texts under several tokenizers, counted: read once, cut by all cores, no Python object a token.

White-space words are numbered as they come, and what is told of words is told of each distinct one, as often as it
occurs. So is what a tokenizer without a vocabulary of its own makes of the texts: it cuts every word alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.coverage import unknown_by_text
from tokembed.inputs.batches import Batch
from tokembed.inputs.blocks import Block, block_of
from tokembed.kernels.intern import Words, intern, no_words, with_words
from tokembed.stats.id_counts import IdCounts, pairs_of
from tokembed.tokens.pipeline import in_order
from tokembed.tokens.rows import batch_block
from tokembed.tokens.writing import with_bulk
from tokembed.types import Span, Tokenizer
from tokembed.vocab import Vocab

Labels = Callable[[Batch], Sequence[str]]
"""A name for each text of a batch."""


@dataclass(slots=True)
class TokenTally:
    """The texts of a group under one tokenizer.

    Attributes:
        ids: how often each entry of the vocabulary occurs; not filled for a tokenizer without one.
        n_unk: unknown tokens.
        n_unk_chars: code points under an unknown token.
        n_long: texts with more tokens than fit the model's window.
        by_key: tokens of the texts with each key, where there are keys.
    """

    ids: IdCounts = field(default_factory=IdCounts)
    n_unk: int = 0
    n_unk_chars: int = 0
    n_long: int = 0
    by_key: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class GroupTally:
    """The texts of a group; `words` are places in `CorpusCounts.words`."""

    n_texts: int = 0
    n_bytes: int = 0
    words: IdCounts = field(default_factory=IdCounts)
    tokens: dict[str, TokenTally] = field(default_factory=lambda: defaultdict(TokenTally))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is counted.

    Attributes:
        tokenizers: by name.
        rooms: how many of a text's own tokens fit the window of each tokenizer's model; None where it has none.
        group: each text's group; None for a single one, named "".
        key: what texts of several groups have in common, such as the number of an article; None for nothing.
    """

    tokenizers: Mapping[str, Tokenizer]
    rooms: Mapping[str, int | None]
    group: Labels | None = None
    key: Labels | None = None


@dataclass(frozen=True, slots=True)
class CorpusCounts:
    """All texts.

    Attributes:
        words: the distinct words, in no order that means anything.
        groups: in order of sight.
        is_bulk: the kernels have cut the texts.
    """

    words: Block
    groups: dict[str, GroupTally]
    is_bulk: bool


@dataclass(slots=True)
class _Desk:
    """What one core has counted: it waits for no other, and its words have numbers of their own."""

    words: Words = field(default_factory=no_words)
    groups: dict[str, GroupTally] = field(default_factory=lambda: defaultdict(GroupTally))


def count_corpus(
    batches: Iterable[Batch], plan: Plan, *, progress: Callable[[int], object] = lambda _: None
) -> CorpusCounts:
    """The counts of all batches; `progress` is told after each how many texts it had."""
    desks: list[_Desk] = []

    def count(item: tuple[Batch, bool]) -> tuple[list[str], int, bool]:
        try:
            desk = desks.pop()
        except IndexError:
            desk = _Desk()
        names = _count(*item, plan, desk)
        desks.append(desk)
        return names, len(item[0]), item[1]

    names, is_bulk = dict[str, None](), False
    if plan.group is None:
        names[""] = None
    for found, n_texts, was_bulk in in_order(with_bulk(batches), count):
        names |= dict.fromkeys(found)
        is_bulk = was_bulk
        progress(n_texts)
    return _merged(desks, names, is_bulk=is_bulk, of_groups=plan.group is not None)


def _merged(desks: Iterable[_Desk], names: Iterable[str], *, is_bulk: bool, of_groups: bool) -> CorpusCounts:
    """What all desks have counted, the groups in the order of their names."""
    words = no_words()
    groups = {name: GroupTally() for name in names}
    for desk in desks:
        n_words, letters, bounds, counts, _ = desk.words
        words, numbers = with_words(words, letters, bounds[: n_words + 1], counts[:n_words])
        for name, group in desk.groups.items():
            _add(groups[name], group, numbers)
    if not of_groups:  # the words' own counts are those of the one group
        groups[""].words.add(np.arange(words.n_words), words.counts[: words.n_words])
    bounds = words.bounds[: words.n_words + 1]
    return CorpusCounts(Block(words.letters[: bounds[-1]], bounds), groups, is_bulk)


def _add(total: GroupTally, group: GroupTally, numbers: NDArray[np.int32]) -> None:
    """Add what one desk has counted of a group; `numbers` are those of its words among all words."""
    total.n_texts += group.n_texts
    total.n_bytes += group.n_bytes
    ids, counts = group.words.pairs()
    total.words.add(numbers[ids], counts)
    for name, more in group.tokens.items():
        tally = total.tokens[name]
        tally.ids.add(*more.ids.pairs())
        tally.n_unk += more.n_unk
        tally.n_unk_chars += more.n_unk_chars
        tally.n_long += more.n_long
        tally.by_key.update(more.by_key)


def _count(batch: Batch, is_bulk: bool, plan: Plan, desk: _Desk) -> list[str]:
    """Count the batch's texts at a desk; the groups they are in."""
    names = plan.group(batch) if plan.group else [""] * len(batch)
    spans, order = _spans(names)
    texts = _in_order(batch, order, is_bulk=is_bulk)
    keys = None if plan.key is None else [plan.key(batch)[place] for place in order]
    _count_words(block_of(texts), spans, desk, of_groups=plan.group is not None)
    for name, tokenizer in plan.tokenizers.items():
        if tokenizer.vocab is not None or keys is not None:
            cut = _Cut(tokenizer.encode_batch(texts, Vocab()), tokenizer, texts)
            for group, span in spans.items():
                tally = desk.groups[group].tokens[name]
                cut.count(slice(*span), tally, plan.rooms.get(name))
                if keys is not None:
                    cut.count_by_key(slice(*span), tally, keys)
    return list(spans)


def _spans(names: Sequence[str]) -> tuple[dict[str, Span], Sequence[int]]:
    """Which places the texts of each name have once they stand together, and the order that puts them so."""
    sizes = Counter(names)
    spans = dict(zip(sizes, pairwise([0, *accumulate(sizes.values())]), strict=True))
    if len(spans) <= 1:
        return spans, range(len(names))
    return spans, sorted(range(len(names)), key=lambda place: spans[names[place]])


def _in_order(batch: Batch, order: Sequence[int], *, is_bulk: bool) -> Block | Sequence[str]:
    if isinstance(order, range):
        return batch_block(batch) if is_bulk else batch.texts()
    texts = batch.texts()
    texts = [texts[place] for place in order]
    return block_of(texts) if is_bulk else texts


def _count_words(block: Block, spans: Mapping[str, Span], desk: _Desk, *, of_groups: bool) -> None:
    ids, starts, desk.words = intern(block.data, block.bounds, desk.words)
    for name, (first, last) in spans.items():
        group = desk.groups[name]
        group.n_texts += last - first
        group.n_bytes += int(block.bounds[last] - block.bounds[first])
        if of_groups:
            group.words.add(*pairs_of(ids[starts[first] : starts[last]]))


class _Cut:
    """Texts cut by one tokenizer."""

    def __init__(self, corpus: Corpus, tokenizer: Tokenizer, texts: Block | Sequence[str]) -> None:
        text_at = texts.text if isinstance(texts, Block) else texts.__getitem__
        self._corpus = corpus
        self._has_ids = tokenizer.vocab is not None
        self._lengths = corpus.lengths()
        self._n_unk, self._n_unk_chars = unknown_by_text(text_at, corpus, tokenizer)

    def count(self, texts: slice, tally: TokenTally, room: int | None) -> None:
        """Add some of the texts to a tally."""
        tally.n_unk += int(self._n_unk[texts].sum())
        tally.n_unk_chars += int(self._n_unk_chars[texts].sum())
        if room is not None:
            tally.n_long += int(np.count_nonzero(self._lengths[texts] > room))
        if self._has_ids:
            first, last = self._corpus.starts[[texts.start, texts.stop]]
            tally.ids.add(*pairs_of(self._corpus.ids[first:last]))

    def count_by_key(self, texts: slice, tally: TokenTally, keys: Sequence[str]) -> None:
        """Add the tokens of some of the texts to those with the same key."""
        for key, n_tokens in zip(keys[texts], self._lengths[texts].tolist(), strict=True):
            tally.by_key[key] += n_tokens
