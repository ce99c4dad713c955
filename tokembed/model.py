"""A tokenizer and an embedder together: the only place that knows both, and that keeps them in a folder."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import tokembed
from tokembed import model_folder, registry
from tokembed.convert import read_vectors
from tokembed.corpus import Corpus
from tokembed.coverage import TokenCounts
from tokembed.errors import BadInput, BadUsage
from tokembed.tokenizers.pretrained_files import description_of
from tokembed.types import StaticEmbedder, TextEmbedder, Tokenizer
from tokembed.vector_files import WORDS_ALONE
from tokembed.vector_files.model import word_vectors
from tokembed.vectors import WordVectors

_LIBRARIES = ("ftfy", "gensim", "numba", "numpy", "regex", "scipy", "tokenizers")


@dataclass(frozen=True, slots=True)
class ChosenTokenizer:
    """A tokenizer and what it is called.

    Attributes:
        name: as the registry knows it, or a path or hub name.
        settings: unicode, lower, special, ... where they differ from the defaults.
        called: what it is shown as, and recorded.
    """

    name: str
    settings: dict[str, Any]
    called: str
    tokenizer: Tokenizer

    def record(self) -> dict[str, Any]:
        """What must be known to cut texts the same way."""
        return {"name": self.called, **self.settings}

    @property
    def description(self) -> str | None:
        """The text of its tokenizer.json, None where it is built in."""
        return description_of(self.name) if registry.find("tokenizer", self.name) is registry.PRETRAINED else None


def chosen_tokenizer(name: str, settings: dict[str, Any], called: str | None = None) -> ChosenTokenizer:
    """The tokenizer of that name; settings that are the defaults are left out.

    Raises:
        BadUsage, BadInput, NotAtHand: as `registry.tokenizer`.
    """
    changed = {option: value for option, value in settings.items() if value not in (False, "none")}
    called = called or (Path(name).name if Path(name).exists() else name)
    return ChosenTokenizer(name, changed, called, registry.tokenizer(name, **changed))


@dataclass(slots=True)
class Model:
    """What makes vectors out of texts.

    Attributes:
        embedder_settings: all of them.
        training: what the embedder was trained on, and with which versions.
    """

    cutting: ChosenTokenizer
    embedder_name: str
    embedder_settings: dict[str, Any]
    embedder: TextEmbedder | StaticEmbedder
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def is_sparse(self) -> bool:
        """Whether it gives one sparse row a text, and no vector of a token."""
        return registry.find("embedder", self.embedder_name).output == "texts"

    def fit(self, corpus: Corpus, counts: TokenCounts, *, checkpoint: Path | None = None) -> None:
        """Train the embedder on a corpus that the tokenizer cut.

        Args:
            counts: of the corpus.
            checkpoint: a folder that keeps the state of a training that can be gone on with; see `can_resume`.
        """
        if checkpoint is not None:
            cast(Any, self.embedder).fit(corpus, checkpoint=checkpoint)
        else:
            self.embedder.fit(corpus)
        self.training = {
            "corpus": {
                "texts": corpus.n_texts,
                "tokens": corpus.n_tokens,
                "sha256": corpus.sha256(),
                "vocabulary_sha256": corpus.vocab.sha256(),
            },
            "coverage": {
                "characters": counts.n_chars,
                "unknown_characters": counts.n_unk_chars,
                "words": counts.n_words,
                "tokens": counts.n_tokens,
                "unknown_tokens": counts.n_unk,
                "texts_without_tokens": int((corpus.lengths() == 0).sum()),
            },
            **({"losses": losses} if (losses := getattr(self.embedder, "losses", None)) else {}),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        }

    @property
    def can_resume(self) -> bool:
        """Whether its training keeps a state to go on from."""
        return self.embedder_name in ("word2vec", "fasttext")

    def word_vectors(self) -> WordVectors:
        """Its terms and their vectors, and what gives unseen words one."""
        learned = cast(Any, self.embedder)
        return WordVectors(learned.terms, learned.vectors, learned.counts, getattr(learned, "ngrams", None))

    def record(self) -> dict[str, Any]:
        """What must be known to make the model again."""
        return {
            "tokembed": tokembed.__version__,
            "tokenizer": self.cutting.record(),
            "embedder": {"name": self.embedder_name, **self.embedder_settings},
            **self.training,
        }

    def save(self, path: Path) -> None:
        """Write the model's folder, whole or not at all.

        Raises:
            BadInput: something else stands there, or it cannot be written.
        """
        arrays = dict(self.embedder.state())
        counts = cast(Any, arrays.pop("counts", None))
        model_folder.write(path, self.record(), self.embedder.terms, counts, arrays, self.cutting.description)


def new_model(cutting: ChosenTokenizer, embedder_name: str, settings: dict[str, Any]) -> Model:
    """A model to be trained.

    Args:
        settings: the embedder's, where they differ from the defaults.

    Raises:
        BadUsage: there is no such embedder or option.
    """
    defaults = {option.name: option.default for option in registry.options(registry.find("embedder", embedder_name))}
    return Model(cutting, embedder_name, defaults | settings, registry.embedder(embedder_name, **settings))


def load(path: Path) -> Model | WordVectors:
    """The model of a folder; word vectors where it was converted from a file of those, so that it has no tokenizer.

    Raises:
        BadInput: it is no model's folder, not whole, or of another kind of model than are known.
    """
    saved = model_folder.read(path)
    if saved.record["embedder"]["name"] == WORDS_ALONE:
        return word_vectors(saved, str(path))
    try:
        settings = dict(saved.record["embedder"])
        embedder_name = settings.pop("name")
        cutting = _saved_tokenizer(path, saved.record["tokenizer"])
        embedder = registry.embedder(embedder_name, **settings)
        arrays = saved.arrays if saved.counts is None else {**saved.arrays, "counts": saved.counts}
        embedder.restore(saved.terms, arrays)
    except (BadUsage, KeyError, TypeError, ValueError) as error:
        raise _unknown_model(path, error) from error
    training: dict[str, Any] = {
        name: saved.record[name] for name in ("corpus", "coverage", "losses", "versions") if name in saved.record
    }
    return Model(cutting, embedder_name, settings, embedder, training)


def opened(name: str, *, notice: Callable[[str], None] = lambda _: None) -> Model | WordVectors:
    """What `-m` names: the whole model of a folder, or the words and vectors of a file; see `opened_parts`.

    Raises:
        BadInput: there is no such thing, or it is not as it should be.
    """
    return load(Path(name)) if Path(name).is_dir() else read_vectors(name, notice=notice)


def opened_parts(
    name: str, *, notice: Callable[[str], None] = lambda _: None
) -> tuple[ChosenTokenizer | None, WordVectors | TextEmbedder]:
    """The tokenizer and the vectors of what `-m` names, without what only training needs: gensim takes a second.

    Args:
        notice: called with one line about each thing worth knowing.

    Returns:
        None for the tokenizer where words and vectors are all that is there.

    Raises:
        BadInput: there is no such thing, or it is not as it should be.
    """
    path = Path(name)
    saved = model_folder.read(path) if path.is_dir() else None
    if saved is None:
        return None, read_vectors(name, notice=notice)
    if saved.record["embedder"]["name"] == WORDS_ALONE:
        return None, word_vectors(saved, name)
    if "vectors" not in saved.arrays:
        model = cast(Model, load(path))
        return model.cutting, cast(TextEmbedder, model.embedder)
    try:
        return _saved_tokenizer(path, saved.record["tokenizer"]), word_vectors(saved, name)
    except (BadUsage, KeyError, TypeError, ValueError) as error:
        raise _unknown_model(path, error) from error


def _unknown_model(path: Path, error: Exception) -> BadInput:
    return BadInput(f"{str(path)!r} must hold a model of this tokembed, it does not: {error}")


def _saved_tokenizer(path: Path, record: dict[str, Any]) -> ChosenTokenizer:
    settings = dict(record)
    called = settings.pop("name")
    beside = path / model_folder.TOKENIZER
    return chosen_tokenizer(str(beside) if beside.exists() else called, settings, called)


def check_same_tokenizer(own: ChosenTokenizer, given: ChosenTokenizer, name: str) -> None:
    """Raise BadUsage where texts are to be cut otherwise than those that a model learned from.

    Args:
        own: what those were cut with.
        given: what was asked for.
        name: of the model, for the message.
    """
    if given.settings != own.settings or not _is_same(own, given):
        raise BadUsage(
            f"{name!r} must be used with the tokenizer it was trained with, {_spoken(own)}, got {_spoken(given)}; "
            "leave it out, the model remembers its own"
        )


def _is_same(own: ChosenTokenizer, given: ChosenTokenizer) -> bool:
    descriptions = own.description, given.description
    return descriptions[0] == descriptions[1] and (descriptions[0] is not None or own.name == given.name)


def _spoken(cutting: ChosenTokenizer) -> str:
    settings = [name if value is True else f"{name} {value}" for name, value in cutting.settings.items()]
    return repr(cutting.called) + (f" ({', '.join(settings)})" if settings else "")
