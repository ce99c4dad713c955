"""CLIP's text tower: a text's vector lies where that of a picture it describes would."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tokembed.contextual import pooling as context_pooling
from tokembed.contextual.encoder import Encoder
from tokembed.corpus import Corpus


class ClipEmbedder:
    """The trained text tower run by transformers on the ids of its own tokenizer, special tokens included.

    Args:
        model: a folder with config.json and model.safetensors, or a hub name in the local cache.
        layer: whose vectors are taken: 1 is the first, 0 the look-up table's, -1 the last.
        batch_tokens: tokens that are read at a time, those that fill up included.
        device: auto takes a GPU where there is one.
        precision: bf16 goes with a GPU.

    A text's vector is that of its last token, <|endoftext|>, which has read all before it. Of the last layer it is
    projected to where the pictures' vectors lie; a token's vector, and a text's of another layer, is not. A tower
    saved without its projection, as Stable Diffusion's, gives all as they are.

    Source: Radford et al. 2021, section 2.4; transformers' CLIPTextModelWithProjection, CLIPTextModel.
    """

    pools = ("eos",)

    def __init__(
        self,
        *,
        model: str = "openai/clip-vit-base-patch32",
        layer: int = -1,
        batch_tokens: int = 4096,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        precision: Literal["float32", "bf16"] = "float32",
    ) -> None:
        self._encoder = Encoder(model, layer=layer, batch_tokens=batch_tokens, device=device, precision=precision)

    @property
    def max_tokens(self) -> int | None:
        """How many tokens a text may have, special ones included."""
        return self._encoder.max_tokens

    @property
    def dim(self) -> int:
        """Dimensions of a token's vector."""
        return self._encoder.dim

    @property
    def text_dim(self) -> int:
        """Dimensions of a text's vector."""
        return self._encoder.dim if self._projection is None else len(self._projection)

    @property
    def _projection(self) -> NDArray[np.float32] | None:
        """(text_dim, dim); None where there is none, or where it is not made for the layer."""
        projection = getattr(self._encoder.module, "text_projection", None)
        if projection is None or not self._encoder.is_last:
            return None
        weight: NDArray[np.float32] = projection.weight.detach().float().cpu().numpy()
        return weight

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The look-up table that tokens are read by, (n_ids, dim)."""
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
        """One vector a text, (n_texts, text_dim)."""
        ends, projection = context_pooling.pooled(corpus, vectors, "last"), self._projection
        return ends if projection is None else ends @ projection.T
