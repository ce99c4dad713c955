"""Training a network to predict the next token: truncated back-propagation through time, with early stopping.

Texts of about the same length are read side by side, each from a state of zeros, some steps at a time; the state goes
on from one part of a text to the next and its gradient does not. All chance depends on the seed and on how far the
training is, and a state is one between two steps, so a training that goes on from a checkpoint ends with the same bits
as one that was never stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tokembed.embedders.recurrent_cells import State
from tokembed.embedders.recurrent_losses import first_rows, losses_of, mean_loss
from tokembed.embedders.recurrent_network import Network
from tokembed.embedders.recurrent_reports import Reports
from tokembed.embedders.recurrent_texts import ClassTexts
from tokembed.errors import BadInput
from tokembed.training.checkpoints import Checkpoint, uninterrupted

PART_TOKENS = 500_000
"""A state is kept whenever about so many more tokens were read, at the beginning, behind each epoch and at Ctrl-C."""
_MOMENTS = ("step", "mean", "square")
_PLACE = ("epoch", "batch", "chunk")
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


class Learned(NamedTuple):
    """What a training came to.

    Attributes:
        losses: the mean of -ln P of a predicted token in the texts learned from, in nats, in each epoch.
        n_tokens: how many were predicted, in this run: none of those before the state that it went on from.
        learning_rates: each that was used, and the step from which it held, from 0.
        held_out: the mean of -ln P of a held-out token, in nats, after each epoch; [] where none are held out.
    """

    losses: list[float]
    n_tokens: int
    learning_rates: list[tuple[int, float]]
    held_out: list[float]


def train(network: Network, plan: Plan, checkpoint: Checkpoint | None = None) -> Learned:
    """Train the network in place; it ends as it was behind the epoch that did best on the held-out texts.

    Args:
        checkpoint: keeps the state, of the last whole step when it is interrupted; what it has is gone on from.

    Raises:
        BadInput: the loss or a gradient is not finite; or the checkpoint is of something else.
    """
    network.table.weight.requires_grad_(not plan.freeze)
    run = _Run(network, plan, checkpoint)
    try:
        while run.epoch < plan.epochs and not run.has_settled():
            run.go_through_epoch()
    except KeyboardInterrupt:
        run.keep()
        raise
    run.take_best()
    return run.learned()


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
    """A training and how far it is; `epoch`, `batch` and `chunk` are the next to be gone through.

    All that a state has is changed where Ctrl-C waits, so that it is that of a whole step at any time.
    """

    def __init__(self, network: Network, plan: Plan, checkpoint: Checkpoint | None) -> None:
        self._network, self._plan, self._checkpoint = network, plan, checkpoint
        self._parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self._optimizer = torch.optim.Adam(self._parameters, lr=plan.learning_rate)
        self._moments = _started(self._optimizer, self._parameters)
        self._best = {name: tensor.detach().clone() for name, tensor in network.named_parameters()}
        self._history = np.zeros((plan.epochs, 3))  # sum over learned tokens, their number, mean of the held out
        self._states: list[State] | None = None  # behind the chunk before
        shape = network.shape
        n_rows, n_parts = min(plan.n_rows, len(plan.learn)), 2 if shape.cell == "lstm" else 1
        self._kept_states = np.zeros((shape.n_layers, n_parts, n_rows, shape.dim), np.float32)
        self.epoch = self.batch = self.chunk = self._steps = self._n_tokens = self._n_unkept = 0
        self._rates = [(0, plan.learning_rate)]
        if checkpoint is not None:
            self._begin(checkpoint)

    def _begin(self, checkpoint: Checkpoint) -> None:
        """Go on from the state that is kept, or keep the beginning."""
        if (found := checkpoint.load(self._arrays())) is None:
            self.keep()
            return
        self._steps, self.epoch, self.batch, self.chunk = (found[name] for name in ("steps", *_PLACE))
        self._kept_steps = self._steps
        self._rates = _with_rate(found["learning_rates"], self._steps, self._plan.learning_rate)
        if self.chunk:
            kept = torch.from_numpy(self._kept_states).unsqueeze(2)
            self._states = [tuple(part.clone() for part in state) for state in kept]
        _log.info("going on in epoch %d of %d", self.epoch + 1, self._plan.epochs)

    def go_through_epoch(self) -> None:
        """The rest of the epoch, and what the held-out texts say of it."""
        rng = np.random.default_rng([self._plan.seed, 1, self.epoch])
        batches = self._plan.texts.batches(self._plan.learn, self._plan.n_rows, rng)
        n_all = int((self._plan.texts.lengths[self._plan.learn] - 1).sum())
        reports = Reports(self.epoch, self._plan.epochs, n_done=int(self._history[self.epoch, 1]), n_all=n_all)
        for number in range(self.batch, len(batches)):
            reports.add(self._take(batches[number]))
            with uninterrupted():
                self.batch, self.chunk, self._states = number + 1, 0, None
        self._judge()
        with uninterrupted():
            self.epoch, self.batch = self.epoch + 1, 0
        self.keep()

    def _take(self, batch: NDArray[np.int64]) -> int:
        """Learn from what is left of a batch of texts; how many tokens were predicted."""
        before = self._n_tokens
        for chunk in islice(self._plan.texts.chunks(batch, self._plan.n_steps), self.chunk, None):
            hidden, states = self._network.hidden(
                torch.from_numpy(chunk.inputs),
                first_rows(self._states, len(chunk.inputs)),
                dropout=self._plan.dropout,
                generator=self._generator(),
            )
            self._step(losses_of(self._network, hidden, chunk), states)
            if self._n_unkept >= PART_TOKENS:
                self.keep()
        return self._n_tokens - before

    def _generator(self) -> torch.Generator:
        """Of what the next step drops out."""
        seed = np.random.default_rng([self._plan.seed, 2, self._steps]).integers(1 << 62)
        return torch.Generator().manual_seed(int(seed))

    def _step(self, losses: Tensor, states: list[State]) -> None:
        """Learn from the losses of a chunk, behind which the network is in these states."""
        loss = losses.mean()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, self._plan.max_norm)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            raise BadInput(self._not_finite(float(loss.detach()), float(norm)))
        with uninterrupted():
            self._optimizer.step()
            self._steps, self.chunk = self._steps + 1, self.chunk + 1
            self._states = [tuple(tensor.detach() for tensor in state) for state in states]
            self._history[self.epoch, :2] += float(loss.detach()) * len(losses), len(losses)
            self._n_tokens += len(losses)
            self._n_unkept += len(losses)

    def _not_finite(self, loss: float, norm: float) -> str:
        kept = ""
        if self._checkpoint is not None:  # what is there now led to this, so it is not kept
            folder = str(self._checkpoint.folder)
            kept = f"; the state after step {self._kept_steps} is in {folder!r}, and --resume goes on from it"
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

    def learned(self) -> Learned:
        done = self._history[: self.epoch]
        rates = [(step, rate) for step, rate in self._rates if step < self._steps]
        held_out = done[:, 2].tolist() if len(self._plan.held_out) else []
        return Learned((done[:, 0] / np.maximum(done[:, 1], 1)).tolist(), self._n_tokens, rates, held_out)

    def keep(self) -> None:
        """Keep the state behind the last whole step, where there is a checkpoint."""
        if self._checkpoint is None:
            return
        self._kept_states[:] = 0
        for kept, state in zip(self._kept_states, self._states or [], strict=False):
            for rows, tensor in zip(kept, state, strict=True):
                rows[: tensor.shape[1]] = tensor[0].numpy()
        place = {name: getattr(self, name) for name in _PLACE}
        self._checkpoint.save({"steps": self._steps, **place, "learning_rates": self._rates}, self._arrays())
        self._kept_steps, self._n_unkept = self._steps, 0

    def _arrays(self) -> dict[str, NDArray[Any]]:
        """All that training changes: the arrays themselves."""
        tensors = {f"now.{name}": tensor.detach() for name, tensor in self._network.named_parameters()}
        tensors |= {f"best.{name}": tensor for name, tensor in self._best.items()}
        return {name: tensor.numpy() for name, tensor in (tensors | self._moments).items()} | {
            "history": self._history,
            "states": self._kept_states,
        }


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


def _with_rate(rates: Iterable[tuple[int, float]], step: int, rate: float) -> list[tuple[int, float]]:
    """The rates, each with the step from which it held, where another holds from this step on.

    >>> _with_rate([(0, 0.1), (7, 0.2)], 7, 0.3), _with_rate([(0, 0.1), (7, 0.2)], 7, 0.1)
    ([(0, 0.1), (7, 0.3)], [(0, 0.1)])
    """
    held = [(begin, one) for begin, one in rates if begin < step]
    return held if held and held[-1][1] == rate else [*held, (step, rate)]
