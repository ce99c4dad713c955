"""The models and embedders that `tokembed compare` shows beside the tokenizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from tokembed import registry
from tokembed.asking.search import Search
from tokembed.cli.models import shown_names
from tokembed.cli.output import tell
from tokembed.compare.context_rows import ContextRows
from tokembed.compare.grids import Window, model_window
from tokembed.compare.static_rows import StaticRows
from tokembed.compare.term_rows import TermRows, fitted_rows
from tokembed.compare.word_rows import TextRows
from tokembed.models.cutting import ChosenTokenizer, is_same
from tokembed.models.model import trained_model
from tokembed.models.named import opened_parts
from tokembed.vectors import WordVectors

if TYPE_CHECKING:
    from tokembed.compare.grids import Grid
    from tokembed.types import ContextualEmbedder, TextEmbedder, Tokenizer


@dataclass(slots=True)
class Cutters:
    """The tokenizers of a comparison by name: those that were asked for, and those that models bring.

    Attributes:
        settings: what was asked of the former: unicode, lower, special, parse_special.
        brought: the latter, by the names they are shown with.
    """

    tokenizers: dict[str, Tokenizer]
    windows: dict[str, Window | None]
    asked: list[str]
    settings: Mapping[str, Any]
    brought: dict[str, ChosenTokenizer] = field(default_factory=dict)

    def add(self, cutting: ChosenTokenizer, model: str, window: Window | None) -> str:
        """The name of a model's own tokenizer, which becomes one more row unless it is there already.

        Args:
            window: what the model takes of a text.
        """
        if cutting.called in self.asked and self._is_asked(cutting):
            return cutting.called
        for name, other in self.brought.items():
            if is_same(cutting, other) and self.windows[name] == window:
                return name
        changed = [option if value is True else str(value) for option, value in cutting.settings.items()]
        name = ", ".join([cutting.called, *changed])
        if name in self.tokenizers:
            name = f"{name} of {model}"
        self.tokenizers[name] = cutting.tokenizer
        self.brought[name] = cutting
        self.windows[name] = window
        return name

    def _is_asked(self, cutting: ChosenTokenizer) -> bool:
        known = registry.option_names("tokenizer", cutting.called)
        settings = {
            name: value
            for name, value in self.settings.items()
            if value not in (False, "none") and name in known | {"unicode", "lower"}
        }
        return (cutting.name, cutting.settings) == (cutting.called, settings)


def model_rows(models: Sequence[str], cutters: Cutters) -> list[TextRows]:
    """What `-m` names, each with its own tokenizer; bare vectors with every one that was asked for."""
    found: list[TextRows] = []
    for name, path in zip(shown_names(models), models, strict=True):
        cutting, vectors = opened_parts(path, notice=tell)
        if cutting is not None and hasattr(vectors, "token_vectors"):
            found.append(_context_rows(name, cutting, cast("ContextualEmbedder", vectors), cutters))
            continue
        names = cutters.asked if cutting is None else [cutters.add(cutting, name, model_window(cutting.name))]
        if isinstance(vectors, WordVectors):
            search = Search(vectors)
            found += [StaticRows(name, tokenizer, search) for tokenizer in names]
        else:
            found += [TermRows(name, tokenizer, cast("TextEmbedder", vectors)) for tokenizer in names]
    return found


def pretrained_rows(embedders: Sequence[str], cutters: Cutters) -> list[TextRows]:
    """What `-e` names that comes trained, each with its own tokenizer."""
    models = {name: trained_model(name, {}) for name in embedders}
    return [
        _context_rows(name, model.cutting, cast("ContextualEmbedder", model.embedder), cutters)
        for name, model in models.items()
    ]


def _context_rows(name: str, cutting: ChosenTokenizer, embedder: ContextualEmbedder, cutters: Cutters) -> ContextRows:
    window = None
    if embedder.max_tokens is not None:
        window = Window(embedder.max_tokens, sum(map(len, cutting.tokenizer.frame)))
    return ContextRows(name, cutters.add(cutting, name, window), embedder, cutting.tokenizer)


def embedder_rows(embedders: Sequence[str], grids: Sequence[Grid], cutters: Cutters) -> list[TextRows]:
    """What `-e` names, fitted on the texts shown as every tokenizer that was asked for cuts them."""
    return [
        fitted_rows(
            name, tokenizer, [row.encoding for grid in grids for row in grid.rows if row.tokenizer == tokenizer]
        )
        for name in embedders
        for tokenizer in cutters.asked
    ]
