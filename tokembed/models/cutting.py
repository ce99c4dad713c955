"""A tokenizer with all that must be known to cut texts the same way again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokembed import registry
from tokembed.errors import BadUsage
from tokembed.tokenizers.pretrained_files import description_of
from tokembed.types import Tokenizer
from tokembed.vector_files import model_folder


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


def with_special(cutting: ChosenTokenizer) -> ChosenTokenizer:
    """The same tokenizer with its special tokens around each text, where it has such."""
    if "special" not in registry.option_names("tokenizer", cutting.name) or cutting.settings.get("special"):
        return cutting
    return chosen_tokenizer(cutting.name, {**cutting.settings, "special": True}, cutting.called)


def saved_tokenizer(path: Path, record: dict[str, Any]) -> ChosenTokenizer:
    """The tokenizer that a model's folder has the record of, or the file."""
    settings = dict(record)
    called = settings.pop("name")
    beside = path / model_folder.TOKENIZER
    return chosen_tokenizer(str(beside) if beside.exists() else called, settings, called)


def check_same(own: ChosenTokenizer, given: ChosenTokenizer, name: str) -> None:
    """Raise BadUsage where texts are to be cut otherwise than those that a model learned from.

    Args:
        own: the model's. given: what was asked for.
        name: of the model, for the message.
    """
    if not is_same(own, given):
        raise BadUsage(
            f"{name!r} must be used with the tokenizer it was trained with, {_spoken(own)}, got {_spoken(given)}; "
            "leave it out, the model remembers its own"
        )


def is_same(one: ChosenTokenizer, other: ChosenTokenizer) -> bool:
    """Whether both cut every text the same way, by what they are made of."""
    if one.settings != other.settings:
        return False
    descriptions = one.description, other.description
    return descriptions[0] == descriptions[1] and (descriptions[0] is not None or one.name == other.name)


def _spoken(cutting: ChosenTokenizer) -> str:
    settings = [name if value is True else f"{name} {value}" for name, value in cutting.settings.items()]
    return repr(cutting.called) + (f" ({', '.join(settings)})" if settings else "")
