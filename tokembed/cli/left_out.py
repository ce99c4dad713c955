"""What is told of vectors that were made: what they leave out, and what may help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokembed.cli.output import percent, tell
from tokembed.errors import counted

if TYPE_CHECKING:
    from tokembed.text_vectors.coverage import VectorCoverage
    from tokembed.text_vectors.word_level import WordCounts

_MANY = 0.02
"""Of all tokens: so many that are spelled otherwise are worth a hint."""


def tell_unknown(n_unk: int, n_tokens: int, n_unk_chars: int, n_chars: int) -> None:
    """How many tokens are unknown to the tokenizer."""
    if n_unk:
        share = percent(n_unk_chars / n_chars if n_chars else None)
        tell(f"unknown: {n_unk:,} of {counted(n_tokens, 'token')}, {share} of the characters")


def tell_words_left_out(words: WordCounts) -> None:
    """How many words have no row."""
    if words.n_without:
        tell(f"without a row, as none of their tokens is known: {counted(words.n_without, 'word')}")


def tell_without_vector(
    coverage: VectorCoverage, *, has_text_rows: bool, keeps_punctuation: bool, is_trained: bool
) -> None:
    """How many tokens and texts have no vector, and whether another spelling would have one.

    Args:
        keeps_punctuation: the tokenizer leaves it at the words.
        is_trained: on texts that were cut the same way, so that another way needs another training.
    """
    n_tokens, advice = coverage.tokens, "train with" if is_trained else "try"
    if missing := coverage.tokens_without_vector:
        tell(f"without a vector: {missing:,} of {counted(n_tokens, 'token')} ({percent(missing / n_tokens)})")
    if coverage.lower and coverage.tokens_lower >= _MANY * n_tokens:
        word, found = coverage.lower
        share = percent(coverage.tokens_lower / n_tokens)
        tell(f"{share} of the tokens have a vector in lower case alone ({word} as {found}); {advice} --lower")
    if keeps_punctuation and coverage.bare and coverage.tokens_bare >= _MANY * n_tokens:
        word, found = coverage.bare
        share = percent(coverage.tokens_bare / n_tokens)
        tell(
            f"{share} of the tokens have a vector without their punctuation alone ({word} as {found}); "
            f"{advice} a tokenizer that cuts it off, such as -t bert"
        )
    if has_text_rows and (empty := coverage.texts_without_vector):
        tell(f"without a vector, so rows of zeros: {counted(empty, 'text')}")
