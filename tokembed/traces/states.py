"""How a recurrent model reads a text: its gates, cell and hidden state at each token, and what it expects next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tokembed.corpus import from_encodings
from tokembed.embedders.recurrent import RecurrentEmbedder
from tokembed.embedders.recurrent_cells import named_weights
from tokembed.embedders.recurrent_equations import Steps, walked
from tokembed.types import Span, Tokenizer
from tokembed.vocab import Vocab

OTHER = "(another token)"
"""What stands for all tokens that are no term of the model."""
_TOKENS_AT_ONCE = 256
"""So that the probabilities of all terms behind them take some MB."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A token that may come next, and its probability."""

    token: str
    probability: float


@dataclass(frozen=True, slots=True)
class Trace:
    """A text as the model reads it; everything has one entry a token.

    Attributes:
        known: whether the token is a term of the model; all others are read as one unknown token.
        layers: what the equations name in each layer, the lowest first: (n_tokens, dim) by symbol.
        expected: what may come next once the token is read, the likeliest first.
        surprise: -ln P of the token as it came, in nats, and of one that is not known, of any such token: the model has
            one probability for all of them; None for the first, which nothing predicts.
    """

    text: str
    cell: str
    tokens: tuple[str, ...]
    offsets: tuple[Span, ...]
    known: tuple[bool, ...]
    layers: tuple[Steps, ...]
    expected: tuple[tuple[Expected, ...], ...]
    surprise: tuple[float | None, ...]

    def record(self) -> dict[str, Any]:
        """Every number by name, as JSON has it."""
        steps = [
            {
                "token": token,
                "start": self.offsets[place][0],
                "end": self.offsets[place][1],
                "known": self.known[place],
                "surprise": self.surprise[place],
                "surprise_of": token if self.known[place] else OTHER,
                "layers": [{name: values[place].tolist() for name, values in layer.items()} for layer in self.layers],
                "expected": [{"token": one.token, "probability": one.probability} for one in self.expected[place]],
            }
            for place, token in enumerate(self.tokens)
        ]
        return {"text": self.text, "cell": self.cell, "steps": steps}


def trace(embedder: RecurrentEmbedder, tokenizer: Tokenizer, text: str, *, n_expected: int = 5) -> Trace:
    """The text walked through by a recurrent model, by the equations themselves.

    Args:
        tokenizer: the model's own.
        n_expected: how many tokens that may come next are given.
    """
    encoding = tokenizer.encode(text)
    corpus = from_encodings([encoding], tokenizer.vocab or Vocab())
    classes, network = embedder.classes(corpus), embedder.network
    values: NDArray[np.floating] = network.table.weight.detach().numpy()[classes]
    layers = []
    for one in network.layers:
        layers.append(walked(embedder.cell, named_weights(one, embedder.cell), values))
        values = layers[-1]["h"]
    expected, surprises = list[tuple[Expected, ...]](), list[float | None]([None])
    for first in range(0, len(classes), _TOKENS_AT_ONCE):
        rows = _log_probabilities(embedder, values[first : first + _TOKENS_AT_ONCE])
        expected += [_likeliest(row, embedder.terms, n_expected) for row in rows]
        after = classes[first + 1 : first + 1 + len(rows)]
        surprises += (-rows[np.arange(len(after)), after]).tolist()
    return Trace(
        text,
        embedder.cell,
        encoding.tokens,
        encoding.offsets,
        tuple((classes > 0).tolist()),
        tuple(layers),
        tuple(expected),
        tuple(surprises[: len(classes)]),
    )


def _log_probabilities(embedder: RecurrentEmbedder, hidden: NDArray[np.floating]) -> NDArray[np.float32]:
    """ln P of every class behind each hidden state, (n_tokens, n_classes)."""
    with torch.no_grad():
        found = embedder.network.log_probabilities(torch.from_numpy(hidden.astype(np.float32)))
    return np.asarray(found.numpy(), np.float32)


def _likeliest(log_probabilities: NDArray[np.float32], terms: Vocab, number: int) -> tuple[Expected, ...]:
    """So many that are the likeliest; of equals the more frequent term, which is the class before."""
    number = min(number, len(log_probabilities))
    surprise = -log_probabilities
    greatest = surprise[np.argpartition(surprise, number - 1)[:number]].max()
    able = np.flatnonzero(surprise <= greatest)  # more where there are equals, which argpartition takes at random
    order = able[np.argsort(surprise[able], kind="stable")][:number].tolist()
    return tuple(
        Expected(terms[place - 1] if place else OTHER, float(np.exp(log_probabilities[place]))) for place in order
    )
