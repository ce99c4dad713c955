"""The options of methods: read from the source of their constructors, so nothing is imported."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokembed.errors import BadUsage, did_you_mean

if TYPE_CHECKING:
    from tokembed.registry import Method


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a method's constructor: `type` is its annotation as written."""

    name: str
    type: str
    default: Any
    help: str

    @property
    def values(self) -> tuple[str, ...]:
        """The words it allows, () where it is no choice."""
        return ast.literal_eval("(" + self.type[8:-1] + ",)") if self.type.startswith("Literal[") else ()


@lru_cache
def options(method: Method) -> tuple[Option, ...]:
    """The options of a method's constructor, read from its source: nothing is imported.

    Their help is the line of that name under "Args:" in the class's docstring.
    """
    source = Path(__file__).parent / (method.target.partition(":")[0].replace(".", "/") + ".py")
    tree = ast.parse(source.read_text(encoding="utf-8"))
    (class_,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == method.class_name]
    constructors = [node for node in class_.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    if not constructors:
        return ()
    arguments = constructors[0].args
    helps = _argument_helps(ast.get_docstring(class_) or "")
    return tuple(
        Option(
            argument.arg,
            ast.unparse(argument.annotation),
            ast.literal_eval(default),
            helps.get(argument.arg, ""),
        )
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if argument.annotation and default
    )


def _argument_helps(docstring: str) -> dict[str, str]:
    _, _, arguments = inspect.cleandoc(docstring).partition("Args:\n")
    helps: dict[str, str] = {}
    for line in arguments.split("\n\n")[0].split("\n"):
        if line.startswith("    ") and not line.startswith("     "):
            name, _, text = line.strip().partition(": ")
            helps[name] = text
        elif helps:
            helps[name] += " " + line.strip()
    return helps


def parsed(method: Method, settings: Mapping[str, str]) -> dict[str, Any]:
    """Settings given as words (`--set NAME=VALUE`) as values of the types their options have.

    Raises:
        BadUsage: the method has no such option, or the word is no value of its type.
    """
    known = {option.name: option for option in options(method)}
    return {name: _value(method, _known_option(method, known, name), word) for name, word in settings.items()}


def checked(method: Method, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings, each an option of the method and of its type.

    Raises:
        BadUsage: one is not.
    """
    known = {option.name: option for option in options(method)}
    for name, value in settings.items():
        _check_type(method, _known_option(method, known, name), value)
    return settings


def _known_option(method: Method, known: Mapping[str, Option], name: str) -> Option:
    if name not in known:
        hint = did_you_mean(name, known) or f"; it has {', '.join(known) or 'none'}"
        raise BadUsage(f"{method.role} {method.name!r} has no option {name!r}{hint}")
    return known[name]


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "int | float": (lambda word: int(word) if word.isdecimal() else float(word), "a whole number or a share"),
    "bool": (lambda word: {"true": True, "false": False}[word.lower()], "true or false"),
    "str": (str, "text"),
}


def _value(method: Method, option: Option, word: str) -> Any:
    if option.values:
        if word not in option.values:
            hint = did_you_mean(word, option.values)
            raise BadUsage(f"{option.name} of {method.name} must be {' or '.join(option.values)}, got {word!r}{hint}")
        return word
    read, expected = _READERS[option.type]
    try:
        return read(word)
    except (ValueError, KeyError) as error:
        raise BadUsage(f"{option.name} of {method.name} must be {expected}, got {word!r}") from error


def _check_type(method: Method, option: Option, value: Any) -> None:
    types: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,)}
    types |= {"int | float": (int, float)}
    allowed = types.get(option.type, (str,))
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        expected = _READERS.get(option.type, _READERS["str"])[1]
        raise BadUsage(f"{option.name} of {method.name} must be {expected}, got {value!r}")
