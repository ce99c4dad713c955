"""How `word2vec` learns from a text: which words are kept, which pairs come of it, which noise stands against them.

What is shown is what training would do with this text; the result is what it has learned from all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tokembed.embedders.word2vec import Word2VecEmbedder
from tokembed.errors import counted
from tokembed.traces.learned import Learned, vectors_step
from tokembed.traces.steps import Row, Step, Trace

NOISE_POWER = 0.75
MOST_NOISE = 10


def trace(learned: Learned) -> Trace:
    """The subsampling of each word, the pairs in its window, the chances of noise words, and the vectors.

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality",
        sections 2.2 and 2.3, as word2vec.c and gensim do it.
    Differs: from the paper's formula of subsampling, as both programs do; see `kept_chances`.
    """
    embedder: Word2VecEmbedder = learned.embedder
    kept = kept_chances(embedder.counts, embedder.sample)
    steps = [_words(learned, kept), _pairs(learned, kept)]
    if not embedder.hs:
        steps.append(_noise(embedder))
    return Trace("word2vec", learned.text, (*steps, vectors_step(learned, embedder)))


def kept_chances(counts: NDArray[np.int64], sample: float) -> NDArray[np.float64]:
    """The chance that subsampling keeps an occurrence of each term, (n_terms,).

    With the term's share f of all occurrences: min(1, sqrt(sample / f) + sample / f).

    Args:
        counts: how often each term occurs, (n_terms,), each at least 1.
        sample: 0 keeps all.

    Source: word2vec.c, "the subsampling randomly discards frequent words".
    Differs: of the paper, which keeps sqrt(sample / f). With `sample` 1 gensim takes 2 occurrences for the share.

    >>> kept_chances(np.array([96, 4]), 0.04).round(4).tolist()
    [0.2458, 1.0]
    """
    if not sample:
        return np.ones(len(counts))
    threshold = sample * counts.sum() if sample < 1 else int((3 + math.sqrt(5)) / 2)
    ratio = threshold / counts
    return np.minimum(1.0, np.sqrt(ratio) + ratio)


def noise_chances(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The chance of each term to be drawn as a noise word, (n_terms,): count^0.75 over the sum of all.

    Source: Mikolov et al. 2013, section 2.2.
    """
    powers = counts.astype(np.float64) ** NOISE_POWER
    return np.asarray(powers / powers.sum())


def _words(learned: Learned, kept: NDArray[np.float64]) -> Step:
    embedder: Word2VecEmbedder = learned.embedder
    noise, total = noise_chances(embedder.counts), int(embedder.counts.sum())
    rows: list[Row] = []
    for token in learned.counts():
        place = embedder.terms.ids.get(token)
        if place is None:
            rows.append((token, None, None, None, None))
            continue
        count = int(embedder.counts[place])
        drawn = None if embedder.hs else float(noise[place])
        rows.append((token, count, count / total, float(kept[place]), drawn))
    rule = (
        f"kept = min(1, sqrt(s / f) + s / f), f its share of {total:,} words, s = sample = {embedder.sample:g}; "
        "as noise = count^0.75 / sum of all; a word that is no term is left out"
    )
    return Step("words", rule, ("word", "count", "share", "kept", "as noise"), tuple(rows))


def _pairs(learned: Learned, kept: NDArray[np.float64]) -> Step:
    embedder: Word2VecEmbedder = learned.embedder
    window, terms = embedder.window, embedder.terms.ids
    words = [token for token in learned.tokens() if token in terms]

    def rows() -> Iterator[Row]:
        for place, word in enumerate(words):
            for other in range(max(0, place - window), min(len(words), place + window + 1)):
                if other != place:
                    distance = abs(other - place)
                    near = (window - distance + 1) / window
                    both = float(kept[terms[word]] * kept[terms[words[other]]])
                    yield word, words[other], distance, near, near * both

    is_skip_gram = embedder.architecture == "skip-gram"
    predicts = "predicts each neighbor" if is_skip_gram else "is predicted from the mean of its neighbors"
    rule = (
        f"a word {predicts}; its window is 1..{window} wide, drawn anew each time: a distance d is in it "
        f"with the chance ({window} - d + 1) / {window}; at least = that and both words kept, more where words between "
        "them are left out"
    )
    pairs = tuple(rows())
    if not pairs:
        rule = f"none: {counted(len(words), 'word')} of the text can be learned from"
    return Step("pairs", rule, ("word", "neighbor", "distance", "in window", "at least") if pairs else (), pairs)


def _noise(embedder: Word2VecEmbedder) -> Step:
    chances = noise_chances(embedder.counts)
    first = np.argsort(-chances, kind="stable")[:MOST_NOISE].tolist()
    rows = tuple((embedder.terms[place], int(embedder.counts[place]), float(chances[place])) for place in first)
    rule = f"{counted(embedder.negative, 'word')} drawn against each pair; the likeliest of {len(chances):,}"
    return Step("noise words", rule, ("word", "count", "chance"), rows)
