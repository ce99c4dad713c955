"""A tokenizer and an embedder together: the only place that knows both, and that keeps them in a folder."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import tokembed
from tokembed import registry
from tokembed.contextual import hub_models
from tokembed.corpus import Corpus
from tokembed.coverage import TokenCounts
from tokembed.errors import BadInput, BadUsage
from tokembed.method_options import options
from tokembed.models.cutting import ChosenTokenizer, check_same, chosen_tokenizer, saved_tokenizer, with_special
from tokembed.types import ContextualEmbedder, StaticEmbedder, TextEmbedder
from tokembed.vector_files import WORDS_ALONE, model_folder
from tokembed.vector_files.model import word_vectors
from tokembed.vectors import WordVectors
from tokembed.vocab import Vocab

_log = logging.getLogger(__name__)
_LIBRARIES = ("ftfy", "gensim", "numba", "numpy", "regex", "scipy", "tokenizers")
_NEURAL_LIBRARIES = ("torch", "transformers")
_REPORTED = ("losses", "perplexity", "epoch_perplexities", "learning_rates")
RESUMABLE = ("word2vec", "fasttext", "rnn", "lstm", "gru")


@dataclass(slots=True)
class Model:
    """What makes vectors out of texts.

    Attributes:
        embedder_settings: all of them.
        training: what the embedder was trained on, and with which versions.
        weights: the folder of one that comes trained.
    """

    cutting: ChosenTokenizer
    embedder_name: str
    embedder_settings: dict[str, Any]
    embedder: TextEmbedder | StaticEmbedder | ContextualEmbedder
    training: dict[str, Any] = field(default_factory=dict)
    weights: Path | None = None

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
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Train the embedder on a corpus that the tokenizer cut.

        Args:
            counts: of the corpus.
            checkpoint: a folder that keeps the state of a training that can be gone on with; see `can_resume`.
            init: what the look-up table of a recurrent network begins with.
            notice: called with one line about how much of the model's terms `init` has.
        """
        more: dict[str, Any] = {} if init is None else {"init": init, "notice": notice}
        embedder = cast(Any, self.embedder)
        embedder.fit(corpus, **more, **({} if checkpoint is None else {"checkpoint": checkpoint}))
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
            **({} if init is None else {"init": _begun_with(init, embedder.n_begun)}),
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
        """Its terms and their vectors, and what gives unseen words one; of a contextual model its look-up table.

        A table may have more rows than the tokenizer has tokens, or fewer: what lacks one of both is left out.
        """
        learned, terms = cast(Any, self.embedder), self.terms
        counts, ngrams = getattr(learned, "counts", None), getattr(learned, "ngrams", None)
        matrix = learned.vectors[: len(terms)]
        if len(matrix) < len(terms):
            _log.warning("%s tokens of the tokenizer have no row in the look-up table", f"{len(terms) - len(matrix):,}")
            terms = Vocab(terms.tokens[: len(matrix)])
        return WordVectors(terms, matrix, counts, ngrams)

    def check_tokenizer(self, given: ChosenTokenizer, name: str) -> None:
        """Raise BadUsage where that is not the tokenizer it was trained with; `name` is the model's."""
        check_same(self.cutting, with_special(given) if self.is_contextual else given, name)

    def record(self) -> dict[str, Any]:
        """What must be known to make the model again."""
        known_by = {} if self.weights is None else {"sha256": hub_models.sha256(self.weights)}
        return {
            "tokembed": tokembed.__version__,
            "tokenizer": self.cutting.record(),
            "embedder": {"name": self.embedder_name, **self.embedder_settings, **known_by},
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
    if everything["model"] == _defaults(method)["model"]:
        cutting = chosen_tokenizer(embedder_name, {"special": True})
    else:  # the whole path, as a folder may be called like a tokenizer that is built in
        called = folder.name if Path(everything["model"]).exists() else everything["model"]
        cutting = chosen_tokenizer(str(folder.resolve()), {"special": True}, called)
    return Model(
        cutting, embedder_name, everything | {"model": Path(everything["model"]).name}, embedder, weights=folder
    )


def _begun_with(init: WordVectors, n_begun: int) -> dict[str, Any]:
    """What a look-up table began with, and how many of the model's terms have a vector there."""
    return {"terms": len(init.terms), "terms_sha256": init.terms.sha256(), "terms_of_the_model": n_begun}


def _defaults(method: registry.Method) -> dict[str, Any]:
    return {option.name: option.default for option in options(method)}


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
        cutting = saved_tokenizer(path, saved.record["tokenizer"])
        embedder = registry.embedder(embedder_name, **settings)
        arrays = saved.arrays if saved.counts is None else {**saved.arrays, "counts": saved.counts}
        cast(Any, embedder).restore(saved.terms, arrays)
    except (BadUsage, KeyError, TypeError, ValueError) as error:
        raise unknown_model(path, error) from error
    training: dict[str, Any] = {
        name: saved.record[name]
        for name in ("corpus", "coverage", "init", *_REPORTED, "versions")
        if name in saved.record
    }
    return Model(cutting, embedder_name, settings, embedder, training)


def unknown_model(path: Path, error: Exception) -> BadInput:
    """What is raised for a folder that cannot be used."""
    return BadInput(f"{str(path)!r} must hold a model of this tokembed, it does not: {error}")
