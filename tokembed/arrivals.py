"""Texts of a pipe in blocks: each has what has arrived while the one before was worked on."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from tokembed.texts import BLOCK_CHARS
from tokembed.types import Text


class _Arrivals:
    """What a thread reads ahead, up to `n_chars` code points, until it is taken."""

    def __init__(self, texts: Iterable[Text], n_chars: int) -> None:
        self._texts = texts
        self._room = n_chars
        self._changed = threading.Condition()
        self._block: list[Text] = []
        self._n_chars = 0
        self._is_over = False
        self._error: BaseException | None = None

    def read(self) -> None:
        """Read until the texts end or fail."""
        try:
            for text in self._texts:
                with self._changed:
                    self._changed.wait_for(lambda: self._n_chars < self._room)
                    self._block.append(text)
                    self._n_chars += len(text.text) + 1
                    self._changed.notify_all()
        except BaseException as error:
            self._error = error
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def take(self) -> list[Text]:
        """What has arrived, at least one text; nothing at the end.

        Raises:
            BaseException: whatever ended the reading, once what came before is taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._block or self._is_over)
            block, self._block, self._n_chars = self._block, [], 0
            self._changed.notify_all()
        if not block and self._error is not None:
            raise self._error
        return block


def arriving_blocks(texts: Iterable[Text], n_chars: int = BLOCK_CHARS) -> Iterator[list[Text]]:
    """The texts in blocks as they come: one at a time from a slow source, up to `n_chars` from a fast one."""
    arrivals = _Arrivals(texts, n_chars)
    threading.Thread(target=arrivals.read, daemon=True).start()
    while block := arrivals.take():
        yield block
