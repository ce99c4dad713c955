"""How a trained transformer gives a text its vectors: its tokens, what each layer makes of them, the text's vector."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tokembed.asking.search import unit
from tokembed.corpus import from_encodings
from tokembed.tokens.long_texts import Limit
from tokembed.traces.learned import norm
from tokembed.traces.steps import Row, Step, Trace
from tokembed.types import Encoding, Tokenizer
from tokembed.vocab import Vocab


def trace(embedder: Any, tokenizer: Tokenizer, text: str, name: str) -> Trace:
    """The text's tokens, all layers in numbers, each token behind the layer that is given, and the text's vector.

    Args:
        embedder: bert or clip. tokenizer: its own.
        name: of the model.
    """
    whole = tokenizer.encode(text)
    read, steps = whole, [_tokens_step(whole)]
    if embedder.max_tokens is not None and len(whole) > embedder.max_tokens:
        (read,) = Limit(embedder.max_tokens, "truncate").encodings(whole, tokenizer.frame, "")
        steps.append(_window_step(whole, len(read), len(tokenizer.frame[1])))
    corpus = from_encodings([read], tokenizer.vocab or Vocab())
    layers, given = embedder.layers(corpus), embedder.token_vectors(corpus)
    vector = embedder.pooled(corpus, given, embedder.pools[0])[0]
    if len(read):
        steps += [_layers_step(layers), _given_step(read.tokens, layers[0], given)]
    rule = f"the text's vector in {name}, by its pool {embedder.pools[0]}"
    result = Step("result", rule, ("norm", "vector"), ((norm(vector), tuple(vector.tolist())),))
    return Trace(name, text, (*steps, result))


def _tokens_step(encoding: Encoding) -> Step:
    rows = tuple(zip(encoding.tokens, encoding.ids or (), encoding.unknown, strict=False))
    return Step("tokens", "cut by the model's own tokenizer", ("token", "id", "unknown"), rows)


def _window_step(whole: Encoding, n_read: int, n_behind: int) -> Step:
    """What is cut off, so that the special tokens behind the text fit too."""
    lost = whole.text[whole.offsets[n_read - n_behind][0] :]
    rule = f"the model takes {n_read} tokens, {len(whole) - n_read} are not read"
    return Step("window", rule, ("not read",), ((lost,),))


def _layers_step(layers: NDArray[np.float32]) -> Step:
    """Of each layer the means over the tokens."""
    first, rows = unit(layers[0]).astype(np.float64), list[Row]()
    n_tokens = layers.shape[1]
    for number, vectors in enumerate(layers):
        directions = unit(vectors).astype(np.float64)
        among = directions @ directions.T
        others = (among.sum() - np.trace(among)) / (n_tokens * (n_tokens - 1)) if n_tokens > 1 else None
        mean_norm = float(np.linalg.norm(vectors.astype(np.float64), axis=1).mean())
        with_first = float((first * directions).sum(axis=1).mean())
        rows.append((number, mean_norm, with_first, None if others is None else float(others)))
    rule = "means over the tokens; layer 0 is the look-up table with positions, what is read together grows alike"
    return Step("layers", rule, ("layer", "norm", "cosine with layer 0", "cosine among tokens"), tuple(rows))


def _given_step(tokens: tuple[str, ...], first: NDArray[np.float32], given: NDArray[np.float32]) -> Step:
    """Of each token how much of its look-up vector is left, and which other token is nearest to it."""
    directions = unit(given).astype(np.float64)
    with_first = (unit(first).astype(np.float64) * directions).sum(axis=1)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, -np.inf)
    rows = list[Row]()
    for place, token in enumerate(tokens):
        near = int(cosines[place].argmax())
        nearest = (tokens[near], float(cosines[place, near])) if len(tokens) > 1 else (None, None)
        rows.append((token, norm(given[place]), float(with_first[place]), *nearest))
    columns = ("token", "norm", "cosine with layer 0", "nearest token", "cosine")
    return Step("vectors", "each token in this text, as the model gives it", columns, tuple(rows))
