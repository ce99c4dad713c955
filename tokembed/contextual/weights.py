"""A trained transformer from a folder or the hub's local cache: safetensors alone, and no code of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
import transformers
from safetensors import SafetensorError

from tokembed.contextual.hub_models import CONFIG, WEIGHTS, find, has_weights, is_clip, not_at_hand
from tokembed.errors import BadInput

_NOT_NEEDED = ("pooler.", "position_ids")
"""Weights that no vector here is made with: many a checkpoint has none of these."""


def load(name: str) -> torch.nn.Module:
    """The encoder of a folder or a hub name in the local cache, ready to be run on the processor.

    Raises:
        NotAtHand: it is not on this machine; the message has the command that brings it.
        BadInput: there are no safetensors, or the config and the weights disagree.
    """
    folder = find(name)
    if folder is None:
        raise not_at_hand(name)
    if not has_weights(folder):
        pickled = [file.name for file in sorted(folder.iterdir()) if file.suffix in (".bin", ".pt", ".pth", ".ckpt")]
        found = f"it has {pickled[0]}, a pickle, which may run any code" if pickled else "it has none"
        raise BadInput(f"{name!r} must have its weights as {WEIGHTS}, {found}; save it with safetensors")
    class_ = transformers.CLIPTextModelWithProjection if is_clip(folder) else transformers.AutoModel
    try:
        with _silence():
            model, about = class_.from_pretrained(
                str(folder),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, SafetensorError) as error:
        raise BadInput(f"{name!r} must be an encoder that transformers can load: {_first_line(error)}") from error
    missing = sorted(key for key in about["missing_keys"] if not any(part in key for part in _NOT_NEEDED))
    if missing:
        raise BadInput(
            f"the weights of {name!r} must be those that its {CONFIG} says, {len(missing)} are not there, "
            f"the first is {missing[0]!r}"
        )
    if getattr(model.config, "is_encoder_decoder", False) or model.get_input_embeddings() is None:
        raise BadInput(f"{name!r} must be an encoder of text, it is {type(model).__name__}")
    return cast(torch.nn.Module, model.eval())


@contextmanager
def _silence() -> Iterator[None]:
    """transformers without its progress bar and its advice; what of it matters is checked here."""
    log = transformers.utils.logging
    verbosity = log.get_verbosity()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(verbosity)
        log.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
