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
        surprise: -ln P of the token as it came, in nats; None for the first, which nothing predicts.
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
    with torch.no_grad():
        hidden = torch.from_numpy(values.astype(np.float32))
        log_probabilities = network.log_probabilities(hidden).numpy() if len(classes) else np.empty((0, 1))
    surprises = [-float(row[after]) for row, after in zip(log_probabilities, classes[1:].tolist(), strict=False)]
    return Trace(
        text,
        embedder.cell,
        encoding.tokens,
        encoding.offsets,
        tuple((classes > 0).tolist()),
        tuple(layers),
        tuple(_likeliest(row, embedder.terms, n_expected) for row in log_probabilities),
        (None, *surprises)[: len(classes)],
    )


def _likeliest(log_probabilities: NDArray[np.floating], terms: Vocab, number: int) -> tuple[Expected, ...]:
    order = np.argsort(-log_probabilities, kind="stable")[:number].tolist()
    return tuple(
        Expected(terms[place - 1] if place else OTHER, float(np.exp(log_probabilities[place]))) for place in order
    )
