"""The numbers and words of a comparison as cells, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokembed.cli.output import percent
from tokembed.compare.grids import Row
from tokembed.compare.word_rows import Difference, WordKind, WordRow, row_name
from tokembed.coverage import TokenCounts

if TYPE_CHECKING:
    from tokembed.compare.text_pairs import Disagreement, Similarity, TextPair
    from tokembed.compare.vectors import VectorComparison

NOTHING = "—"
NUMBERS_HEAD = ("tokenizer", "tokens", "per word", "chars/token", "unk. chars", "window")
TOTALS_HEAD = ("tokenizer", "texts", "words", "tokens", "per word", "chars/token", "unknown", "unk. chars")


def numbers_row(row: Row) -> tuple[str, ...]:
    """One text under one tokenizer, in the columns of NUMBERS_HEAD."""
    counts, window = row.counts, row.window
    used = NOTHING if window is None else f"{window.n_tokens:,} of {window.size}"
    return (row.tokenizer, f"{counts.n_tokens:,}", *_rates(counts), percent(counts.unk_chars_share), used)


def totals_row(name: str, counts: TokenCounts) -> tuple[str, ...]:
    """All texts under one tokenizer, in the columns of TOTALS_HEAD."""
    sizes = (f"{number:,}" for number in (counts.n_texts, counts.n_words, counts.n_tokens))
    unknown = percent(counts.n_unk / counts.n_tokens if counts.n_tokens else None)
    return (name, *sizes, *_rates(counts), unknown, percent(counts.unk_chars_share))


def _rates(counts: TokenCounts) -> tuple[str, str]:
    rates = (counts.tokens_per_word, counts.chars_per_token)
    per_word, per_token = (NOTHING if rate is None else f"{rate:,.2f}" for rate in rates)
    return per_word, per_token


def lost_words(row: Row) -> list[tuple[str, tuple[int, ...]]]:
    """The places of the words that the tokenizer's model does not see, or sees in part, each with what it is."""
    if row.window is None:
        return []
    head = f"{row.tokenizer}: a window of {row.window.size} tokens"
    told = [(f"{head} sees in part", row.window.cut), (f"{head} never sees", row.window.unseen)]
    return [(what, words) for what, words in told if words]


def spoken_kind(word: WordRow) -> str:
    """Where the word's vector comes from; of a text's sparse row what the word has in it.

    >>> spoken_kind(WordRow(WordKind.TOKENS, 1, 3))
    'tokens 1 of 3'
    """
    parts = word.kind in (WordKind.TOKENS, WordKind.NGRAMS)
    kind = f"{word.kind} {word.n_found} of {word.n_parts}" if parts else str(word.kind)
    return kind if word.weight is None else f"{kind} {word.weight:.2f}"


def spoken_nearest(word: WordRow) -> str:
    """The nearest word and its cosine, nothing where there is none."""
    return "" if word.nearest is None else f"{word.nearest.word} {word.nearest.score:.2f}"


def pair_rows(pairs: Sequence[TextPair], texts: Sequence[str]) -> list[tuple[str, ...]]:
    """A line for each pair of texts and embedder, behind the heads; the texts are named once."""
    rows: list[tuple[str, ...]] = [("texts", "embedder", "cosine", "percentile", "words with a vector")]
    for pair in pairs:
        named = f"{texts[pair.first]}, {texts[pair.second]}"
        for place, one in enumerate(pair.similarities):
            rows.append(("" if place else named, row_name(one.embedder, one.tokenizer), *_similarity_cells(one)))
    return rows


def _similarity_cells(one: Similarity) -> tuple[str, str, str]:
    covered = (f"{n_found} of {n_words}" for n_found, n_words in zip(one.n_with_vector, one.n_words, strict=True))
    return *_scores(one.cosine, one.percentile), ", ".join(covered)


def _scores(cosine: float | None, percentile: float | None) -> tuple[str, str]:
    return NOTHING if cosine is None else f"{cosine:.3f}", NOTHING if percentile is None else f"{percentile:.1f}"


def spoken_disagreement(found: Disagreement | None, texts: Sequence[str]) -> str | None:
    """Where the embedders disagree most, None where they do not."""
    if found is None or found.high.percentile == found.low.percentile:
        return None
    high, low = found.high, found.low
    return (
        f"The embedders disagree most about {texts[found.first]} and {texts[found.second]}: "
        f"{row_name(high.embedder, high.tokenizer)} has percentile {high.percentile:.1f}, "
        f"{row_name(low.embedder, low.tokenizer)} {low.percentile:.1f}"
    )


def spoken_same(vectors: VectorComparison, texts: Sequence[str]) -> list[str]:
    """Where a word has the same vector in two texts as the embedder has read the same tokens."""
    told = []
    for pair in vectors.word_pairs:
        if pair.sees_no_difference:
            both = f"{texts[pair.first]} and {texts[pair.second]}"
            why = f"reads from left to right, and up to {vectors.word} {both} are the same"
            if pair.difference is Difference.NOWHERE:
                why = f"has the same tokens for {both}"
            told.append(f"{row_name(pair.embedder, pair.tokenizer)} {why}")
    return told


def word_pair_rows(vectors: VectorComparison, texts: Sequence[str]) -> list[tuple[str, ...]]:
    """A line for each pair of texts that have the word, and embedder, behind the heads."""
    rows: list[tuple[str, ...]] = [(f"{vectors.word} in", "embedder", "cosine", "percentile")]
    for pair in vectors.word_pairs:
        named = f"{texts[pair.first]}, {texts[pair.second]}"
        rows.append((named, row_name(pair.embedder, pair.tokenizer), *_scores(pair.cosine, pair.percentile)))
    return rows
