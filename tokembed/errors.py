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


def above(name: str, value: float, limit: float) -> None:
    """Raise BadUsage unless `value` is greater than `limit`."""
    if not value > limit:
        raise BadUsage(f"{name} must be above {limit}, got {value}")


def one_of(name: str, value: str, allowed: Iterable[str]) -> None:
    """Raise BadUsage unless `value` is one of `allowed`, with the closest one named."""
    allowed = list(allowed)
    if value not in allowed:
        raise BadUsage(f"{name} must be one of {', '.join(allowed)}, got {value!r}{did_you_mean(value, allowed)}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'glove'?`, or nothing where no known word is close."""
    from difflib import get_close_matches  # 10 ms that only a mistake should cost

    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
