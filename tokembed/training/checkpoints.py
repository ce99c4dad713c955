"""Training that can be taken up again: how far it has come and its arrays, in a folder of its own.

`state.json` says what is trained, how much of it is done, and which file beside it has the arrays. It is written last
and takes the place of the one before at once: whatever interrupts the writing, the folder has a whole state or none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
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

    def save(self, progress: Mapping[str, int], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep how far the training has come, `progress["steps"]` first of all, and its arrays.

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

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, int] | None:
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
            return {name: int(number) for name, number in state["progress"].items()}
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
