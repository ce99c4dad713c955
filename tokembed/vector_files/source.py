"""A file of vectors that is being read: its bytes, and the rows that are left out of it."""

from __future__ import annotations

import lzma
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Literal

from tokembed.errors import BadInput, counted
from tokembed.inputs.opening import SAMPLE_BYTES, open_bytes, without_compression

ErrorPolicy = Literal["strict", "skip"]
POLICIES = ("strict", "skip")
_BROKEN_STREAM = (EOFError, OSError, zlib.error, lzma.LZMAError)
_SHOWN = 5  # places of rows that are left out for one reason


@dataclass
class Source:
    """A file of vectors.

    Attributes:
        name: for messages.
        path: where the bytes are; a temporary file where they came through a pipe.
        errors: whether a bad row stops the reading or is left out.
        notice: called with one line about each thing worth knowing.
        progress: called with how many more rows are read.
        left_out: the rule that rows break, and where these are.
    """

    name: str
    path: str
    errors: ErrorPolicy = "strict"
    notice: Callable[[str], None] = lambda _: None
    progress: Callable[[int], None] = lambda _: None
    left_out: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def head(self) -> bytes:
        """The first MiB, decompressed, or all where there is less."""
        with self.opened() as file:
            return file.read(SAMPLE_BYTES)

    @property
    def is_all_in_head(self) -> bool:
        return len(self.head) < SAMPLE_BYTES

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The bytes from the start on, decompressed by suffix.

        Raises:
            BadInput: there is no such file, or what is compressed is broken.
        """
        try:
            with open_bytes(self.path) as file:
                yield file
        except _BROKEN_STREAM as error:
            reason = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
            raise BadInput(f"{self.name!r} cannot be read: {reason}") from error

    @contextmanager
    def plain(self) -> Iterator[IO[bytes]]:
        """The same as a file that can be mapped into memory: what is compressed is unpacked to a temporary one."""
        if self.path == without_compression(self.path):
            with self.opened(), open(self.path, "rb") as file:
                yield file
            return
        with self.opened() as packed, tempfile.TemporaryFile() as file:
            shutil.copyfileobj(packed, file, SAMPLE_BYTES)
            file.seek(0)
            yield file

    def beside(self, ending: str) -> Path:
        """The file that belongs to this one: `x.npy` and `.vocab.txt` give `x.npy.vocab.txt`.

        Raises:
            BadInput: nothing stands beside a pipe.
        """
        if self.path != self.name:
            raise BadInput("vectors of this form have their words in a file beside them; name their file, not a pipe")
        return Path(without_compression(self.path) + ending)

    def bad_row(self, place: str, rule: str, found: str) -> None:
        """Leave a row out where that was asked for.

        Raises:
            BadInput: it was not.
        """
        if self.errors == "strict":
            raise BadInput(f"{self.name}, {place}: {rule}, {found}; convert --errors skip leaves such rows out")
        self.left_out.setdefault(rule, []).append(place)

    def disagrees(self, message: str) -> None:
        """Tell what the file says wrongly of itself, where its rows can be used all the same.

        Raises:
            BadInput: that was not asked for.
        """
        if self.errors == "strict":
            raise BadInput(f"{self.name}: {message}; convert --errors skip takes the rows that are there")
        self.notice(f"{self.name}: {message}; the rows that are there are taken")

    def tell_what_was_left_out(self) -> None:
        """One notice for each rule that rows broke."""
        for rule, places in self.left_out.items():
            shown = ", ".join(places[:_SHOWN]) + (", ..." if len(places) > _SHOWN else "")
            self.notice(f"{self.name}: {rule}; left out: {counted(len(places), 'row')} ({shown})")
