"""How many cores there are to work on."""

from __future__ import annotations

import os
import threading

_thread = threading.local()


def n_cores() -> int:
    """How many cores this thread may use: all of the process, but one where its neighbors have the others."""
    return 1 if getattr(_thread, "is_one_of_many", False) else all_cores()


def all_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share_cores() -> None:
    """Say that this thread is one of as many as there are cores, each with work of its own."""
    _thread.is_one_of_many = True
