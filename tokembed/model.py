"""A tokenizer and an embedder together: the only place that knows both."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

import tokembed
from tokembed import pooling, registry
from tokembed.corpus import Corpus, concatenate
from tokembed.coverage import TokenCounts
from tokembed.texts import blocks
from tokembed.types import Kind, StaticEmbedder, Text, TextEmbedder, Tokenizer
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.types import Sparse

_LIBRARIES = ("ftfy", "gensim", "numba", "numpy", "regex", "scipy", "tokenizers")


@dataclass(slots=True)
class Model:
    """What makes vectors out of texts.

    Attributes:
        tokenizer_name: as the registry knows it, or a path or hub name.
        tokenizer_settings: unicode, lower, special, ... where they differ from the defaults.
        embedder_name: as the registry knows it.
        embedder_settings: where they differ from the defaults.
        counts: of all texts read so far.
    """

    tokenizer_name: str
    tokenizer_settings: dict[str, Any]
    embedder_name: str
    embedder_settings: dict[str, Any]
    counts: TokenCounts = field(default_factory=TokenCounts)
    tokenizer: Tokenizer = field(init=False)
    embedder: TextEmbedder | StaticEmbedder = field(init=False)

    def __post_init__(self) -> None:
        self.tokenizer = registry.tokenizer(self.tokenizer_name, **self.tokenizer_settings)
        self.embedder = registry.embedder(self.embedder_name, **self.embedder_settings)

    def read(self, texts: Iterable[Text], *, progress: Callable[[int], None] = lambda _: None) -> Corpus:
        """All texts cut into one corpus; `progress` is told how many texts each block had."""
        vocab = self.tokenizer.vocab or Vocab()
        corpora = []
        for block in blocks(texts):
            plain = [text.text for text in block]
            corpus = self.tokenizer.encode_batch(plain, vocab).named([text.id for text in block])
            self.counts.add_corpus(plain, corpus, self.tokenizer)
            corpora.append(corpus)
            progress(len(block))
        return concatenate(corpora, vocab)

    def text_vectors(self, corpus: Corpus) -> tuple[Sparse | NDArray[np.float32], dict[str, int]]:
        """One row a text, sparse or dense as the embedder gives it, and what has a vector and what has none."""
        if registry.find("embedder", self.embedder_name).output == "texts":
            rows = cast(TextEmbedder, self.embedder).text_vectors(corpus)
            empty = np.diff(rows.indptr) == 0
            return rows, {"texts_without_vector": int(empty.sum())}
        pooled = pooling.mean(corpus, cast(StaticEmbedder, self.embedder))
        return pooled.vectors, {
            "tokens_exact": int((pooled.kind == Kind.EXACT).sum()),
            "tokens_by_ngrams": int((pooled.kind == Kind.NGRAMS).sum()),
            "tokens_without_vector": int((pooled.kind == Kind.NONE).sum()),
            "texts_without_vector": int((pooled.n_with_vector == 0).sum()),
        }

    def record(self, corpus: Corpus, coverage: dict[str, int]) -> dict[str, Any]:
        """What must be known to make the vectors again, and what they leave out."""
        return {
            "tokembed": tokembed.__version__,
            "tokenizer": {"name": self.tokenizer_name, **self.tokenizer_settings},
            "embedder": {"name": self.embedder_name, **self._all_settings()},
            "corpus": {
                "texts": corpus.n_texts,
                "tokens": corpus.n_tokens,
                "sha256": corpus.sha256(),
                "vocabulary_sha256": corpus.vocab.sha256(),
            },
            "terms": {"number": len(self.embedder.terms), "sha256": self.embedder.terms.sha256()},
            "coverage": {
                "characters": self.counts.n_chars,
                "unknown_characters": self.counts.n_unk_chars,
                "words": self.counts.n_words,
                "tokens": self.counts.n_tokens,
                "unknown_tokens": self.counts.n_unk,
                "texts_without_tokens": int((corpus.lengths() == 0).sum()),
                **coverage,
            },
            "versions": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        }

    def _all_settings(self) -> dict[str, Any]:
        defaults = {
            option.name: option.default for option in registry.options(registry.find("embedder", self.embedder_name))
        }
        return defaults | self.embedder_settings
