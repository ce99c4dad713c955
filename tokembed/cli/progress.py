"""A line on stderr about work that takes more than a second, drawn on a terminal only."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_FIRST_AFTER = 1.0  # seconds
_AGAIN_AFTER = 0.2


class Progress:
    """Counts texts and draws how many are done."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._n_texts = 0
        self._started = self._drawn = time.monotonic()

    def add(self, n_texts: int = 1) -> None:
        """So many more texts are done."""
        self._n_texts += n_texts
        now = time.monotonic()
        if now - self._started > _FIRST_AFTER and now - self._drawn > _AGAIN_AFTER:
            self.show(f"{self._n_texts:,} texts, {self._n_texts / (now - self._started):,.0f} a second")

    def show(self, state: str) -> None:
        """Draw the line anew."""
        self._drawn = time.monotonic()
        if sys.stderr.isatty():
            print(f"\r\x1b[2K{self._what}: {state}", end="", file=sys.stderr, flush=True)
            _shown.add("line")


_shown: set[str] = set()


def clear() -> None:
    """Take the line away, where one is drawn."""
    if _shown:
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
        _shown.clear()


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """A progress line that also shows what the library logs about itself, gone at the end."""
    line = Progress(what)
    handler = logging.Handler()
    handler.emit = lambda record: line.show(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("tokembed")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield line
    finally:
        log.removeHandler(handler)
        clear()
