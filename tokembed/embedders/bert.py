"""BERT, or any encoder like it: a token's vector is what a trained transformer makes of it in its whole text."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tokembed.contextual import pooling as context_pooling
from tokembed.contextual.encoder import Encoder
from tokembed.corpus import Corpus

_POOLS = {"mean": "mean", "cls": "first", "max": "max"}


class BertEmbedder:
    """A trained encoder run by transformers on the ids of its own tokenizer, special tokens included.

    Args:
        model: a folder with config.json and model.safetensors, or a hub name in the local cache.
        layer: whose vectors are taken: 1 is the first, 0 the look-up table's, -1 the last.
        batch_tokens: tokens that are read at a time, those that fill up included.
        device: auto takes a GPU where there is one.
        precision: bf16 goes with a GPU.

    Source: Devlin et al. 2019, "BERT"; transformers' AutoModel.
    """

    pools = tuple(_POOLS)

    def __init__(
        self,
        *,
        model: str = "bert-base-multilingual-cased",
        layer: int = -1,
        batch_tokens: int = 4096,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        precision: Literal["float32", "bf16"] = "float32",
    ) -> None:
        self._encoder = Encoder(model, layer=layer, batch_tokens=batch_tokens, device=device, precision=precision)

    @property
    def max_tokens(self) -> int | None:
        """How many tokens a text may have, special ones included; None where there is no end."""
        return self._encoder.max_tokens

    @property
    def dim(self) -> int:
        """Dimensions of a token's vector."""
        return self._encoder.dim

    @property
    def text_dim(self) -> int:
        """Dimensions of a text's vector."""
        return self._encoder.dim

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The look-up table that tokens are read by, (n_ids, embedding_dim)."""
        return self._encoder.table

    def token_vectors(self, corpus: Corpus) -> NDArray[np.float32]:
        """The layer's vectors of all tokens, (n_tokens, dim).

        Raises:
            NotAtHand: the model is not on this machine.
            BadInput: its files are not as they should be, or the corpus is not of its tokenizer.
        """
        return self._encoder.token_vectors(corpus)

    def layers(self, corpus: Corpus) -> NDArray[np.float32]:
        """The vectors of one text behind every layer, (n_layers + 1, n_tokens, dim)."""
        return self._encoder.layers(corpus)

    def has_row(self, corpus: Corpus) -> NDArray[np.bool_]:
        """All tokens have one, (n_tokens,)."""
        return np.ones(corpus.n_tokens, np.bool_)

    def pooled(self, corpus: Corpus, vectors: NDArray[np.float32], pool: str) -> NDArray[np.float32]:
        """One vector a text, (n_texts, dim): the mean or max of its tokens, special ones too, or the first's (cls)."""
        return context_pooling.pooled(corpus, vectors, _POOLS[pool])
