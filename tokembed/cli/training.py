"""The options of training, which `train` and `embed -e` share, and how they are put together."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tokembed import registry
from tokembed.errors import BadUsage
from tokembed.method_options import parsed

_NUMBER = int | None
Dim = Annotated[_NUMBER, typer.Option("--dim", help="Dimensions of a vector.")]
Window = Annotated[_NUMBER, typer.Option("--window", help="How many tokens to each side are neighbors.")]
MinCount = Annotated[_NUMBER, typer.Option("--min-count", help="Rarer tokens get no vector.")]
Epochs = Annotated[_NUMBER, typer.Option("--epochs", help="How often the texts are gone through.")]
Seed = Annotated[_NUMBER, typer.Option("--seed", help="The same seed gives the same vectors.")]
Workers = Annotated[_NUMBER, typer.Option("--workers", help="Training threads.")]
Memory = Annotated[float | None, typer.Option("--memory", help="GB for GloVe's co-occurrences; more lies on disk.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other option of the embedder.")
]
Tokenizer = Annotated[
    list[str] | None, typer.Option("-t", "--tokenizer", metavar="NAME", help="A tokenizer.  [default: whitespace]")
]


def embedder_settings(embedder: str, given: dict[str, int | float | None], pairs: list[str] | None) -> dict[str, Any]:
    """An embedder's options as values, from those with a flag of their own and `--set` NAME=VALUE.

    Raises:
        BadUsage: there is no such embedder or option, a value cannot be, or one is given twice.
    """
    settings = {name: str(value) for name, value in given.items() if value is not None}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadUsage(f"--set must be NAME=VALUE, got {pair!r}")
        if name in settings:
            raise BadUsage(f"{name} must be given once, got {settings[name]} and {value}")
        settings[name] = value
    return parsed(registry.find("embedder", embedder), settings)


def only_one(option: str, names: list[str] | None, default: str) -> str:
    """The one name that was given for an option.

    Raises:
        BadUsage: there are more.
    """
    if names and len(names) > 1:
        raise BadUsage(f"there must be one {option}, got {' '.join(names)}; run it once for each")
    return names[0] if names else default
