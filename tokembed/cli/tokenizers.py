"""The tokenizers that `-t` names, with the flags that change them."""

from __future__ import annotations

from tokembed import registry
from tokembed.errors import BadUsage
from tokembed.types import Tokenizer


def made_tokenizers(
    names: list[str], *, special: bool, parse_special: bool, unicode: str, lower: bool
) -> dict[str, Tokenizer]:
    """The tokenizers by name; a flag that none of them knows is refused."""
    flags = {"special": special, "parse_special": parse_special}
    asked = {flag for flag, is_on in flags.items() if is_on}
    known = {name: registry.option_names("tokenizer", name) for name in names}
    for flag in asked - set().union(*known.values()):
        raise BadUsage(f"--{flag.replace('_', '-')} needs a tokenizer with special tokens, {', '.join(names)} has none")
    return {
        name: registry.tokenizer(name, unicode=unicode, lower=lower, **dict.fromkeys(asked & known[name], True))
        for name in names
    }
