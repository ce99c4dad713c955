"""Where a trained transformer's files are, a folder or the hub's local cache: nothing is loaded or fetched."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tokembed.errors import BadInput, NotAtHand

CONFIG, WEIGHTS, WEIGHTS_INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
_CLIP_TYPES = ("clip", "clip_text_model")


def find(name: str) -> Path | None:
    """The folder with the config that a path or a hub name stands for; None where it is not on this machine."""
    path = Path(name)
    if path.is_dir():
        return path if (path / CONFIG).is_file() else None
    if path.exists() or name.count("/") > 1:
        return None
    from huggingface_hub.constants import HF_HUB_CACHE  # 20 ms that a folder should not cost

    cached = Path(HF_HUB_CACHE) / f"models--{name.replace('/', '--')}"
    snapshots, main = cached / "snapshots", cached / "refs" / "main"
    newest = [snapshots / main.read_text("utf-8", "replace").strip()] if main.is_file() else []
    return next((folder for folder in [*newest, *sorted(snapshots.glob("*"))] if has_weights(folder)), None)


def may_be_on_the_hub(name: str) -> bool:
    """Whether a name that is nothing on this machine looks like one of the hub's rather than a path.

    Those are owner/name, or of the oldest models one word with hyphens.

    >>> may_be_on_the_hub("bert-base-uncased"), may_be_on_the_hub("vectors"), may_be_on_the_hub("my-words.vec")
    (True, False, False)
    """
    owner, slash, rest = name.partition("/") if "/" in name else ("", "/" if "-" in name else "", name)
    is_path = name.startswith((".", "~", "/")) or "/" in rest or not rest or bool(owner and Path(owner).exists())
    return bool(slash) and not is_path and Path(rest).suffix.lower() not in _FILE_SUFFIXES


_FILE_SUFFIXES = (".vec", ".bin", ".txt", ".tsv", ".npy", ".safetensors", ".parquet", ".gz", ".bz2", ".xz", ".zst")


def has_weights(folder: Path) -> bool:
    """Whether there is a config, and weights as safetensors."""
    return (folder / CONFIG).is_file() and any((folder / file).is_file() for file in (WEIGHTS, WEIGHTS_INDEX))


def is_clip(folder: Path) -> bool:
    """Whether the model is CLIP's, or its text tower.

    Raises:
        BadInput: the config cannot be read.
    """
    return _entry(folder, "model_type") in _CLIP_TYPES


def is_clip_unprojected(folder: Path) -> bool:
    """Whether the model is CLIP's text tower saved without its projection, as Stable Diffusion has it.

    Raises:
        BadInput: the config cannot be read.
    """
    return is_clip(folder) and _entry(folder, "architectures") == ["CLIPTextModel"]


def _entry(folder: Path, key: str) -> Any:
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_bytes())
        return config.get(key)
    except (OSError, ValueError, AttributeError) as error:
        raise BadInput(f"{str(folder / CONFIG)!r} must be a model's config, it cannot be read: {error}") from error


def sha256(folder: Path) -> str:
    """SHA-256 of the config and the weights, in hex."""
    digest = hashlib.sha256()
    for path in [folder / CONFIG, *sorted(folder.glob("*.safetensors"))]:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def not_at_hand(name: str) -> NotAtHand:
    """What is raised for a name that is not on this machine."""
    files = f"{CONFIG} {WEIGHTS} tokenizer.json"
    where = "is not in the local cache" if "/" in name else "is not here, nor in the hub's local cache"
    return NotAtHand(f"the model {name!r} {where}; bring it with: hf download {name} {files}")
