"""A line on stderr about work that takes more than a second, drawn on a terminal only."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tokembed.cli.output import clear_status, draw_status, tell

_FIRST_AFTER = 1.0  # seconds
_AGAIN_AFTER = 0.2
_COMPILER = "tokembed.kernels.compiled"


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
        draw_status(f"{self._what}: {state}")


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """A progress line that also shows what the library logs about itself, gone at the end."""
    line = Progress(what)
    handler = logging.Handler()
    handler.emit = lambda record: _show_log(record, line)  # type: ignore[method-assign]
    log = logging.getLogger("tokembed")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield line
    finally:
        log.removeHandler(handler)
        clear_status()
        _tell_compile_time()


def _show_log(record: logging.LogRecord, line: Progress) -> None:
    """A warning, and that something is compiled, stays to be read; the rest is drawn and goes."""
    if record.levelno >= logging.WARNING or record.name == _COMPILER:
        tell(record.getMessage())
    else:
        line.show(record.getMessage())


def _tell_compile_time() -> None:
    compiler = sys.modules.get(_COMPILER)
    if compiler is not None and (seconds := compiler.seconds_spent()) > 0:
        tell(f"compiled in {seconds:.1f} s; where a cache folder can be written, the next run finds it there")
