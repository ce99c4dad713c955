"""The decorators that kernels wear: numba's njit without the GIL, the machine code kept on disk.

The code is kept in the user's cache folder under a digest of all kernels' sources: numba looks at a kernel's own file
alone, and would go on using a kernel whose parts in another file have changed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba.core import event

from tokembed.tables import cache_folder

P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger(__name__)

# Without "_nrt" every array that is handed on is counted, atomically, even inside one kernel: it costs more than
# most of these loops, and threads wait for each other. A lean kernel makes no array.
_LEAN: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
_setting = threading.RLock()  # threads may load kernels at the same time, and the folder is set for all of numba


def compiled(**options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator that compiles a function at its first call and keeps the machine code.

    Where no cache folder can be written the function is compiled again in every process, which is logged.

    Args:
        options: further options of numba.njit, such as fastmath.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return cast(Callable[P, R], _njit(function, None, options))

    return decorate


def lean(function: Callable[P, R]) -> Callable[P, R]:
    """The function compiled at its first call, as one that makes no arrays."""
    return cast(Callable[P, R], _njit(function, None, _LEAN))


def lean_as(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """A decorator that compiles a function that makes no arrays for this signature, at once."""
    return lambda function: _njit(function, signature, _LEAN)


def part(function: Callable[..., Any]) -> Any:
    """A function that lean kernels are made of: it becomes a part of each, so calling it costs nothing."""
    return numba.njit(forceinline=True, nogil=True, **_LEAN)(function)


def seconds_spent() -> float:
    """How long this process has compiled kernels, 0.0 where all were found on disk."""
    return _clock.seconds


def _njit(function: Callable[..., Any], signature: Any, options: dict[str, Any]) -> Any:
    arguments = () if signature is None else (signature,)
    with _setting:
        asked = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = asked or str(cache_folder() / f"compiled-{_SOURCES}")
        try:
            return numba.njit(*arguments, cache=True, nogil=True, **options)(function)
        except RuntimeError as error:  # numba looks for a cache folder when it decorates
            if "cache" not in str(error):
                raise
            _clock.tell_that_nothing_is_kept()
            return numba.njit(*arguments, nogil=True, **options)(function)
        finally:
            numba.config.CACHE_DIR = asked


def _digest_of_sources() -> str:
    digest = sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class _Clock(event.Listener):  # type: ignore[misc]
    """Says when compiling begins, and takes its time; a kernel's parts are compiled inside its own turn."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._began = 0.0
        self._is_told = False

    def on_start(self, begun: event.Event) -> None:
        if not self._depth:
            self._began = time.perf_counter()
            if not self._is_told:
                _log.info("compiling for this machine, which takes some seconds")
                self._is_told = True
        self._depth += 1

    def on_end(self, ended: event.Event) -> None:
        self._depth -= 1
        if not self._depth:
            self.seconds += time.perf_counter() - self._began

    def tell_that_nothing_is_kept(self) -> None:
        """Say once that no folder for compiled code can be written."""
        if not self._is_told:
            _log.warning(
                "no folder for compiled code can be written: it is compiled each time, which takes some seconds"
            )
            self._is_told = True


_SOURCES = _digest_of_sources()
_clock = _Clock()
event.register("numba:compile", _clock)
