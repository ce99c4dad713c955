"""A tokenizer and an embedder together: the only place that knows both, and that keeps them in a folder."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import tokembed
from tokembed import hub_models, model_folder, registry
from tokembed.convert import read_vectors
from tokembed.corpus import Corpus
from tokembed.coverage import TokenCounts
from tokembed.errors import BadInput, BadUsage
from tokembed.tokenizers.pretrained_files import description_of
from tokembed.types import ContextualEmbedder, StaticEmbedder, TextEmbedder, Tokenizer
from tokembed.vector_files import WORDS_ALONE
from tokembed.vector_files.model import word_vectors
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

_LIBRARIES = ("ftfy", "gensim", "numba", "numpy", "regex", "scipy", "tokenizers")
_NEURAL_LIBRARIES = ("torch", "transformers")
_REPORTED = ("losses", "perplexity")
RESUMABLE = ("word2vec", "fasttext", "rnn", "lstm", "gru")


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
    embedder: TextEmbedder | StaticEmbedder | ContextualEmbedder
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def is_sparse(self) -> bool:
        """Whether it gives one sparse row a text, and no vector of a token."""
        return registry.find("embedder", self.embedder_name).output == "texts"

    @property
    def is_contextual(self) -> bool:
        """Whether a token's vector depends on the text around it."""
        return registry.find("embedder", self.embedder_name).output == "context"

    @property
    def is_recurrent(self) -> bool:
        """Whether it is one that was trained here to predict the next token."""
        return self.is_contextual and not registry.find("embedder", self.embedder_name).is_trained

    @property
    def terms(self) -> Vocab:
        """What it has learned of: an embedder's terms, or all tokens of a transformer's tokenizer."""
        own = getattr(self.embedder, "terms", self.cutting.tokenizer.vocab)
        assert own is not None  # a transformer's tokenizer has a vocabulary
        return own

    def fit(
        self,
        corpus: Corpus,
        counts: TokenCounts,
        *,
        checkpoint: Path | None = None,
        init: WordVectors | None = None,
    ) -> None:
        """Train the embedder on a corpus that the tokenizer cut.

        Args:
            counts: of the corpus.
            checkpoint: a folder that keeps the state of a training that can be gone on with; see `can_resume`.
            init: what the look-up table of a recurrent network begins with.
        """
        more = {name: value for name, value in (("checkpoint", checkpoint), ("init", init)) if value is not None}
        cast(Any, self.embedder).fit(corpus, **more)
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
            **({} if init is None else {"init": {"terms": len(init.terms), "terms_sha256": init.terms.sha256()}}),
            **{name: value for name in _REPORTED if (value := getattr(self.embedder, name, None))},
            "versions": self.versions(),
        }

    def versions(self) -> dict[str, str]:
        """Python's and those of the libraries that a result depends on."""
        libraries = _LIBRARIES + (_NEURAL_LIBRARIES if self.is_contextual else ())
        return {"python": platform.python_version(), **{name: version(name) for name in libraries}}

    @property
    def can_resume(self) -> bool:
        """Whether its training keeps a state to go on from."""
        return self.embedder_name in RESUMABLE

    def word_vectors(self) -> WordVectors:
        """Its terms and their vectors, and what gives unseen words one; of a contextual model its look-up table."""
        learned, terms = cast(Any, self.embedder), self.terms
        counts, ngrams = getattr(learned, "counts", None), getattr(learned, "ngrams", None)
        return WordVectors(terms, learned.vectors[: len(terms)], counts, ngrams)

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
        arrays = dict(cast(Any, self.embedder).state())
        counts = arrays.pop("counts", None)
        model_folder.write(path, self.record(), self.terms, counts, arrays, self.cutting.description)


def new_model(cutting: ChosenTokenizer, embedder_name: str, settings: dict[str, Any]) -> Model:
    """A model to be trained.

    Args:
        settings: the embedder's, where they differ from the defaults.

    One that reads in order has its texts cut with the special tokens, so that each begins with the start token.

    Raises:
        BadUsage: there is no such embedder or option, or it comes trained.
        NotAtHand: what it needs is not installed.
    """
    method = registry.find("embedder", embedder_name)
    if method.is_trained:
        raise BadUsage(f"{embedder_name} comes trained, there is nothing to train; use: embed -e {embedder_name}")
    if method.output == "context":
        cutting = with_special(cutting)
    return Model(cutting, embedder_name, _defaults(method) | settings, registry.embedder(embedder_name, **settings))


def with_special(cutting: ChosenTokenizer) -> ChosenTokenizer:
    """The same tokenizer with its special tokens around each text, where it has such."""
    options = {option.name for option in registry.options(registry.find("tokenizer", cutting.name))}
    if "special" not in options or cutting.settings.get("special"):
        return cutting
    return chosen_tokenizer(cutting.name, {**cutting.settings, "special": True}, cutting.called)


def trained_model(embedder_name: str, settings: dict[str, Any]) -> Model:
    """The model of an embedder that comes trained, bert or clip, with the tokenizer it is bound to.

    Args:
        settings: the embedder's, where they differ from the defaults; `model` is a folder or a hub name.

    Raises:
        BadUsage: there is no such option.
        NotAtHand: torch or the model is not at hand.
        BadInput: it has no tokenizer.
    """
    method = registry.find("embedder", embedder_name)
    everything = _defaults(method) | settings
    embedder = registry.embedder(embedder_name, **settings)
    folder = hub_models.find(everything["model"])
    if folder is None:
        raise hub_models.not_at_hand(everything["model"])
    is_own = everything["model"] == _defaults(method)["model"]
    cutting = chosen_tokenizer(embedder_name if is_own else str(folder), {"special": True})
    if not is_own and not Path(everything["model"]).exists():
        cutting = replace(cutting, called=everything["model"])
    recorded = everything | {"model": Path(everything["model"]).name, "sha256": hub_models.sha256(folder)}
    return Model(cutting, embedder_name, recorded, embedder)


def _defaults(method: registry.Method) -> dict[str, Any]:
    return {option.name: option.default for option in registry.options(method)}


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
        cast(Any, embedder).restore(saved.terms, arrays)
    except (BadUsage, KeyError, TypeError, ValueError) as error:
        raise _unknown_model(path, error) from error
    training: dict[str, Any] = {
        name: saved.record[name]
        for name in ("corpus", "coverage", "init", *_REPORTED, "versions")
        if name in saved.record
    }
    return Model(cutting, embedder_name, settings, embedder, training)


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
    if registry.find("embedder", saved.record["embedder"]["name"]).output == "context":
        embedder = saved.record["embedder"]["name"]
        raise BadInput(f"{name!r} must have vectors of words, one of {embedder} depends on its text; use embed -m")
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


def check_same_tokenizer(model: Model, given: ChosenTokenizer, name: str) -> None:
    """Raise BadUsage where texts are to be cut otherwise than those that the model learned from.

    Args:
        given: what was asked for.
        name: of the model, for the message.
    """
    own = model.cutting
    given = with_special(given) if model.is_contextual else given
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
