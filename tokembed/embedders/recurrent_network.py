"""The network that predicts the next token: a look-up table, recurrent layers, and a softmax over all terms.

Row 0 of the table, and class 0 of the softmax, stands for every token that is no term; the terms follow, the most
frequent first, as adaptive softmax needs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tokembed.embedders.recurrent_cells import State, layer, named_weights, put_weights, run, set_parameters

if TYPE_CHECKING:
    from tokembed.types import Arrays

CUTOFFS = (2_000, 10_000)
"""Where adaptive softmax divides the classes; with no more than the last, the softmax is a plain one."""
_LEAST_DIM = 16
"""With fewer dimensions the rarest classes, which get a 16th of them, would have none."""


class Shape(NamedTuple):
    """What a network is made of."""

    cell: str
    n_classes: int
    embedding_dim: int
    dim: int
    n_layers: int


class Network(torch.nn.Module):
    """The three, their parameters not set; see `made`."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.table = torch.nn.Embedding(shape.n_classes, shape.embedding_dim)
        sizes = [shape.embedding_dim] + [shape.dim] * (shape.n_layers - 1)
        self.layers = torch.nn.ModuleList([layer(shape.cell, n_inputs, shape.dim) for n_inputs in sizes])
        self.softmax: torch.nn.Module
        if shape.n_classes > CUTOFFS[-1] and shape.dim >= _LEAST_DIM:
            self.softmax = torch.nn.AdaptiveLogSoftmaxWithLoss(shape.dim, shape.n_classes, CUTOFFS)
        else:
            self.softmax = torch.nn.Linear(shape.dim, shape.n_classes)

    def hidden(
        self,
        inputs: Tensor,
        states: Sequence[State] | None = None,
        *,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, list[State]]:
        """The last layer's hidden states, (n_rows, n_steps, dim), and every layer's state behind the last step.

        Args:
            inputs: classes (n_rows, n_steps), or their vectors (n_rows, n_steps, embedding_dim).
            states: what the layers begin with; None for zeros.
            dropout: the share of the values between the layers that is left out, drawn from `generator`.
        """
        values = inputs if inputs.is_floating_point() else self.table(inputs)
        behind = []
        for place, one in enumerate(self.layers):
            values = _dropped(values, dropout, generator)
            values, state = run(one, values, states[place] if states else None)
            behind.append(state)
        return _dropped(values, dropout, generator), behind

    def losses(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """-ln P of each target behind its hidden state, in nats, (n,) for (n, dim) and (n,)."""
        if isinstance(self.softmax, torch.nn.AdaptiveLogSoftmaxWithLoss):
            return -cast(Tensor, self.softmax(hidden, targets).output)
        return torch.nn.functional.cross_entropy(self.softmax(hidden), targets, reduction="none")

    def log_probabilities(self, hidden: Tensor) -> Tensor:
        """ln P of every class behind each hidden state, (n, n_classes) for (n, dim)."""
        if isinstance(self.softmax, torch.nn.AdaptiveLogSoftmaxWithLoss):
            return self.softmax.log_prob(hidden)
        return torch.log_softmax(self.softmax(hidden), dim=1)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The parameters: `vectors` of the terms, that of all others, each layer's as the equations name them."""
        table = self.table.weight.detach().numpy()
        arrays = {"vectors": table[1:], "other": table[0]}
        for number, one in enumerate(self.layers, start=1):
            weights = named_weights(one, self.shape.cell)
            arrays |= {f"layer{number}.{name}": array for name, array in weights.items()}
        return arrays | {f"softmax.{name}": array.numpy() for name, array in self.softmax.state_dict().items()}

    def put(self, arrays: Arrays) -> None:
        """Set the parameters to what `arrays` gave."""
        with torch.no_grad():
            self.table.weight[1:] = torch.from_numpy(np.array(arrays["vectors"]))
            self.table.weight[0] = torch.from_numpy(np.array(arrays["other"]))
        for number, one in enumerate(self.layers, start=1):
            put_weights(one, self.shape.cell, _within(arrays, f"layer{number}."))
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in _within(arrays, "softmax.").items()}
        self.softmax.load_state_dict(tensors)


def made(shape: Shape, rng: np.random.Generator | None = None) -> Network:
    """A network on the processor, its parameters drawn from `rng`, or not set where there is none."""
    with torch.random.fork_rng(devices=[]):  # torch draws them at first, from its global generator
        network = Network(shape)
    for one in network.layers:
        if rng is not None:
            set_parameters(one, shape.cell, rng)
    if rng is not None:
        with torch.no_grad():
            network.table.weight.copy_(torch.from_numpy(rng.normal(0, 0.1, tuple(network.table.weight.shape))))
            for parameter in network.softmax.parameters():
                drawn = rng.uniform(-1, 1, tuple(parameter.shape)) / shape.dim**0.5
                parameter.copy_(torch.from_numpy(drawn))
    return network


def _dropped(values: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    if not share or generator is None:
        return values
    kept = torch.empty_like(values).bernoulli_(1 - share, generator=generator)
    return values * kept / (1 - share)


def _within(arrays: Arrays, prefix: str) -> dict[str, NDArray[np.float32]]:
    """The arrays whose names begin so, without that."""
    return {
        name.removeprefix(prefix): cast("NDArray[np.float32]", array)
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
