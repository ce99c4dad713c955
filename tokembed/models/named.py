"""What `-m` names: a model's folder, a trained transformer's folder or hub name, or a file of word vectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from tokembed import registry
from tokembed.contextual import hub_models
from tokembed.convert import read_vectors
from tokembed.errors import BadUsage
from tokembed.models.cutting import ChosenTokenizer, saved_tokenizer
from tokembed.models.model import Model, load, trained_model, unknown_model
from tokembed.types import ContextualEmbedder, TextEmbedder
from tokembed.vector_files import WORDS_ALONE, model_folder
from tokembed.vector_files.model import word_vectors
from tokembed.vectors import WordVectors


def is_transformer(name: str) -> bool:
    """Whether `-m` names a trained transformer's folder, or a hub name, in the local cache or not."""
    path = Path(name)
    if model_folder.is_model(path):
        return False
    return hub_models.find(name) is not None or (not path.exists() and hub_models.may_be_on_the_hub(name))


def opened(
    name: str, *, notice: Callable[[str], None] = lambda _: None, settings: dict[str, Any] | None = None
) -> Model | WordVectors:
    """What `-m` names: the model of a folder, a trained transformer's folder or hub name, or the vectors of a file.

    Args:
        notice: called with one line about each thing worth knowing.
        settings: of a transformer's embedder, where they differ from the defaults.

    Raises:
        BadInput: there is no such thing, or it is not as it should be.
        BadUsage: settings are given, and it is no transformer.
        NotAtHand: it may be a hub name, and is not in the local cache; or torch is not installed.
    """
    path = Path(name)
    folder = hub_models.find(name) if is_transformer(name) else None
    if folder is not None:
        return trained_model("clip" if hub_models.is_clip(folder) else "bert", {**(settings or {}), "model": name})
    if is_transformer(name):
        raise hub_models.not_at_hand(name)
    if settings:
        raise BadUsage(f"{', '.join(settings)} of a model can be set for a transformer, {name!r} is none; leave it out")
    return load(path) if path.is_dir() else read_vectors(name, notice=notice)


def opened_words(
    name: str, *, notice: Callable[[str], None] = lambda _: None, progress: Callable[[int], None] = lambda _: None
) -> WordVectors:
    """The word vectors of what `-m` names; of a model that reads texts the look-up table it reads tokens by.

    Args:
        notice: called with one line about each thing worth knowing.
        progress: called with how many more rows are read.

    Raises:
        BadInput, NotAtHand: as `opened`.
    """
    if not is_transformer(name):
        return read_vectors(name, notice=notice, progress=progress)
    words = cast(Model, opened(name)).word_vectors()
    notice(f"{name!r} reads whole texts; taken are the vectors of the look-up table it reads them by")
    return words


def opened_parts(
    name: str, *, notice: Callable[[str], None] = lambda _: None
) -> tuple[ChosenTokenizer | None, WordVectors | TextEmbedder | ContextualEmbedder]:
    """The tokenizer and the vectors of what `-m` names, without what only training needs: gensim takes a second.

    Args:
        notice: called with one line about each thing worth knowing.

    Returns:
        None for the tokenizer where words and vectors are all that is there.

    Raises:
        BadInput: there is no such thing, or it is not as it should be.
        NotAtHand: it may be a hub name, and is not in the local cache; or torch is not installed.
    """
    path = Path(name)
    if is_transformer(name):
        return _parts(opened(name))
    if not path.is_dir():
        return None, read_vectors(name, notice=notice)
    saved = model_folder.read(path)
    embedder = saved.record["embedder"]["name"]
    if embedder == WORDS_ALONE:
        return None, word_vectors(saved, name)
    try:
        if registry.find("embedder", embedder).output != "tokens":
            return _parts(load(path))
        return saved_tokenizer(path, saved.record["tokenizer"]), word_vectors(saved, name)
    except (BadUsage, KeyError, TypeError, ValueError) as error:
        raise unknown_model(path, error) from error


def _parts(found: Model | WordVectors) -> tuple[ChosenTokenizer, TextEmbedder | ContextualEmbedder]:
    model = cast(Model, found)  # words alone have been told apart before
    return model.cutting, cast("TextEmbedder | ContextualEmbedder", model.embedder)
