"""gensim's training of a corpus: the model, the file it reads, and the vectors that come out, with ids as the words."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from gensim.models.callbacks import CallbackAny2Vec
from numpy.typing import NDArray

from tokembed.corpus import Corpus

ARCHITECTURES = ("skip-gram", "cbow")
MAX_SENTENCE = 10_000
"""Tokens; gensim cuts off what stands behind, and says nothing."""

_log = logging.getLogger(__name__)


class Options(Protocol):
    """The options that gensim's Word2Vec and FastText share, as our embedders store them."""

    dim: int
    window: int
    epochs: int
    seed: int
    workers: int
    architecture: Literal["skip-gram", "cbow"]
    negative: int
    sample: float
    learning_rate: float


def untrained(
    model_class: type, options: Options, counts: NDArray[np.int64], more: Mapping[str, object] | None = None
) -> Any:
    """A gensim Word2Vec or FastText that knows the terms by their places in `counts`, as strings.

    Args:
        counts: how often each term occurs, (n_terms,).
        more: options of gensim's that only this class has.
    """
    model = model_class(
        vector_size=options.dim,
        window=options.window,
        min_count=1,  # the terms are chosen already
        epochs=options.epochs,
        seed=options.seed,
        workers=options.workers,
        sg=int(options.architecture == "skip-gram"),
        negative=options.negative,
        sample=options.sample,
        alpha=options.learning_rate,
        min_alpha=options.learning_rate / 250,
        **(more or {}),
    )
    model.build_vocab_from_freq({str(place): int(count) for place, count in enumerate(counts)})
    return model


def train(model: Any, corpus: Corpus) -> NDArray[np.float32]:
    """Train a model of `untrained` on the corpus of its terms: their vectors, (n_terms, dim), in our order.

    A word given as its id cannot be split at the white space that a token may contain, and the file
    input keeps Python out of gensim's loop: with one worker the result is the same to the bit.
    """
    with tempfile.TemporaryDirectory(prefix="tokembed-") as folder:
        path = Path(folder) / "sentences.txt"
        n_sentences = write(corpus, path)
        model.train(
            corpus_file=str(path),
            total_examples=n_sentences,
            total_words=corpus.n_tokens,
            epochs=model.epochs,
            callbacks=[_EpochLog(model.epochs)],
        )
    rows = [model.wv.key_to_index[str(place)] for place in range(len(corpus.vocab))]
    vectors: NDArray[np.float32] = model.wv.vectors[rows]
    return vectors


def write(corpus: Corpus, path: Path) -> int:
    """Write one sentence a line, a text longer than MAX_SENTENCE as several; how many there are."""
    n_sentences = 0
    with open(path, "w", encoding="ascii") as file:
        for first, last in zip(corpus.starts[:-1].tolist(), corpus.starts[1:].tolist(), strict=True):
            for start in range(first, last, MAX_SENTENCE):
                file.write(" ".join(map(str, corpus.ids[start : min(start + MAX_SENTENCE, last)].tolist())) + "\n")
                n_sentences += 1
    return n_sentences


class _EpochLog(CallbackAny2Vec):  # type: ignore[misc]
    def __init__(self, epochs: int) -> None:
        self._epochs, self._done = epochs, 0

    def on_epoch_end(self, _: object) -> None:
        self._done += 1
        _log.info("epoch %d of %d", self._done, self._epochs)
