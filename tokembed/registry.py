"""Which methods exist: one table, names as strings, nothing imported until it is asked for.

Help texts, did-you-mean, lazy imports, the checks of options and the README's table all read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from tokembed.errors import BadUsage, NotAtHand, did_you_mean
from tokembed.method_options import checked, options

if TYPE_CHECKING:
    from types import ModuleType

    from tokembed.types import ContextualEmbedder, StaticEmbedder, TextEmbedder, Tokenizer

Role = Literal["tokenizer", "embedder"]
Output = Literal["texts", "tokens", "context"]
"""What an embedder gives: one sparse row a text, one vector a token, or one a token in its text."""


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the table; `target` is "module:Class" below the package.

    Attributes:
        extra: what must be installed beside tokembed, and the package by which that is told.
        takes_name: the constructor's first argument is the name that the method was asked for by.
        is_trained: it comes with what it has learned, and has no `fit`.
        window: how many tokens a text may have for the model that a tokenizer is made for, special ones included.
    """

    role: Role
    name: str
    target: str
    summary: str
    source: str
    output: Output | None = None
    window: int | None = None
    extra: tuple[str, str] | None = None
    takes_name: bool = False
    is_trained: bool = False

    @property
    def module(self) -> str:
        return "tokembed." + self.target.partition(":")[0]

    @property
    def class_name(self) -> str:
        return self.target.partition(":")[2]


NEURAL = ("neural", "torch")

METHODS = (
    Method(
        "tokenizer", "whitespace", "tokenizers.whitespace:WhitespaceTokenizer",
        "words between white space", "Python's str.split()",
    ),
    Method(
        "tokenizer", "character", "tokenizers.character:CharacterTokenizer",
        "what a reader takes for one character", "Unicode Standard Annex 29, extended grapheme clusters",
    ),
    Method(
        "tokenizer", "bert", "tokenizers.bert:BertTokenizer",
        "WordPiece, bert-base-multilingual-cased", "Devlin et al. 2019, as Hugging Face tokenizers cuts it",
        window=512,
    ),
    Method(
        "tokenizer", "clip", "tokenizers.clip:ClipTokenizer",
        "byte-level BPE of CLIP", "Radford et al. 2021, OpenAI's SimpleTokenizer with ftfy",
        window=77,
    ),
    Method(
        "embedder", "onehot", "embedders.onehot:OneHotEmbedder",
        "the share of each term in a text", "counts divided by the text's length", "texts",
    ),
    Method(
        "embedder", "tfidf", "embedders.tfidf:TfidfEmbedder",
        "term frequency times inverse document frequency", "scikit-learn's TfidfVectorizer, smooth_idf, l2", "texts",
    ),
    Method(
        "embedder", "word2vec", "embedders.word2vec:Word2VecEmbedder",
        "skip-gram or CBOW, negative sampling or hierarchical softmax", "Mikolov et al. 2013, gensim", "tokens",
    ),
    Method(
        "embedder", "glove", "embedders.glove:GloveEmbedder",
        "weighted least squares on co-occurrence counts", "Pennington et al. 2014, equation 8", "tokens",
    ),
    Method(
        "embedder", "fasttext", "embedders.fasttext:FastTextEmbedder",
        "skip-gram or CBOW over character n-grams", "Bojanowski et al. 2017, gensim", "tokens",
    ),
    Method(
        "embedder", "rnn", "embedders.recurrent:RecurrentEmbedder",
        "the state of a plain recurrent network that predicts the next token", "Elman 1990",
        "context", extra=NEURAL, takes_name=True,
    ),
    Method(
        "embedder", "lstm", "embedders.recurrent:RecurrentEmbedder",
        "the same of one whose gates keep a cell", "Hochreiter and Schmidhuber 1997, Gers et al. 2000",
        "context", extra=NEURAL, takes_name=True,
    ),
    Method(
        "embedder", "gru", "embedders.recurrent:RecurrentEmbedder",
        "the same of one whose gates update its state", "Cho et al. 2014",
        "context", extra=NEURAL, takes_name=True,
    ),
    Method(
        "embedder", "bert", "embedders.bert:BertEmbedder",
        "a trained transformer that reads both ways, bert-base-multilingual-cased",
        "Devlin et al. 2019, run by transformers", "context", extra=NEURAL, is_trained=True,
    ),
    Method(
        "embedder", "clip", "embedders.clip:ClipEmbedder",
        "CLIP's trained text tower, with its projection", "Radford et al. 2021, run by transformers",
        "context", extra=NEURAL, is_trained=True,
    ),
)  # fmt: skip

