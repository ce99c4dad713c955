"""Vectors that were made already, part by part, in a folder of their own: a long run that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tokembed.corpus import Corpus
from tokembed.errors import BadInput
from tokembed.writers import whole

_RECORD = "made_from.json"
_NOTHING = object()


@dataclass(slots=True)
class KeptParts:
    """A folder with the vectors of each part, known by its number and its ids.

    Attributes:
        made_from: what the vectors depend on beside the ids, as JSON has it: parts of anything else are refused.
        n_found: parts that were there at the beginning.
        n_taken, n_made: parts that were among them, and that were not.
    """

    folder: Path
    made_from: Mapping[str, Any]
    n_found: int = 0
    n_taken: int = 0
    n_made: int = 0

    @property
    def exists(self) -> bool:
        """Whether the folder is there, with parts of whatever."""
        return (self.folder / _RECORD).exists()

    def begin(self) -> int:
        """Make the folder, or go on with the one that is there; how many parts it has.

        Raises:
            BadInput: it is of something else, or cannot be written.
        """
        record = self.folder / _RECORD
        try:
            self.folder.mkdir(exist_ok=True)
            found = json.loads(record.read_bytes()) if record.exists() else None
        except (OSError, ValueError) as error:
            raise BadInput(
                f"{str(self.folder)!r} must be a folder with parts of vectors, it is not: {error}"
            ) from error
        given = json.loads(json.dumps(self.made_from))
        if found is not None and found != given:
            name, before, now = _difference(found, given)
            raise BadInput(
                f"the vectors to go on with in {str(self.folder)!r} must have the same {name}, it has "
                f"{before!r} and this run {now!r}; remove the folder to start anew"
            )
        with whole(record) as file:
            file.write(json.dumps(given, ensure_ascii=False, indent=2).encode() + b"\n")
        self.n_found = len(list(self.folder.glob("part-*.npy")))
        return self.n_found

    def vectors(
        self, number: int, corpus: Corpus, make: Callable[[Corpus], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """The vectors of a part: those that are kept, else those that are made, which are kept then."""
        digest = hashlib.sha256(corpus.sha256().encode()).hexdigest()[:16]
        path = self.folder / f"part-{number:06}-{digest}.npy"
        if path.exists():
            kept: NDArray[np.float32] = np.load(path, allow_pickle=False)
            self.n_taken += 1
            return kept
        made = make(corpus)
        self.n_made += 1
        with whole(path) as file:
            np.save(file, made, allow_pickle=False)
        return made

    def remove(self) -> None:
        """Take the folder away: its vectors are written where they belong."""
        if self.exists:
            shutil.rmtree(self.folder, ignore_errors=True)


def _difference(found: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[str, Any, Any]:
    """The innermost name under which two records differ, and what each has there; None where it has nothing.

    >>> _difference({"on": 1, "model": {"dim": 2, "layer": None}}, {"on": 1, "model": {"dim": 2, "layer": 3}})
    ('layer', None, 3)
    """
    name = next(name for name in {**found, **given} if found.get(name, _NOTHING) != given.get(name, _NOTHING))
    before, now = found.get(name), given.get(name)
    return _difference(before, now) if isinstance(before, Mapping) and isinstance(now, Mapping) else (name, before, now)
