"""Training a network to predict the next token: truncated back-propagation through time, with early stopping.

Texts of about the same length are read side by side, each from a state of zeros, some steps at a time; the state goes
on from one part of a text to the next and its gradient does not. All chance depends on the seed and on how far the
training is, so one that goes on from a checkpoint ends with the same bits as one that was never stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tokembed.embedders.recurrent_cells import State
from tokembed.embedders.recurrent_network import Network
from tokembed.embedders.recurrent_reports import Reports
from tokembed.embedders.recurrent_texts import NO_TARGET, Chunk, ClassTexts
from tokembed.errors import BadInput
from tokembed.training.checkpoints import Checkpoint

PART_TOKENS = 500_000
"""A state is kept whenever about so many more tokens were read, and behind each epoch."""
_MOMENTS = ("step", "mean", "square")
_log = logging.getLogger(__name__)


class Plan(NamedTuple):
    """How a network is trained.

    Attributes:
        texts: the corpus as classes.
        learn, held_out: which of its texts are learned from, and which are not, int64.
        n_rows: texts that are read side by side.
        n_steps: tokens after which the gradient is cut off.
        max_norm: of all gradients together; longer ones are shortened to it.
        patience: epochs without a better loss on the held-out texts before training ends.
        freeze: the look-up table stays as it is.
    """

    texts: ClassTexts
    learn: NDArray[np.int64]
    held_out: NDArray[np.int64]
    epochs: int
    n_rows: int
    n_steps: int
    learning_rate: float
    max_norm: float
    dropout: float
    patience: int
    freeze: bool
    seed: int


class Losses(NamedTuple):
    """The mean of -ln P of a predicted token, in nats, after each epoch that was gone through."""

    learn: list[float]
    held_out: list[float]


def train(network: Network, plan: Plan, checkpoint: Checkpoint | None = None) -> Losses:
    """Train the network in place; it ends as it was behind the epoch that did best on the held-out texts.

    Args:
        checkpoint: keeps the state; what it has is gone on from.

    Raises:
        BadInput: the loss or a gradient is not finite; or the checkpoint is of something else.
    """
    network.table.weight.requires_grad_(not plan.freeze)
    run = _Run(network, plan, checkpoint)
    while run.epoch < plan.epochs and not run.has_settled():
        run.go_through_epoch()
    run.take_best()
    return run.losses()


def mean_loss(network: Network, texts: ClassTexts, places: NDArray[np.int64], *, n_rows: int, n_steps: int) -> float:
    """The mean of -ln P of every token of these texts behind the first, in nats."""
    total, n_tokens = 0.0, 0
    with torch.no_grad():
        for batch in texts.batches(places, n_rows):
            states: list[State] | None = None
            for chunk in texts.chunks(batch, n_steps):
                hidden, states = network.hidden(torch.from_numpy(chunk.inputs), _first_rows(states, len(chunk.inputs)))
                losses = _losses(network, hidden, chunk)
                total += float(losses.sum(dtype=torch.float64))
                n_tokens += len(losses)
    return total / max(n_tokens, 1)


@contextmanager
def threads(number: int) -> Iterator[None]:
    """So many threads for torch's kernels, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Run:
    """A training and how far it is; `epoch` and `batch` are the next to be gone through."""

    def __init__(self, network: Network, plan: Plan, checkpoint: Checkpoint | None) -> None:
        self._network, self._plan, self._checkpoint = network, plan, checkpoint
        self._parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self._optimizer = torch.optim.Adam(self._parameters, lr=plan.learning_rate)
        self._moments = _started(self._optimizer, self._parameters)
        self._best = {name: tensor.detach().clone() for name, tensor in network.named_parameters()}
        self._history = np.zeros((plan.epochs, 3))  # sum over learned tokens, their number, mean of the held out
        self.epoch = self.batch = self._steps = 0
        if checkpoint is not None and (found := checkpoint.load(self._arrays())) is not None:
            self._steps, self.epoch, self.batch = found["steps"], found["epoch"], found["batch"]
            _log.info("going on in epoch %d of %d", self.epoch + 1, plan.epochs)

    def go_through_epoch(self) -> None:
        """The rest of the epoch, and what the held-out texts say of it."""
        rng = np.random.default_rng([self._plan.seed, 1, self.epoch])
        batches = self._plan.texts.batches(self._plan.learn, self._plan.n_rows, rng)
        reports = self._reports(batches)
        n_unkept = 0
        for number in range(self.batch, len(batches)):
            n_tokens = self._take(batches[number])
            self.batch = number + 1
            n_unkept += n_tokens
            if n_unkept >= PART_TOKENS and self.batch < len(batches):
                self._keep()
                n_unkept = 0
            reports.add(n_tokens)
        self._judge()
        self.epoch, self.batch = self.epoch + 1, 0
        self._keep()

    def _reports(self, batches: list[NDArray[np.int64]]) -> Reports:
        n_tokens = [int((self._plan.texts.lengths[batch] - 1).sum()) for batch in batches]
        return Reports(self.epoch, self._plan.epochs, n_done=sum(n_tokens[: self.batch]), n_all=sum(n_tokens))

    def _take(self, batch: NDArray[np.int64]) -> int:
        """Learn from a batch of texts; how many tokens were predicted."""
        generator = torch.Generator().manual_seed(
            int(np.random.default_rng([self._plan.seed, 2, self.epoch, self.batch]).integers(1 << 62))
        )
        states: list[State] | None = None
        n_tokens = 0
        for chunk in self._plan.texts.chunks(batch, self._plan.n_steps):
            states = _first_rows(states, len(chunk.inputs))
            hidden, states = self._network.hidden(
                torch.from_numpy(chunk.inputs), states, dropout=self._plan.dropout, generator=generator
            )
            losses = _losses(self._network, hidden, chunk)
            self._step(losses)
            states = [tuple(tensor.detach() for tensor in state) for state in states]
            n_tokens += len(losses)
        return n_tokens

    def _step(self, losses: Tensor) -> None:
        loss = losses.mean()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, self._plan.max_norm)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            raise BadInput(self._not_finite(float(loss.detach()), float(norm)))
        self._optimizer.step()
        self._steps += 1
        self._history[self.epoch, 0] += float(loss.detach()) * len(losses)
        self._history[self.epoch, 1] += len(losses)

    def _not_finite(self, loss: float, norm: float) -> str:
        kept = ""
        if self._checkpoint is not None and self._steps:
            kept = f"; the last good state is in {str(self._checkpoint.folder)!r}, and --resume goes on from it"
        return (
            f"the loss and its gradient must be finite, in step {self._steps + 1} (epoch {self.epoch + 1}) they are "
            f"{loss} and {norm}; lower learning_rate, it was {self._plan.learning_rate}{kept}"
        )

    def _judge(self) -> None:
        """Keep the network where it does better on the held-out texts than after every epoch before."""
        plan, before = self._plan, self._history[: self.epoch, 2]
        if len(plan.held_out):
            loss = mean_loss(self._network, plan.texts, plan.held_out, n_rows=plan.n_rows, n_steps=plan.n_steps)
            self._history[self.epoch, 2] = loss
            _log.info("epoch %d of %d: perplexity %.1f on held-out texts", self.epoch + 1, plan.epochs, np.exp(loss))
        if not len(plan.held_out) or not len(before) or loss < before.min():
            for name, tensor in self._network.named_parameters():
                self._best[name].copy_(tensor.detach())

    def has_settled(self) -> bool:
        """Whether as many epochs as `patience` were no better than one before."""
        held_out = self._history[: self.epoch, 2]
        if not len(self._plan.held_out) or not len(held_out):
            return False
        return self.epoch - 1 - int(held_out.argmin()) >= self._plan.patience

    def take_best(self) -> None:
        """Bring the network to where it did best."""
        with torch.no_grad():
            for name, tensor in self._network.named_parameters():
                tensor.copy_(self._best[name])

    def losses(self) -> Losses:
        done = self._history[: self.epoch]
        learn = (done[:, 0] / np.maximum(done[:, 1], 1)).tolist()
        return Losses(learn, done[:, 2].tolist() if len(self._plan.held_out) else [])

    def _keep(self) -> None:
        if self._checkpoint is not None:
            progress = {"steps": self._steps, "epoch": self.epoch, "batch": self.batch}
            self._checkpoint.save(progress, self._arrays())

    def _arrays(self) -> dict[str, NDArray[Any]]:
        """All that training changes: the arrays themselves."""
        tensors = {f"now.{name}": tensor.detach() for name, tensor in self._network.named_parameters()}
        tensors |= {f"best.{name}": tensor for name, tensor in self._best.items()}
        return {name: tensor.numpy() for name, tensor in (tensors | self._moments).items()} | {"history": self._history}


def _started(optimizer: torch.optim.Adam, parameters: list[torch.nn.Parameter]) -> dict[str, Tensor]:
    """The optimizer's own numbers, which it else makes at its first step."""
    moments: dict[str, Tensor] = {}
    for place, parameter in enumerate(parameters):
        step, mean, square = torch.zeros(1), torch.zeros_like(parameter), torch.zeros_like(parameter)
        optimizer.state[parameter] = {"step": step[0], "exp_avg": mean, "exp_avg_sq": square}
        moments |= {
            f"adam.{place}.{name}": tensor.detach() for name, tensor in zip(_MOMENTS, (step, mean, square), strict=True)
        }
    return moments


def _losses(network: Network, hidden: Tensor, chunk: Chunk) -> Tensor:
    """-ln P of each token of the chunk that is there, (n_tokens,)."""
    targets = torch.from_numpy(chunk.targets)
    is_there = targets != NO_TARGET
    return network.losses(hidden[is_there], targets[is_there])


def _first_rows(states: list[State] | None, n_rows: int) -> list[State] | None:
    """The states of the texts that have not ended."""
    if states is None:
        return None
    return [tuple(tensor[:, :n_rows].contiguous() for tensor in state) for state in states]
