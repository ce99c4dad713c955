"""Tables that are built once and kept in the user's cache folder, under the versions they were built from."""

from __future__ import annotations

import logging
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

Tables = dict[str, NDArray[np.generic]]

_FORMAT = 1
_BUILT_FROM = ("regex", "tokenizers", "ftfy")
_log = logging.getLogger(__name__)


def kept(name: str, build: Callable[[], Tables], *, source: bytes = b"") -> Tables:
    """The tables that `build` makes, from the cache folder where they are there.

    Args:
        name: of the tables, a file's name.
        source: what the tables depend on beside the versions of Python and the libraries.

    Where the folder cannot be written the tables are built each time.
    """
    versions = [platform.python_version(), *(f"{library}-{version(library)}" for library in _BUILT_FROM)]
    digest = sha256(source).hexdigest()[:16]
    path = cache_folder() / f"{name}-{_FORMAT}-{'-'.join(versions)}-{digest}.npz"
    try:
        with np.load(path, allow_pickle=False) as saved:
            return dict(saved)
    except (OSError, ValueError, BadZipFile, EOFError):
        tables = build()
        _keep(path, tables)
        return tables


def cache_folder() -> Path:
    """Where the user's caches are: XDG_CACHE_HOME, else what the system uses."""
    if "XDG_CACHE_HOME" in os.environ:
        return Path(os.environ["XDG_CACHE_HOME"]) / "tokembed"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~")).expanduser() / "tokembed" / "Cache"
    folder = "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    return Path(folder).expanduser() / "tokembed"


def _keep(path: Path, tables: Tables) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            np.savez(file, **tables)  # type: ignore[arg-type]
        Path(file.name).replace(path)
    except OSError as error:
        _log.warning("tables cannot be kept in %s (%s): they are built each time", path.parent, error.strerror)
