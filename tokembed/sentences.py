"""A corpus as the file that gensim trains on, with ids as the words."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

from gensim.models.callbacks import CallbackAny2Vec

from tokembed.corpus import Corpus

MAX_SENTENCE = 10_000
"""Tokens; gensim cuts off what stands behind, and says nothing."""


def train(model: Any, corpus: Corpus, *, epochs: int, log: logging.Logger) -> None:
    """Train a gensim Word2Vec or FastText whose vocabulary is the corpus's ids as strings.

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
            epochs=epochs,
            callbacks=[_EpochLog(epochs, log)],
        )


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
    def __init__(self, epochs: int, log: logging.Logger) -> None:
        self._epochs, self._log, self._done = epochs, log, 0

    def on_epoch_end(self, _: object) -> None:
        self._done += 1
        self._log.info("epoch %d of %d", self._done, self._epochs)
