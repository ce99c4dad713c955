"""Many texts cut into tokens, for computing: contiguous ids, no Python object a token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadInput, counted
from tokembed.types import Encoding
from tokembed.vocab import Vocab

_TOKENS_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts as ids into one vocabulary.

    Attributes:
        ids: int32 (n_tokens,), all texts one after another.
        starts: int64 (n_texts + 1,), where each text begins in `ids`; the last entry is n_tokens.
        vocab: what the ids point into.
        text_ids: the texts' names, () where they have none.
        offsets: int32 (n_tokens, 2), spans in the texts as given; None unless asked for.
        n_unk_chars: int32 (n_texts,), code points under unknown tokens; None where they were not counted.
        texts: the texts as given; None unless offsets were asked for.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    vocab: Vocab
    text_ids: Sequence[str] = ()
    offsets: NDArray[np.int32] | None = None
    n_unk_chars: NDArray[np.int32] | None = None
    texts: Sequence[str] | None = None

    @property
    def n_texts(self) -> int:
        return len(self.starts) - 1

    @property
    def n_tokens(self) -> int:
        return len(self.ids)

    def lengths(self) -> NDArray[np.int64]:
        """How many tokens each text has, (n_texts,)."""
        return np.diff(self.starts)

    def counts(self) -> NDArray[np.int64]:
        """How often each entry of the vocabulary occurs, (len(vocab),)."""
        counts = np.zeros(len(self.vocab), np.int64)
        for start in range(0, self.n_tokens, _TOKENS_AT_ONCE):  # bincount makes int64 of what it is given
            counts += np.bincount(self.ids[start : start + _TOKENS_AT_ONCE], minlength=len(self.vocab))
        return counts

    def named(self, text_ids: Sequence[str]) -> Self:
        """The same corpus with the texts' names."""
        return replace(self, text_ids=text_ids)

    def restricted(self, terms: Vocab) -> Corpus:
        """The corpus of the tokens that are in `terms`, as ids into it; all texts stay, the other tokens go."""
        ids = translation(self.vocab, terms).astype(np.int32)[self.ids]
        kept = ids >= 0
        n_kept_before = np.concatenate([[0], np.cumsum(kept)])
        return Corpus(ids[kept], n_kept_before[self.starts], terms, self.text_ids)

    def sha256(self) -> str:
        """SHA-256 of ids and starts as little-endian bytes, in hex."""
        digest = sha256(np.ascontiguousarray(self.ids, "<i4").data)
        digest.update(np.ascontiguousarray(self.starts, "<i8").data)
        return digest.hexdigest()


def from_ids(id_lists: Iterable[Sequence[int]], vocab: Vocab) -> Corpus:
    """The corpus of texts given as lists of ids.

    >>> from_ids([[0, 1], [], [1]], Vocab(["a", "b"])).starts.tolist()
    [0, 2, 2, 3]
    """
    id_lists = list(id_lists)
    starts = starts_of(len(ids) for ids in id_lists)
    ids = np.fromiter(chain.from_iterable(id_lists), dtype=np.int32, count=int(starts[-1]))
    return Corpus(ids, starts, vocab)


def from_encodings(encodings: Iterable[Encoding], vocab: Vocab) -> Corpus:
    """The corpus of encoded texts, with offsets and texts; tokens without an id are added to `vocab`."""
    encodings = list(encodings)
    corpus = from_ids((_ids(encoding, vocab) for encoding in encodings), vocab)
    spans = chain.from_iterable(chain.from_iterable(encoding.offsets for encoding in encodings))
    offsets = np.fromiter(spans, dtype=np.int32, count=2 * corpus.n_tokens).reshape(-1, 2)
    return replace(corpus, offsets=offsets, texts=[encoding.text for encoding in encodings])


def _ids(encoding: Encoding, vocab: Vocab) -> Sequence[int]:
    return [vocab.add(token) for token in encoding.tokens] if encoding.ids is None else encoding.ids


