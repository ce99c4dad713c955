"""Where a word's vector comes from, in any file or model of word vectors."""

from __future__ import annotations

from tokembed.asking.vector_origin import origin
from tokembed.traces.fasttext import ngram_steps
from tokembed.traces.learned import vector_row
from tokembed.traces.steps import Step, Trace
from tokembed.types import Kind
from tokembed.vectors import WordVectors


def trace(vectors: WordVectors, word: str, name: str) -> Trace:
    """The word's row, its n-grams where the vectors have some, and its vector.

    Args:
        name: of the vectors.
    """
    known = origin(vectors, word)
    rows = () if known.row is None else ((known.row, known.rank, known.count),)
    rule = "it is one of the words" if rows else f"it is none of the {len(vectors.terms):,} words"
    own = Step(f"word {word!r}", rule, ("row", "rank", "occurred") if rows else (), rows)
    found = vectors.lookup([word])
    row = vector_row(word, Kind(int(found.kind[0])), found.vectors[0])
    result = Step("result", f"its vector in {name}", ("word", "from", "norm", "vector"), (row,))
    return Trace(name, word, (own, *ngram_steps(vectors, word), result))
