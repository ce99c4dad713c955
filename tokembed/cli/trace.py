"""What `tokembed explain` shows of a recurrent model: the text walked through token by token."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tokembed import registry
from tokembed.cli.output import printable, table, width
from tokembed.models.model import Model, load
from tokembed.vector_files import model_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tokembed.embedders.recurrent import RecurrentEmbedder
    from tokembed.traces.states import Trace

_SHADES = " ░▒▓█"
_COLUMNS, _NARROWEST = 48, 12
_GATES = ("f", "i", "o", "z", "r")
_MOST_EXPECTED = 3


def recurrent_model(name: str) -> Model | None:
    """The model of a folder where it is a recurrent one."""
    path = Path(name)
    if not model_folder.is_model(path):
        return None
    embedder = model_folder.read(path).record["embedder"]["name"]
    kinds = [method.name for method in registry.METHODS if method.output == "context" and not method.is_trained]
    found = load(path) if embedder in kinds else None
    return found if isinstance(found, Model) else None


def trace_records(texts: Sequence[str], models: dict[str, Model]) -> list[dict[str, Any]]:
    """Every number of each text under each model."""
    return [{"model": name, **_walked(model, text).record()} for text in texts for name, model in models.items()]


def trace_lines(texts: Sequence[str], models: dict[str, Model]) -> list[str]:
    """Each text under each model as a table of what it expects, one of means and norms, and a heat map of h."""
    lines: list[str] = []
    for text in texts:
        for name, model in models.items():
            shown = printable(text) if text.strip() else repr(text)
            lines += [*([""] if lines else []), f"{shown} in {printable(name)}"]
            lines += _shown(_walked(model, text))
    return lines


def _walked(model: Model, text: str) -> Trace:
    from tokembed.traces.states import trace  # loads torch

    return trace(cast("RecurrentEmbedder", model.embedder), model.cutting.tokenizer, text)


def _shown(found: Trace) -> list[str]:
    if not found.tokens:
        return ["  no tokens: there is nothing to read"]
    lines = ["  " + line for line in table(expectations(found), right=[False, True, False])]
    for number, layer in enumerate(found.layers, start=1):
        title = f"layer {number}: " if len(found.layers) > 1 else ""
        lines += ["", f"  {title}{told_numbers(layer)}, and h by groups of dimensions"]
        cells, right = numbers(found, layer), [False] + [True] * len(layer)
        beside = max(map(width, table(cells, right=right))) + len("    ||")
        most = max(_NARROWEST, min(_COLUMNS, shutil.get_terminal_size((100, 24)).columns - beside))
        heat = ["h, darker is farther from 0", *(f"|{shades}|" for shades in heat_map(layer["h"], most))]
        rows = [[*row, shades] for row, shades in zip(cells, heat, strict=True)]
        lines += ["  " + line for line in table(rows, right=[*right, False])]
    return lines


def expectations(found: Trace) -> list[list[str]]:
    """A row a token, behind the heads: how likely it was, or any unknown one in its place; what is expected next."""
    rows = [["token", "P", "expected next"]]
    for place, token in enumerate(found.tokens):
        surprise = found.surprise[place]
        shown = ", ".join(
            f"{printable(one.token)} {_percent(one.probability)}" for one in found.expected[place][:_MOST_EXPECTED]
        )
        is_known = found.known[place]
        likely = "" if surprise is None else _percent(float(np.exp(-surprise)))
        likely = likely if is_known or not likely else f"any unknown {likely}"
        rows.append([printable(token) + ("" if is_known else " (unknown to it)"), likely, shown])
    return rows


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.0005 else f"{100 * share:.1g} %"


def told_numbers(layer: dict[str, NDArray[np.float64]]) -> str:
    """What `numbers` has of a layer."""
    return "means of the gates (σ 0..1), norms of the rest" if any(name in layer for name in _GATES) else "norms"


def numbers(found: Trace, layer: dict[str, NDArray[np.float64]]) -> list[list[str]]:
    """A row a token, behind the heads: the means of the gates, and the norms of the rest."""
    gates = [name for name in layer if name in _GATES]
    rest = [name for name in layer if name not in gates]
    rows = [["token", *gates, *(f"|{name}|" for name in rest)]]
    for place, token in enumerate(found.tokens):
        means = [f"{layer[name][place].mean():.2f}" for name in gates]
        norms = [f"{np.linalg.norm(layer[name][place]):.2f}" for name in rest]
        rows.append([printable(token), *means, *norms])
    return rows


def heat_map(values: NDArray[np.float64], n_columns: int) -> list[str]:
    """A line a row, the mean absolute value of each group of columns as a shade; the darkest is the greatest of all.

    >>> heat_map(np.array([[0.0, -1.0], [0.5, 0.0]]), 2)
    [' █', '▒ ']
    """
    groups = np.array_split(np.abs(values), min(n_columns, values.shape[1]), axis=1)
    means = np.stack([group.mean(axis=1) for group in groups], axis=1)
    greatest = means.max(initial=0) or 1.0
    shades = np.rint(means / greatest * (len(_SHADES) - 1)).astype(int)
    return ["".join(_SHADES[shade] for shade in row) for row in shades.tolist()]
