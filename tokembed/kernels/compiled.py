"""The decorator that every kernel wears: numba's njit, kept on disk where that is possible."""

import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)


def compiled(**options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator that compiles a function at its first call, without the GIL, and keeps the result on disk.

    Where no cache folder is writable the function is compiled again in every process, and a
    warning is logged.

    Args:
        options: further options of numba.njit, such as fastmath.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        try:
            return cast(Callable[P, R], numba.njit(cache=True, nogil=True, **options)(function))
        except RuntimeError as error:  # numba looks for a cache folder when it decorates
            logger.warning("compiled code of %s is not kept: %s", function.__name__, error)
            return cast(Callable[P, R], numba.njit(nogil=True, **options)(function))

    return decorate
