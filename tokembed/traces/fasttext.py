"""How `fasttext` gives a word its vector: its n-grams, the buckets they fall into, which were trained, the mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tokembed.asking.vector_origin import VectorOrigin, origin
from tokembed.embedders.fasttext import FastTextEmbedder
from tokembed.errors import counted
from tokembed.hangul import letters
from tokembed.ngrams import NGrams, TrainedNGrams
from tokembed.traces.learned import Learned, norm, vectors_step
from tokembed.traces.steps import Step, Trace
from tokembed.vectors import WordVectors

Vector = NDArray[np.float32]


def trace(learned: Learned) -> Trace:
    """The n-grams of each word of the text, the means of them, and the vectors.

    Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information", section 3.2.
    """
    embedder: FastTextEmbedder = learned.embedder
    vectors = WordVectors(embedder.terms, embedder.vectors, embedder.counts, embedder.ngrams)
    without = {learned.cut.vocab[token_id] for token_id in learned.cut.vocab.without_text_ids}
    steps = [step for token in learned.counts() if token not in without for step in ngram_steps(vectors, token)]
    return Trace("fasttext", learned.text, (*steps, vectors_step(learned, vectors)))


def ngram_steps(vectors: WordVectors, word: str) -> list[Step]:
    """The word's n-grams, and how its vector is the mean of them; none where the vectors have no n-grams."""
    kept = vectors.ngrams
    if kept is None:
        return []
    known, summands = origin(vectors, word), _summands(kept, word)
    cells = tuple(
        (ngram.ngram, ngram.bucket, ngram.is_trained, None if vector is None else norm(vector))
        for ngram, vector in zip(known.ngrams, summands, strict=True)
    )
    n_buckets = len(kept.buckets) if isinstance(kept, NGrams) else kept.n_buckets
    marked = f"<{letters(word) if kept.jamo else word}>"
    rule = (
        f"of {marked!r}, {kept.min_n} to {kept.max_n} code points; bucket = hash % {n_buckets:,}; "
        f"{known.n_trained} of {counted(len(cells), 'n-gram')} trained"
    )
    columns = ("n-gram", "bucket", "trained", "norm") if cells else ()
    taken = [vector for vector in summands if vector is not None]
    return [Step(f"n-grams of {word!r}", rule, columns, cells), _mean(vectors, known, taken)]


def _summands(kept: NGrams | TrainedNGrams, word: str) -> list[Vector | None]:
    """Of each n-gram of the word the vector that goes into the mean; None where none does.

    A file of fastText's has a vector for every bucket, and an unseen word is the mean of all that it falls into; a
    model of ours keeps those that were trained, and takes the mean of these.
    """
    if isinstance(kept, NGrams):
        return list(kept.buckets[kept.parts(word)[0]])
    return [kept.vectors[row] if row >= 0 else None for row in kept.rows([word])[0].tolist()]


def _mean(vectors: WordVectors, known: VectorOrigin, taken: list[Vector]) -> Step:
    """The mean worked out; a term's own part is not stored, it is what the stored mean leaves for it."""
    name, columns = f"mean of {known.word!r}", ("part", "vectors", "norm")
    total = np.array(taken, np.float64).reshape(-1, vectors.dim).sum(axis=0)
    summed = ("sum of its n-grams", len(taken), float(np.linalg.norm(total)))
    if known.row is not None:
        stored = vectors.matrix[known.row].astype(np.float64)
        own = stored * (len(taken) + 1) - total
        rule = "its own part and its n-grams, divided by their number"
        own_row = ("its own", 1, float(np.linalg.norm(own)))
        return Step(name, rule, columns, (own_row, summed, ("mean", len(taken) + 1, float(np.linalg.norm(stored)))))
    if not known.n_trained:
        return Step(name, "no n-gram of it was trained, and it is no term: it has no vector")
    which = "all its n-grams, as fastText takes it" if len(taken) > known.n_trained else "its trained n-grams alone"
    length = float(np.linalg.norm(total / len(taken)))
    rule = f"it is no term, so its vector is the mean of {which}"
    return Step(name, rule, columns, (summed, ("mean", len(taken), length)))
