"""What a user can mend, as one line that says what must hold, what was found and what to do.

    TokembedError            status 1: could not be done
    ├── BadInput             status 1: the data do not allow it
    ├── BadUsage             status 2: asked wrongly (an option, a name, a suffix, a value that cannot be)
    └── NotAtHand            status 4: something is not installed or not on this machine

Anything else that is raised is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable


class TokembedError(Exception):
    """A problem the user can mend; `status` is the exit status of a command that meets it."""

    status = 1


class BadInput(TokembedError):
    """The data given do not allow what was asked."""


class BadUsage(TokembedError):
    """An option, a name, a suffix or a value that cannot be."""

    status = 2


class NotAtHand(TokembedError):
    """Something is not installed or not on this machine; the message names the command that brings it."""

    status = 4


def at_least(name: str, value: float, minimum: float) -> None:
    """Raise BadUsage unless `value` is `minimum` or more."""
    if not value >= minimum:
        raise BadUsage(f"{name} must be at least {minimum}, got {value}")


def within(name: str, value: float, low: float, high: float) -> None:
    """Raise BadUsage unless `value` lies in low..high."""
    at_least(name, value, low)
    if value > high:
        raise BadUsage(f"{name} must be at most {high}, got {value}")


def check_fitted(embedder: object) -> None:
    """Raise BadUsage unless the embedder has its terms, which it gets when it is fitted or restored."""
    if not hasattr(embedder, "terms"):
        raise BadUsage(f"{type(embedder).__name__} must be fitted before it gives vectors; call fit(corpus) first")


def counted(number: int, thing: str) -> str:
    """The number and what it counts, in the plural where it is not one.

    >>> counted(1, "text"), counted(1483, "text")
    ('1 text', '1,483 texts')
    """
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def one_of(name: str, value: str, allowed: Iterable[str]) -> None:
    """Raise BadUsage unless `value` is one of `allowed`, with the closest one named."""
    allowed = list(allowed)
    if value not in allowed:
        raise BadUsage(f"{name} must be one of {', '.join(allowed)}, got {value!r}{did_you_mean(value, allowed)}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'glove'?`, or nothing where no known word is close."""
    from difflib import get_close_matches  # 10 ms that only a mistake should cost

    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), list(by_lower), n=1)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""
