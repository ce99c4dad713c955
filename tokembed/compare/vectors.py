"""What embedders make of the texts that a comparison shows: their rows, pairs of texts, one word in several texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from tokembed.compare.context_rows import ContextRows
from tokembed.compare.grids import Grid
from tokembed.compare.static_rows import StaticRows
from tokembed.compare.text_pairs import (
    MOST_TEXTS,
    Disagreement,
    TextPair,
    disagreement,
    reference_sentences,
    text_pairs,
)
from tokembed.compare.word_pairs import WordPair, word_pairs
from tokembed.compare.word_rows import EmbedderRow, TextRows
from tokembed.errors import BadUsage
from tokembed.types import Encoding, Tokenizer


@dataclass(frozen=True, slots=True)
class VectorComparison:
    """Texts under embedders.

    Attributes:
        rows: of each text a row for each embedder.
        pairs: of texts; none where there are fewer than 2 or more than MOST_TEXTS.
        word: what was asked about in several texts, None where nothing was; `word_pairs` is the answer.
    """

    rows: list[tuple[EmbedderRow, ...]]
    pairs: list[TextPair]
    disagreement: Disagreement | None
    word: str | None
    word_pairs: list[WordPair]


def compare_vectors(
    grids: Sequence[Grid],
    embedders: Sequence[TextRows],
    tokenizers: Mapping[str, Tokenizer],
    *,
    word: str | None = None,
) -> VectorComparison:
    """The texts of the grids under each embedder.

    Args:
        tokenizers: those of the grids' rows, by name.
        word: one to look at in several texts.

    Raises:
        BadInput: fewer than two texts have the word.
        BadUsage: no embedder has vectors of words to look at.
    """
    by_name = {name: [row for grid in grids for row in grid.rows if row.tokenizer == name] for name in tokenizers}
    by_embedder = [embedder.word_rows(by_name[embedder.tokenizer]) for embedder in embedders]
    rows = list(zip(*by_embedder, strict=True))

    @cache
    def references(tokenizer: str) -> list[Encoding]:
        return list(map(tokenizers[tokenizer].encode, reference_sentences()))

    def encodings(tokenizer: str) -> list[Encoding]:
        return [row.encoding for row in by_name[tokenizer]]

    pairs = text_pairs(embedders, encodings, references, rows) if 2 <= len(grids) <= MOST_TEXTS else []
    of_word = []
    if word is not None:
        able = [embedder for embedder in embedders if isinstance(embedder, StaticRows | ContextRows)]
        if not able:
            raise BadUsage("--word must have a model with vectors of words, those shown have vectors of texts alone")
        of_word = word_pairs(word, grids, able)
    return VectorComparison(rows, pairs, disagreement(pairs), word, of_word)
