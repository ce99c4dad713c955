"""`tokembed methods`: what there is, where it comes from, and its options."""

from __future__ import annotations

from typing import Annotated

import typer

from tokembed import registry
from tokembed.cli.output import table
from tokembed.errors import BadUsage, did_you_mean
from tokembed.method_options import Option, options


def methods(
    name: Annotated[str | None, typer.Argument(help="One method, with its options and their defaults.")] = None,
) -> None:
    """Show all tokenizers and embedders, or one."""
    if name is None:
        rows = [(method.role, method.name, method.summary, method.source) for method in registry.METHODS]
        pretrained = registry.PRETRAINED
        rows.insert(4, (pretrained.role, "FILE or NAME", pretrained.summary, pretrained.source))
        print("\n".join(table(rows, right=[False] * 4)))
        return
    found = [method for method in registry.METHODS if method.name == name]
    if not found:
        known = {method.name for method in registry.METHODS}
        raise BadUsage(f"no method is called {name!r}{did_you_mean(name, known) or '; `tokembed methods` shows all'}")
    for method in found:
        print(f"{method.role} {method.name}: {method.summary}\nsource: {method.source}")
        shown = [(f"  {option.name}", _default(option), option.help) for option in options(method)]
        if shown:
            print("\n".join(["options:", *table(shown, right=[False] * 3)]))


def _default(option: Option) -> str:
    default = str(option.default).lower() if isinstance(option.default, bool) else str(option.default)
    return f"{default} ({' or '.join(option.values)})" if option.values else default
