"""How a result came about: what a tokenizer did to a text, or an embedder, step by step with its numbers.

The stories stand in `traces/`, one a method; a story is loaded when its method is asked for. The last step of each is
what the method gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tokembed import registry
from tokembed.normalization import Normalization
from tokembed.traces.cleaning import WELL_FORMED, Rule, cleaned
from tokembed.traces.steps import Trace, tokenized

if TYPE_CHECKING:
    from tokembed.corpus import Corpus
    from tokembed.models.model import Model
    from tokembed.types import Tokenizer
    from tokembed.vectors import WordVectors


def tokenizing(name: str, text: str, *, unicode: str = "none", lower: bool = False, **settings: Any) -> Trace:
    """How a tokenizer cuts the text.

    Args:
        name, unicode, lower, settings: as of `registry.tokenizer`.

    Raises:
        BadUsage, BadInput, NotAtHand: as `registry.tokenizer`; and the tokenizer cannot cut this text.

    >>> [row[0] for row in tokenizing("bert", "unaffable").result.rows]
    ['una', '##ffa', '##ble']
    """
    return cut_by(registry.tokenizer(name, **settings), name, text, unicode=unicode, lower=lower)


def cut_by(tokenizer: Tokenizer, name: str, text: str, *, unicode: str = "none", lower: bool = False) -> Trace:
    """How this tokenizer cuts the text, once it is normalized.

    Args:
        tokenizer: without a normalization. name: what it was made by.

    Raises:
        BadUsage: there is no such Unicode form.
        BadInput: the tokenizer cannot cut this text.
    """
    readable, before = text, []
    if unicode != "none" or lower:
        readable, step = cleaned(text, _normalizing(unicode, lower), "normalization")
        before = [step]
    walk = _story("tokenizer", name).walk(tokenizer, readable)
    walk.steps[:0] = before
    return tokenized(name, text, walk, tokenizer)


def _normalizing(unicode: str, lower: bool) -> list[Rule]:
    form = [Rule(f"--unicode {unicode}", Normalization(unicode))] if unicode != "none" else []
    case = [Rule("--lower", Normalization(lower=True))] if lower else []
    return [WELL_FORMED, *form, *case]


def learning(name: str, settings: Mapping[str, Any], text: str, tokenizer: Tokenizer, corpus: Corpus) -> Trace:
    """How an embedder that learns from the corpus gives the text its vectors.

    Args:
        name: of the embedder. settings: its options.
        tokenizer: what cut the corpus; the text is cut by it too.

    Raises:
        BadUsage, BadInput: as `registry.embedder` and the embedder's `fit`.
    """
    from tokembed.traces.learned import Learned

    embedder: Any = registry.embedder(name, **settings)
    parts: list[Any] = []
    if name == "glove":  # what its vectors are made of is not kept
        embedder.fit(corpus, parts=parts.append)
    else:
        embedder.fit(corpus)
    cut = tokenizer.encode_batch([text])
    known = Learned(text, cut, embedder, corpus.n_texts, corpus, parts[0] if parts else None)
    return _told(name, known)


def reading(embedder: object, tokenizer: Tokenizer, text: str, name: str) -> Trace:
    """How a trained transformer, which is called `name` and has this tokenizer, gives the text its vectors."""
    trace: Trace = import_module("tokembed.traces.layers").trace(embedder, tokenizer, text, name)
    return trace


def learned(model: Model, text: str, corpus: Corpus | None = None) -> Trace:
    """How a trained model gives the text its vectors.

    Args:
        corpus: texts cut by the model's tokenizer, in which GloVe's co-occurrences are counted.
    """
    from tokembed.traces.learned import Learned

    n_texts = model.training.get("corpus", {}).get("texts")
    cut = model.cutting.tokenizer.encode_batch([text])
    return _told(model.embedder_name, Learned(text, cut, model.embedder, n_texts, corpus))


def looking_up(vectors: WordVectors, word: str, name: str) -> Trace:
    """Where the vectors, which are called `name`, have the word's from."""
    trace: Trace = import_module("tokembed.traces.lookup").trace(vectors, word, name)
    return trace


def _told(name: str, known: Any) -> Trace:
    trace: Trace = _story("embedder", name).trace(known)
    return trace


def _story(role: registry.Role, name: str) -> Any:
    """The module of `traces/` that is called as the method's own."""
    return import_module("tokembed.traces." + registry.find(role, name).module.rpartition(".")[2])