def concatenate(corpora: Iterable[Corpus], vocab: Vocab) -> Corpus:
    """The texts of all corpora, in order; all must point into `vocab`."""
    corpora = list(corpora)
    starts = starts_of(chain.from_iterable(corpus.lengths().tolist() for corpus in corpora))
    ids = np.concatenate([np.empty(0, np.int32), *(corpus.ids for corpus in corpora)])
    return Corpus(ids, starts, vocab, [name for corpus in corpora for name in corpus.text_ids])


def with_other_texts(corpus: Corpus, places: NDArray[np.int64], encodings: Sequence[Encoding]) -> Corpus:
    """The corpus with the texts at `places`, which are in order, replaced by others."""
    lengths = corpus.lengths().copy()
    lengths[places] = [len(encoding) for encoding in encodings]
    pieces, behind = [], 0
    for place, encoding in zip(places.tolist(), encodings, strict=True):
        pieces += [corpus.ids[behind : corpus.starts[place]], np.array(encoding.ids, np.int32)]
        behind = corpus.starts[place + 1]
    n_unk_chars = corpus.n_unk_chars
    if n_unk_chars is not None:
        n_unk_chars[places] = [encoding.n_unk_chars for encoding in encodings]
    ids = np.concatenate([*pieces, corpus.ids[behind:]])
    return replace(corpus, ids=ids, starts=starts_of(lengths.tolist()), n_unk_chars=n_unk_chars)


def framed(corpus: Corpus, before: Sequence[int], behind: Sequence[int]) -> Corpus:
    """The corpus with the same ids put before and behind each text."""
    more = np.arange(corpus.n_texts + 1) * (len(before) + len(behind))
    ids = np.empty(corpus.n_tokens + int(more[-1]), np.int32)
    starts = corpus.starts + more
    for place, token_id in enumerate(before):
        ids[starts[:-1] + place] = token_id
    for place, token_id in enumerate(reversed(behind), start=1):
        ids[starts[1:] - place] = token_id
    texts = np.repeat(more[:-1] + len(before), corpus.lengths())
    ids[np.arange(corpus.n_tokens) + texts] = corpus.ids
    return replace(corpus, ids=ids, starts=starts)


def starts_of(lengths: Iterator[int] | Iterable[int]) -> NDArray[np.int64]:
    """Where each text begins, from their lengths, (n_texts + 1,)."""
    sizes = np.fromiter(lengths, dtype=np.int64)
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def translation(source: Vocab, target: Vocab) -> NDArray[np.int64]:
    """The id in `target` of each token of `source`, -1 where it lacks it, (len(source),)."""
    if source is target:
        return np.arange(len(source))
    places = (target.ids.get(token) for token in source)
    return np.fromiter((-1 if place is None else place for place in places), dtype=np.int64, count=len(source))


def occurring_terms(corpus: Corpus) -> Vocab:
    """The tokens that occur, in the order of their ids.

    Raises:
        BadInput: no text has a token.
    """
    return Vocab(corpus.vocab[place] for place in np.flatnonzero(_nonzero_counts(corpus)).tolist())


def frequent_terms(corpus: Corpus, min_count: int, *, special: bool = False) -> tuple[Vocab, NDArray[np.int64]]:
    """The tokens that occur `min_count` times or more, the most frequent first, and their counts (n_terms,).

    Unknown and special tokens stand for no word and are left out; `special` keeps those.

    Raises:
        BadInput: no text has a token, or none is frequent enough.
    """
    counts = _nonzero_counts(corpus).copy()
    without = corpus.vocab.without_text_ids
    counts[list(without - corpus.vocab.special_ids if special else without)] = 0
    if not counts.any():
        raise BadInput(f"at least one token must be known, all {corpus.n_tokens} are not; try another tokenizer")
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] >= max(min_count, 1)]
    if not len(order):
        raise BadInput(
            f"at least one token must occur {counted(min_count, 'time')} (--min-count), "
            f"the most frequent occurs {counted(int(counts.max()), 'time')}; lower --min-count or give more text"
        )
    return Vocab(corpus.vocab[place] for place in order.tolist()), counts[order]


def _nonzero_counts(corpus: Corpus) -> NDArray[np.int64]:
    if not corpus.n_tokens:
        raise BadInput(f"at least one text must have a token, found none in {counted(corpus.n_texts, 'text')}")
    return corpus.counts()
