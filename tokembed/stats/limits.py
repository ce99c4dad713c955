"""Limits that a number must not cross, written as `unk_chars>0.01`: a name, a comparison and a number, no more."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tokembed.errors import BadUsage, did_you_mean

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
}  # fmt: skip
_LIMIT = re.compile(r"\s*(\w+)\s*(>=|<=|==|!=|>|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class NumberLimit:
    """What makes a check fail: `name` compared with `number`."""

    name: str
    comparison: str
    number: float

    def __str__(self) -> str:
        return f"{self.name}{self.comparison}{self.number:g}"

    def is_crossed(self, value: float | None) -> bool:
        """Whether the value is what must not be; one that is not there is not."""
        return value is not None and _COMPARISONS[self.comparison](value, self.number)


def parsed_limit(text: str, names: Iterable[str]) -> NumberLimit:
    """The limit that a text such as `unk_chars>0.01` says.

    Raises:
        BadUsage: it says none, or its name is not one of `names`.

    >>> parsed_limit("unk_chars > 0.01", ["unk_chars"]).is_crossed(0.02)
    True
    """
    names = list(names)
    found = _LIMIT.fullmatch(text)
    if not found:
        raise BadUsage(
            f"--fail-if must be NAME, one of > >= < <= == !=, and a number, such as 'unk_chars>0.01', got {text!r}; "
            f"the names are {', '.join(names)}"
        )
    name, comparison, number = found.groups()
    if name not in names:
        raise BadUsage(
            f"--fail-if must name one of {', '.join(names)}, got {name!r} in {text!r}{did_you_mean(name, names)}"
        )
    return NumberLimit(name, comparison, float(number))
