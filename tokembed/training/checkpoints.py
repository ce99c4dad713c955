"""Training that can be taken up again: how far it has come and its arrays, in a folder of its own.

`state.json` says what is trained, how much of it is done, and which file beside it has the arrays. It is written last
and takes the place of the one before at once: whatever interrupts the writing, the folder has a whole state or none.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tokembed.errors import BadInput
from tokembed.vector_files.safetensors import mapped_arrays, write_arrays
from tokembed.writers import whole

_STATE = "state.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a training keeps its state.

    Attributes:
        folder: made where it is not there.
        made_from: what the training depends on, by name, as JSON has it: a state of anything else is refused.
    """

    folder: Path
    made_from: Mapping[str, Any]

    def save(self, progress: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep how far the training has come, as JSON has it, `progress["steps"]` first of all, and its arrays.

        Raises:
            BadInput: the folder cannot be written, or the disk is full.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"{str(self.folder)!r} cannot be written: {error.strerror or error}") from error
        kept = self.folder / f"arrays-{progress['steps']}.safetensors"
        state = {"format": _FORMAT, "made_from": self.made_from, "progress": progress, "arrays": kept.name}
        with whole(kept) as file:
            write_arrays(file, arrays)
        with whole(self.folder / _STATE) as file:
            file.write(json.dumps(state, ensure_ascii=False, indent=2).encode() + b"\n")
        for outdated in self.folder.glob("arrays-*.safetensors"):
            if outdated != kept:
                outdated.unlink(missing_ok=True)

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any] | None:
        """Fill the arrays with those of the state, and tell how far it is; None where the folder has no state.

        Raises:
            BadInput: the state is of something else, or damaged.
        """
        path = self.folder / _STATE
        if not path.exists():
            return None
        try:
            state = json.loads(path.read_bytes())
            self._check_made_from(state["format"], state["made_from"])
            kept = self.folder / state["arrays"]
            with open(kept, "rb") as file:
                found = mapped_arrays(file, str(kept))
            for name, array in arrays.items():
                np.copyto(array, found[name], casting="no")
            return dict(state["progress"])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise BadInput(f"{str(path)!r} must be a whole training state, it is not: {error}; {_INSTEAD}") from error

    def _check_made_from(self, found_format: object, found: Mapping[str, Any]) -> None:
        if found_format != _FORMAT:
            raise BadInput(
                f"{str(self.folder)!r} must have a state of format {_FORMAT}, found {found_format}; {_INSTEAD}"
            )
        for name, value in self.made_from.items():
            if found.get(name) != value:
                raise BadInput(
                    f"the training to go on with in {str(self.folder)!r} must have the same {name}, "
                    f"it has {found.get(name)!r} and this one {value!r}; {_INSTEAD}"
                )


_INSTEAD = "name another folder, or remove this one to start anew"


def has_state(folder: Path) -> bool:
    """Whether there is a state to go on from."""
    return (folder / _STATE).exists()


def remove(folder: Path) -> None:
    """Take the state away, and the folder where nothing else is in it."""
    (folder / _STATE).unlink(missing_ok=True)  # first: a state without its arrays would be a broken one
    for pattern in ("arrays-*.safetensors", ".tokembed-*"):
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C waits for the end of what is done inside, so that it finds a whole step or none."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield  # Ctrl-C is not for us
        return
    came: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(*came[0])
