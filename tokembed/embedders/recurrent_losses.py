"""How well a network predicts tokens: -ln P of those of a chunk, and the mean over whole texts."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tokembed.embedders.recurrent_cells import State
from tokembed.embedders.recurrent_network import Network
from tokembed.embedders.recurrent_texts import NO_TARGET, Chunk, ClassTexts


def mean_loss(network: Network, texts: ClassTexts, places: NDArray[np.int64], *, n_rows: int, n_steps: int) -> float:
    """The mean of -ln P of every token of these texts behind the first, in nats."""
    total, n_tokens = 0.0, 0
    with torch.no_grad():
        for batch in texts.batches(places, n_rows):
            states: list[State] | None = None
            for chunk in texts.chunks(batch, n_steps):
                hidden, states = network.hidden(torch.from_numpy(chunk.inputs), first_rows(states, len(chunk.inputs)))
                losses = losses_of(network, hidden, chunk)
                total += float(losses.sum(dtype=torch.float64))
                n_tokens += len(losses)
    return total / max(n_tokens, 1)


def losses_of(network: Network, hidden: Tensor, chunk: Chunk) -> Tensor:
    """-ln P of each token of the chunk that is there, (n_tokens,)."""
    targets = torch.from_numpy(chunk.targets)
    is_there = targets != NO_TARGET
    return network.losses(hidden[is_there], targets[is_there])


def first_rows(states: list[State] | None, n_rows: int) -> list[State] | None:
    """The states of the texts that have not ended."""
    if states is None:
        return None
    return [tuple(tensor[:, :n_rows].contiguous() for tensor in state) for state in states]
