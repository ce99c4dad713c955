"""How far back recurrent networks remember: the gradient that reaches earlier tokens, and a task that needs memory.

Source: Bengio et al. 1994, "Learning Long-Term Dependencies with Gradient Descent is Difficult"; Hochreiter and
    Schmidhuber 1997, section 5, for tasks in which one early symbol decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tokembed.corpus import Corpus
from tokembed.embedders.recurrent import RecurrentEmbedder
from tokembed.embedders.recurrent_cells import layer, run, set_parameters
from tokembed.embedders.recurrent_training import threads
from tokembed.errors import BadInput
from tokembed.models.model import Model
from tokembed.vocab import Vocab

CELLS = ("rnn", "lstm", "gru")
DISTANCES = (1, 2, 5, 10, 20, 30, 40, 50, 60)
SEEDS = (0, 1, 2)
N_SYMBOLS = 8
DIM = 64
LEARNING_RATE = 3e-3
N_STEPS = 1_000
BATCH = 64
_MARK, _QUESTION, _N_INPUTS = N_SYMBOLS, N_SYMBOLS + 1, N_SYMBOLS + 2
_MOST_BEFORE = 10
_N_JUDGED = 512
_N_WINDOWS = 16
_GROWN_AFTER = 0.8
"""Of the steps: from there on the distances go up to the longest."""
_TEXTS = tuple(Path(__file__).parent.parent / "assets" / "udhr" / name for name in ("kor.txt", "eng.txt"))


@dataclass(frozen=True, slots=True)
class Reach:
    """How much a hidden state depends on earlier tokens.

    Attributes:
        norms: the geometric mean over windows of |∂h_T/∂x_{T-d}| (Frobenius) for d in 0 and DISTANCES.
        text: the name of the text that was read.
        known: the share of its tokens that are terms of the model, 0..1.
    """

    distances: tuple[int, ...]
    norms: tuple[float, ...]
    text: str
    known: float


@dataclass(frozen=True, slots=True)
class Recall:
    """The share of symbols recalled at each of DISTANCES by a network of that cell, trained from that seed."""

    cell: str
    seed: int
    accuracies: tuple[float, ...]


def reach(model: Model) -> Reach:
    """How far back the gradient of a recurrent model's state reaches in real text.

    The text is the Universal Declaration of Human Rights, in Korean or English: the one of which the model knows more
    tokens. It is read in windows, each from a state of zeros.

    Raises:
        BadInput: the tokenizer makes too few tokens of it.
    """
    embedder = cast(RecurrentEmbedder, model.embedder)
    read = [(_as_one_text(model, path), path) for path in _TEXTS]
    known = [float((embedder.classes(corpus) > 0).mean()) for corpus, _ in read]
    best = int(np.argmax(known))
    corpus, path = read[best]
    length = DISTANCES[-1] + 1
    if corpus.n_tokens < length:
        raise BadInput(f"the text must have at least {length} tokens, the tokenizer makes {corpus.n_tokens} of it")
    first = np.linspace(0, corpus.n_tokens - length, _N_WINDOWS).astype(np.int64)
    windows = embedder.classes(corpus)[first[:, None] + np.arange(length)]
    norms = np.array([_gradient_norms(embedder, window) for window in windows])  # (n_windows, length)
    distances = (0, *DISTANCES)
    means = np.exp(np.log(np.maximum(norms, np.finfo(np.float32).tiny)).mean(axis=0))[::-1]
    return Reach(distances, tuple(float(means[distance]) for distance in distances), path.stem, known[best])


def _as_one_text(model: Model, path: Path) -> Corpus:
    text = " ".join(path.read_text(encoding="utf-8").split("\n"))
    tokenizer = model.cutting.tokenizer
    return tokenizer.encode_batch([text], tokenizer.vocab or Vocab())


def _gradient_norms(embedder: RecurrentEmbedder, window: NDArray[np.int64]) -> NDArray[np.float64]:
    """|∂h_T/∂x_t| for each token of a window whose last is T, (n_tokens,).

    Every dimension of h_T has a row of its own, so that one pass backward gives the whole matrix of each token.
    """
    table = embedder.network.table.weight.detach()
    inputs = table[torch.from_numpy(window)].expand(embedder.dim, -1, -1).clone().requires_grad_()
    hidden, _ = embedder.network.hidden(inputs)
    (gradient,) = torch.autograd.grad(hidden[:, -1].diagonal().sum(), inputs)  # (dim, n_tokens, embedding_dim)
    return gradient.square().sum(dim=(0, 2), dtype=torch.float64).sqrt().numpy()


def recalls(cells: Sequence[str] = CELLS, seeds: Sequence[int] = SEEDS) -> Iterator[Recall]:
    """Each network as it has learned the task.

    It reads symbols of 8 at random, of which one is marked, and is asked for that one 1 to 60 symbols later. These
    distances are mixed, and the farthest grows from 1 to 60 while the network learns. Up to 10 symbols stand before the
    marked one: were it the first, a state of zeros would tell it from all others, and a plain RNN learns to keep it.
    """
    for cell in cells:
        for seed in seeds:
            with threads(1):  # more cost more than they bring for so small a network
                accuracies = recall(cell, seed)
            yield Recall(cell, seed, accuracies)


def recall(cell: str, seed: int, *, n_steps: int = N_STEPS) -> tuple[float, ...]:
    """The share that one network, of 64 dimensions, recalls at each of DISTANCES once it is trained."""
    rng = np.random.default_rng([seed, CELLS.index(cell)])
    with torch.random.fork_rng(devices=[]):
        network, output = layer(cell, _N_INPUTS, DIM), torch.nn.Linear(DIM, N_SYMBOLS)
    set_parameters(network, cell, rng)
    with torch.no_grad():
        for parameter in output.parameters():
            parameter.copy_(torch.from_numpy(rng.uniform(-1, 1, tuple(parameter.shape)) / DIM**0.5))
    parameters = [one for one in (*network.parameters(), *output.parameters()) if one.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE)
    for step in range(n_steps):
        farthest = 1 + round((DISTANCES[-1] - 1) * min(1.0, step / (_GROWN_AFTER * n_steps)))
        symbols, logits = _answers(network, output, rng, rng.integers(1, farthest + 1, BATCH))
        loss = torch.nn.functional.cross_entropy(logits, symbols)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        judged = [_answers(network, output, rng, np.full(_N_JUDGED, distance)) for distance in DISTANCES]
    return tuple(float((logits.argmax(dim=1) == symbols).float().mean()) for symbols, logits in judged)


def _answers(
    network: torch.nn.Module, output: torch.nn.Module, rng: np.random.Generator, distances: NDArray[np.int64]
) -> tuple[Tensor, Tensor]:
    """The symbols to recall, (n_rows,), and what the network says when it is asked, (n_rows, N_SYMBOLS)."""
    rows = np.arange(len(distances))
    marked = rng.integers(0, _MOST_BEFORE + 1, len(rows))
    asked = marked + distances
    symbols = rng.integers(0, N_SYMBOLS, (len(rows), int(asked.max()) + 1))
    inputs = np.zeros((*symbols.shape, _N_INPUTS), np.float32)
    inputs[rows[:, None], np.arange(symbols.shape[1]), symbols] = 1
    inputs[rows, marked, _MARK] = 1
    inputs[rows, asked] = np.eye(_N_INPUTS)[_QUESTION]
    hidden, _ = run(network, torch.from_numpy(inputs), None)
    answers = output(hidden[torch.from_numpy(rows), torch.from_numpy(asked)])
    return torch.from_numpy(symbols[rows, marked]), answers
