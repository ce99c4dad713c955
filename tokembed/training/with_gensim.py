"""gensim's training of a corpus, slice by slice: the model and the vectors that come out, with numbers as the words."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from inspect import signature
from pathlib import Path
from threading import Thread
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from gensim.models import FastText
from gensim.models.word2vec_corpusfile import CythonVocab
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.errors import BadInput
from tokembed.training.checkpoints import Checkpoint
from tokembed.training.sentences import SentenceFile, Slices
from tokembed.vocab import Vocab

ARCHITECTURES = ("skip-gram", "cbow")
_SECONDS_BETWEEN_REPORTS = 1.0

T = TypeVar("T")
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
    hs: bool
    sample: float
    learning_rate: float


def untrained(
    model_class: type, options: Options, counts: NDArray[np.int64], more: Mapping[str, object] | None = None
) -> Any:
    """A gensim Word2Vec or FastText that has the terms in our order and knows them by their numbers, as strings.

    Args:
        counts: how often each term occurs, the most frequent first, (n_terms,).
        more: options of gensim's that only this class has.

    Raises:
        BadInput: a Huffman tree is asked for, and there is one term.
    """
    if options.hs and len(counts) < 2:
        raise BadInput("hs must have at least two terms for its tree, found 1; lower --min-count or take hs=false")
    model = model_class(
        vector_size=options.dim,
        window=options.window,
        min_count=1,  # the terms are chosen already,
        sorted_vocab=0,  # and sorted, the same on every machine where they are equally frequent
        epochs=options.epochs,
        seed=options.seed,
        workers=1,  # each thread has a file of its own, and gensim would have it read a part of that
        sg=int(options.architecture == "skip-gram"),
        hs=int(options.hs),
        negative=0 if options.hs else options.negative,
        sample=options.sample,
        alpha=options.learning_rate,
        min_alpha=options.learning_rate / 250,
        **(more or {}),
    )
    model.build_vocab_from_freq({str(place): int(count) for place, count in enumerate(counts)})
    if options.hs and not options.sample:
        model.sample = 1  # else gensim would not seed the widths of its windows; no word is left out now
    return model


def train(
    model: Any, options: Options, corpus: Corpus, terms: Vocab, checkpoint: Path | None = None
) -> NDArray[np.float32]:
    """Train a model of `untrained` on a corpus: the terms' own vectors, (n_terms, dim).

    A step is one slice in one epoch. The learning rate falls over all steps as it does in gensim over all epochs: a
    corpus of one slice gives what gensim gives, to the bit, with one worker. gensim's own `train` can neither begin
    with a later step nor change the file, so its steps are taken here.

    A word given as its number cannot be split at the white space that a token may contain.

    Args:
        checkpoint: a folder that keeps the state after each step, the last one too; what it has is gone on from.

    Raises:
        BadInput: the state there is of another corpus or other options, or cannot be written.
    """
    slices = Slices(corpus, terms)
    model.epochs = n_steps = options.epochs * len(slices)
    vocab = CythonVocab(model.wv, hs=model.hs, fasttext=isinstance(model, FastText))
    kept = None if checkpoint is None else Checkpoint(checkpoint, _made_from(options, corpus, terms, len(slices)))
    done = (kept and _gone_on(model, kept)) or {"steps": 0, "words": 0}
    reports = _Reports(slices, options.epochs, done["steps"])
    for step in range(done["steps"], n_steps):
        epoch, number = divmod(step, len(slices))
        with slices.files(number, options.workers) as files:
            _in_threads(partial(_take_step, model, vocab, step), files)
        n_words = sum(file.n_words for file in files)
        done = {"steps": step + 1, "words": done["words"] + n_words, "epoch": epoch, "slice": number}
        if kept is not None:
            kept.save(done, _weights(model) | _random_state(model))
        reports.add(step, n_words)
    return _weights(model)["vectors"]


def _gone_on(model: Any, kept: Checkpoint) -> dict[str, int] | None:
    """Bring the model to where the checkpoint has it, and tell how far that is; None where it has nothing."""
    random = _random_state(model)
    done = kept.load(_weights(model) | random)
    if done is not None:
        model.random.set_state(("MT19937", random["random_keys"], int(random["random_position"][0])))
        _log.info("going on after step %d of %d", done["steps"], model.epochs)
    return done


def _random_state(model: Any) -> dict[str, NDArray[Any]]:
    """A copy of what the model's random numbers come from."""
    _, keys, position, *_ = model.random.get_state()
    return {"random_keys": keys, "random_position": np.array([position])}


def _weights(model: Any) -> dict[str, NDArray[Any]]:
    """All else that training changes: the arrays themselves."""
    hidden = {"hidden": model.syn1 if model.hs else model.syn1neg}
    if isinstance(model, FastText):
        return {"vectors": model.wv.vectors_vocab, "ngram_vectors": model.wv.vectors_ngrams, **hidden}
    return {"vectors": model.wv.vectors, **hidden}


def _made_from(options: Options, corpus: Corpus, terms: Vocab, n_slices: int) -> dict[str, Any]:
    """What the training depends on, by name."""
    return {
        "embedder": type(options).__name__,
        **{name: getattr(options, name) for name in signature(type(options)).parameters},
        "corpus": corpus.sha256(),
        "terms": terms.sha256(),
        "slices": n_slices,
    }


def _take_step(model: Any, vocab: CythonVocab, step: int, file: SentenceFile) -> None:
    """Train on one file; gensim takes the numbers of epochs and sentences for the learning rate."""
    memory = np.zeros(model.vector_size, np.float32), np.zeros(model.vector_size, np.float32)
    model._do_train_epoch(
        str(file.path), 0, 0, vocab, memory, step, total_examples=file.n_sentences, total_words=file.n_words
    )


def _in_threads(work: Callable[[T], None], items: Iterable[T]) -> None:
    """Do the work on each item at the same time; Ctrl-C does not wait for it.

    Raises:
        BaseException: whatever the first that failed raised.
    """
    errors: list[BaseException] = []

    def run(item: T) -> None:
        try:
            work(item)
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=run, args=(item,), daemon=True) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class _Reports:
    """Logs how fast training is and how long it will take, once a second at the most and at its end."""

    def __init__(self, slices: Slices, epochs: int, n_done: int) -> None:
        self._slices, self._epochs = slices, epochs
        self._tokens_before = sum(slices.n_tokens(step % len(slices)) for step in range(n_done))
        self._tokens, self._words = self._tokens_before, 0
        self._began = self._reported = time.monotonic()

    def add(self, step: int, n_words: int) -> None:
        """One more step is done, with so many words."""
        n_slices, total = len(self._slices), self._epochs * self._slices.edges[-1]
        self._tokens += self._slices.n_tokens(step % n_slices)
        self._words += n_words
        now = time.monotonic()
        if now - self._reported < _SECONDS_BETWEEN_REPORTS and self._tokens < total:
            return
        self._reported, seconds = now, max(now - self._began, 1e-9)
        left = (total - self._tokens) / (self._tokens - self._tokens_before) * seconds
        _log.info(
            "epoch %d of %d, %.1f %% done, %s words/s, %s left",
            step // n_slices + 1, self._epochs, 100 * self._tokens / total,
            f"{self._words / seconds:,.0f}", timedelta(seconds=round(left)),
        )  # fmt: skip