_HUB_WORD = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""What the hub lets a name without an owner be."""

PRETRAINED = Method(
    "tokenizer", "pretrained", "tokenizers.pretrained:PretrainedTokenizer",
    "any tokenizer.json, its folder, or a hub name", "Hugging Face tokenizers", takes_name=True,
)  # fmt: skip


def names(role: Role) -> list[str]:
    """The names of all methods of a role, in the table's order."""
    return [method.name for method in METHODS if method.role == role]


def option_names(role: Role, name: str) -> set[str]:
    """The names of a method's options.

    Raises:
        BadUsage, NotAtHand: as `find`.
    """
    return {option.name for option in options(find(role, name))}


def find(role: Role, name: str) -> Method:
    """The method of that name; for a tokenizer a path or a hub name will do as well.

    Raises:
        BadUsage: there is none.
        NotAtHand: it is one word that may be a hub name, and not in the local cache.
    """
    for method in METHODS:
        if (method.role, method.name) == (role, name):
            return method
    if role == "tokenizer" and _is_pretrained(name):
        return PRETRAINED
    also = ", or any tokenizer.json, its folder, or a hub name" if role == "tokenizer" else ""
    hint = did_you_mean(name, names(role)) or f"; there are {', '.join(names(role))}{also}"
    raise BadUsage(f"no {role} is called {name!r}{hint}")


def _is_pretrained(name: str) -> bool:
    """Whether the name is a path, as far as it looks, a hub name with its owner, or one word in the local cache."""
    if Path(name).name != name or name.endswith((".json", ".txt")) or _exists(name):
        return True  # what is wrong with it, loading tells
    if not _HUB_WORD.fullmatch(name):
        return False
    if import_module("tokembed.tokenizers.pretrained_files").cached(name):
        return True
    if name.isalpha() or did_you_mean(name, names("tokenizer")):
        return False  # a slip rather than a hub name, which has a digit or a hyphen: gpt2, bert-base-uncased
    raise NotAtHand(
        f"tokenizer {name!r} is not in the local cache and none of {', '.join(names('tokenizer'))}; "
        f"bring it with: hf download {name} tokenizer.json"
    )


def _exists(name: str) -> bool:
    try:
        return bool(name) and Path(name).exists()
    except OSError:  # too long to be one
        return False


def tokenizer(name: str, *, unicode: str = "none", lower: bool = False, **settings: Any) -> Tokenizer:
    """A tokenizer by its name, or of a tokenizer.json, its folder or a hub name.

    Args:
        unicode: the form every text is brought to first: none, nfc, nfd or nfkc.
        lower: put every text in lower case after that.
        settings: the tokenizer's own options, such as special and parse_special.

    Raises:
        BadUsage: there is no such tokenizer or option, or a value cannot be.
        BadInput: there is no such file, or it is no tokenizer.
        NotAtHand: the hub name is not in the local cache.

    >>> tokenizer("clip").encode("Unaffable").tokens
    ('un', 'aff', 'able</w>')
    """
    made = cast("Tokenizer", _make(find("tokenizer", name), name, settings))
    if unicode == "none" and not lower:
        return made
    from tokembed.normalization import Normalization, NormalizedTokenizer

    return NormalizedTokenizer(made, Normalization(unicode, lower))


def window(name: str) -> int | None:
    """How many tokens a text may have for a tokenizer's model, special ones included; None where that is not known.

    Raises:
        BadUsage: there is no such tokenizer.

    >>> window("bert"), window("clip"), window("whitespace")
    (512, 77, None)
    """
    method = find("tokenizer", name)
    if method is PRETRAINED:
        longest: int | None = import_module("tokembed.tokenizers.pretrained_files").longest_text(name)
        return longest
    return method.window


def embedder(name: str, **settings: Any) -> TextEmbedder | StaticEmbedder | ContextualEmbedder:
    """An embedder by its name, ready to `fit` a corpus; bert and clip come trained.

    Raises:
        BadUsage: there is no such embedder or option, or a value cannot be.
        NotAtHand: what it needs is not installed.
    """
    return cast("TextEmbedder | StaticEmbedder | ContextualEmbedder", _make(find("embedder", name), name, settings))


def _make(method: Method, name: str, settings: Mapping[str, Any]) -> object:
    settings = checked(method, settings)
    class_ = getattr(_imported(method), method.class_name)
    made = class_(name, **settings) if method.takes_name else class_(**settings)
    return made.loaded() if method is PRETRAINED else made


def _imported(method: Method) -> ModuleType:
    try:
        return import_module(method.module)
    except ModuleNotFoundError as error:
        if method.extra is None or error.name != method.extra[1]:
            raise
        extra, package = method.extra
        raise NotAtHand(
            f"{method.name!r} needs the package {package!r}; install it with: pip install 'tokembed[{extra}]'"
        ) from error
