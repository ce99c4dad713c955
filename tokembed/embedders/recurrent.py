"""RNN, LSTM and GRU: a token's vector is the state of a network that has read the text up to it."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from tokembed.contextual.batches import Batch, length_batches
from tokembed.contextual.pooling import pooled
from tokembed.corpus import Corpus, frequent_terms, translation
from tokembed.embedders.recurrent_baselines import Baselines
from tokembed.embedders.recurrent_cells import State
from tokembed.embedders.recurrent_losses import mean_loss
from tokembed.embedders.recurrent_network import Network, Shape, made
from tokembed.embedders.recurrent_texts import ClassTexts
from tokembed.embedders.recurrent_training import Plan, threads, train
from tokembed.errors import BadInput, check_fitted, counted
from tokembed.training.checkpoints import Checkpoint
from tokembed.vectors import WordVectors, check_options
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Arrays

_BATCH_TOKENS = 1 << 13
_STEPS_AT_ONCE = 1 << 10
"""Of a long text, so that what lies between the layers stays small."""


class RecurrentEmbedder:
    """A network that learns to predict the next token; its last layer's hidden states are the vectors.

    Args:
        cell: rnn, lstm or gru.
        dim: how many dimensions a vector has: those of the hidden state.
        embedding_dim: dimensions of the look-up table; 0 takes those of the vectors it begins with, or dim.
        layers: how many lie upon each other.
        min_count: tokens that occur less often are read as one and the same unknown token.
        epochs: how often the texts are gone through, at the most.
        seed: of the initial parameters, the held-out texts, the order of the others and the dropout.
        workers: threads.
        dropout: share of the values between the layers that is left out while training.
        batch: texts that are read side by side.
        steps: tokens after which back-propagation through time is cut off.
        learning_rate: Adam's.
        max_norm: of the gradient; a longer one is shortened to it.
        held_out: share of the texts that is not learned from, but tells when to stop; 0 holds none out.
        patience: epochs that may be no better on the held-out texts before training ends.
        freeze: leave the look-up table as it is at the beginning.

    Attributes:
        losses: the mean of -ln P of a token in the texts learned from, in each epoch, in nats.
        epoch_perplexities: of the held-out texts after each epoch; [] where none are held out.
        perplexity: of the held-out texts, by the network and by unigrams and bigrams; {} where none are held out.
        learning_rates: each that was used, and the step from which it held; [] where it was the same all along.
        n_learned: tokens that were predicted to learn from them, since training began or went on.
        n_begun: terms that began with a vector.

    Source: Elman 1990; Hochreiter and Schmidhuber 1997 with Gers et al. 2000; Cho et al. 2014; the equations are in
        recurrent_equations.py.
    """

    terms: Vocab
    counts: NDArray[np.int64]
    network: Network
    losses: list[float]
    epoch_perplexities: list[float]
    perplexity: dict[str, float]
    learning_rates: list[dict[str, float]]
    n_learned: int
    n_begun: int
    pools = ("mean", "last")
    max_tokens: int | None = None
    """How many tokens a text may have: there is no end."""

    def __init__(
        self,
        cell: str,
        *,
        dim: int = 128,
        embedding_dim: int = 0,
        layers: int = 1,
        min_count: int = 2,
        epochs: int = 10,
        seed: int = 42,
        workers: int = 1,
        dropout: float = 0.2,
        batch: int = 32,
        steps: int = 64,
        learning_rate: float = 0.002,
        max_norm: float = 1.0,
        held_out: float = 0.05,
        patience: int = 1,
        freeze: bool = False,
    ) -> None:
        self.cell, self.dim, self.embedding_dim, self.layers = cell, dim, embedding_dim, layers
        self.min_count, self.epochs, self.seed, self.workers = min_count, epochs, seed, workers
        self.dropout, self.batch, self.steps = dropout, batch, steps
        self.learning_rate, self.max_norm = learning_rate, max_norm
        self.held_out, self.patience, self.freeze = held_out, patience, freeze
        check_options({name: value for name, value in vars(self).items() if name != "cell"})

    def fit(
        self,
        corpus: Corpus,
        *,
        init: WordVectors | None = None,
        checkpoint: Path | None = None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> Self:
        """Learn to predict each token from those before it.

        Args:
            init: what the look-up table begins with; terms without a vector there begin at random.
            checkpoint: a folder that keeps the state; training goes on from what is there.
            notice: called with one line about each thing worth knowing before the training.

        Raises:
            BadInput: no text has a token, none occurs `min_count` times, there are too few texts of two tokens, or
                training runs away; or the state is of another corpus or other options.
        """
        terms, counts = frequent_terms(corpus, self.min_count, special=True)
        network = made(self._shape(terms, init), np.random.default_rng([self.seed, 0]))
        n_begun = 0 if init is None else _begin_with(network, terms, init, notice)
        texts = ClassTexts(corpus, terms)
        learn, held_out = texts.split(self.held_out, np.random.default_rng([self.seed, 3]))
        plan = Plan(
            texts, learn, held_out, self.epochs, self.batch, self.steps, self.learning_rate, self.max_norm,
            self.dropout, self.patience, self.freeze, self.seed,
        )  # fmt: skip
        kept = None if checkpoint is None else Checkpoint(checkpoint, self._made_from(corpus, terms, init))
        with threads(self.workers):
            learned = train(network, plan, kept)
            perplexity = self._perplexity(network, plan) if len(held_out) else {}
        self.terms, self.counts, self.network, self.losses, self.perplexity = (
            terms, counts, network, learned.losses, perplexity,
        )  # fmt: skip
        rates = [{"from_step": step, "learning_rate": rate} for step, rate in learned.learning_rates]
        self.learning_rates = rates if len(rates) > 1 else []
        self.n_learned, self.n_begun = learned.n_tokens, n_begun
        self.epoch_perplexities = np.exp(learned.held_out).tolist()
        return self

    def _shape(self, terms: Vocab, init: WordVectors | None = None, embedding_dim: int | None = None) -> Shape:
        given = init.dim if init is not None else self.embedding_dim or self.dim
        if self.embedding_dim and given != self.embedding_dim:
            raise BadInput(
                f"embedding_dim must be that of the vectors to begin with, {given}, got {self.embedding_dim}; "
                "leave it out"
            )
        return Shape(self.cell, len(terms) + 1, embedding_dim or given, self.dim, self.layers)

    def _made_from(self, corpus: Corpus, terms: Vocab, init: WordVectors | None) -> dict[str, Any]:
        """What the training depends on, by name; the learning rate may be another once one was too high."""
        names = [name for name in signature(type(self)).parameters if name != "learning_rate"]
        return {
            "embedder": type(self).__name__,
            **{name: getattr(self, name) for name in names},
            "corpus": corpus.sha256(),
            "terms": terms.sha256(),
            "init": None if init is None else init.terms.sha256(),
        }

    def _perplexity(self, network: Network, plan: Plan) -> dict[str, float]:
        """e to the mean of -ln P of the held-out tokens, by what predicts them; how many those are."""
        texts, n_classes = plan.texts, len(network.table.weight)
        baselines = Baselines(texts.pairs(plan.learn), n_classes)
        sums, n_tokens, n_unknown = np.zeros(2), 0, 0
        for before, token in texts.pairs(plan.held_out):
            sums += baselines.losses(before, token)
            n_tokens += len(token)
            n_unknown += int((token == 0).sum())
        unigram, bigram = np.exp(sums / n_tokens).tolist()
        own = float(np.exp(mean_loss(network, texts, plan.held_out, n_rows=plan.n_rows, n_steps=plan.n_steps)))
        return {
            self.cell: own, "bigram": bigram, "unigram": unigram,
            "texts": len(plan.held_out), "tokens": n_tokens, "unknown_tokens": n_unknown,
        }  # fmt: skip

    @property
    def text_dim(self) -> int:
        """Dimensions of a text's vector."""
        return self.dim

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The terms' rows of the look-up table, which the network reads, (n_terms, embedding_dim)."""
        check_fitted(self)
        return self.network.table.weight.detach().numpy()[1:]

    def classes(self, corpus: Corpus) -> NDArray[np.int64]:
        """What the network reads each token as: its term's place + 1, or 0 for one that is no term, (n_tokens,)."""
        check_fitted(self)
        return (translation(corpus.vocab, self.terms) + 1)[corpus.ids]

    def has_row(self, corpus: Corpus) -> NDArray[np.bool_]:
        """Which tokens are terms, (n_tokens,)."""
        return self.classes(corpus) > 0

    def token_vectors(self, corpus: Corpus) -> NDArray[np.float32]:
        """The hidden state at each token, (n_tokens, dim); what stands before it in its text counts, nothing behind."""
        classes = self.classes(corpus)
        vectors = np.empty((corpus.n_tokens, self.dim), np.float32)
        with torch.no_grad(), threads(1):  # a step is too little for two: they would mostly wait for each other
            for batch in length_batches(corpus, _BATCH_TOKENS):
                self._read(classes, batch, vectors)
        return vectors

    def _read(self, classes: NDArray[np.int64], batch: Batch, vectors: NDArray[np.float32]) -> None:
        states: list[State] | None = None
        for first in range(0, batch.places.shape[1], _STEPS_AT_ONCE):
            part = slice(first, first + _STEPS_AT_ONCE)
            places, is_there = batch.places[:, part], batch.is_there[:, part]
            hidden, states = self.network.hidden(torch.from_numpy(np.where(is_there, classes[places], 0)), states)
            vectors[places[is_there]] = hidden.numpy()[is_there]

    def pooled(self, corpus: Corpus, vectors: NDArray[np.float32], pool: str) -> NDArray[np.float32]:
        """One vector a text, (n_texts, dim), of its tokens', (n_tokens, dim); zeros where it has none."""
        return pooled(corpus, vectors, pool)

    def state(self) -> Arrays:
        """The network's parameters as the equations name them, and `counts` int64 (n_terms,)."""
        check_fitted(self)
        return {**self.network.arrays(), "counts": self.counts}

    def restore(self, terms: Vocab, arrays: Arrays) -> Self:
        """The embedder of these terms and parameters."""
        network = made(self._shape(terms, embedding_dim=int(arrays["vectors"].shape[1])))
        network.put(arrays)
        self.terms, self.network, self.counts = terms, network, np.asarray(arrays["counts"], np.int64)
        return self


def _begin_with(network: Network, terms: Vocab, init: WordVectors, notice: Callable[[str], None]) -> int:
    """Set the rows of the terms that have a vector; how many those are."""
    found = init.lookup(terms.tokens)
    has_vector = found.kind > 0
    if not has_vector.any():
        raise BadInput(
            f"the vectors to begin with must have some of the {counted(len(terms), 'term')}, they have none; "
            "were they made with the same tokenizer?"
        )
    n_begun = int(has_vector.sum())
    notice(f"{n_begun:,} of {counted(len(terms), 'term')} begin with a vector")
    with torch.no_grad():
        network.table.weight[1:][torch.from_numpy(has_vector)] = torch.from_numpy(found.vectors[has_vector])
    return n_begun
