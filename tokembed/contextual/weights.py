"""A trained transformer from a folder or the hub's local cache: safetensors alone, and no code of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
import transformers
from huggingface_hub import errors as hub_errors
from safetensors import SafetensorError

from tokembed.contextual.hub_models import (
    CONFIG,
    WEIGHTS,
    find,
    has_weights,
    is_clip,
    is_clip_unprojected,
    not_at_hand,
)
from tokembed.errors import BadInput

_NOT_NEEDED = ("pooler.", "position_ids")
"""Weights that no vector here is made with: many a checkpoint has none of these."""
_NUMBERED = re.compile(r"(?P<layers>[^0-9]+)\.[0-9]+(?=\.)")
UNUSABLE = (
    OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError, ArithmeticError, AssertionError,
    ImportError, SafetensorError, getattr(hub_errors, "StrictDataclassError", ValueError),
)  # fmt: skip
"""What transformers raises for a config with values that cannot be, or that asks for what is not installed."""


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
    try:
        with _silence():
            model, about = _class_of(folder).from_pretrained(
                str(folder),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,  # they are refused below, with their names
                output_loading_info=True,
            )
    except UNUSABLE as error:
        raise BadInput(f"{name!r} must be an encoder that transformers can load: {reason(error)}") from error
    if differs := _disagreement(model, about):
        wanted = f"must be those that its {CONFIG} says, {differs}"
        raise BadInput(f"the weights of {name!r} {wanted}; take both from one model")
    if not _is_encoder(model):
        raise BadInput(f"{name!r} must be an encoder of text, it is {type(model).__name__}")
    return cast(torch.nn.Module, model.eval())


def reason(error: Exception) -> str:
    """What an error of transformers or torch says, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    said = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    is_told = said and not isinstance(error, LookupError | ArithmeticError)  # those say 'nope' or modulo by zero
    return said if is_told else f"{type(error).__name__} {said}".strip()


def _class_of(folder: Path) -> Any:
    if is_clip_unprojected(folder):
        return transformers.CLIPTextModel
    return transformers.CLIPTextModelWithProjection if is_clip(folder) else transformers.AutoModel


def _disagreement(model: Any, about: dict[str, Any]) -> str | None:
    """How the weights differ from those the config says; heads and other towers beside the encoder do not matter."""
    if missing := sorted(key for key in about["missing_keys"] if not any(part in key for part in _NOT_NEEDED)):
        return f"{len(missing)} are not there, the first is {missing[0]!r}"
    for key, found, wanted in sorted(about["mismatched_keys"]):
        return f"{key!r} has the shape {tuple(found)} and not {tuple(wanted)}"
    if unplaced := _unplaced(model, about["unexpected_keys"]):
        return f"{len(unplaced)} have no place in it, the first is {unplaced[0]!r}"
    return None


def _unplaced(model: Any, keys: Iterable[str]) -> list[str]:
    """Of the weights that were not loaded those of a layer beyond the last, or of a term that is left out."""
    modules, found = dict(model.named_modules()), []
    for key in sorted(keys):
        own = key.removeprefix(f"{model.base_model_prefix}.")
        numbered, owner = _NUMBERED.match(own), modules.get(own.rpartition(".")[0])
        is_beyond = numbered and numbered["layers"] in modules and numbered[0] not in modules
        if is_beyond or (owner is not None and getattr(owner, own.rpartition(".")[2], owner) is None):
            found.append(key)
    return found


def _is_encoder(model: Any) -> bool:
    """Whether tokens are read by a look-up table, and the config says of one encoder how large it is."""
    try:
        table = model.get_input_embeddings()
    except NotImplementedError:
        return False
    sizes = (getattr(model.config, size, None) for size in ("hidden_size", "num_hidden_layers"))
    is_one = not getattr(model.config, "is_encoder_decoder", False) and all(isinstance(size, int) for size in sizes)
    return is_one and hasattr(table, "num_embeddings")


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
