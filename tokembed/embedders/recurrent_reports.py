"""What is logged while a recurrent network is trained: how far it is, how fast, and how long the epoch will take."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

_SECONDS_BETWEEN_REPORTS = 1.0
_log = logging.getLogger(__name__)


class Reports:
    """Logs an epoch's progress, once a second at the most.

    Args:
        epoch: its number, from 0.
        n_done: of its tokens, how many were predicted before a training that goes on was stopped.
        n_all: how many there are.
    """

    def __init__(self, epoch: int, epochs: int, *, n_done: int, n_all: int) -> None:
        self._epoch, self._epochs, self._before, self._all = epoch, epochs, n_done, n_all
        self._tokens = n_done
        self._began = self._reported = time.monotonic()

    def add(self, n_tokens: int) -> None:
        """So many more tokens were predicted."""
        self._tokens += n_tokens
        now = time.monotonic()
        if now - self._reported < _SECONDS_BETWEEN_REPORTS or self._tokens == self._before:
            return
        self._reported = now
        rate = (self._tokens - self._before) / (now - self._began)
        _log.info(
            "epoch %d of %d, %.1f %% done, %s tokens/s, %s left",
            self._epoch + 1, self._epochs, 100 * self._tokens / self._all,
            f"{rate:,.0f}", timedelta(seconds=round((self._all - self._tokens) / rate)),
        )  # fmt: skip
