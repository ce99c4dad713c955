"""Running a trained transformer over a corpus: batches of about equal length, on the processor or a GPU."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tokembed.contextual.batches import Batch, length_batches
from tokembed.contextual.reading import LAST, may_be_filled_up, padding_id, states, states_of_all
from tokembed.contextual.weights import load
from tokembed.corpus import Corpus
from tokembed.errors import BadInput, BadUsage, NotAtHand, one_of, within

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("float32", "bf16")
_MOST_LAYERS = 10_000
_MOST_TOKENS = 1 << 30
_log = logging.getLogger(__name__)


class Encoder:
    """A transformer of a folder or hub name, loaded when it is first asked for anything.

    Args:
        layer: whose vectors are given, from 1; 0 is the look-up table's with positions, -1 is the last.
        batch_tokens: of a batch once filled up, at the most; a longer text is a batch of its own.
        device: auto takes a GPU where there is one.
        precision: bf16 goes with a GPU.

    Raises:
        BadUsage: a value cannot be.
    """

    def __init__(self, name: str, *, layer: int, batch_tokens: int, device: str, precision: str) -> None:
        self.name, self.layer, self.batch_tokens = name, layer, batch_tokens
        self.device, self.precision = device, precision
        self._module: Any = None
        self._fills_up = True
        within("layer", layer, LAST, _MOST_LAYERS)
        within("batch_tokens", batch_tokens, 1, _MOST_TOKENS)
        one_of("device", device, DEVICES)
        one_of("precision", precision, PRECISIONS)

    @property
    def module(self) -> Any:
        """transformers' own model.

        Raises:
            NotAtHand: it is not on this machine, or a GPU is asked for and there is none.
            BadInput: its files are not as they should be.
            BadUsage: it has no such layer, or bf16 is asked for without a GPU.
        """
        if self._module is None:
            self._module = self._loaded(self._chosen_device())
        return self._module

    def _loaded(self, device: str) -> Any:
        module: Any = load(self.name).float()
        n_layers = module.config.num_hidden_layers
        if self.layer > n_layers:
            raise BadUsage(f"layer must lie in 0..{n_layers} for {self.name!r}, got {self.layer}")
        self._fills_up = may_be_filled_up(self.name, module, LAST if self.layer == n_layers else self.layer)
        try:
            return module.to(device, torch.bfloat16 if self.precision == "bf16" else torch.float32)
        except torch.OutOfMemoryError as error:
            raise BadInput(f"{self.name!r} must fit the GPU's memory, it does not; use --device cpu") from error

    def _chosen_device(self) -> str:
        has_gpu = torch.cuda.is_available()
        if self.device == "cuda" and not has_gpu:
            raise NotAtHand("device cuda needs a GPU and a torch made for it, there is none; use --device cpu")
        chosen = "cuda" if has_gpu and self.device != "cpu" else "cpu"
        if self.precision == "bf16" and chosen == "cpu":
            raise BadUsage("precision bf16 goes with a GPU, got the processor; leave it out")
        return chosen

    @property
    def is_last(self) -> bool:
        """Whether the vectors are the last layer's."""
        return self.layer in (LAST, self.module.config.num_hidden_layers)

    @property
    def max_tokens(self) -> int | None:
        """How many tokens a text may have, special ones included; None where there is no end."""
        positions = getattr(self.module.config, "max_position_embeddings", None)
        if positions is None or positions < 1:  # XLNet has no end, and says -1
            return None
        rows = [one for name, one in self.module.named_modules() if name.endswith("position_embeddings")]
        padding = getattr(rows[0], "padding_idx", None) if rows else None
        return int(positions) - (0 if padding is None else padding + 1)  # RoBERTa's begin behind their padding

    @property
    def table(self) -> NDArray[np.float32]:
        """The look-up table that tokens are read by, (n_ids, embedding_dim)."""
        weight = self.module.get_input_embeddings().weight
        return as_array(weight.detach())

    @property
    def dim(self) -> int:
        """Dimensions of a token's vector."""
        return int(self.module.config.hidden_size)

    def token_vectors(self, corpus: Corpus) -> NDArray[np.float32]:
        """The layer's vectors, (n_tokens, dim), in the order of the tokens.

        Raises:
            BadInput: an id is beyond the model's table, a text longer than it takes, or than the GPU has room for.
        """
        self._check(corpus)
        vectors = np.empty((corpus.n_tokens, self.dim), np.float32)
        for batch in length_batches(corpus, self.batch_tokens, filled_up=self._fills_up):
            self._run(corpus, batch, vectors)
        return vectors

    def layers(self, corpus: Corpus) -> NDArray[np.float32]:
        """The vectors of one text behind every layer, (n_layers + 1, n_tokens, dim); layer 0 is the look-up table's.

        Raises:
            BadInput: as `token_vectors`.
        """
        self._check(corpus)
        if not corpus.n_tokens:
            return np.empty((self.module.config.num_hidden_layers + 1, 0, self.dim), np.float32)
        ids = torch.from_numpy(corpus.ids.astype(np.int64))[None].to(self.module.device)
        with torch.inference_mode():
            found = [as_array(state[0]) for state in states_of_all(self.module, ids)]
        if any(layer.shape != (corpus.n_tokens, self.dim) for layer in found):
            raise BadInput(f"each layer of {self.name!r} must give each token {self.dim} numbers, they differ")
        return np.stack(found)

    def _check(self, corpus: Corpus) -> None:
        n_ids = self.module.get_input_embeddings().num_embeddings
        if corpus.n_tokens and int(corpus.ids.max()) >= n_ids:
            raise BadInput(
                f"the ids must be below {n_ids:,} for {self.name!r}, found {int(corpus.ids.max()):,}; "
                "use the model's own tokenizer"
            )
        longest = int(corpus.lengths().max(initial=0))
        if self.max_tokens is not None and longest > self.max_tokens:
            raise BadInput(
                f"a text must have at most {self.max_tokens:,} tokens for {self.name!r}, one has {longest:,}"
            )

    def _run(self, corpus: Corpus, batch: Batch, vectors: NDArray[np.float32]) -> None:
        """Fill in the vectors of a batch, in parts where it has more tokens than there turned out to be room for."""
        first, (n_rows, longest) = 0, batch.places.shape
        while first < n_rows:
            rows = slice(first, first + max(1, self.batch_tokens // longest))
            part = Batch(batch.places[rows], batch.is_there[rows])
            found = self._outputs_where_room(corpus, part)
            if found is None:
                self._make_smaller(part)
                continue
            vectors[part.places[part.is_there]] = found
            first = rows.stop

    def _outputs_where_room(self, corpus: Corpus, batch: Batch) -> NDArray[np.float32] | None:
        """As `_outputs`; None where the GPU's memory ran out: the error holds what was made so far, it must be gone."""
        try:
            return self._outputs(corpus, batch)
        except torch.OutOfMemoryError:
            return None

    def _make_smaller(self, batch: Batch) -> None:
        """Let the batches that follow have half the tokens of this one, for which there was no room."""
        n_rows, longest = batch.places.shape
        if n_rows == 1:
            raise BadInput(
                f"a text must fit the GPU's memory, one of {longest:,} tokens does not; "
                "use --device cpu or make the text shorter"
            )
        torch.cuda.empty_cache()
        self.batch_tokens = batch.places.size // 2
        _log.warning("the GPU's memory ran out: batches have at most %s tokens from here on", self.batch_tokens)

    def _outputs(self, corpus: Corpus, batch: Batch) -> NDArray[np.float32]:
        """The vectors of the tokens that are there, row by row, (n_tokens, dim)."""
        module = self.module
        ids = np.where(batch.is_there, corpus.ids[batch.places], padding_id(module)).astype(np.int64)
        given, is_there = (torch.from_numpy(array).to(module.device) for array in (ids, batch.is_there))
        layer = LAST if self.is_last else self.layer
        with torch.inference_mode():
            return as_array(states(module, layer, given, None if batch.is_there.all() else is_there)[is_there])


def as_array(found: torch.Tensor) -> NDArray[np.float32]:
    """The tensor as an array, from wherever it is and of whatever precision."""
    array: NDArray[np.float32] = found.float().cpu().numpy()
    return array
