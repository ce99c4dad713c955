"""A line on stderr about work that takes more than a second, drawn on a terminal only."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tokembed.cli.output import clear_status, draw_status, tell

_FIRST_AFTER = 1.0  # seconds
_AGAIN_AFTER = 0.2
_COMPILER = "tokembed.kernels.compiled"


class Progress:
    """Counts texts, or other things, and draws how many are done, and how much of the inputs.

    Args:
        what: the work's name.
        things: what is counted.
        n_bytes: how many bytes of the inputs are done.
        total_bytes: how many they have; None where that is not known.
    """

    def __init__(
        self, what: str, things: str, n_bytes: Callable[[], int] = lambda: 0, total_bytes: int | None = None
    ) -> None:
        self._what, self._things = what, things
        self._n_bytes = n_bytes
        self._total_bytes = total_bytes
        self._n_done = 0
        self._started = self._drawn = time.monotonic()

    def add(self, n_more: int = 1) -> None:
        """So many more are done."""
        self._n_done += n_more
        now = time.monotonic()
        if now - self._started > _FIRST_AFTER and now - self._drawn > _AGAIN_AFTER:
            self.show(self._state(now - self._started))

    def _state(self, seconds: float) -> str:
        n_bytes, total = self._n_bytes(), self._total_bytes
        if not n_bytes:
            return f"{self._n_done:,} {self._things}, {self._n_done / seconds:,.0f} a second"
        rate = n_bytes / seconds
        done = f"{sized(n_bytes)} of {sized(total)}" if total else sized(n_bytes)
        left = f", {spoken((total - n_bytes) / rate)} left" if total and total > n_bytes else ""
        return f"{self._n_done:,} {self._things}, {done}, {rate / 1e6:,.1f} MB/s{left}"

    def show(self, state: str) -> None:
        """Draw the line anew."""
        self._drawn = time.monotonic()
        draw_status(f"{self._what}: {state}")


def sized(n_bytes: float) -> str:
    """A number of bytes in the unit that suits it.

    >>> sized(999), sized(20_000_000), sized(1_234_567_890)
    ('999 B', '20.0 MB', '1.2 GB')
    """
    for unit in ("B", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:,.0f} {unit}" if unit == "B" else f"{n_bytes:,.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:,.1f} GB"


def spoken(seconds: float) -> str:
    """A time in the two units that suit it.

    >>> spoken(0.26), spoken(7.6), spoken(125), spoken(7320)
    ('0.3 s', '8 s', '2 min 5 s', '2 h 2 min')
    """
    if seconds < 1:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def progress(
    what: str, n_bytes: Callable[[], int] = lambda: 0, total_bytes: int | None = None, *, things: str = "texts"
) -> Iterator[Progress]:
    """A progress line that also shows what the library logs about itself, gone at the end; see `Progress`."""
    line = Progress(what, things, n_bytes, total_bytes)
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
