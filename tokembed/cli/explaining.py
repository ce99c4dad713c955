"""What `tokembed explain` does with an embedder that learns, a trained model or a file of word vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokembed.cli.inputs import Inputs
from tokembed.cli.models import shown_names
from tokembed.cli.output import tell
from tokembed.cli.progress import progress
from tokembed.errors import BadUsage
from tokembed.explain import learned, learning, looking_up, reading
from tokembed.models.cutting import ChosenTokenizer
from tokembed.models.model import Model, trained_model
from tokembed.models.named import opened
from tokembed.traces.steps import Trace
from tokembed.training.corpus import corpus_on_disk


def words_looked_up(text: str, names: list[str]) -> Iterator[Trace]:
    """Where each word of the text has its vector from in each model; a model that reads texts explains the whole."""
    words = {}
    for name, shown in zip(names, shown_names(names), strict=True):
        found = opened(name, notice=tell)
        if not isinstance(found, Model):
            words[name] = found
        elif found.is_contextual:
            yield reading(found.embedder, found.cutting.tokenizer, text, shown)
        elif found.is_sparse:
            yield learned(found, text)
        else:
            words[name] = found.word_vectors()
    for word in text.split():
        for name, vectors in words.items():
            yield looking_up(vectors, word, name)


def read_by(text: str, embedder: str) -> Trace:
    """How an embedder that comes trained gives the text its vectors."""
    model = trained_model(embedder, {})
    return reading(model.embedder, model.cutting.tokenizer, text, embedder)


def learned_now(text: str, embedder: str, settings: dict[str, Any], cutting: ChosenTokenizer, inputs: Inputs) -> Trace:
    """How the embedder gives the text its vectors, once it has learned from the inputs."""
    with (
        progress("explain", lambda: inputs.n_bytes, inputs.total_bytes()) as line,
        corpus_on_disk(inputs.batches(), cutting.tokenizer, progress=line.add) as (corpus, _),
    ):
        return learning(embedder, settings, text, cutting.tokenizer, corpus)


def learned_before(text: str, embedder: str, name: str, given: ChosenTokenizer | None, inputs: Inputs | None) -> Trace:
    """How a trained model gives the text its vectors.

    Args:
        embedder: what it must be a model of.
        given: the tokenizer that was asked for; it must be the model's own.
        inputs: where GloVe's co-occurrences are counted.
    """
    model = opened(name, notice=tell)
    if not isinstance(model, Model):
        raise BadUsage(f"-e {embedder} needs a model's folder, {name!r} has words and vectors alone; leave -e out")
    if model.embedder_name != embedder:
        raise BadUsage(f"{name!r} is a model of {model.embedder_name}, not of {embedder}; use -e {model.embedder_name}")
    if given is not None:
        model.check_tokenizer(given, name)
    if inputs is None:
        return learned(model, text)
    with (
        progress("explain", lambda: inputs.n_bytes, inputs.total_bytes()) as line,
        corpus_on_disk(inputs.batches(), model.cutting.tokenizer, progress=line.add) as (corpus, _),
    ):
        return learned(model, text, corpus)
