"""How a loaded transformer reads texts: the vectors of a layer, and whether a text is read the same beside others."""

from __future__ import annotations

from typing import Any

import torch

from tokembed.contextual.weights import UNUSABLE, reason
from tokembed.errors import BadInput

LAST = -1
"""Stands for the last layer."""
_N_TOKENS, _N_FILLED_UP = 3, 5
_CLOSE = 1e-3
"""Of the largest number: rounding in float32 is far below, what reads its padding far above."""


def states(module: Any, layer: int, ids: torch.Tensor, is_there: torch.Tensor | None) -> torch.Tensor:
    """The vectors of a layer, (n_texts, n_longest, dim).

    Args:
        ids: int64, (n_texts, n_longest).
        is_there: False behind the end of a text, the same shape; None where all are.
    """
    output = _read(module, ids, is_there, every_layer=layer != LAST)
    return _cut(output.last_hidden_state if layer == LAST else output.hidden_states[layer], ids)


def states_of_all(module: Any, ids: torch.Tensor) -> list[torch.Tensor]:
    """The vectors of each layer from 0 on, (n_texts, n_tokens, dim) each, of texts of one length."""
    output = _read(module, ids, None, every_layer=True)
    return [_cut(state, ids) for state in (*output.hidden_states[:-1], output.last_hidden_state)]


def _read(module: Any, ids: torch.Tensor, is_there: torch.Tensor | None, *, every_layer: bool) -> Any:
    if _is_sparse(module):
        needed = (5 + 2 * module.config.num_random_blocks) * module.config.block_size
        # transformers turns it off at the first short text, and never on again
        module.set_attention_type("block_sparse" if ids.shape[1] > needed else "original_full")
    mask = None if is_there is None else is_there.long()
    return module(input_ids=ids, attention_mask=mask, output_hidden_states=every_layer, return_dict=True)


def _cut(state: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Without what a model adds for its own sake: between its layers BigBird fills up to whole blocks."""
    return state[:, : ids.shape[1]]


def _is_sparse(module: Any) -> bool:
    """Whether a text's length decides which of its tokens see each other, as in BigBird."""
    return getattr(module.config, "attention_type", "") == "block_sparse"


def may_be_filled_up(name: str, module: Any, layer: int) -> bool:
    """Whether a text's vectors stay the same when it is filled up to the length of a longer one.

    They do not where the mask is not heeded: FNet mixes all places, ConvBERT those close by.

    Args:
        module: on the processor, in float32.

    Raises:
        BadInput: it does not give each token of a text a vector of its size.
    """
    padding = padding_id(module)
    ids = torch.tensor([[one for one in range(_N_TOKENS + 1) if one != padding][:_N_TOKENS]])
    ids = ids.clamp(max=module.get_input_embeddings().num_embeddings - 1)
    filled = torch.nn.functional.pad(ids, (0, _N_FILLED_UP - _N_TOKENS), value=padding)
    is_there = torch.arange(_N_FILLED_UP)[None] < _N_TOKENS
    try:
        with torch.inference_mode():
            alone, beside = states(module, layer, ids, None), states(module, layer, filled, is_there)[:, :_N_TOKENS]
    except UNUSABLE as error:
        said = f"it is {type(module).__name__}, which cannot read one: {reason(error)}"
        raise BadInput(f"{name!r} must be an encoder of text, {said}") from error
    if alone.shape != (1, _N_TOKENS, module.config.hidden_size) or beside.shape != alone.shape:
        wanted = f"{module.config.hidden_size} numbers, {_N_TOKENS} got the shape {tuple(alone.shape[1:])}"
        raise BadInput(f"{name!r} must give each token {wanted}; choose another layer or model")
    return not _is_sparse(module) and bool((alone - beside).abs().max() <= _CLOSE * alone.abs().max())


def padding_id(module: Any) -> int:
    """What stands behind the end of a text; where the config names none of the table, any does."""
    named, n_ids = getattr(module.config, "pad_token_id", None), module.get_input_embeddings().num_embeddings
    return named if isinstance(named, int) and 0 <= named < n_ids else 0
